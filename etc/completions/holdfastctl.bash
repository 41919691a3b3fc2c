# bash completion for holdfastctl(1)

_holdfastctl_calls() {
    # Sids of the newest calls, if a daemon answers; never an error on the command line.
    COMPREPLY=($(compgen -W "$(holdfastctl "$@" calls --limit 50 2>/dev/null | awk '$1 ~ /^CA/ { print $1 }')" \
        -- "$cur"))
}

_holdfastctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local common="--admin --ca --json --local --help" command= word i
    local -a address=()
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            status | calls | show | export | tail | transfer | incidents | approve | reject | hold | purge | verify | losses | check | \
            elevenlabs | prompts | streets | sync | twiml | init | upgrade | selftest | doctor) command=${command:-$word} ;;
            --admin) address=(--admin "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    case $prev in
        --admin | --limit | --timeout) return ;;
        --ca | --to | --from | --config | --key-file | --credentials | --daemon | --root) compopt -o default; return ;;
        --twilio-token-file | --openai-key-file | --certificate | --private-key) compopt -o default; return ;;
        --voice | --model | --url | --by | --why | --against | --site | --person) return ;;
        --call) _holdfastctl_calls "${address[@]}"; return ;;
    esac
    case $command in
        "")
            COMPREPLY=($(compgen -W "status calls show export tail transfer incidents approve reject hold purge verify losses check \
                elevenlabs prompts streets sync twiml init upgrade selftest doctor $common --version" -- "$cur"))
            ;;
        elevenlabs)
            COMPREPLY=($(compgen -W "agent create show --url --key-file --name --language --llm --tts-model --voice \
                --instructions --max-minutes --dry-run $common" -- "$cur"))
            ;;
        prompts)
            if [[ $cur != -* && $prev != prompts ]]; then
                compopt -o default
            else
                COMPREPLY=($(compgen -W "build import check --to --from --language --voice --model --url --key-file --again \
                    $common" -- "$cur"))
            fi
            ;;
        streets)
            if [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "--to --list $common" -- "$cur"))
            elif [[ $prev == streets ]]; then
                COMPREPLY=($(compgen -W "import check" -- "$cur"))
            else
                compopt -o default
            fi
            ;;
        sync) COMPREPLY=($(compgen -W "status dead-letters retry discard --limit --why $common" -- "$cur")) ;;
        hold | purge)
            if [[ $cur == -* ]]; then
                [[ $command == purge ]] || common="--release $common"
                COMPREPLY=($(compgen -W "--why $common" -- "$cur"))
            else
                _holdfastctl_calls "${address[@]}"
            fi
            ;;
        verify) COMPREPLY=($(compgen -W "--against $common" -- "$cur")) ;;
        init)
            COMPREPLY=($(compgen -W "--site --url --person --twilio-token-file --openai-key-file --certificate --private-key --root \
                --force $common" -- "$cur"))
            ;;
        selftest) COMPREPLY=($(compgen -W "--config --url --timeout $common" -- "$cur")) ;;
        upgrade) COMPREPLY=($(compgen -W "--limit --only-drain --why --config --daemon $common" -- "$cur")) ;;
        losses) COMPREPLY=($(compgen -W "--seen $common" -- "$cur")) ;;
        incidents) COMPREPLY=($(compgen -W "--all --limit $common" -- "$cur")) ;;
        reject) COMPREPLY=($(compgen -W "--why $common" -- "$cur")) ;;
        twiml) COMPREPLY=($(compgen -W "fallback --config $common" -- "$cur")) ;;
        calls) COMPREPLY=($(compgen -W "--active --limit $common" -- "$cur")) ;;
        tail) COMPREPLY=($(compgen -W "--call --until-end --verbose $common" -- "$cur")) ;;
        export)
            if [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "--to --by --why --force $common" -- "$cur"))
            else
                _holdfastctl_calls "${address[@]}"
            fi
            ;;
        show)
            if [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "$common" -- "$cur"))
            else
                _holdfastctl_calls "${address[@]}"
            fi
            ;;
        doctor) COMPREPLY=($(compgen -W "--config --credentials --daemon --paid $common" -- "$cur")) ;;
        check)
            if [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "--config --credentials $common" -- "$cur"))
            else
                compopt -o default
            fi
            ;;
        *) COMPREPLY=($(compgen -W "$common" -- "$cur")) ;;
    esac
}

complete -F _holdfastctl holdfastctl
