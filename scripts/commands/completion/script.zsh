#compdef @NAME@
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
