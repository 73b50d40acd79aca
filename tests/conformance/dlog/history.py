"""The union of segments: its commits, each once, and the lines that `deltalog dump` writes of them."""
import bisect
import functools
import heapq
import json
import struct
from datetime import datetime, timedelta

from . import hashes
from .delta import ABS, CLAMP, CREATE, DELETE, DENSE, LOST_VALUES, NEGATE, OFFSET, SCALE, SPARSE
from .tables import NO_HASH
from .wire import need

NAMES = {CREATE: "create", DENSE: "dense", SPARSE: "sparse", SCALE: "scale", OFFSET: "offset", NEGATE: "negate", ABS: "abs",
         CLAMP: "clamp", DELETE: "delete"}
LOSSES = ("values", "mark", "metadata", "settled")  # in order of their bits


class Commit:
    """A commit and the copies of it that count: a whole one alone, or all pruned ones."""

    def __init__(self, segment, number):
        row = segment.rows[number]
        self.row, self.origin, self.parents = row, segment.origins[row.origin], segment.parents(row)
        self.root, self.hash = segment.roots[number], segment.hashes[number]
        self.copies = [(segment, segment.by_row[number])]
        self.pruned = bool(row.records)
        self.key = row.time, self.origin.encode(), row.last

    def says(self):
        row = self.row
        return (self.origin, row.first, row.count, row.time, self.parents, row.message, row.tool, row.source, row.trace, row.setting,
                row.properties, row.given)

    def unite(self, other):
        need(self.says() == other.says(), f"two different commits {self.origin}:{self.row.first}")
        need(NO_HASH in (self.hash, other.hash) or self.hash == other.hash, f"two hashes of {self.origin}:{self.row.first}")
        if self.hash == NO_HASH:
            self.hash = other.hash
        if self.pruned and other.pruned:
            self.copies += other.copies
        elif self.pruned:
            self.copies, self.pruned = other.copies, False


class History:
    def __init__(self, segments):
        self.commits = {}  # by origin and first seq
        for segment in segments:
            for number in range(len(segment.rows)):
                commit = Commit(segment, number)
                known = self.commits.setdefault((commit.origin, commit.row.first), commit)
                if known is not commit:
                    known.unite(commit)
        self.lost = sorted({dots for segment in segments for dots in segment.lost}, reverse=True)
        self.in_key_order = sorted(self.commits.values(), key=lambda commit: commit.key)
        self.firsts = {}  # of each origin
        for origin, first in sorted(self.commits):
            self.firsts.setdefault(origin, []).append(first)
        for origin, first in sorted(self.commits):
            self.continue_chain(self.commits[origin, first], self.holder(origin, first - 1))

    def continue_chain(self, commit, before):
        """A commit is linked to the one before; where its own segment does not know the hash of that, by what is here."""
        if before is None or before.hash == NO_HASH:
            return
        need(commit.row.previous in (NO_HASH, before.hash), f"forked: {commit.origin}:{commit.row.first} continues another history")
        commit.hash = hashes.commit(commit.root, before.hash, commit.origin, commit.row, commit.parents)

    @property
    def pruned(self):
        return any(commit.pruned for commit in self.in_key_order)

    def causes(self, commit):
        """The commits that it waits for, None for one that is in no segment given."""
        dots = list(commit.parents)
        if commit.row.first > 1:
            dots.append((commit.origin, commit.row.first - 1))
        dots = [self.before_loss(*dot) for dot in dots]
        return [self.holder(*dot) for dot in dots if dot[1] > 0]

    def before_loss(self, origin, seq):
        """The dot, or if damage took it the last one before it that is not lost; 0: there is none."""
        for lost, first, last in self.lost:  # the last ones first
            if lost == origin and first <= seq <= last and self.holder(origin, seq) is None:
                seq = first - 1
        return origin, seq

    def holder(self, origin, seq):
        firsts = self.firsts.get(origin, [])
        at = bisect.bisect_right(firsts, seq)
        commit = self.commits[origin, firsts[at - 1]] if at else None
        return commit if commit and seq <= commit.row.last else None

    def in_causal_order(self):
        """Each commit after its causes, of those that could come next the one of least key; the pending ones at the end."""
        waits, effects, ready, order = {}, {}, [], []
        rank = {id(commit): i for i, commit in enumerate(self.in_key_order)}
        for i, commit in enumerate(self.in_key_order):
            causes = self.causes(commit)
            waits[i] = len(causes)
            for cause in causes:
                if cause is not None:
                    effects.setdefault(rank[id(cause)], []).append(i)
            if not causes:
                heapq.heappush(ready, i)
        while ready:
            order.append(heapq.heappop(ready))
            for effect in effects.get(order[-1], ()):
                waits[effect] -= 1
                if waits[effect] == 0:
                    heapq.heappush(ready, effect)
        order += sorted(set(waits) - set(order))
        return [self.in_key_order[i] for i in order]

    @property
    def ambiguous(self):
        """Names of namespaces that stand with several dims, in whatever segments: their lines say which is meant."""
        dims = {}
        for commit in self.in_key_order:
            for segment, _ in commit.copies:
                for name, count in segment.namespaces:
                    dims.setdefault(name, set()).add(count)
        return {name for name, counts in dims.items() if len(counts) > 1}

    def dump(self):
        """The lines of `deltalog dump`; of a pruned log, which cannot be stated whole, those of `dump --id-glob '*'`."""
        ambiguous = self.ambiguous
        if self.pruned:
            found = [(delta.time, commit.origin.encode(), delta.seq, delta_line(segment, delta, ambiguous, commit.origin))
                     for commit in self.in_key_order for segment, deltas in commit.copies for delta in deltas]
            return [line for *_, line in sorted(found)]
        lines = []
        for commit in self.in_causal_order():
            lines.append(commit_line(commit))
            (segment, deltas), = commit.copies
            lines += [delta_line(segment, delta, ambiguous) for delta in sorted(deltas, key=lambda delta: delta.seq)]
        return lines

    def hashes(self):
        """[(origin, first, last, hash)] in key order."""
        return [(commit.origin, commit.row.first, commit.row.last, commit.hash.hex()) for commit in self.in_key_order]


