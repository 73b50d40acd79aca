#!/usr/bin/env python3
"""Holds what `--json` prints to formats/spec/json-output-1.md.

    json_output.py --program PATH --spec json-output-1.md

Runs the commands on small histories that have everything (every operation, metadata, conflicts, non-finite values, several namespaces,
damage, missing causes) and checks each line: its type is on the page, its members are those of the table, in that order,
none missing and none more, each of the kind given. And the other way round: every type and member of the page was seen.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from run import environment

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?Z")
INSIDE = {"repaired-segment", "reference", "namespace", "property", "range", "candidate", "neighbour", "kept-neighbours"}
# progress: on stderr, after a second.
UNSEEN = {"progress"}


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_text(value):
    return isinstance(value, str)


KINDS = {
    "count": is_count,
    "text": is_text,
    "seq": lambda v: is_text(v) and re.fullmatch(r"[1-9]\d*", v),
    "dot": lambda v: is_text(v) and re.fullmatch(r".+:[1-9]\d*", v, re.S),
    "time": lambda v: is_text(v) and TIME.fullmatch(v),
    "hash": lambda v: is_text(v) and re.fullmatch(r"[0-9a-f]{64}", v),
    "float": lambda v: (isinstance(v, (int, float)) and not isinstance(v, bool)) or (is_text(v) and re.fullmatch(r"0x[0-9a-f]{8}", v)),
    "number": lambda v: v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)),
    "bool": lambda v: isinstance(v, bool),
    "any": lambda v: True,
}


def read_spec(text):
    """type -> [(member, optional, kind)]"""
    types = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        name = part.split("\n", 1)[0].strip()
        rows = re.findall(r"^\| ([\w-]+)(\??) \| (.+?) \|", part, flags=re.M)
        types[name] = [(member, bool(mark), kind) for member, mark, kind in rows if member != "member"]
    return types


class Checker:
    def __init__(self, types):
        self.types, self.problems, self.seen = types, [], set()

    def value(self, value, kind, where):
        if kind.startswith("list of "):
            if not isinstance(value, list):
                self.problems.append(f"{where}: no list")
                return
            for item in value:
                self.value(item, kind[len("list of "):], where)
        elif kind.startswith("object "):
            self.members(value, kind[len("object "):].strip("`"), [], where)
        elif not KINDS[kind](value):
            self.problems.append(f"{where}: {value!r} is no {kind}")

    def members(self, found, name, head, where):
        table = self.types[name]
        known = {member: kind for member, _, kind in table}
        wanted = head + [m for m, optional, _ in table if not optional or m in found]
        if list(found) != wanted:
            self.problems.append(f"{where}: members {list(found)}, not {wanted}")
        for member, value in found.items():
            if member in known:
                self.seen.add((name, member))
                self.value(value, known[member], f"{where}.{member}")

    def line(self, text, where):
        found = json.loads(text)
        name = found.get("type")
        if name not in self.types or name in INSIDE or found.get("v") != 1:
            self.problems.append(f"{where}: type {name!r}, v {found.get('v')!r}")
            return
        self.members(found, name, ["type", "v"], where + ": " + name)


HISTORY = [
    '{"id":"a","ts":"2026-01-01T00:00:00Z","op":"create","vector":[1,2.5,"0x7fc00001"],"metadata":{"k":[1],"m":"x"}}',
    '{"id":"b","ts":"2026-01-01T00:00:00Z","namespace":"n","op":"create","vector":[1]}',
    '{"id":"a","ts":"2026-01-02T00:00:00.5Z","op":"sparse","indices":[1],"values":[-0.0]}',
    '{"id":"a","ts":"2026-01-03T00:00:00Z","op":"scale","factor":0.5}',
    '{"id":"a","ts":"2026-01-04T00:00:00Z","op":"offset","amount":1}',
    '{"id":"a","ts":"2026-01-05T00:00:00Z","op":"transform","transform":"clamp","args":[-1,1]}',
    '{"id":"a","ts":"2026-01-06T00:00:00Z","op":"transform","transform":"negate"}',
    '{"id":"a","ts":"2026-01-07T00:00:00Z","op":"transform","transform":"abs"}',
    '{"id":"a","ts":"2026-01-08T00:00:00Z","op":"dense","vector":[4,5,6]}',
    '{"id":"a","ts":"2026-01-09T00:00:00Z","origin":"x:y","parents":["main:8"],"op":"sparse","indices":[0],"values":[7]}',
    '{"id":"b","ts":"2026-01-10T00:00:00Z","namespace":"n","op":"delete"}',
    '{"id":"a","ts":"2026-01-11T00:00:00Z","op":"scale","factor":2}',
]
COMMANDS = [
    (0, "deltalog encode in.ndjson --allow-nonfinite -m message --source somewhere --json -o a.dlog"),
    (0, "deltalog log --json a.dlog"),
    (0, "deltalog log --json --hashes a.dlog"),
    (0, "deltalog log --json --deltas a.dlog"),
    (0, "deltalog log --json --id a a.dlog"),
    (0, "deltalog log --json --window adaptive:3:1s:3d a.dlog"),
    (0, "deltalog log --json --window session:36h --after main:1 a.dlog && deltalog log --json --heads a.dlog"),
    (0, "deltalog log --json --graph --common main:10 --common x:y:1 a.dlog"),
    (0, "for i in 1 2 3 4 5 6 7 8 9; do deltalog show --json a.dlog main:$i; done"),
    (0, "deltalog show --json --hashes --commit a.dlog x:y:1"),
    (0, "deltalog blame --json a.dlog --id a"),
    (0, "deltalog log --json --conflicts a.dlog"),
    (0, "deltalog log --json --conflicts --policy 'average' -q a.dlog"),
    (0, "echo '{\"id\":\"a\",\"vector\":[1]}' | deltalog encode - --origin one --at 2026-01-01 -o one.dlog && "
        "echo '{\"id\":\"a\",\"vector\":[1,2]}' | deltalog encode - --origin two --at 2026-01-01 -o two.dlog && "
        "deltalog log --json --conflicts -q one.dlog two.dlog"),
    (0, "cp a.dlog set.dlog && deltalog encode --append set.dlog --policy max --tag v1 --at 2026-02-01 && deltalog log --json set.dlog && "
        "deltalog log --json --deltas set.dlog && deltalog tag --json set.dlog"),
    (0, "echo '{\"id\":\"a\",\"op\":\"create\",\"vector\":[1]}' | deltalog encode - --max-error 0.1 --at 2026-02-01 -o close.dlog && "
        "deltalog log --json close.dlog && deltalog info --json close.dlog"),
    (0, "echo '{\"id\":\"z\",\"ts\":\"2090-01-01T00:00:00Z\",\"op\":\"create\",\"vector\":[1]}' | deltalog encode - --max-skew any --meta run=7 "
        "--meta-json 'n={\"a\":[1]}' -o far.dlog && deltalog encode --append far.dlog --policy max --at 2026-01-01 -q && "
        "echo '{\"id\":\"z\",\"ts\":\"2026-01-01T00:00:00Z\",\"op\":\"scale\",\"factor\":2,\"metadata\":{\"k\":1}}' | "
        "deltalog encode - --append far.dlog --meta run=8 -q && deltalog log --json -q far.dlog && deltalog log --json -q --deltas far.dlog && "
        "deltalog show --json far.dlog main:1 && deltalog blame --json far.dlog --id z && deltalog verify --json far.dlog"),
    (0, "cp a.dlog property.dlog && deltalog encode --append property.dlog --set metric=l2 --set model=m --at 2026-02-01 && deltalog info --json property.dlog"),
    (0, "cp a.dlog tags.dlog && deltalog tag tags.dlog t --at 2026-01-01 && deltalog tag tags.dlog r && deltalog tag --json tags.dlog && "
        "deltalog info --json tags.dlog && deltalog compact tags.dlog --keep tags --dry-run --json"),
    (0, "printf '%s\\n' '{\"type\":\"commit\",\"origin\":\"x\",\"seq\":1,\"deltas\":1,\"parents\":[],\"setting\":\"release ghost\\nnobody:7\",\"ts\":\"2026-01-01T00:00:00Z\"}' | "
        "deltalog encode - -o ghost.dlog && deltalog tag --json ghost.dlog"),
    (0, "deltalog verify --json a.dlog"),
    (0, "cp a.dlog i.dlog && deltalog reindex --json --checkpoint-cost 0.000001 i.dlog && deltalog reindex --json i.dlog --check"),
    (0, "deltalog info --json --columns --baselines a.dlog"),
    (1, "deltalog diff --json --with-old a.dlog --at 2025-12-31 --at 2026-01-01"),
    (1, "deltalog diff --json --with-old a.dlog --at 2026-01-01 --at 2026-01-08; [ $? = 1 ] && "
        "echo '{\"id\":\"a\",\"op\":\"sparse\",\"indices\":[],\"values\":[],\"metadata\":{\"k\":null}}' | "
        "deltalog encode - --origin main --base a.dlog --at 2026-02-01 -o m.dlog && mkdir both && cp a.dlog m.dlog both && "
        "deltalog diff --json --with-old a.dlog both"),
    (1, "deltalog diff --json --with-old a.dlog --at 2026-01-01 --at 2026-01-10"),
    (0, "printf '%s\\n' '{\"id\":\"a\",\"vector\":[1,2]}' '{\"id\":\"b\",\"vector\":[\"0x7fc00000\",2]}' '{\"id\":\"c\",\"vector\":[3,2]}' | "
        "deltalog encode - --allow-nonfinite --at 2026-01-01 -o near.dlog && deltalog search --json near.dlog --id a"),
    (1, "deltalog reindex --ann --check --json near.dlog; deltalog reindex --ann --json near.dlog; deltalog info --json --drift near.dlog; deltalog reindex --ann --check --json near.dlog"),
    (1, "deltalog diff --json --neighbours 1 near.dlog a.dlog"),
    (0, "deltalog diff --json --neighbours 1 near.dlog near.dlog"),
    (0, "deltalog compact --json a.dlog --keep since:2026-01-05 --keep daily:2 -o compacted.dlog"),
    (1, "deltalog diff --json --stat a.dlog --at 2026-01-01 --at 2026-01-10"),
    (0, "deltalog rollback a.dlog --origin main --at 2026-01-01 --json -o r.dlog"),
    (4, "echo '{\"id\":\"a\",\"op\":\"sparse\",\"indices\":[0],\"values\":[1],\"metadata\":{\"k\":5}}' | "
        "deltalog encode - --origin main --base a.dlog --at 2026-02-01 -o s.dlog; deltalog rollback a.dlog s.dlog --revert main:1 --id a --json -q -o t.dlog"),
    (4, "echo '{\"id\":\"a\",\"op\":\"sparse\",\"indices\":[0],\"values\":[9],\"metadata\":{\"k\":6}}' | "
        "deltalog encode - --base a.dlog --base s.dlog --at 2026-02-02 --origin later -o u.dlog; "
        "deltalog rollback a.dlog s.dlog u.dlog --revert main:11 --json -q -o v.dlog"),
    (4, "deltalog merge --json -q m.dlog -o n.dlog"),
    (0, "deltalog merge --json a.dlog m.dlog -f -o n.dlog"),
    (1, "flip a.dlog -100 > b.dlog; deltalog verify --json b.dlog"),
    (0, "flip a.dlog 600 > e.dlog; deltalog verify --json e.dlog --repair whole.dlog 2> err || "
        "deltalog verify --json compacted.dlog e.dlog --repair parts.dlog 2> err"),
    (0, "deltalog log --json a.dlog --compare a.dlog"),
    (1, "deltalog log --json a.dlog --compare m.dlog 2> err"),
    (1, "echo '{\"id\":\"a\",\"vector\":[9]}' | deltalog encode - --origin one --at 2026-01-01 -o fork.dlog; deltalog log --json one.dlog --compare fork.dlog"),
    (4, "printf '{\"id\":\"\\377\",\"vector\":[1]}\\n{\"id\":\"a\",\"op\":\"scale\",\"factor\":2}\\n{\"id\":\"a\",\"vector\":[1]}\\n' | "
        "deltalog encode - --at 2026-01-01 -o taken.dlog --reject - 2> err"),
    (1, "deltalog verify --json a.dlog --rule dims=1 --rule max-age=1d --rule min-count=1 --at 2030-01-01"),
    (0, "{ sleep 1.1; cat a.dlog; } | deltalog log --json --progress=json - 2>&1"),
    (2, "deltalog log --json --nonsense a.dlog 2>&1"),
    (3, "deltalog log --json none.dlog 2>&1"),
    (3, "flip a.dlog 600 > c.dlog; deltalog blame --json c.dlog --id a 2>&1"),
    (4, "head -c -200 a.dlog > d.dlog; deltalog log --json d.dlog 2>&1"),
    (1, ": > empty.dlog; deltalog verify --report json empty.dlog"),
    (3, "deltalog verify --report json gone.dlog 2> err"),
    (1, "echo '{\"id\":\"a\",\"op\":\"scale\",\"factor\":2}' | deltalog encode - --base a.dlog --origin o --at 2026-02-01 -o p.dlog;"
        "deltalog log --json p.dlog 2> err && deltalog info --json p.dlog 2> err && deltalog verify --json p.dlog"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--spec", required=True, type=Path)
    args = parser.parse_args()
    checker = Checker(read_spec(args.spec.read_text()))
    with tempfile.TemporaryDirectory(prefix="deltalog-json-") as folder:
        Path(folder, "in.ndjson").write_text("\n".join(HISTORY) + "\n")
        for code, command in COMMANDS:
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment(args.program, folder), capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, timeout=60)
            if done.returncode != code or done.stderr:
                checker.problems.append(f"$ {command}\n    exit {done.returncode}, expected {code}: {done.stderr}")
            lines = done.stdout.splitlines()
            if not lines:
                checker.problems.append(f"$ {command}\n    printed nothing")
            for number, line in enumerate(lines, 1):
                checker.line(line, f"$ {command}\n    line {number}")
    unseen = {(t, m) for t, rows in checker.types.items() if t not in UNSEEN for m, _, _ in rows if f"{t}.{m}" not in UNSEEN} - checker.seen
    checker.problems += [f"{args.spec}: {t}.{m}: never seen" for t, m in sorted(unseen)]
    print("\n".join(checker.problems), end="\n" if checker.problems else "")
    sys.exit(1 if checker.problems else 0)


if __name__ == "__main__":
    main()
