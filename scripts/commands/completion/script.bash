# Completion of @NAME@ in bash, 3.2 or newer.

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
