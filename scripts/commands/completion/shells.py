"""What does each shell's script for completion say?"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from .tree import COMPLETE, FILE, FOLDER, ID, TEXT, Node, Option, Value, tree, with_all_below


def script(shell: str, name: str, parser: argparse.ArgumentParser, program: Sequence[str]) -> str:
    """What a shell has to read to complete the command line that is called by this name.

    ``program`` are the words by which the script asks for session ids.
    """
    function = "_" + re.sub(r"\W", "_", name)
    made: str = SCRIPTS[shell](tree(parser))
    ask = shlex.join([*program, COMPLETE])
    return made.replace("@FUNCTION@", function).replace("@NAME@", name).replace("@ASK@", ask)


def _bash(top: Node) -> str:
    cases = []
    for node in with_all_below(top):
        path = "".join(f" {name}" for name in node.path)
        cases.append((f"commands{path}", " ".join(each.path[-1] for each in node.below)))
        cases.append((f"options{path}", " ".join(name for option in node.options for name in option.names)))
        cases += [
            (f"value{path} {name}", _bash_value(option.value))
            for option in node.options
            if option.value
            for name in option.names
        ]
        places = [_bash_value(value) for value in node.places]
        cases += [(f"place{path} {number}", value) for number, value in enumerate(places)]
        cases += [(f"place{path} *", places[-1])] if node.is_open else []
    return _BASH.replace("@CASES@", "\n".join(_bash_case(case) for case in cases if case[1]))


def _bash_case(case: tuple[str, str]) -> str:
    key, found = case
    pattern = f"{shlex.quote(key[:-1])}*" if key.endswith(" *") else shlex.quote(key)
    return f"        {pattern}) known={shlex.quote(found)} ;;"


def _bash_value(value: Value) -> str:
    return f"words {' '.join(value.words)}" if value.words else value.kind


_BASH = r"""# Completion of @NAME@ in bash, 3.2 or newer.

@FUNCTION@_known() {
    known=
    case $1 in
@CASES@
    esac
}

# The words that begin as was typed.  What readline has not taken for a part of the word (bash breaks words at : and =)
# stays on the line as it is, so an answer is only what comes behind that.
@FUNCTION@_reply() {
    local each rest
    while IFS= read -r each; do
        [[ -n $each && $each == "$lead$plain"* ]] || continue
        rest=${each#"$kept"}
        case $quote in
            # What was written by strangers must not end a quote, nor be run in it.
            \") [[ $rest == *[\"\$\`\\!]* ]] && continue ;;
            \') [[ $rest == *\'* ]] && continue ;;
            *) [[ -z $rest ]] || printf -v rest %q "$rest" ;;
        esac
        COMPREPLY+=("$rest")
    done
}

