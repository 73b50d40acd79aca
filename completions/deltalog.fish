# Made by `deltalog completion`; do not edit.
complete -c deltalog -n __fish_use_subcommand -f -a help -d 'explain a command'
complete -c deltalog -n '__fish_seen_subcommand_from help' -f -a 'help'
complete -c deltalog -n '__fish_seen_subcommand_from help' -l color -x -a 'auto always never' -d 'auto, always or never; auto heeds NO_COLOR'
complete -c deltalog -n '__fish_seen_subcommand_from help' -l help -s h -d 'print this help and stop'
complete -c deltalog -n '__fish_seen_subcommand_from help' -l version -d 'print versions and stop'
