#compdef docker-machine
# zsh completion for docker-machine
_docker_machine() {
    local line value text
    local -a whole open
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        text=${line#*$'\t'}
        if [[ $value == *[=:] ]]; then
            open+=("${value//:/\\:}${text:+:$text}")
        else
            whole+=("${value//:/\\:}${text:+:$text}")
        fi
    done < <("${(Q)words[1]}" __complete "=${(Q)PREFIX}" "${(@Q)words[2,CURRENT-1]}" 2>/dev/null)
    if (( $#whole + $#open == 0 )); then
        _files
        return
    fi
    (( $#whole )) && _describe docker-machine whole
    (( $#open )) && _describe docker-machine open -S ''
}
if [[ ${funcstack[1]} == _docker_machine ]]; then
    _docker_machine "$@"
else
    compdef _docker_machine docker-machine
fi
