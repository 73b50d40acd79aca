"""NDJSON streams that the program writes with what no set of testdata makes it use: each function says for what.

They are small, and made from a seed. Where a choice of the writer is to come out one way, the data leaves it no other: the second
decoder's test asks of the logs that each coder, column, form, relation and kind of lattice occurs.
"""
import itertools
import json
import random
import struct


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


class Stream:
    """Lines with rising times."""

    def __init__(self, seed, tick=False):
        self.dice, self.lines, self.tick = random.Random(seed), [], tick

    def add(self, name, op, **members):
        us = len(self.lines)
        stamp = {"ts": f"2026-02-03T04:{us // 60 % 60:02}:{us % 60:02}.{us % 7:06}Z"}
        if self.tick and us % 3:
            stamp["tick"] = us % 3
        self.lines.append(json.dumps({"id": name, **stamp, "op": op, **members}, ensure_ascii=False))

    def vector(self, n, make):
        return [make(self.dice) for _ in range(n)]


def everything():
    """Every operation, names, ticks, metadata that goes, values of all sizes."""
    out = Stream(1, tick=True)

    def word():
        return f32(out.dice.uniform(-1e3, 1e3) * 10 ** out.dice.randint(-12, 12))

    for space in ("", "n\u00e4me"):
        for k in range(3):
            out.add(f"\u00fc{k}", "create", namespace=space, vector=[0, -0.0, 1e-45, 16777216, word(), word()], metadata={"a": k, "b": "\u00e9\n"})
        for k in range(3):
            out.add(f"\u00fc{k}", "scale", namespace=space, factor=word())
            out.add(f"\u00fc{k}", "offset", namespace=space, amount=0.1)
            out.add(f"\u00fc{k}", "transform", namespace=space, transform="clamp", args=[-word() ** 2, 3e38])
            out.add(f"\u00fc{k}", "transform", namespace=space, transform=("negate", "abs")[k % 2])
            out.add(f"\u00fc{k}", "dense", namespace=space, vector=[1.5, word(), 0, 0, 0, 0], metadata={"a": 0.25, "d": None})
            out.add(f"\u00fc{k}", "sparse", namespace=space, indices=list(range(k + 1)), values=[word() for _ in range(k + 1)])
        out.add("\u00fc1", "delete", namespace=space)
    return out.lines


def periods(rows, rings, distinct):
    """Whole vectors on no lattice, of which each dimension comes round with its own period: long matches down the columns. Of few
    distinct values a table is small."""
    out = Stream(2)
    choices = [f32(out.dice.uniform(-1, 1)) for _ in range(distinct)]
    rings = [[out.dice.choice(choices) for _ in range(period)] for period in rings]
    for k in range(rows):
        out.add(f"v{k}", "create", vector=[ring[k % len(ring)] for ring in rings])
    return out.lines


def own_lattices():
    """Each row in whole multiples of a step of its own: octaves, eighths of octaves, and decimals."""
    out = Stream(3)
    for k in range(40):
        eighths = out.dice.randrange(-60, 60)
        step = (0.001, 2.0 ** eighths, 2.0 ** (eighths / 8))[min(k % 5, 2)]
        out.add(f"v{k}", "create", vector=[f32(m * step) for m in out.vector(64, lambda dice: dice.randint(-127, 127))])
    return out.lines


def one_lattice(make):
    """All values on one lattice, float32(make(k)); then a few steps on it."""
    out = Stream(4)
    ks = {f"v{r}": out.vector(64, lambda dice: dice.randint(-100000, 100000)) for r in range(24)}
    for name in ks:
        out.add(name, "create", vector=[f32(make(k)) for k in ks[name]])
    for _, name in itertools.product(range(3), ks):
        ks[name] = [k + out.dice.randint(-2, 2) for k in ks[name]]
        out.add(name, "dense", vector=[f32(make(k)) for k in ks[name]])
    return out.lines


