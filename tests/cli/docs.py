#!/usr/bin/env python3
"""Holds man pages and completions to the program's own table of options.

    docs.py --program PATH --source ROOT [--update]

Each command has a page man/deltalog-COMMAND.1 that lists exactly its options, with letters and values, and its
example; deltalog.1 names every command, and deltalog-formats.5 every format; pages are clean under mandoc's linter;
the completions in completions/ are what the program makes, and bash and (where installed) zsh and fish take them.
--update writes the completions.
"""
import argparse
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

COMPLETIONS = {"bash": "deltalog.bash", "zsh": "_deltalog", "fish": "deltalog.fish"}


def output(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def table(program):
    """command -> {(long, letter, value)}"""
    commands = defaultdict(set)
    for line in output(program, "completion", "table").splitlines():
        command, option, letter, value, _ = line.split("\t")
        commands[command].add((option, letter, value))
    return commands


def options_of_page(text):
    """Items such as `.It Fl j , Fl -threads Ar N`."""
    found = set()
    for line in text.splitlines():
        item = re.fullmatch(r"\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (\S+))?", line)
        if item:
            found.add((item[2], item[1] or "", item[3] or ""))
        elif line.startswith(".It Fl"):
            found.add((line, "", "not understood"))
    return found


def check_pages(program, man, commands):
    problems = []
    top = (man / "deltalog.1").read_text()
    for command, options in sorted(commands.items()):
        page = man / f"deltalog-{command}.1"
        if not page.exists():
            problems.append(f"{page}: missing")
            continue
        text = page.read_text()
        for what, some in (("not in the page", options - options_of_page(text)),
                           ("not in the program", options_of_page(text) - options)):
            problems += [f"{page}: --{o[0]}: {what} as {o}" for o in sorted(some)]
        example = output(program, command, "--help").split("\nExample:\n")[1]
        for line in example.splitlines():
            if line.strip().replace("\\", "\\e") not in text:
                problems.append(f"{page}: lacks the example {line.strip()!r}")
        if f"Xr deltalog-{command} 1" not in top:
            problems.append(f"{man}/deltalog.1: does not name {command}")
    formats = (man / "deltalog-formats.5").read_text()
    for name in re.search(r"^formats +(.*)$", output(program, "--version"), re.M)[1].split(", "):
        if f"\n.It {name} Ta " not in formats:
            problems.append(f"{man}/deltalog-formats.5: does not name {name}")
    for page in sorted(man.glob("deltalog-*.1")):
        if page.stem[len("deltalog-"):] not in commands:
            problems.append(f"{page}: no such command")
    return problems


def check_lint(man):
    if not shutil.which("mandoc"):
        print("mandoc is not installed: the pages were not linted")
        return []
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *map(str, sorted(man.glob("*.[15]")))], capture_output=True, text=True)
    # References between our own pages are to files that are not installed yet.
    return [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]


def check_completions(program, folder, update):
    problems = []
    for shell, name in COMPLETIONS.items():
        made = output(program, "completion", shell)
        path = folder / name
        if update:
            path.write_text(made)
        if not path.exists() or path.read_text() != made:
            problems.append(f"{path}: not what `deltalog completion {shell}` makes; run tests/cli/docs.py --update")
        if shutil.which(shell):
            done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True)
            problems += [f"{path}: {shell} says: {line}" for line in done.stderr.splitlines()]
    return problems


def complete(script, words):
    """What bash would offer for the last of the words."""
    quoted = " ".join(f"'{w}'" for w in words)
    code = (f"compopt() {{ :; }}; . '{script}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
            f"_deltalog deltalog '{words[-1]}' '{words[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return output("bash", "-c", code).split()


def check_bash(script):
    cases = [(["deltalog", "he"], "help"), (["deltalog", "help", "--ver"], "--version"),
             (["deltalog", "help", "--color", "al"], "always"), (["deltalog", "help", "hel"], "help"), (["deltalog", "help", "conc"], "concepts")]
    return [f"{script}: {' '.join(words)} completes to {complete(script, words)}, not {wanted}"
            for words, wanted in cases if wanted not in complete(script, words)]


def check_widths(program, commands):
    """No screen of help is wider than 80 columns, and both ways to ask for it give the same."""
    screens = {name: output(program, *name.split()) for name in
               ["--help", "help", "help concepts", *(f"help {c}" for c in commands), *(f"{c} --help" for c in commands)]}
    screens["without a command"] = subprocess.run([program], capture_output=True, text=True).stderr
    problems = [f"deltalog {name}: {len(line)} columns: {line}"
                for name, text in screens.items() for line in text.splitlines() if len(line) > 80]
    problems += [f"deltalog help {c} is not deltalog {c} --help" for c in commands if screens[f"help {c}"] != screens[f"{c} --help"]]
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    commands = table(args.program)
    problems = check_completions(args.program, args.source / "completions", args.update)
    problems += check_pages(args.program, args.source / "man", commands)
    problems += check_lint(args.source / "man")
    problems += check_widths(args.program, [*commands, "completion"])
    problems += check_bash(args.source / "completions" / "deltalog.bash")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
