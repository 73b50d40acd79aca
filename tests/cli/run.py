#!/usr/bin/env python3
"""Golden command-line tests: what a user types, and all that comes of it.

    run.py --program PATH --testdata DIR CASE.test...    exit 0 if all hold
    run.py --update ...                                  write what came instead of what was expected

A case is a file of lines, each told by its first two characters:

    # text    a comment
    $ text    a command for bash, run in the case's own empty directory (`> text` continues it)
    | text    a line of stdout
    ! text    a line of stderr
    ? 3       its exit code

What is not written is not expected: silence and exit 0 are the default. `| ...` (or `! ...`) stands for any number of lines
and {*} inside a line for any text. `data` in the directory is the repository's testdata, and the environment holds
nothing that a user happens to have set. tools/ is on the path.

After every command that fails with 2 or 3 the directory must be what it was before, byte for byte: nothing half-made is
left behind, and nothing is touched. No case has to ask for that.
"""
import argparse
import difflib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


class Step:
    def __init__(self, line):
        self.line, self.command = line, []
        self.out, self.err, self.code = [], [], 0


def parse(text):
    """Steps, and the lines (comments, blanks) that stand before each; trailing ones under None."""
    steps, before, pending = [], {}, []
    for number, line in enumerate(text.splitlines(), 1):
        mark, rest = line[:1], line[2:]
        if mark == "$":
            steps.append(Step(number))
            before[len(steps) - 1] = pending
            pending = []
            steps[-1].command.append(rest)
        elif mark in ("#", ""):
            pending.append(line)
        elif not steps or (line[1:2] not in ("", " ")):
            raise SystemExit(f"line {number}: cannot read {line!r}")
        elif mark == ">":
            steps[-1].command.append(rest)
        elif mark == "|":
            steps[-1].out.append(rest)
        elif mark == "!":
            steps[-1].err.append(rest)
        elif mark == "?":
            steps[-1].code = int(rest)
        else:
            raise SystemExit(f"line {number}: cannot read {line!r}")
    before[None] = pending
    return steps, before


def line_matches(wanted, got):
    return re.fullmatch(".*".join(re.escape(p) for p in wanted.split("{*}")), got, re.S) is not None


def matches(wanted, got):
    """Lines against lines; `...` matches any run of them."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(matches(wanted[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and line_matches(wanted[0], got[0]) and matches(wanted[1:], got[1:])


def digest(path):
    if path.is_symlink() or not path.is_file():
        return "entry"
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def tree(directory):
    """Every name below with its content; the testdata link is not followed."""
    found = {}
    for folder, folders, names in os.walk(directory):
        for name in folders + names:
            path = Path(folder, name)
            found[str(path.relative_to(directory))] = digest(path)
    return found


def environment(program, directory):
    tools = Path(__file__).resolve().parent / "tools"  # small makers of inputs: npy, flip
    path = os.pathsep.join([str(Path(program).resolve().parent), str(tools), str(Path(sys.executable).parent), "/usr/local/bin",
                            "/usr/bin", "/bin"])
    kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    return {"PATH": path, "HOME": str(directory), "TERM": "dumb", **kept}


def lines_of(raw):
    text = raw.decode("utf-8", "backslashreplace")
    return text.split("\n")[:-1] if text.endswith("\n") else (text + "(no newline)").split("\n") if text else []


def run_case(path, args):
    steps, before = parse(path.read_text())
    problems, results = [], []
    directory = Path(tempfile.mkdtemp(prefix="deltalog-cli-"))
    try:
        (directory / "data").symlink_to(Path(args.testdata).resolve())
        env = environment(args.program, directory)
        for step in steps:
            was = tree(directory)
            done = subprocess.run(["bash", "-c", "\n".join(step.command)], cwd=directory, env=env, capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=400)
            out, err = lines_of(done.stdout), lines_of(done.stderr)
            results.append((out, err, done.returncode))
            problems += compare(path, step, out, err, done.returncode)
            if done.returncode in (2, 3) and tree(directory) != was:
                names = {n for n, d in tree(directory).items() if was.get(n) != d} | (was.keys() - tree(directory).keys())
                problems.append(f"{path}:{step.line}: failed and yet touched: {', '.join(sorted(names))}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if args.update:
        path.write_text(rewritten(steps, before, results))
    return problems


def compare(path, step, out, err, code):
    shown = f"{path}:{step.line}: $ {step.command[0]}"
    problems = []
    for name, wanted, got in (("stdout", step.out, out), ("stderr", step.err, err)):
        if not matches(wanted, got):
            diff = difflib.unified_diff(wanted, got, "expected " + name, name, lineterm="", n=1)
            problems.append(shown + "\n" + "\n".join("    " + line for line in diff))
    if code != step.code:
        problems.append(f"{shown}\n    exit {code}, expected {step.code}")
    return problems


def kept_or_new(wanted, got):
    return wanted if matches(wanted, got) else got


def rewritten(steps, before, results):
    lines = []
    for number, (step, (out, err, code)) in enumerate(zip(steps, results)):
        lines += before[number]
        lines += [("$ " if i == 0 else "> ") + c for i, c in enumerate(step.command)]
        lines += [("| " + line).rstrip() for line in kept_or_new(step.out, out)]
        lines += [("! " + line).rstrip() for line in kept_or_new(step.err, err)]
        lines += [f"? {code}"] if code else []
    return "\n".join(lines + before[None]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--testdata", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("cases", nargs="+", type=Path)
    args = parser.parse_args()
    problems = [p for case in args.cases for p in run_case(case, args)]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems and not args.update else 0)


if __name__ == "__main__":
    main()