def decaying_counts():
    """Counts that a factor takes off their lattice, and that go on by whole numbers; a few do not."""
    out = Stream(5)
    for r in range(12):
        counts = {d: float(out.dice.randint(1, 4000)) for d in out.dice.sample(range(200), 80)}
        out.add(f"v{r}", "create", vector=[counts.get(d, 0) for d in range(200)])
        now = [counts.get(d, 0.0) for d in range(200)]
        for _ in range(6):
            factor = f32(out.dice.uniform(0.9, 0.99))
            out.add(f"v{r}", "scale", factor=factor)
            now = [f32(x * factor) for x in now]
            dims = sorted(out.dice.sample(range(200), 60))
            for d in dims:
                now[d] = f32(now[d] + out.dice.randint(1, 5)) if out.dice.random() < 0.95 else f32(out.dice.uniform(1, 5000))
            out.add(f"v{r}", "sparse", indices=dims, values=[now[d] for d in dims])
    return out.lines


STRANGE = ["0x7fc12345", "0xff800001", "0x7f800000", "0xff800000", "0x80000000", "0x00000001"]  # NaNs, infinities, -0, the least
FINITE = range(len(STRANGE), 48)
TRANSFORMS = (("scale", {"factor": 1.5}, lambda x: f32(x * 1.5)), ("offset", {"amount": 0.25}, lambda x: f32(x + 0.25)),
              ("transform", {"transform": "negate"}, lambda x: -x), ("transform", {"transform": "clamp", "args": [-1, 1]}, lambda x: max(-1.0, min(1.0, x))),
              ("transform", {"transform": "abs"}, abs))


def continuous(noise):
    """Rows that go on with noise: of one size, or in proportion. Between them rows times a factor and plus an amount; of one row
    every transform, of values that are no numbers or have no size as well."""
    out = Stream(6)
    now = out.vector(48, lambda dice: f32(dice.gauss(0, 1)))
    out.add("strange", "create", vector=[*STRANGE, *now[6:]])
    for op, members, change in TRANSFORMS:
        out.add("strange", op, **members)
        now = [f32(noise(out.dice, change(x))) for x in now]
        out.add("strange", "dense", vector=[*STRANGE, *now[6:]])
        now = [f32(noise(out.dice, x)) for x in now]
        out.add("strange", "sparse", indices=list(FINITE), values=now[6:])
    for r in range(10):
        now = out.vector(48, lambda dice: f32(dice.gauss(0, 1)))
        out.add(f"v{r}", "create", vector=now)
        for _ in range(4):
            now = [f32(noise(out.dice, x)) for x in now]
            out.add(f"v{r}", "dense", vector=now)
        now = [f32(x * f32(1.01)) for x in now]
        out.add(f"v{r}", "dense", vector=now)
        now = [f32(x + f32(0.37)) for x in now]
        out.add(f"v{r}", "dense", vector=now)
        some = sorted(out.dice.sample(range(48), 20))
        out.add(f"v{r}", "sparse", indices=some, values=[f32(now[d] * f32(3.3)) for d in some])
    return out.lines


def in_two():
    """Lines of a log, and of one that goes on from it. Packed without the first, some values of the second have none before them."""
    out = Stream(7)
    for r in range(8):
        out.add(f"v{r}", "create", vector=out.vector(64, lambda dice: dice.gauss(0, 1)))
    first = len(out.lines)
    for r in range(8):
        now = [0.0] * 64
        for k in range(4):
            dims = range(10 * k, 10 * k + 30)
            for d in dims:
                now[d] = f32(now[d] * 1.0001 if now[d] else out.dice.gauss(0, 1))
            out.add(f"v{r}", "sparse", indices=list(dims), values=[now[d] for d in dims])
    return out.lines[:first], out.lines[first:]


