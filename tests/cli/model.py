"""What a log means, as an executable model: deltas, contexts, the fold, blame, unions, prunings, and which cuts are answered.

Written from the laws as directly as loops can say them, so that tests may hold the program to it. It reads no log, and it is slow. One namespace;
all vectors have the same number of dimensions. Float32 values are their bits. A holding is what a replica has: {commit: Copy}.

A Model with a `variant` is wrong on purpose: a test that the model is compared with must notice each of VARIANTS.
"""
import bisect
import dataclasses
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))
from dlog import floats  # noqa: E402

FOREVER = (1 << 52) - 1  # the greatest microsecond
EVERY_TIME = ((0, FOREVER),)
MARK, TRANSFORM = "mark", "transform"
ASSIGNMENTS, TRANSFORMS, LIFECYCLE = ("create", "dense", "sparse"), ("scale", "offset", "negate", "abs", "clamp"), ("create", "delete")
VARIANTS = {
    "moments": "a kept time is one microsecond, not its still",
    "release-as-time": "a release is kept as the time of its last delta",
    "now-without-ray": "now is the moment of the last delta",
    "by-key": "an assignment of greater key overrides, seen or not",
    "tombstone-by-create": "a delete goes for a later create",
    "strictly-between": "a kept time of the entry's own microsecond does not keep it",
    "release-ignored": "releases are said to be kept, and are not",
    "without-record": "a pruned copy is folded wherever its context is",
}


# Times: sorted tuples of (first, last) in microseconds, both included, no two of them touching.

def joined(ranges):
    out = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return tuple(out)


def intersected(a, b):
    return joined((max(f, g), min(l, m)) for f, l in a for g, m in b if max(f, g) <= min(l, m))


def meets(ranges, first, last):
    """Whether any of these times is in first..last."""
    return first <= last and any(f <= last and first <= l for f, l in ranges)


@dataclasses.dataclass
class Delta:
    """`values`: by dimension, of an assignment. `parameters`: of a transform. `setting`: of a delta that changes no vector, ('tag', NAME, TIME),
    ("release", NAME[, CONTEXT]) or ('untag', NAME). `context`: {origin: seq}, with the deltas before it in its commit."""
    op: str
    vector: str = ""
    values: dict = dataclasses.field(default_factory=dict)
    parameters: tuple = ()
    patch: dict = dataclasses.field(default_factory=dict)
    setting: tuple = ()
    origin: str = ""
    seq: int = 0
    hlc: int = 0
    commit: int = -1
    context: dict = dataclasses.field(default_factory=dict)

    @property
    def us(self):
        return self.hlc >> 12

    @property
    def key(self):
        return self.hlc, self.origin, self.seq

    @property
    def dot(self):
        return f"{self.origin}:{self.seq}"

    def entries(self):
        """All that a pruning may let go, one by one."""
        own = {MARK} if self.op in LIFECYCLE else {TRANSFORM} if self.op in TRANSFORMS else set()
        return frozenset({*self.values, *own, *(("member", name) for name in self.patch)})


@dataclasses.dataclass
class Commit:
    origin: str
    first: int
    last: int
    context: dict
    deltas: list


@dataclasses.dataclass(frozen=True)
class Record:
    """What a pruning kept, and the version vector that was folded then."""
    seen: frozenset
    times: tuple
    releases: frozenset


@dataclasses.dataclass(frozen=True)
class Copy:
    """What is left of each delta of a commit, and of each whether a single copy holds all of it; without records it is whole."""
    left: tuple
    proved: tuple
    records: frozenset = frozenset()


def has(context, delta):
    return delta.seq <= context.get(delta.origin, 0)


def inside(part, context):
    return all(seq <= context.get(origin, 0) for origin, seq in part.items())


def happens_before(a, b):
    return has(b.context, a)


def frozen(context):
    """A context as it stands in a record, or names a release."""
    return frozenset((origin, seq) for origin, seq in context.items() if seq)


def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge_patch(target.get(name), value)
    return target


def transformed(delta, bits):
    if delta.op == "negate":
        return bits ^ floats.SIGN
    if delta.op == "abs":
        return bits & ~floats.SIGN
    if delta.op == "clamp":
        return floats.clamped(bits, *delta.parameters)
    return (floats.scaled if delta.op == "scale" else floats.shifted)(bits, *delta.parameters)


@dataclasses.dataclass
class Vector:
    """One vector that exists: before any policy. `candidates`: by dimension, [(assignment, branch value)] in key order."""
    created: Delta
    candidates: dict
    transforms: list
    metadata: dict
    set_by: dict


def average(values):
    total = None
    for bits in values:
        total = floats.value_of(bits) if total is None else total + floats.value_of(bits)
    return floats.bits_of(total / len(values))


def decided(candidates, policy):
    """The value, and the candidates that it comes from."""
    if len(candidates) == 1:
        return candidates[0][1], [candidates[0][0]]
    if policy == "average":
        return average([bits for _, bits in candidates]), [delta for delta, _ in candidates]
    best = candidates[-1]
    if policy == "max":
        best = max(candidates, key=lambda c: (floats.ordinal(c[1]), c[0].key))
    return best[1], [best[0]]


