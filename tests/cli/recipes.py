#!/usr/bin/env python3
"""Runs the commands of docs/ci.md, as far as they run without the services that they are for.

    recipes.py --program PATH --source DIR

Shell blocks run as they are; of YAML the `run`, `script` and `cmd` steps, of Groovy the `sh` steps; a make block as a
makefile; the hook of .pre-commit-hooks.yaml as pre-commit starts it. Each runs on a whole log and must pass, and on a
torn one, where each recipe that checks must fail and still leave the reports that it names.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import environment

LINE = b'{"id":"a","vector":[1,2,3],"ts":"2026-01-01T00:00:00Z"}\n'
problems = []


def check(good, what):
    if not good:
        problems.append(what)


def blocks(text):
    """(heading, language, body) of each fenced block."""
    heading, found = "", []
    for part in re.finditer(r"^## ([^\n]+)$|^```(\w+)\n(.*?)^```$", text, flags=re.M | re.S):
        if part[1]:
            heading = part[1]
        else:
            found.append((heading, part[2], part[3]))
    return found


def yaml_steps(body):
    """Shell text of the steps, by the little of YAML that the page uses."""
    steps = []
    for match in re.finditer(r"^( *)(?:- )?(run|cmd): (?:\|\n((?:\1 +.*\n)+)|(\S.*)\n)", body, flags=re.M):
        steps.append(match[3] or match[4])
    for match in re.finditer(r"^( *)script:\n((?:\1  - .*\n)+)", body, flags=re.M):
        steps += re.findall(r"- (.*)\n", match[2])
    return steps


def steps_of(language, body):
    if language == "sh":
        return [body]
    if language == "groovy":
        return re.findall(r"\bsh '([^']*)'", body)
    return yaml_steps(body) if language == "yaml" else []


class Place:
    def __init__(self, program):
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="deltalog-recipes-"))
        self.env = environment(program, self.folder)

    def run(self, words, data=None):
        return subprocess.run(words, cwd=self.folder, env=self.env, input=data, capture_output=True, check=False)

    def clear(self):
        for path in self.folder.iterdir():
            if path.name != "history.dlog":
                path.unlink()


def run_recipe(place, name, commands, whole):
    """Steps in order. Those that check decide; what they write is there in any case."""
    place.clear()
    for words, text in commands:
        done = place.run(words)
        checks = "deltalog" in text
        good = whole or not checks
        check((done.returncode == 0) == good, f"{name}: exit {done.returncode} on a {'whole' if whole else 'torn'} log: {done.stderr.decode()}")
        for path in re.findall(r"--report \w+:(\S+)", text):
            check((place.folder / path).exists(), f"{name}: {path} was not written")


def hook_command(source):
    text = (source / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    check(re.search(r"language: system", text) and re.search(r"files: \\\.dlog\$", text), "the hook's language and files")
    return re.search(r"entry: (.+)", text)[1]


def recipes(source):
    """name, [(words, text)]"""
    found = []
    for heading, language, body in blocks((source / "docs/ci.md").read_text(encoding="utf-8")):
        steps = steps_of(language, body)
        if steps:
            found.append((f"{heading}, {language}", [(["sh", "-ec", step], step) for step in steps]))
        if language == "make" and shutil.which("make"):
            found.append((heading, [(["make", "-f", "/dev/stdin"], body)]))
    hook = hook_command(source)
    found.append(("pre-commit's hook", [([*hook.split(), "history.dlog"], hook)]))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", type=Path, required=True)
    options = parser.parse_args()
    place = Place(options.program)
    log = place.folder / "history.dlog"
    check(place.run(["deltalog", "encode", "-", "-o", "history.dlog", "--at", "2026-01-01"], LINE).returncode == 0, "the log")
    bytes_of_log = log.read_bytes()
    all_of_them = recipes(options.source)
    check(len(all_of_them) >= 6, f"only {len(all_of_them)} recipes were found")
    for whole in (True, False):
        log.write_bytes(bytes_of_log if whole else bytes_of_log[:-100])
        for name, commands in all_of_them:
            if "/dev/stdin" in commands[0][0]:
                place.clear()
                done = place.run(commands[0][0], commands[0][1].encode())
                check((done.returncode == 0) == whole, f"{name}: exit {done.returncode}: {done.stderr.decode()}")
                check((place.folder / "verify.tap").exists(), f"{name}: no report")
            else:
                run_recipe(place, name, commands, whole)
    shutil.rmtree(place.folder)
    for problem in problems:
        print(problem)
    if not shutil.which("make"):
        print("SKIPPED: make is not here: its recipe was not run")
        return 1 if problems else 77
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
