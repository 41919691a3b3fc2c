# bash completion for holdfast-sim(1)

_holdfast_sim() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "call provider speech load relay --help --version" -- "$cur"))
        return
    fi
    case $prev in
        --ca-file | --token-file | --next-token-file | --key-file | --wav | --script | --record | --report | \
            --times | --certificate | --private-key)
            compopt -o default
            return
            ;;
        --expect) COMPREPLY=($(compgen -W "caller person" -- "$cur")); return ;;
        --dial-status)
            COMPREPLY=($(compgen -W "completed answered busy no-answer failed canceled" -- "$cur"))
            return
            ;;
        --account-sid | --address | --base | --call-sid | --calls | --command | --concurrency | \
            --connect-timeout-ms | --connect-to | --control | --direct | --fallback-url | --fault | --first-byte \
            | --from | --key | --known-voice | --max-seconds | --model | --patience-ms | --port | --rate | \
            --rest-key-sid | --rest-port | --say | --seconds | --seed | --session-life | --signature | --silence \
            | --speed | --text | --to | --url | --voice | --warm-up-ms | --webhook-timeout-ms)
            return
            ;;
    esac
    case $command in
        call)
            COMPREPLY=($(compgen -W "--account-sid --base --ca-file --call-sid --connect-timeout-ms --connect-to --dial-status --expect \
                --fallback-url --fault --from --insecure --json --max-seconds --next-token-file --patience-ms \
                --quiet --record --report --rest-key-sid --rest-port --say --script --seed --signature --silence \
                --text --to --token-file --url --voice --wav --webhook-timeout-ms --help" -- "$cur"))
            ;;
        provider)
            COMPREPLY=($(compgen -W "--address --certificate --control --echo --fault --json --key --port --private-key --quiet --report \
                --script --seed --session-life --speed --strict --voice --help" -- "$cur"))
            ;;
        speech)
            COMPREPLY=($(compgen -W "--address --certificate --concurrency --control --espeak --fault --first-byte --json --key \
                --known-voice --port --private-key --quiet --report --script --speed --strict --help" -- "$cur"))
            ;;
        load)
            COMPREPLY=($(compgen -W "--base --ca-file --calls --connect-to --direct --insecure --json --key-file --model --quiet --rate \
                --report --seconds --times --token-file --url --warm-up-ms --help" -- "$cur"))
            ;;
        relay)
            COMPREPLY=($(compgen -W "--address --command --control --json --port --quiet --seed --to --help" -- "$cur"))
            ;;
    esac
}

complete -F _holdfast_sim holdfast-sim
