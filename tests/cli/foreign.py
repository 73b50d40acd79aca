"""What the tests share that read the output of the program back with other programs.

A reader that is not on this machine is remembered. A test then ends with 77, which ctest counts as skipped, and says
what was not checked; DELTALOG_REQUIRE_READERS=1 makes that a failure.
"""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from run import environment

MODULES = Path(os.environ.get("TMPDIR", "/tmp")) / f"deltalog-reports-{os.getuid()}/node_modules"  # script/bootstrap --reports

problems, missing = [], set()


def check(good, what):
    if not good:
        problems.append(what)


def reader(name):
    """Whether this program is here."""
    if shutil.which(name):
        return True
    missing.add(name)
    return False


class Place:
    """A directory of its own, and the program in it."""

    def __init__(self, program, **variables):
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="deltalog-test-"))
        self.env = {**environment(program, self.folder), **variables}

    def run(self, *words, data=None, **variables):
        return subprocess.run([self.program, *words], cwd=self.folder, env={**self.env, **variables}, input=data, capture_output=True, check=False)


def finish(place):
    """Says what was found, and returns the exit code."""
    shutil.rmtree(place.folder)
    for problem in problems:
        print(problem)
    for name in sorted(missing):
        print(f"SKIPPED: {name} is not here: what it reads was not checked (script/bootstrap --reports)")
    if problems or (missing and os.environ.get("DELTALOG_REQUIRE_READERS")):
        return 1
    return 77 if missing else 0
