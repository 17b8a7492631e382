# bash completion of store; made by: store completion bash

# Appends $1 to the last of words: what is typed, without its quotes. Nothing in it is expanded or run.
__store_unquote() {
    local typed=$1 quote='' c
    while [[ -n $typed ]]; do
        c=${typed:0:1} typed=${typed:1}
        case $quote$c in
            \' | \") quote=$c ;;
            \'\' | \"\") quote='' ;;
            \\ | \"\\) words[-1]+=${typed:0:1} typed=${typed:1} ;;
            *) words[-1]+=$c ;;
        esac
    done
}

_store() {
    local i word rest=${COMP_LINE:0:COMP_POINT} trimmed kind=none text cut=''
    local -a words=()
    # Readline cuts words at ':' and '=': what stands together is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        [[ $i -gt 0 && $trimmed == "$rest" ]] || words+=('')
        rest=${trimmed#"$word"}
        # Candidates are for the last piece alone.
        cut=${words[-1]}
        __store_unquote "$word"
        [[ $word != [:=] ]] || cut=${words[-1]}
    done

    COMPREPLY=()
    while IFS= read -r -d '' text; do
        if [[ $kind == none && ${#COMPREPLY[@]} -eq 0 && $text == :* ]]; then
            kind=${text#:}
            continue
        fi
        IFS= read -r -d '' _
        text=${text#"$cut"}
        # Readline quotes paths, in the way the word began, and adds the slash of a directory that it sees.
        [[ $kind != path || ! -d $text ]] || text=${text%/}
        [[ $kind == path || $text != *[!A-Za-z0-9_./:=@%+,~^-]* ]] || printf -v text %q "$text"
        COMPREPLY+=("$text")
    done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
    case $kind in
        path) compopt -o filenames 2>/dev/null ;;
        file) compopt -o default 2>/dev/null ;;
        directory) compopt -o dirnames 2>/dev/null ;;
    esac
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}
complete -F _store store
