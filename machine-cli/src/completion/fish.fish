# fish completion for docker-machine
function __docker_machine_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l found ($words[1] __complete "=$word" $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path $word
    end
end
complete -c docker-machine -f -a '(__docker_machine_complete)'
