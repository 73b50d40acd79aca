"""Running and timing: one process, several of them, and rounds of everything in turn.

Each round runs every measurement once, so that a slow minute of a shared machine falls on all of them alike; the median of
the rounds counts. A first round fills the page cache and is thrown away.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCRATCH = Path(os.environ.get("TMPDIR") or "/tmp") / f"deltalog-bench-{os.getuid()}"


PATIENCE = 1800  # seconds; what takes longer hangs


class Failed(Exception):
    """A process that should have ended well did not, or its answer is wrong. Fatal for deltalog, a remark for a peer."""


class Run:
    """One timed process: wall and CPU seconds, peak memory in bytes; its output as text if it is not sent to a file. `good`: exit codes."""

    def __init__(self, command, stdout=None, environment=None, directory=None, good=(0,)):
        command = [str(word) for word in command]
        with open(stdout, "wb") if stdout else tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = None
            patience = threading.Timer(PATIENCE, lambda: process.kill())
            patience.daemon = True
            patience.start()
            started = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=directory,
                                       env=environment and {**os.environ, **environment})
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - started
            patience.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in good:
                err.seek(0)
                raise Failed(f"exit {process.returncode}: {' '.join(command)[:200]}: "
                             + err.read().decode(errors="replace").strip()[-500:])
            self.output = ""
            if not stdout:
                out.seek(0)
                self.output = out.read(1 << 20).decode(errors="replace")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024


class AtOnce:
    """Several processes that begin together, as one measurement: until the last has ended."""

    def __init__(self, commands):
        with ThreadPoolExecutor(len(commands)) as pool:
            started = time.perf_counter()
            runs = list(pool.map(Run, commands))
            self.wall = time.perf_counter() - started
        self.cpu = sum(run.cpu for run in runs)
        self.memory = sum(run.memory for run in runs)
        self.output = runs[-1].output


class Several:
    """Several processes as one measurement, one after the other. `mean`: as one of them."""

    def __init__(self, runs, mean=False):
        runs = list(runs)
        parts = len(runs) if mean else 1
        self.wall = sum(run.wall for run in runs) / parts
        self.cpu = sum(run.cpu for run in runs) / parts
        self.memory = max(run.memory for run in runs)
        self.output = runs[-1].output


@dataclass
class Measurement:
    """`run` does it and returns a Run or Several. `once`: too slow for rounds. `peer`: whose failure ends that peer alone."""
    name: str
    run: Callable
    once: bool = False
    peer: Optional[str] = None


@dataclass
class Rounds:
    """What was measured: name -> runs; and the peers that failed, with what they said."""
    wanted: int
    runs: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)

    def measure(self, measurements):
        for turn in range(self.wanted + 1):
            for m in measurements:
                if m.peer in self.failed or (m.once and turn != 1):
                    continue
                self._show(f"round {turn} of {self.wanted}: {m.name}")
                try:
                    done = m.run()
                except (Failed, OSError, ValueError, IndexError) as failure:
                    if m.peer is None:
                        raise
                    self.failed[m.peer] = without_paths(failure)
                    print(f"bench: {m.peer} failed: {failure}", file=sys.stderr)
                    continue
                if turn > 0:
                    self.runs.setdefault(m.name, []).append(done)
        self._show("")
        return self

    @staticmethod
    def _show(text):
        if sys.stderr.isatty():
            print(f"bench: {text}\033[K" if text else "\033[K", end="\r", file=sys.stderr)

    def walls(self, name):
        return sorted(run.wall for run in self.runs[name])

    def wall(self, name):
        return statistics.median(self.walls(name))

    def cpu(self, name):
        return statistics.median(run.cpu for run in self.runs[name])

    def memory(self, name):
        return max(run.memory for run in self.runs[name])


def without_paths(failure):
    """The first line of what was said, as it may stand in a page that is kept."""
    return str(failure).replace(f"{SCRATCH}/", "").replace(f"{ROOT}/", "").split("\n")[0][:120]


def tree_size(path):
    """Bytes of a file, or of all files below a directory."""
    return sum(p.stat().st_size for p in files_below(path))


def files_below(path):
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
