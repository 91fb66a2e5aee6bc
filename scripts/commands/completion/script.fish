# Completion of @NAME@ in fish.

function @FUNCTION@_at -d 'Whether these commands were typed so far, and nothing else'
    set -l typed (commandline -opc)
    test "$typed[2..-1]" = "$argv"
end

function @FUNCTION@_within -d 'Whether the command line begins with these commands'
    set -l typed (commandline -opc)
    set -l end (math 1 + (count $argv))
    test "$typed[2..$end]" = "$argv"
end

function @FUNCTION@_ids -d 'The ids of sessions'
    set -l typed (commandline -opc)
    set -l folder
    for place in (seq (count $typed))
        switch $typed[$place]
            case --data-dir
                set folder --data-dir (string replace -r '^~/' "$HOME/" -- $typed[(math $place + 1)])
            case '--data-dir=*'
                set folder (string replace -r '^--data-dir=~/' "--data-dir=$HOME/" -- $typed[$place])
        end
    end
    @ASK@ ids (commandline -ct | string unescape) $folder 2>/dev/null
end

complete -c @NAME@ -f
@COMPLETIONS@
