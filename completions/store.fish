# fish completion of store; made by: store completion fish
function __store_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct | string collect)
    test -n "$typed"
    and set typed (string unescape -- "$typed" | string collect)
    set -l records (command $words[1] __complete $words[2..-1] "$typed" 2>/dev/null | string split0)
    switch "$records[1]"
        case ':file'
            __fish_complete_path (commandline -ct) | string join0
        case ':directory'
            __fish_complete_directories (commandline -ct) | string join0
    end
    set -l i 2
    while test $i -lt (count $records)
        printf '%s\t%s\0' $records[$i] $records[(math $i + 1)]
        set i (math $i + 2)
    end
end
complete -c store -f -a '(__store_complete | string split0)'
