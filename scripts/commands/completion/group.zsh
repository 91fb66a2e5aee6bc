
@NODE@() {
    local curcontext=$curcontext state line
    local -A opt_args
    local -a below
    below=(
        @BELOW@
    )
    _arguments -C \
        @SPECS@ \
        '1:command:->command' \
        '*::argument:->argument' && return
    case $state in
        command) _describe -t commands command below ;;
        argument)
            case $words[1] in
@CASES@
            esac
            ;;
    esac
}
