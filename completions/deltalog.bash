# Made by `deltalog completion`; do not edit.
_deltalog() {
  local word=$2 last=$3 command=${COMP_WORDS[1]} words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'encode merge compact snapshot blame verify dump log show diff rollback tag info help --help --version' -- "$word"))
    return
  fi
  case "$command $last" in
    'encode --output' | 'encode -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'encode --wait') COMPREPLY=(); return ;;
    'encode --append') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'encode --base') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'encode --from') COMPREPLY=($(compgen -W 'npy ndjson' -- "$word")); return ;;
    'encode --ids') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'encode --namespace') COMPREPLY=(); return ;;
    'encode --origin') COMPREPLY=(); return ;;
    'encode --at') COMPREPLY=(); return ;;
    'encode --step') COMPREPLY=(); return ;;
    'encode --times') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'encode --message' | 'encode -m') COMPREPLY=(); return ;;
    'encode --source') COMPREPLY=(); return ;;
    'encode --policy') COMPREPLY=(); return ;;
    'encode --element') COMPREPLY=($(compgen -W 'f32 f16 bf16 i8 u8' -- "$word")); return ;;
    'encode --set') COMPREPLY=(); return ;;
    'encode --tag') COMPREPLY=(); return ;;
    'encode --max-delete') COMPREPLY=(); return ;;
    'encode --commit-every') COMPREPLY=(); return ;;
    'encode --segment-every') COMPREPLY=(); return ;;
    'encode --max-dims') COMPREPLY=(); return ;;
    'encode --max-error') COMPREPLY=(); return ;;
    'encode --max-relative') COMPREPLY=(); return ;;
    'encode --quantize') COMPREPLY=($(compgen -W 'f16 bf16 int8 int4 binary' -- "$word")); return ;;
    'encode --ignore-below') COMPREPLY=(); return ;;
    'encode --preset') COMPREPLY=($(compgen -W 'fastest balanced maximum' -- "$word")); return ;;
    'encode --threads' | 'encode -j') COMPREPLY=(); return ;;
    'encode --progress') COMPREPLY=($(compgen -W 'auto always never json' -- "$word")); return ;;
    'encode --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'merge --output' | 'merge -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'merge --into') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'merge --wait') COMPREPLY=(); return ;;
    'merge --not-in') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'merge --on-fork') COMPREPLY=($(compgen -W 'refuse rename' -- "$word")); return ;;
    'merge --conflicts') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'merge --policy') COMPREPLY=(); return ;;
    'merge --threads' | 'merge -j') COMPREPLY=(); return ;;
    'merge --progress') COMPREPLY=($(compgen -W 'auto always never json' -- "$word")); return ;;
    'merge --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'compact --output' | 'compact -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'compact --wait') COMPREPLY=(); return ;;
    'compact --keep') COMPREPLY=(); return ;;
    'compact --if') COMPREPLY=(); return ;;
    'compact --memory') COMPREPLY=(); return ;;
    'compact --preset') COMPREPLY=($(compgen -W 'fastest balanced maximum' -- "$word")); return ;;
    'compact --threads' | 'compact -j') COMPREPLY=(); return ;;
    'compact --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'snapshot --output' | 'snapshot -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'snapshot --to') COMPREPLY=($(compgen -W 'npy ndjson' -- "$word")); return ;;
    'snapshot --element') COMPREPLY=($(compgen -W 'f32 f16 bf16 i8 u8' -- "$word")); return ;;
    'snapshot --ids-out') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'snapshot --metadata-out') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'snapshot --sort') COMPREPLY=($(compgen -W 'created id' -- "$word")); return ;;
    'snapshot --policy') COMPREPLY=(); return ;;
    'snapshot --at') COMPREPLY=(); return ;;
    'snapshot --as-seen-by') COMPREPLY=(); return ;;
    'snapshot --id') COMPREPLY=(); return ;;
    'snapshot --id-glob') COMPREPLY=(); return ;;
    'snapshot --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'snapshot --namespace') COMPREPLY=(); return ;;
    'snapshot --threads' | 'snapshot -j') COMPREPLY=(); return ;;
    'snapshot --progress') COMPREPLY=($(compgen -W 'auto always never json' -- "$word")); return ;;
    'snapshot --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'blame --dim') COMPREPLY=(); return ;;
    'blame --policy') COMPREPLY=(); return ;;
    'blame --id') COMPREPLY=(); return ;;
    'blame --id-glob') COMPREPLY=(); return ;;
    'blame --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'blame --namespace') COMPREPLY=(); return ;;
    'blame --at') COMPREPLY=(); return ;;
    'blame --as-seen-by') COMPREPLY=(); return ;;
    'blame --threads' | 'blame -j') COMPREPLY=(); return ;;
    'blame --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'verify --level') COMPREPLY=($(compgen -W 'header frame content chain' -- "$word")); return ;;
    'verify --report') COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
    'verify --threads' | 'verify -j') COMPREPLY=(); return ;;
    'verify --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'dump --output' | 'dump -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'dump --id') COMPREPLY=(); return ;;
    'dump --id-glob') COMPREPLY=(); return ;;
    'dump --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'dump --namespace') COMPREPLY=(); return ;;
    'dump --origin') COMPREPLY=(); return ;;
    'dump --op') COMPREPLY=($(compgen -W 'create dense sparse scale offset negate abs clamp delete' -- "$word")); return ;;
    'dump --since') COMPREPLY=(); return ;;
    'dump --until') COMPREPLY=(); return ;;
    'dump --threads' | 'dump -j') COMPREPLY=(); return ;;
    'dump --progress') COMPREPLY=($(compgen -W 'auto always never json' -- "$word")); return ;;
    'dump --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'log --ancestors') COMPREPLY=(); return ;;
    'log --common') COMPREPLY=(); return ;;
    'log --window') COMPREPLY=(); return ;;
    'log --after') COMPREPLY=(); return ;;
    'log --policy') COMPREPLY=(); return ;;
    'log --max-count' | 'log -n') COMPREPLY=(); return ;;
    'log --id') COMPREPLY=(); return ;;
    'log --id-glob') COMPREPLY=(); return ;;
    'log --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'log --namespace') COMPREPLY=(); return ;;
    'log --origin') COMPREPLY=(); return ;;
    'log --op') COMPREPLY=($(compgen -W 'create dense sparse scale offset negate abs clamp delete' -- "$word")); return ;;
    'log --since') COMPREPLY=(); return ;;
    'log --until') COMPREPLY=(); return ;;
    'log --threads' | 'log -j') COMPREPLY=(); return ;;
    'log --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'show --threads' | 'show -j') COMPREPLY=(); return ;;
    'show --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'diff --fail-over') COMPREPLY=(); return ;;
    'diff --base') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'diff --policy') COMPREPLY=(); return ;;
    'diff --id') COMPREPLY=(); return ;;
    'diff --id-glob') COMPREPLY=(); return ;;
    'diff --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'diff --namespace') COMPREPLY=(); return ;;
    'diff --at') COMPREPLY=(); return ;;
    'diff --as-seen-by') COMPREPLY=(); return ;;
    'diff --threads' | 'diff -j') COMPREPLY=(); return ;;
    'diff --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'rollback --wait') COMPREPLY=(); return ;;
    'rollback --output' | 'rollback -o') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'rollback --max-delete') COMPREPLY=(); return ;;
    'rollback --revert') COMPREPLY=(); return ;;
    'rollback --time') COMPREPLY=(); return ;;
    'rollback --origin') COMPREPLY=(); return ;;
    'rollback --message' | 'rollback -m') COMPREPLY=(); return ;;
    'rollback --source') COMPREPLY=(); return ;;
    'rollback --preset') COMPREPLY=($(compgen -W 'fastest balanced maximum' -- "$word")); return ;;
    'rollback --id') COMPREPLY=(); return ;;
    'rollback --id-glob') COMPREPLY=(); return ;;
    'rollback --ids-from') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'rollback --namespace') COMPREPLY=(); return ;;
    'rollback --at') COMPREPLY=(); return ;;
    'rollback --as-seen-by') COMPREPLY=(); return ;;
    'rollback --threads' | 'rollback -j') COMPREPLY=(); return ;;
    'rollback --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'tag --at') COMPREPLY=(); return ;;
    'tag --origin') COMPREPLY=(); return ;;
    'tag --message' | 'tag -m') COMPREPLY=(); return ;;
    'tag --wait') COMPREPLY=(); return ;;
    'tag --threads' | 'tag -j') COMPREPLY=(); return ;;
    'tag --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'info --get') COMPREPLY=($(compgen -W 'bytes segments commits pending deltas origins namespaces vectors first last attestations unknown-frames' -- "$word")); return ;;
    'info --threads' | 'info -j') COMPREPLY=(); return ;;
    'info --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    'help --color') COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
  esac
  if [[ $word != -* ]]; then
    if [[ $command == help ]]; then COMPREPLY=($(compgen -W 'encode merge compact snapshot blame verify dump log show diff rollback tag info help' -- "$word")); return; fi
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "$word"))
    return
  fi
  case $command in