def blame(vector, dim, policy):
    """(value, dots it comes from, transforms since, losers)."""
    candidates = vector.candidates[dim]
    value, chosen = decided(candidates, policy)
    since = min(d.key for d in chosen)
    return (value, [d.dot for d in chosen], [t.dot for t in vector.transforms if t.key > since],
            [d.dot for d, _ in candidates if d not in chosen])


class Model:
    def __init__(self, dims, variant=""):
        self.dims, self.variant = dims, variant
        self.commits, self.of_dot = [], {}

    # Writing.

    def write(self, origin, context, deltas, times):
        """A commit of an origin that has seen `context`; each delta at the least timestamp that its clock allows. Returns its number."""
        seq, least = context.get(origin, 0), 0
        for d in self.of_dot.values():
            if has(context, d):
                least = max(least, d.hlc + (d.origin != origin))
        number, seen = len(self.commits), dict(context)
        for d, us in zip(deltas, times):
            seq += 1
            least = max(least, us << 12)
            d.origin, d.seq, d.hlc, d.commit, d.context = origin, seq, least, number, dict(seen)
            seen[origin] = seq
            self.of_dot[origin, seq] = d
        self.commits.append(Commit(origin, deltas[0].seq, seq, dict(context), deltas))
        return number

    def whole(self, number):
        deltas = self.commits[number].deltas
        return Copy(tuple(d.entries() for d in deltas), (True,) * len(deltas))

    def context_of(self, delta):
        return {**delta.context, delta.origin: delta.seq}

    def parents(self, context):
        """The maximal dots of a context."""
        held = [d for d in self.of_dot.values() if has(context, d)]
        return sorted(d.dot for d in held if not any(happens_before(d, e) for e in held))

    # Holdings.

    def unite(self, a, b):
        both = dict(a)
        for number, copy in b.items():
            mine = both.get(number)
            if mine is None or (mine.records and not copy.records):
                both[number] = copy
            elif mine.records:
                left, proved = (tuple(x | y for x, y in zip(*pair)) for pair in ((mine.left, copy.left), (mine.proved, copy.proved)))
                both[number] = Copy(left, proved, mine.records | copy.records)
        return both

    def packed(self, holding):
        """Packing copies into one finds that a commit is whole of which each delta is, in this copy or that."""
        return {number: self.whole(number) if all(copy.proved) else copy for number, copy in holding.items()}

    def covered(self, numbers):
        seen = {}
        for number in sorted(numbers):  # an origin's commits are in order of writing
            c = self.commits[number]
            if c.first == seen.get(c.origin, 0) + 1:
                seen[c.origin] = c.last
        return seen

    def folded(self, holding):
        """The greatest set of commits whose contexts lie inside it; of pruned copies also the version vector of a record."""
        stay = set(holding)
        while True:
            have = self.covered(stay)
            gone = set()
            for number in stay:
                c, records = self.commits[number], holding[number].records
                complete = any(inside(dict(r.seen), have) for r in records) or not records or self.variant == "without-record"
                if c.last > have.get(c.origin, 0) or not inside(c.context, have) or not complete:
                    gone.add(number)
            if not gone:
                return stay
            stay -= gone

    def seen(self, holding):
        return self.covered(self.folded(holding))

    def in_key_order(self, holding):
        return sorted((d for number in self.folded(holding) for d in self.commits[number].deltas), key=lambda d: d.key)

    def left(self, holding, delta):
        return holding[delta.commit].left[delta.seq - self.commits[delta.commit].first]

    # What is answered.

    def complete(self, records, have):
        return [r for r in records if inside(dict(r.seen), have) or self.variant == "without-record"]

    def answered(self, holding):
        folded = self.folded(holding)
        have, times = self.covered(folded), EVERY_TIME
        for records in {holding[number].records for number in folded} - {frozenset()}:
            times = intersected(times, joined(i for r in self.complete(records, have) for i in r.times))
        return times

    def lists(self, records, have, context):
        """Whether a complete record lists this release, or was pruned with no more than it holds, settings aside."""
        return any(frozen(context) in r.releases or self.within(r.seen, context) for r in self.complete(records, have))

    def within(self, seen, context):
        return all(self.of_dot[origin, n].setting for origin, seq in seen for n in range(context.get(origin, 0) + 1, seq + 1))

    def answers(self, holding, context):
        folded = self.folded(holding)
        have = self.covered(folded)
        if not inside(context, have):
            return False
        return all(self.lists(holding[number].records, have, context) for number in folded
                   if holding[number].records and has(context, self.commits[number].deltas[0]))

    def tags(self, holding):
        """{name: time, or context of a release}, of the settings of greatest key."""
        out = {}
        for d in self.in_key_order(holding):
            if d.setting:
                kind, name, *rest = d.setting
                out[name] = None if kind == "untag" else rest[0] if rest else d.context
        return {name: what for name, what in out.items() if what is not None}

    # Pruning.

    def moments(self, holding):
        """When something happened, as far as a log still knows: it has no times of deltas that are gone, but of commits."""
        return sorted({d.us for d in self.in_key_order(holding) if self.left(holding, d) or d.seq == self.commits[d.commit].last})

    def stills(self, holding, asked):
        """The whole stills of the asked times, with now's ray, and with what was before the beginning."""
        moments = self.moments(holding)
        if not moments:
            return EVERY_TIME
        bounds = [0, *moments, FOREVER + 1]
        kept = [(first, following - 1) for first, following in zip(bounds, bounds[1:])
                if first < following and (first in (0, moments[-1]) or meets(asked, first, following - 1))]
        if self.variant == "moments":
            kept = [*asked, (0, moments[0] - 1), (moments[-1], FOREVER)]
        if self.variant == "now-without-ray":
            kept[-1] = (moments[-1], moments[-1])
        return joined(kept)

    def overrides(self, entry, a, b, left):
        """Whether b makes entry of a matter no more. `left` is what is left of b."""
        if b.op == "delete" and MARK in left:
            return b.key > a.key
        if entry == MARK:
            return b.op == "create" and MARK in left and b.key > a.key and (a.op == "create" or self.variant == "tombstone-by-create")
        if entry == TRANSFORM or entry not in left:
            return False
        if isinstance(entry, tuple):
            return b.key > a.key and not isinstance(b.patch[entry[1]], dict)
        return b.key > a.key if self.variant == "by-key" else happens_before(a, b)

    def parted(self, a, b, times, releases):
        """Whether a kept cut holds a and not b."""
        first = a.us + (self.variant == "strictly-between")
        return meets(times, first, b.us - 1) or any(has(r, a) and not has(r, b) for r in releases)

    def prune(self, holding, asked, releases, whole_deltas=False):
        """`asked`: times; `releases`: contexts. Only those releases are kept that are folded. `whole_deltas`: each goes or stays whole."""
        folded = self.folded(holding)
        have = self.covered(folded)
        times, releases = self.stills(holding, asked), [r for r in releases if inside(r, have)]
        if times == EVERY_TIME:  # then nothing goes, not even what was overridden within a microsecond
            return holding
        kept_times, kept_releases = times, [dict(r) for r in releases]
        if self.variant == "release-as-time":
            last = [max(d.us for d in self.of_dot.values() if has(r, d)) for r in releases]
            kept_times, kept_releases = self.stills(holding, joined([*asked, *((t, t) for t in last)])), []
        if self.variant == "release-ignored":
            kept_releases = []
        of_vector = {}
        for d in self.in_key_order(holding):
            of_vector.setdefault(d.vector, []).append((d, self.left(holding, d)))

        def rest(a, was):
            rivals = [(b, left) for b, left in of_vector[a.vector] if b is not a and left and not self.parted(a, b, kept_times, kept_releases)]
            stay = frozenset(e for e in was if not any(self.overrides(e, a, b, left) for b, left in rivals))
            return was if whole_deltas and stay else stay

        out = dict(holding)
        for number in folded:
            copy = holding[number]
            left = tuple(rest(d, was) if was else was for d, was in zip(self.commits[number].deltas, copy.left))
            if not copy.records and left == copy.left:
                continue
            mine = Record(frozen(have), times, frozenset(map(frozen, releases)))
            if copy.records:
                before = self.complete(copy.records, have)
                mine = Record(mine.seen, intersected(times, joined(i for r in before for i in r.times)),
                              frozenset(r for r in mine.releases if self.lists(copy.records, have, dict(r))))
            proved = tuple(p and x == y for p, x, y in zip(copy.proved, left, copy.left))
            out[number] = Copy(left, proved, frozenset({mine}))
        return out

    # The fold.

    def state(self, holding, holds):
        """{id: Vector} of the folded deltas that the cut `holds`, from what is left of them."""
        of_vector = {}
        for d in self.in_key_order(holding):
            if not d.setting and holds(d):
                of_vector.setdefault(d.vector, []).append((d, self.left(holding, d)))
        return {name: vector for name, deltas in of_vector.items() if (vector := self.vector(deltas)) is not None}

    def vector(self, deltas):
        created, live = None, []
        for d, left in deltas:
            if MARK in left:
                created = d if d.op == "create" else None
                live = [] if d.op == "delete" else live
            live.append((d, left))
        if created is None:
            return None
        transforms = [d for d, left in live if TRANSFORM in left]
        candidates = {dim: self.candidates([d for d, left in live if dim in left], transforms, dim) for dim in range(self.dims)}
        metadata, set_by = {}, {}
        for d, left in live:
            patch = {name: value for name, value in d.patch.items() if ("member", name) in left}
            metadata = merge_patch(metadata, patch)
            set_by.update(dict.fromkeys(patch, d))
        return Vector(created, candidates, transforms, metadata, {name: d for name, d in set_by.items() if name in metadata})

    def candidates(self, assignments, transforms, dim):
        out = []
        for a in assignments:
            if any(happens_before(a, b) for b in assignments):
                continue
            bits = a.values[dim]
            for t in transforms:
                if t.key > a.key:
                    bits = transformed(t, bits)
            out.append((a, bits))
        return out
