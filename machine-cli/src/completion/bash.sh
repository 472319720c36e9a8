# bash completion for docker-machine
_docker_machine() {
    local IFS=$' \t\n' line words word typed
    # Not COMP_WORDS, which is cut at colons and equal signs as well.
    read -r -a words <<<"${COMP_LINE:0:COMP_POINT}"
    word=''
    if [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]]; then
        word=${words[${#words[@]} - 1]}
        unset "words[${#words[@]} - 1]"
    fi
    # What bash will not replace.
    typed=${word%"${word##*[=:]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        [[ $line == *[=:] ]] && compopt -o nospace 2>/dev/null
        COMPREPLY+=("${line#"$typed"}")
    done < <("${words[0]}" __complete "=$word" "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _docker_machine docker-machine
