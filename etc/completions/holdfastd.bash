# bash completion for holdfastd(8)

_holdfastd() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
        -c | --config) compopt -o default; return ;;
    esac
    COMPREPLY=($(compgen -W "--config --check-config --print-config --print-config-manual --allow-no-prompts --debug-switches --help --version" -- "$cur"))
}

complete -F _holdfastd holdfastd
