# Made by `deltalog completion`; do not edit.
_deltalog() {
  local word=$2 last=$3 command=${COMP_WORDS[1]} words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'help --help --version' -- "$word"))
    return
  fi
  case "$command $last" in
    'help --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
  esac
  if [[ $word != -* ]]; then
    if [[ $command == help ]]; then COMPREPLY=($(compgen -W 'help' -- "$word")); return; fi
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "$word"))
    return
  fi
  case $command in
    help) words='--color -h --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _deltalog deltalog
