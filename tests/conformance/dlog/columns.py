"""A DATA payload: the directory, the columns, and the deltas that they say.

To add a column, name it in COLUMNS, and take it where its meaning belongs below.
"""
from itertools import islice
from math import gcd
from typing import NamedTuple

from . import coders
from .wire import Reader, Unsupported, need, unzigzag, utf8, wrap64

CRITICAL = 0x80
MAX_DIMS, MAX_METADATA, MAX_COLUMN = 65536, 65536, 64 << 20
MAX_MICROS, MAX_TICK = (1 << 52) - 1, (1 << 12) - 1

COLUMNS = {
    0x81: ("kinds", coders.BYTES),
    0x82: ("vectors", coders.NUMBERS),
    0x83: ("vector steps", coders.NUMBERS),
    0x84: ("clock", coders.NUMBERS),
    0x85: ("steps", coders.NUMBERS),
    0x86: ("ticks", coders.NUMBERS),
    0x87: ("dims", coders.NUMBERS),
    0x88: ("sizes", coders.NUMBERS),
    0x89: ("gaps", coders.BYTES),
    0x8a: ("run skips", coders.BYTES),
    0x8b: ("run lengths", coders.BYTES),
    0x8c: ("bitmaps", coders.BYTES),
    0x8d: ("repeats", coders.NUMBERS),
    0x8e: ("full values", coders.WORDS),
    0x8f: ("picked values", coders.WORDS),
    0x90: ("parameters", coders.WORDS),
    0x91: ("metadata sizes", coders.NUMBERS),
    0x92: ("metadata", coders.BYTES),
    0x93: ("rows", coders.NUMBERS),
    0x94: ("places", coders.NUMBERS),
    0x95: ("lags", coders.NUMBERS),
    0x96: ("lost", coders.BYTES),
}

CREATE, DENSE, SPARSE, SCALE, OFFSET, NEGATE, ABS, CLAMP, DELETE = range(1, 10)
PARAMETERS = {SCALE: 1, OFFSET: 1, NEGATE: 0, ABS: 0, CLAMP: 2, DELETE: 0}
ALL, GAPS, RUNS, BITMAP, REPEAT = range(5)
LOST_VALUES, LOST_MARK, LOST_METADATA, LOST_SETTLED = 1, 2, 4, 8


class Delta:
    """One delta of a payload. What says its commit, time and seq differs by the kind of segment; see segment.py."""
    __slots__ = ("op", "form", "lost", "vector", "row", "place", "lag", "time", "seq", "indices", "bits", "metadata")

    def __init__(self):
        self.indices = []

    @property
    def full(self):
        """Whether all values of a create or dense update stand."""
        return self.op in (CREATE, DENSE) and not self.lost & LOST_VALUES

    @property
    def has_set(self):
        return self.op == SPARSE or self.form != ALL


class Entry(NamedTuple):
    """A column as it stands in a payload."""
    number: int
    coder: int
    raw: int
    stored: bytes


def directory(payload):
    """The columns of a payload that this reader knows, by number."""
    reader = Reader(payload, "directory")
    heads, last = [], 0
    for _ in range(reader.varint(127)):
        number, coder, raw = reader.u8(), reader.u8(), reader.varint(MAX_COLUMN)
        stored = raw if coder == coders.RAW else reader.varint(MAX_COLUMN)
        need(number & ~CRITICAL > last and raw > 0, "directory: columns out of order, or empty")
        last = number & ~CRITICAL
        heads.append((number, coder, raw, stored))
    entries = [Entry(number, coder, raw, reader.raw(stored)) for number, coder, raw, stored in heads]
    reader.done()
    for entry in entries:
        if entry.number not in COLUMNS and entry.number & CRITICAL:
            raise Unsupported(f"unknown column {entry.number}")
    return [entry for entry in entries if entry.number in COLUMNS]