<<<<<<< HEAD
    encode) words='-o --output -f --force --allow-torn --wait --append --base --from --ids --namespace --origin --at --step --times -m --message --source --policy --element --set --tag --partial --max-delete --commit-every --segment-every --allow-empty --max-dims --allow-nonfinite --max-error --max-relative --quantize --lossy-input --preset --json -j --threads --progress -q --quiet -v --verbose --color -h --help --version' ;;
    merge) words='-o --output -f --force --allow-torn --into --wait --not-in --conflicts --fail-on-conflict --policy --json -j --threads --progress -q --quiet -v --verbose --color -h --help --version' ;;
=======
    encode) words='-o --output -f --force --allow-torn --wait --append --base --from --ids --ids-prefix --namespace --origin --at --step --times -m --message --source --policy --tag --partial --max-delete --commit-every --segment-every --allow-empty --allow-nonfinite --max-error --max-relative --quantize --ignore-below --lossy-input --preset --json -j --threads --progress -q --quiet -v --verbose --color -h --help --version' ;;
    merge) words='-o --output -f --force --allow-torn --into --wait --not-in --on-fork --conflicts --fail-on-conflict --policy --json -j --threads --progress -q --quiet -v --verbose --color -h --help --version' ;;
>>>>>>> traps
    compact) words='-o --output -f --force --allow-torn --in-place --wait --keep --whole-deltas --assume-closed --if --dry-run --memory --preset --json -j --threads -q --quiet -v --verbose --color -h --help --version' ;;
    snapshot) words='-o --output -f --force --allow-torn --to --element --ids-out --metadata-out --sort --policy --at --as-seen-by --id --id-glob --ids-from --namespace -j --threads --progress -q --quiet -v --verbose --color -h --help --version' ;;
    blame) words='--dim --policy --json --id --id-glob --ids-from --namespace --at --as-seen-by -j --threads -q --quiet --color -h --help --version' ;;
    verify) words='--level --report --json -j --threads -q --quiet -v --verbose --color -h --help --version' ;;
    dump) words='-o --output -f --force --allow-torn --id --id-glob --ids-from --namespace --origin --op --since --until -j --threads --progress -q --quiet --color -h --help --version' ;;
    log) words='--deltas --graph --ancestors --common --window --after --heads --conflicts --policy --hashes -n --max-count --reverse --json --id --id-glob --ids-from --namespace --origin --op --since --until -j --threads -q --quiet --color -h --help --version' ;;
    show) words='--commit --hashes --json -j --threads -q --quiet --color -h --help --version' ;;
    diff) words='--stat --fail-over --with-old --base --policy --json --id --id-glob --ids-from --namespace --at --as-seen-by -j --threads -q --quiet --color -h --help --version' ;;
    rollback) words='--append --wait -o --output -f --force --allow-torn --max-delete --dry-run --revert --time --origin -m --message --source --preset --json --id --id-glob --ids-from --namespace --at --as-seen-by -j --threads -q --quiet -v --verbose --color -h --help --version' ;;
    tag) words='--at --origin -m --message --wait --json -j --threads -q --quiet -v --verbose --color -h --help --version' ;;
    info) words='--columns --baselines --get --json -j --threads -q --quiet --color -h --help --version' ;;
    help) words='--color -h --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _deltalog deltalog
