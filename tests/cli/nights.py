#!/usr/bin/env python3
"""A contract with every rule in front of a log, for 200 nights of which 40 are bad.

    nights.py --program PATH --spec DIRECTORY [--seed N]

Each night a whole state is encoded through the gate. A good one has to be written. A bad one (ten kinds of faults, four
nights each) has to be refused, and among what it is refused for has to be the rule that its kind is for; the log is then
as it was. In the end the log keeps the contract that `contract init` proposes for it.
"""
import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from run import environment

DIMS, ROWS, NIGHTS, BAD = 16, 300, 200, 40
CANARIES = ["d0", "d1", "d2"]
RULES = {
    "dims": DIMS, "element": "f32", "finite": True, "range": [-1, 1], "norm": {"within": 0.001}, "max-zero": 0,
    "id-pattern": "^d[0-9]+$", "min-count": 200, "max-count": 400, "required-ids": CANARIES, "required-metadata": ["lang", "length"],
    "metadata-schema": {"type": "object", "properties": {"lang": {"enum": ["de", "en"]}, "length": {"type": "integer", "minimum": 1}}},
    "max-duplicates": "1%", "max-constant-dims": 0, "max-changed": "20%", "max-created": "5%", "max-deleted": "5%",
    "max-l2-drift": {"p50": 0.3, "max": 0.6}, "max-cosine-drift": {"p50": 0.05, "max": 0.2}, "max-norm-shift": "1%",
    "max-centroid-shift": "4%", "max-outliers": {"k": 25, "last": 14}, "min-kept-neighbours": {"min": 0.8, "k": 5},
    "max-rate": {"deltas": 50, "per": "1h", "burst": 400}, "origins": "main", "operations": ["create", "dense", "sparse", "delete"],
    "canaries": {"ids": CANARIES, "tag": "first", "min": 0.99}, "no-conflicts": True, "max-skew": "1d", "max-age": "36500d", "max-chain": 1000,
}


class Nights:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.next = 0
        self.rows = {}
        for _ in range(ROWS):
            self.create()

    def unit(self, values):
        length = math.sqrt(sum(x * x for x in values))
        return [x / length for x in values]

    def vector(self):
        return self.unit([self.random.gauss(0, 1) for _ in range(DIMS)])

    def create(self):
        self.rows[f"d{self.next}"] = self.vector()
        self.next += 1

    def good(self):
        """The state after a good night."""
        before, following = dict(self.rows), self.next
        others = [name for name in self.rows if name not in CANARIES]
        for name in self.random.sample(others, self.random.randint(8, 24)):
            self.rows[name] = self.unit([x + self.random.gauss(0, 0.03) for x in self.rows[name]])
        for name in self.random.sample(others, self.random.randint(0, 3)):
            del self.rows[name]
        for _ in range(self.random.randint(0, 3)):
            self.create()
        after, self.rows, kept, self.next = self.rows, before, self.next, following
        return after, kept

    def bad(self, kind, state):
        names = list(state)
        if kind == "dead model":
            return {name: [0.0] * DIMS if self.random.random() < 0.3 else row for name, row in state.items()}
        if kind == "shifted ids":
            return dict(zip(names, [state[name] for name in names[1:] + names[:1]]))
        if kind == "swapped dims":
            return {name: [row[1], row[0]] + row[2:8] + row[8:][::-1] for name, row in state.items()}
        if kind == "scale":
            return {name: [1.5 * x for x in row] for name, row in state.items()}
        if kind == "drift":
            return {name: self.unit([row[0] + 0.25] + row[1:]) for name, row in state.items()}
        if kind == "half gone":
            return {name: state[name] for name in names[:len(names) // 2]}
        if kind == "NaN":
            state[self.random.choice(names[3:])] = ["0x7fc00000"] * DIMS
            return state
        if kind == "duplicate upload":
            return {**state, **{f"d{9000 + i}": state[name] for i, name in enumerate(names[:12])}}
        if kind == "another model":
            return {name: self.vector() for name in names}
        return state


# What each kind is to be found by.
FAULTS = {"dead model": "max-zero", "shifted ids": "max-cosine-drift", "swapped dims": "max-cosine-drift", "scale": "max-norm-shift",
          "drift": "max-centroid-shift", "half gone": "max-deleted", "NaN": "finite", "clock": "max-skew",
          "duplicate upload": "max-duplicates", "another model": "min-kept-neighbours"}


def lines(state):
    for name, row in state.items():
        metadata = {"lang": "en" if int(name[1:]) % 2 else "de", "length": 1 + int(name[1:]) % 90}
        yield json.dumps({"id": name, "vector": row, "metadata": metadata})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--spec", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rules = json.loads((arguments.spec / "contract-1.schema.json").read_text())["$defs"]["rule"]["properties"]["rule"]["enum"]
    problems = [] if sorted(RULES) == sorted(rules) else ["the contract here has not every rule"]
    nights = Nights(arguments.seed)
    kinds = list(FAULTS) * (BAD // len(FAULTS))
    bad_nights = dict(zip(sorted(nights.random.sample(range(20, NIGHTS), BAD)), nights.random.sample(kinds, BAD)))
    found = {kind: 0 for kind in FAULTS}
    written = 0
    with tempfile.TemporaryDirectory(prefix="deltalog-nights-") as folder:
        def run(*words):
            return subprocess.run(["deltalog", *words], cwd=folder, env=environment(arguments.program, folder), capture_output=True, text=True)

        Path(folder, "contract.json").write_text(json.dumps({"contract": 1, "rules": [{"rule": r, "value": v} for r, v in RULES.items()]}))
        for night in range(NIGHTS):
            state, following = (dict(nights.rows), nights.next) if night == 0 else nights.good()
            kind = bad_nights.get(night)
            day = date(2099, 1, 1) if kind == "clock" else date(2020, 1, 1) + timedelta(night)
            Path(folder, "night.ndjson").write_text("\n".join(lines(nights.bad(kind, state) if kind else state)) + "\n")
            where = ["-o", "log.dlog", "--tag", "first"] if night == 0 else ["--append", "log.dlog"]
            done = run("encode", "night.ndjson", "--state", *where, "--at", f"{day}T01:00:00Z", "--max-skew", "any", "--max-delete", "100%",
                       "--allow-nonfinite", "--contract", "contract.json", "--json", "--meta", f"run={night}")
            reasons = {line["rule"] for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "contract-finding"}
            if kind is None:
                if done.returncode != 0 or reasons:
                    problems.append(f"night {night} is good, and exits {done.returncode}: {sorted(reasons)} {done.stderr}")
                nights.rows, nights.next = state, following
                written += 1
            elif done.returncode != 1 or FAULTS[kind] not in reasons:
                problems.append(f"night {night} ({kind}) exits {done.returncode}, not for {FAULTS[kind]}: {sorted(reasons)} {done.stderr}")
            else:
                found[kind] += 1
        commits = run("info", "log.dlog", "--get", "commits").stdout.strip()
        if commits != str(written + 1):  # and the tag
            problems.append(f"the log has {commits} commits, of {written} good nights")
        Path(folder, "init.json").write_text(run("contract", "init", "log.dlog").stdout)
        for contract in ("contract.json", "init.json"):
            done = run("verify", "log.dlog", "--contract", contract)
            if done.returncode != 0:
                problems.append(f"the log of the good nights breaks {contract}: {done.stdout}{done.stderr}")
    print("\n".join(problems) or f"{written} good nights written, {sum(found.values())} bad ones found, each by its rule: {found}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