def decode_payloads(payloads):
    """The columns of each payload, {name: elements}; all their zstd frames are decoded at once."""
    pieces, parts = [], []
    for number, payload in enumerate(payloads):
        for entry in directory(payload):
            name, kind = COLUMNS[entry.number]
            some, join = coders.split_column(kind, entry.coder, entry.stored, entry.raw, "column " + name)
            pieces.append((number, name, join, len(some)))
            parts += some
    decoded = iter(coders.decode_parts(parts))
    columns = [{} for _ in payloads]
    for number, name, join, n in pieces:
        columns[number][name] = join(list(islice(decoded, n)))
    return columns


class Columns:
    """The columns of one payload, each taken once by whoever knows how many elements it has."""

    def __init__(self, columns):
        self.columns = dict(columns)

    def has(self, name):
        return name in self.columns

    def take(self, name, n):
        """`n` elements; the column stands exactly if it has any."""
        elements = self.columns.pop(name, [])
        need(len(elements) == n, f"column {name}: {len(elements)} elements, not {n}")
        return iter(elements)

    def take_unless_zero(self, name, n):
        """A column that is absent exactly if all its elements are 0."""
        if name not in self.columns:
            return iter([0] * n)
        need(any(self.columns[name]), f"column {name}: all zero")
        return self.take(name, n)

    def take_stream(self, name):
        """Bytes that are read as far as the index sets need them."""
        return Reader(self.columns.pop(name, b""), "column " + name)

    def done(self):
        need(not self.columns, "columns without elements: " + ", ".join(self.columns))


def read_deltas(columns, count, packed):
    """The deltas of one payload. Of a packed segment they have rows, places and lags instead of times."""
    need(count >= 1, "a payload without deltas")
    columns = Columns(columns)
    deltas = [Delta() for _ in range(count)]
    read_kinds(columns, deltas, packed)
    read_vectors(columns, deltas)
    if packed:
        read_rows(columns, deltas)
        read_places(columns, deltas)
        read_lags(columns, deltas)
    else:
        read_times(columns, deltas)
    read_values(columns, deltas)
    read_metadata(columns, deltas)
    columns.done()
    return deltas


def read_kinds(columns, deltas, packed):
    need(packed or not columns.has("lost"), "a pruned delta in a fresh segment")
    lost = columns.take_unless_zero("lost", len(deltas))
    for delta, kind in zip(deltas, columns.take("kinds", len(deltas))):
        delta.op, delta.form, delta.lost = kind & 15, kind >> 4, next(lost)
        need(CREATE <= delta.op <= DELETE and delta.form <= REPEAT, f"unknown kind {kind}")
        need(delta.form == ALL or delta.op <= SPARSE, f"an index set of operation {delta.op}")
        need(delta.lost <= 15, f"unknown losses {delta.lost}")
        if delta.lost & (LOST_VALUES | LOST_SETTLED):
            need(delta.op <= SPARSE, f"operation {delta.op} without values")
        need(not delta.lost & LOST_MARK or delta.op == CREATE, f"operation {delta.op} without a mark")
        if delta.lost & LOST_VALUES:
            need(delta.op == SPARSE or delta.form != ALL, "values are lost, and none is named")


def read_vectors(columns, deltas):
    steps = columns.has("vector steps")
    expected = 0
    for delta, number in zip(deltas, columns.take("vector steps" if steps else "vectors", len(deltas))):
        delta.vector = wrap64(expected + unzigzag(number)) if steps else number
        expected = delta.vector + 1


def read_times(columns, deltas):
    us, unit = columns.take("clock", 2)
    steps = [unzigzag(n) for n in columns.take("steps", len(deltas) - 1 if unit else 0)]
    need(unit == 0 or gcd(*steps) == 1, "column clock: the unit is not the greatest")
    for i, (delta, tick) in enumerate(zip(deltas, columns.take_unless_zero("ticks", len(deltas)))):
        us += steps[i - 1] * unit if unit and i else 0
        need(0 <= us <= MAX_MICROS and tick <= MAX_TICK, "a time out of range")
        delta.time = us << 12 | tick


def read_rows(columns, deltas):
    vector = row = first_row = None
    for delta, number in zip(deltas, columns.take("rows", len(deltas))):
        expected = row if delta.vector == vector else first_row or 0
        delta.row = wrap64(expected + unzigzag(number))
        if delta.vector != vector:
            first_row = delta.row
        vector, row = delta.vector, delta.row


