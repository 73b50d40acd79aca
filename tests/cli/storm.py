#!/usr/bin/env python3
"""Several processes on one log: one appends, one compacts it in place, one merges into it, one reads; one of them is killed in each round.

    storm.py --program PATH [--rounds N] [--seed S]

After each round every delta whose writer was told so (exit 0) is in the log, no dot was given twice, and what a reader saw was closed, held
everything that was acknowledged before it began, and is in every later log. No assertion is about time. A thousand rounds: --rounds 1000.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from run import environment

WAIT = ["--wait", "300s"]


class Storm:
    def __init__(self, program, folder, seed):
        self.program, self.path = str(Path(program).resolve()), Path(folder)
        self.env = environment(program, self.path)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.running = {}         # actor -> process
        self.acknowledged = {}    # id of a delta -> where it was appended
        self.dots = {}            # dot -> id, of all that anybody saw
        self.problems, self.made, self.counts = [], 0, {}
        self.stop = threading.Event()

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def run(self, actor, *words, data=b""):
        """Exit code and stdout; a kill may come at any moment."""
        process = subprocess.Popen([self.program, *words], cwd=self.path, env=self.env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with self.lock:
            self.running[actor] = process
        try:
            out, error = process.communicate(data, timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
            self.problem(f"{actor} hangs: {words}")
        with self.lock:
            self.running.pop(actor, None)
            key = (actor, process.returncode)
            self.counts[key] = self.counts.get(key, 0) + 1
        if process.returncode not in (0, 4, -9):
            self.problem(f"{actor} exits with {process.returncode}: {error.decode()}")
        return process.returncode, out

    def line(self, prefix):
        with self.lock:
            self.made += 1
            name = f"{prefix}{self.made}"
        return name, json.dumps({"id": name, "op": "create", "vector": [self.made, 1]}).encode() + b"\n"

    def append(self):
        names, data = [], b""
        for _ in range(self.random.randint(1, 3)):
            name, line = self.line("a")
            names.append(name)
            data += line
        code, _ = self.run("appender", "encode", "-", "--append", "log.dlog", "--origin", "app", *WAIT, data=data)
        if code == 0:
            with self.lock:
                self.acknowledged.update(dict.fromkeys(names, "append"))

    def compact(self):
        self.run("compactor", "compact", "log.dlog", "--in-place", "--keep", "daily:3", "-q", *WAIT)

    def merge(self):
        name, line = self.line("m")
        code, _ = self.run("writer", "encode", "-", "--append", "other.dlog", "--origin", "other", *WAIT, data=line)
        if code != 0:
            return
        code, _ = self.run("merger", "merge", "other.dlog", "--into", "log.dlog", "-q", *WAIT)
        if code == 0:
            with self.lock:
                self.acknowledged[name] = "merge"

    def read(self, actor="reader"):
        with self.lock:
            before = set(self.acknowledged)
        code, out = self.run(actor, "log", "log.dlog", "--deltas", "--json", "-q")
        if code not in (0, 4):
            return
        seen, seqs = {}, {}
        for row in map(json.loads, out.splitlines()):
            if row["type"] != "delta":
                continue
            seen[row["dot"]] = row["id"]
            origin, seq = row["dot"].rsplit(":", 1)
            seqs.setdefault(origin, set()).add(int(seq))
        lost = before - set(seen.values())
        if lost:
            self.problem(f"{actor}: acknowledged and not in the log: {sorted(lost)[:5]} ({[self.acknowledged[n] for n in sorted(lost)[:5]]})")
        for origin, numbers in seqs.items():
            if len(numbers) != max(numbers):
                self.problem(f"{actor}: the dots of {origin} have a gap below {max(numbers)}")
        with self.lock:
            for dot, name in seen.items():
                if self.dots.setdefault(dot, name) != name:
                    self.problems.append(f"{actor}: dot {dot} is {name}, and was {self.dots[dot]}")
            if actor == "end":
                gone = set(self.dots) - set(seen)
                if gone:
                    self.problems.append(f"seen once, and not in the log any more: {sorted(gone)[:5]}")

    def loop(self, act):
        while not self.stop.is_set():
            act()

    def round(self):
        self.stop.clear()
        actors = [threading.Thread(target=self.loop, args=(act,)) for act in (self.append, self.compact, self.merge, self.read)]
        for actor in actors:
            actor.start()
        time.sleep(self.random.uniform(0.05, 0.4))
        with self.lock:
            if self.running:
                self.running[self.random.choice(sorted(self.running))].kill()
        self.stop.set()
        for actor in actors:
            actor.join()
        self.read("end")

    def finish(self):
        """After the last kill: a writer mends what is torn, and the temporary files of the killed are gone."""
        self.append()
        self.compact()
        self.read("end")
        code, out = self.run("verifier", "verify", "log.dlog")
        if code != 0:
            self.problem(f"at the end verify says: {out.decode()}")
        left = [p.name for p in self.path.iterdir() if p.name.startswith(".log.dlog.")]
        if left:
            self.problem(f"temporary files are left: {left}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deltalog-storm-") as folder:
        storm = Storm(args.program, folder, args.seed)
        for name in ("log", "other"):
            subprocess.run([storm.program, "encode", "-", "-o", f"{name}.dlog", "--origin", f"first-{name}"], cwd=folder, env=storm.env,
                           input=b'{"id":"%s","op":"create","vector":[0,0]}\n' % name.encode(), check=True)
        for number in range(args.rounds):
            storm.round()
            if storm.problems:
                print(f"round {number}:")
                break
        else:
            storm.finish()
        print("\n".join(storm.problems[:20]), end="\n" if storm.problems else "")
        print(f"{len(storm.acknowledged)} deltas acknowledged, {len(storm.dots)} dots seen;",
              ", ".join(f"{actor} {code}: {n}" for (actor, code), n in sorted(storm.counts.items())))
        print(f"counted: {args.rounds} rounds of several processes")
        sys.exit(1 if storm.problems else 0)


if __name__ == "__main__":
    main()