def repeats():
    """Payloads and index sets of long ago, between ever new ones."""
    out = Stream(8)

    def some_dims():
        return sorted(out.dice.sample(range(900), 40))

    def row():
        return [f32(x) for x in out.vector(40, lambda dice: dice.uniform(-1, 1))]

    dims, rows = some_dims(), [row() for _ in range(3)]
    out.add("v", "create", vector=[0] * 900)
    for k in range(40):
        out.add("v", "sparse", indices=dims, values=rows[k % 3] if k % 2 else row())
        out.add("v", "sparse", indices=some_dims(), values=rows[k % 3])
    return out.lines


def settling():
    """What only a closed world lets go: a transform of values that stay. And a create after a create, of which metadata stays."""
    out = Stream(9)
    for k in range(4):
        out.add(f"v{k}", "create", vector=[k, 1, 2.5, -3], metadata={"a": k, "b": "x"})
        out.add(f"v{k}", "scale", factor=1.1)
        out.add(f"v{k}", "sparse", indices=[1], values=[7])
        out.add(f"v{k}", "offset", amount=0.3)
    out.add("v1", "create", vector=[1, 2, 3, 4], metadata={"b": "y"})
    return out.lines


def seldom_again():
    """Neighbours among zeros, in vectors of which too few come again for values to follow from those before."""
    out = Stream(11)
    for k in range(12):
        row = [0] * 200
        row[k:k + 30] = out.vector(30, lambda dice: dice.gauss(0, 1))
        out.add(f"v{k % 10}", "create" if k < 10 else "dense", vector=row)
    return out.lines


def by_turns():
    """A commit that takes its time: its deltas come now and then, of ever other vectors."""
    out = Stream(12)
    for k in range(40):
        out.add(f"v{k}", "create", vector=out.vector(4, lambda dice: dice.gauss(0, 1)))
    for _ in range(1500):
        out.add(f"v{out.dice.randrange(40)}", "sparse", indices=[1], values=[out.dice.gauss(0, 1)])
    return out.lines


def frame_each():
    """So many dimensions that each delta is a DATA frame of its own, and so many deltas that vectors are looked up by postings."""
    out = Stream(10)
    for k in range(3):
        out.add(f"v{k}", "create", vector=out.vector(65536, lambda dice: dice.randrange(1 << 20)))
    for k in range(17):
        out.add(f"v{k * k % 3}", "dense", vector=out.vector(65536, lambda dice: dice.randrange(1 << 20)))
    return out.lines


# By name: the lines, and the presets at which they are written.
STREAMS = {
    "everything": (everything, ("fastest", "balanced", "maximum")),
    "short-periods": (lambda: periods(400, [11, 12, 13, 14, 15, 16], 1000), ("balanced",)),
    "long-periods": (lambda: periods(600, [150, 170, 190], 10000), ("balanced",)),
    "few-values": (lambda: periods(400, [31, 37, 41, 43, 47, 53, 59, 61], 8), ("fastest", "balanced")),
    "own-lattices": (own_lattices, ("fastest", "balanced")),
    "octave": (lambda: one_lattice(lambda k: k * 0.5), ("balanced",)),
    "eighth": (lambda: one_lattice(lambda k: k * 2 ** (-13 / 8)), ("balanced",)),
    "decimal": (lambda: one_lattice(lambda k: k / 1000), ("maximum",)),
    "counts": (decaying_counts, ("balanced",)),
    "noise": (lambda: continuous(lambda dice, x: x + dice.gauss(0, 1e-4)), ("fastest", "balanced")),
    "proportional": (lambda: continuous(lambda dice, x: x * (1 + dice.gauss(0, 1e-4))), ("balanced",)),
    "repeats": (repeats, ("balanced",)),
    "settling": (settling, ("balanced",)),
    "seldom-again": (seldom_again, ("balanced",)),
    "by-turns": (by_turns, ("balanced",)),
    "frame-each": (frame_each, ("fastest",)),
}