def read_places(columns, deltas):
    last = {}
    for delta, number in zip(deltas, columns.take_unless_zero("places", len(deltas))):
        delta.place = wrap64(last.get(delta.row, -1) + 1 + unzigzag(number))
        last[delta.row] = delta.place


def read_lags(columns, deltas):
    if not columns.has("lags"):
        for delta in deltas:
            delta.lag = 0
        return
    unit, *lags = columns.take("lags", len(deltas) + 1)
    need(unit != 0 and gcd(*lags) == 1, "column lags: the unit is not the greatest")
    for delta, lag in zip(deltas, lags):
        delta.lag = lag * unit


def set_indices(form, size, streams):
    """The next index set of this form."""
    gaps, skips, lengths, bitmaps = streams
    indices = []
    if form == ALL:
        return list(range(size))
    if form == GAPS:
        for gap in gaps.varints(size, MAX_DIMS):
            indices.append((indices[-1] + 1 if indices else 0) + gap)
    elif form == RUNS:
        while len(indices) < size:
            first = skips.varint(MAX_DIMS) + (indices[-1] + 2 if indices else 0)
            indices += range(first, first + lengths.varint(MAX_DIMS) + 1)
    else:
        base = 0
        while len(indices) < size:
            byte = bitmaps.u8()
            indices += [base + bit for bit in range(8) if byte >> bit & 1]
            base += 8
    need(len(indices) == size, "an index set of another size")
    need(not indices or indices[-1] < MAX_DIMS, "an index too large")
    return indices


def read_sets(columns, deltas):
    """The index set of each delta that has one; no indices for the others."""
    with_set = [delta for delta in deltas if delta.has_set]
    repeats = columns.take("repeats", sum(delta.form == REPEAT for delta in with_set))
    sizes = columns.take("sizes", sum(delta.form != REPEAT for delta in with_set))
    streams = [columns.take_stream(name) for name in ("gaps", "run skips", "run lengths", "bitmaps")]
    spelled = []  # sets that a repeat can name
    for delta in with_set:
        if delta.form == REPEAT:
            back = next(repeats)
            need(back < len(spelled), "column repeats: no such set")
            delta.indices = spelled[-1 - back]
            continue
        size = next(sizes)
        need(size <= MAX_DIMS, "column sizes: too many indices")
        delta.indices = set_indices(delta.form, size, streams)
        if delta.form != ALL:
            spelled.append(delta.indices)
    for stream in streams:
        stream.done()


def read_values(columns, deltas):
    """Of each delta its values in order, and the indices where it does not name all dims."""
    read_sets(columns, deltas)
    dims = columns.take("dims", sum(delta.full for delta in deltas))
    shapes = [next(dims) if delta.full else None for delta in deltas]
    need(all(n is None or n <= MAX_DIMS for n in shapes), "column dims: too many")
    plain = sum(n for n, delta in zip(shapes, deltas) if delta.full and not delta.has_set)
    full = columns.take("full values", plain)
    picked = columns.take("picked values", sum(len(delta.indices) for delta in deltas))
    parameters = columns.take("parameters", sum(PARAMETERS.get(delta.op, 0) for delta in deltas))
    for delta, n in zip(deltas, shapes):
        if not delta.has_set:
            delta.bits = list(islice(full, n) if delta.full else islice(parameters, PARAMETERS[delta.op]))
            continue
        delta.bits = list(islice(picked, len(delta.indices)))
        if delta.full:  # what is not listed is zero
            need(not delta.indices or delta.indices[-1] < n, "column dims: a value beyond them")
            values = dict(zip(delta.indices, delta.bits))
            delta.indices, delta.bits = [], [values.get(i, 0) for i in range(n)]


def read_metadata(columns, deltas):
    for delta in deltas:
        delta.metadata = ""
    if not columns.has("metadata") and not columns.has("metadata sizes"):
        return
    text = columns.take_stream("metadata")
    for delta, size in zip(deltas, columns.take("metadata sizes", len(deltas))):
        need(size <= MAX_METADATA, "column metadata sizes: too long")
        delta.metadata = utf8(text.raw(size), text.what)
    need(text.at > 0, "column metadata: empty")
    text.done()