@FUNCTION@() {
    local line=${COMP_LINE:0:COMP_POINT} node= pending= option= folder= place=0 i word rest known
    local cur quote= plain lead= kept what=
    local -a typed
    typed=() COMPREPLY=()

    # 1. The words up to the cursor, as they were before bash broke them.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            typed+=("$word")
        else
            typed[${#typed[@]} - 1]+=$word
        fi
        line=${rest#"$word"}
    done
    cur=${typed[${#typed[@]} - 1]}

    # 2. Where in the command line this is.
    for ((i = 1; i < ${#typed[@]} - 1; i++)); do
        word=${typed[i]}
        if [[ -n $pending ]]; then
            [[ $option != --data-dir ]] || folder=$word
            pending=
        elif [[ $word == --data-dir=* ]]; then
            folder=${word#*=}
        elif [[ $word == -* ]]; then
            @FUNCTION@_known "value$node $word"
            pending=$known option=$word
        else
            @FUNCTION@_known "commands$node"
            if [[ " $known " == *" $word "* ]]; then node+=" $word"; else place=$((place + 1)); fi
        fi
    done

    # 3. What may stand here.
    if [[ -n $pending ]]; then
        what=$pending
    elif [[ $cur == --*=* ]]; then
        lead=${cur%%=*}=
        @FUNCTION@_known "value$node ${cur%%=*}"
        what=$known
    elif [[ $cur == -* ]]; then
        @FUNCTION@_known "options$node"
        what="words $known"
    else
        @FUNCTION@_known "commands$node"
        if [[ -z $known ]]; then
            @FUNCTION@_known "place$node $place"
            what=$known
        elif ((place == 0)); then
            what="words $known"
        fi
    fi

    # 4. What was typed, without the quotes, and how much of it readline leaves alone.
    plain=${cur#"$lead"}
    case $plain in
        [\"\']*) quote=${plain:0:1} plain=${plain:1} ;;
        *) plain=${plain//\\/} ;;
    esac
    kept=${cur%"$2"}
    kept=${kept//[\"\'\\]/}

    case $what in
        'words '*) @FUNCTION@_reply < <(for word in ${what#words }; do printf '%s\n' "$lead$word"; done) ;;
        id)
            folder=${folder//[\"\'\\]/}
            [[ $folder != '~/'* ]] || folder=$HOME/${folder:2}
            @FUNCTION@_reply < <(
                @ASK@ ids "$plain" ${folder:+--data-dir "$folder"} 2>/dev/null |
                    while IFS= read -r word; do printf '%s\n' "$lead$word"; done
            )
            ;;
        file) compopt -o default 2>/dev/null || @FUNCTION@_reply < <(compgen -P "$lead" -f -- "$plain") ;;
        folder) compopt -o dirnames 2>/dev/null || @FUNCTION@_reply < <(compgen -P "$lead" -d -- "$plain") ;;
    esac
}

complete -F @FUNCTION@ @NAME@
"""


def _zsh(top: Node) -> str:
    return _ZSH.replace("@COMMANDS@", "\n".join(map(_zsh_command, with_all_below(top))))


def _zsh_command(node: Node) -> str:
    specs = [spec for option in node.options for spec in _zsh_option(option)]
    specs += [_zsh_value(value) for value in node.places]
    if node.is_open:
        specs[-1] = f"*{specs[-1]}"
    body = _ZSH_GROUP if node.below else _ZSH_COMMAND
    cases = (f"                {each.path[-1]}) {_zsh_function(each)} ;;" for each in node.below)
    body = body.replace("@CASES@", "\n".join(cases)).replace("@NODE@", _zsh_function(node))
    below = (f"{each.path[-1]}:{each.about}" for each in node.below)
    return body.replace("@SPECS@", _zsh_list(specs, " \\")).replace("@BELOW@", _zsh_list(below, ""))


def _zsh_function(node: Node) -> str:
    return "_".join(["@FUNCTION@", *(name.replace("-", "_") for name in node.path)])


def _zsh_list(words: Iterable[str], end: str) -> str:
    return f"{end}\n        ".join(map(shlex.quote, words))


def _zsh_option(option: Option) -> list[str]:
    others = "*" if option.is_repeated else f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    value = _zsh_value(option.value) if option.value else ""
    joined = "=" if value else ""
    return [f"{others}{name}{joined}[{_zsh_text(option.about)}]{value}" for name in option.names]


def _zsh_value(value: Value) -> str:
    action = f"({' '.join(value.words)})" if value.words else _ZSH_ACTIONS[value.kind]
    return f":{_zsh_text(value.metavar)}:{action}"


def _zsh_text(text: str) -> str:
    return re.sub(r"[]:[\\]", r"\\\g<0>", text)


_ZSH_ACTIONS = {TEXT: " ", FILE: "_files", FOLDER: "_files -/", ID: "@FUNCTION@__ids"}


_ZSH_COMMAND = r"""
@NODE@() {
    _arguments \
        @SPECS@
}
"""


_ZSH_GROUP = r"""
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
"""


_ZSH = r"""#compdef @NAME@
# Completion of @NAME@ in zsh.

@FUNCTION@__ids() {
    local -a ids folder
    local place=${words[(I)--data-dir]} named=${(Q)words[(r)--data-dir=*]#--data-dir=}
    ((place)) && named=${(Q)words[place + 1]}
    [[ -n $named ]] && folder=(--data-dir "${named/#\~\//$HOME/}")
    ids=(${(f)"$(@ASK@ ids "${(Q)PREFIX}" $folder 2>/dev/null)"})
    (($#ids)) && compadd -V ids -a ids
}
@COMMANDS@
if [[ $funcstack[1] == @FUNCTION@ ]]; then
    @FUNCTION@ "$@"
else
    compdef @FUNCTION@ @NAME@
fi
"""


def _fish(top: Node) -> str:
    return _FISH.replace("@COMPLETIONS@", "\n".join(line for node in with_all_below(top) for line in _fish_lines(node)))


def _fish_lines(node: Node) -> Iterator[str]:
    """For a command: the commands below it, its options, and what its places take."""
    at = f"complete -c @NAME@ -n {_fish_text(' '.join(['@FUNCTION@_at', *node.path]))}"
    within = f"complete -c @NAME@ -n {_fish_text(' '.join(['@FUNCTION@_within', *node.path]))}" if node.path else at
    for each in node.below:
        yield f"{at} -a {each.path[-1]} -d {_fish_text(each.about)}"
    for option in node.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        takes = f" -x {_fish_value(option.value)}".rstrip() if option.value else ""
        yield f"{within} {names}{takes} -d {_fish_text(option.about)}"
    for value in dict.fromkeys(node.places):
        if value.words or value.kind != TEXT:
            yield f"{within} {_fish_value(value)}"


def _fish_value(value: Value) -> str:
    return f"-a {_fish_text(' '.join(value.words))}" if value.words else _FISH_ACTIONS[value.kind]


def _fish_text(text: str) -> str:
    """As fish quotes it, which is not quite as other shells do."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH_ACTIONS = {
    TEXT: "",
    FILE: "-a '(__fish_complete_path (commandline -ct))'",
    FOLDER: "-a '(__fish_complete_directories)'",
    ID: "-k -a '(@FUNCTION@_ids)'",
}


_FISH = r"""# Completion of @NAME@ in fish.

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
"""


SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
