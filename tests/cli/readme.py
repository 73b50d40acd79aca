#!/usr/bin/env python3
"""Runs the console blocks of a page, so that what it shows is what happens.

    readme.py --program PATH --testdata DIR README.md

In a ```console block, or a .Bd -literal block of a man page, a line that starts with "$ " is a command; what follows, up to the next one, is what it prints (stdout
and stderr together). A line "..." stands for any lines, {*} inside a line for any text. Commands of one document share a
directory, in order: a fresh one that holds a copy of testdata. A block that must not be run is ```sh, or in a man page
one whose first line is no command.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import environment, matches


def plain(text):
    """A man page's blocks as a terminal shows them, between the marks of a README."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if line.startswith(".Bd -literal"):
            lines[at] = "```console" if lines[at + 1].startswith("$ ") else "```"
        elif line == ".Ed":
            lines[at] = "```"
        else:
            lines[at] = line.replace("\\e", "\\")
    return "\n".join(lines)


def blocks(text):
    """[(line, command, [output lines])]"""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == "```console":
            inside = True
        elif line.startswith("```"):
            inside = False
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], []))
        elif inside and line.startswith("> ") and found and not found[-1][2]:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line[2:], [])
        elif inside:
            if not found:
                raise SystemExit(f"line {number}: output before the first command")
            found[-1][2].append(line)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--testdata", required=True)
    parser.add_argument("document", type=Path)
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="deltalog-readme-"))
    failed = 0
    try:
        shutil.copytree(args.testdata, directory / "testdata")
        text = args.document.read_text()
        for number, command, wanted in blocks(text if args.document.suffix == ".md" else plain(text)):
            done = subprocess.run(["bash", "-c", command], cwd=directory, env=environment(args.program, directory),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            got = done.stdout.decode("utf-8", "backslashreplace").splitlines()
            while wanted and wanted[-1] == "":
                wanted.pop()
            if not matches(wanted, got):
                failed += 1
                print(f"{args.document}:{number}: $ {command}\n  shown:\n    " + "\n    ".join(wanted) +
                      "\n  printed:\n    " + "\n    ".join(got))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