# --- lines

def quoted(string):
    return json.dumps(string, ensure_ascii=False)


def line_of(members):
    return "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"


def time_text(us):
    date = datetime(1970, 1, 1) + timedelta(microseconds=us)
    digits = "" if us % 1000000 == 0 else f".{us % 1000000:06}" if us % 1000 else f".{us // 1000 % 1000:03}"
    return date.strftime("%Y-%m-%dT%H:%M:%S") + digits + "Z"


def time_members(time):
    us, tick = time >> 12, time & 0xfff
    members = [("ts", quoted(time_text(us)))]
    return members + [("tick", tick)] if tick else members


def shortest_digits(bits, value):
    """The fewest digits that read back as these bits, and of these the nearest: (digits, exponent of the first)."""
    for places in range(9):
        mantissa, exponent = f"{value:.{places}e}".split("e")
        nearest = int(mantissa.replace(".", ""))
        for digits in (nearest, nearest + 1, nearest - 1):  # of a power of two the nearest may be beyond it, and another not
            if struct.pack("<f", float(f"{digits}e{int(exponent) - places}")) == struct.pack("<I", bits):
                return str(digits), int(exponent) + len(str(digits)) - places - 1
    raise AssertionError("nine digits are enough for float32")


@functools.lru_cache(maxsize=None)
def float_text(bits):
    """A float32 as the program writes it: whole numbers without a point, else the shorter of the two notations of C++'s to_chars."""
    if bits & 0x7f800000 == 0x7f800000:
        return f'"0x{bits:08x}"'
    if bits == 0x80000000:
        return "-0.0"
    value, = struct.unpack("<f", struct.pack("<I", bits))
    if abs(value) < 1 << 24 and value == int(value):
        return str(int(value))
    digits, exponent = shortest_digits(bits & 0x7fffffff, abs(value))
    scientific = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{exponent:+03}"
    if exponent < 0:
        fixed = "0." + "0" * (-exponent - 1) + digits
    elif exponent < len(digits) - 1:
        fixed = digits[:exponent + 1] + "." + digits[exponent + 1:]
    else:
        fixed = str(int(abs(value)))
    return ("-" if value < 0 else "") + min(fixed, scientific, key=len)


def floats(values):
    return "[" + ",".join(map(float_text, values)) + "]"


def operation_members(delta):
    name = NAMES[delta.op]
    if delta.op in (NEGATE, ABS, CLAMP):
        yield "op", quoted("transform")
        yield "transform", quoted(name)
    else:
        yield "op", quoted(name)
    if delta.op == SPARSE or delta.lost & LOST_VALUES:
        yield "indices", "[" + ",".join(map(str, delta.indices)) + "]"
        yield "values", floats(delta.bits)
    elif delta.op in (CREATE, DENSE):
        yield "vector", floats(delta.bits)
    elif delta.op == SCALE:
        yield "factor", float_text(delta.bits[0])
    elif delta.op == OFFSET:
        yield "amount", float_text(delta.bits[0])
    elif delta.op == CLAMP:
        yield "args", floats(delta.bits)


def delta_line(segment, delta, ambiguous, origin=None):
    """With an origin the line names its dot, and stands alone; else the line of its commit says it."""
    owner, name = segment.vectors[delta.vector]
    namespace, dims = segment.namespaces[owner]
    members = [("id", quoted(name))]
    if namespace:
        members.append(("namespace", quoted(namespace)))
    if namespace in ambiguous:
        members.append(("dims", dims))
    members += time_members(delta.time)
    if origin is not None:
        members += [("origin", quoted(origin)), ("seq", delta.seq)]
    members += operation_members(delta)
    if delta.metadata:
        members.append(("metadata", delta.metadata))
    if delta.lost:
        members.append(("lost", json.dumps([loss for bit, loss in enumerate(LOSSES) if delta.lost >> bit & 1], separators=(",", ":"))))
    return line_of(members)


def commit_line(commit):
    row = commit.row
    members = [("type", quoted("commit")), ("origin", quoted(commit.origin)), ("seq", row.first), ("deltas", row.count),
               ("parents", json.dumps([f"{origin}:{seq}" for origin, seq in commit.parents], ensure_ascii=False, separators=(",", ":")))]
    members += [(name, quoted(getattr(row, name))) for name in ("message", "tool", "source", "trace") if getattr(row, name)]
    if row.properties:
        members.append(("properties", row.properties))
    if row.given is not None:
        members.append(("given", quoted(time_text(row.given))))
    if row.setting:
        members += [("setting", quoted(row.setting)), *time_members(row.time)]
    return line_of(members)
