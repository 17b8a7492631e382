# bash completion of store; made by: store completion bash
_store() {
    local line rest=none
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) rest=${line#:} ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    case $rest in
        file) compopt -o default 2>/dev/null ;;
        directory) compopt -o dirnames 2>/dev/null ;;
    esac
}
complete -F _store store
