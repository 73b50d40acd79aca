"""Index sets and values: of each delta which dims it names, and what they become.

Values stand in columns of their own, or follow from others of the payload by the relation that the delta states.
"""
from itertools import islice

from . import floats
from .delta import ABS, ALL, CLAMP, FOLLOWING, GAPS, NEGATE, OFFSET, PARAMETERS, PLAIN, REPEAT, REPEATED, RUNS, SCALE, SCALED, SHIFTED, STEPS
from .wire import need

MAX_DIMS = 1 << 20


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
    twins = columns.has("twins")
    repeats = columns.take("twins" if twins else "repeats", sum(delta.form == REPEAT for delta in with_set))
    sizes = columns.take("sizes", sum(delta.form != REPEAT for delta in with_set))
    streams = [columns.take_stream(name) for name in ("gaps", "run skips", "run lengths", "bitmaps")]
    spelled = []  # sets that a repeat can name
    for delta in with_set:
        if delta.form == REPEAT:
            number = next(repeats)
            need(number < len(spelled), "a repeat of no set")
            delta.indices = spelled[number if twins else -1 - number]
            continue
        size = next(sizes)
        need(size <= MAX_DIMS, "column sizes: too many indices")
        delta.indices = set_indices(delta.form, size, streams)
        if delta.form != ALL:
            spelled.append(delta.indices)
    for stream in streams:
        stream.done()


class Shape:
    """Which dims a delta that assigns names, and for which of them the value before is known."""

    def __init__(self, delta, dims, known):
        self.dims = range(dims) if delta.full else delta.indices
        self.known = [dim in known for dim in self.dims] if delta.relation in FOLLOWING else []
        need(delta.relation == STEPS or all(self.known), "column relations: of values that are not known")
        self.full = dims if delta.relation == PLAIN and not delta.has_set else 0  # how many stand in full, in sparse values
        self.sparse = self.known.count(False) if delta.relation == STEPS else len(delta.indices) if delta.relation == PLAIN else 0


def read_shapes(columns, deltas):
    """A Shape for each delta that assigns, else None."""
    dims = columns.take("dims", sum(delta.full for delta in deltas))
    vector, known, shapes = None, set(), []
    for delta in deltas:
        if delta.vector != vector:
            vector, known = delta.vector, set()
        if not delta.assigns:
            shapes.append(None)
            continue
        n = next(dims) if delta.full else 0
        need(n <= MAX_DIMS, "column dims: too many")
        need(not delta.full or not delta.indices or delta.indices[-1] < n, "column dims: a value beyond them")
        shapes.append(Shape(delta, n, known))
        known.update(shapes[-1].dims)
    return shapes


class Sources:
    """The columns that values come from."""

    def __init__(self, columns, deltas, shapes):
        some = [shape for shape in shapes if shape]
        relations = [delta.relation for delta in deltas]
        full, sparse = [shape.full for shape in some], [shape.sparse for shape in some]
        self.full = columns.take_words("dense values", sum(full), full)
        self.sparse = columns.take_words("sparse values", sum(sparse), sparse)
        self.parameters = columns.take_words("parameters", sum(PARAMETERS.get(delta.op, 0) for delta in deltas))
        self.steps = columns.take_whole("value steps", sum(sum(s.known) for s, r in zip(shapes, relations) if r == STEPS))
        self.factors = columns.take_words("factors", relations.count(SCALED) + relations.count(SHIFTED))
        self.copies = columns.take("copies", relations.count(REPEATED))

    def done(self):
        if self.steps:
            self.steps.done()


def read_values(columns, deltas):
    """Of each delta its values in order, and the indices where it does not name all dims."""
    read_sets(columns, deltas)
    shapes = read_shapes(columns, deltas)
    sources = Sources(columns, deltas, shapes)
    follow = any(delta.relation in FOLLOWING for delta in deltas)  # else the values before are not asked for
    vector, before, assigned = None, {}, []  # the values before by dim; of all deltas that assign their values
    for delta, shape in zip(deltas, shapes):
        if delta.vector != vector:
            vector, before = delta.vector, {}
        if shape is None:
            delta.bits = list(islice(sources.parameters, PARAMETERS[delta.op]))
            if follow:
                before = transformed(before, delta)
            continue
        delta.bits = values_of(delta, shape, sources, before, assigned)
        assigned.append(delta.bits)
        before.update(zip(shape.dims, delta.bits))
        if delta.full:
            delta.indices = []
    sources.done()


def values_of(delta, shape, sources, before, assigned):
    if delta.relation == REPEATED:
        back = next(sources.copies)
        need(back < len(assigned) and len(assigned[-1 - back]) == len(shape.dims), "column copies: no such delta")
        return assigned[-1 - back]
    if delta.relation == STEPS:
        return [sources.steps.next(before[dim]) if known else next(sources.sparse) for dim, known in zip(shape.dims, shape.known)]
    if delta.relation != PLAIN:
        factor, change = next(sources.factors), floats.scaled if delta.relation == SCALED else floats.shifted
        return [change(before[dim], factor) for dim in shape.dims]
    if not delta.has_set:
        return list(islice(sources.full, shape.full))
    listed = list(islice(sources.sparse, shape.sparse))
    if not delta.full:
        return listed
    values = dict(zip(delta.indices, listed))  # what is not listed is zero
    return [values.get(dim, 0) for dim in shape.dims]


TRANSFORMS = {SCALE: floats.scaled, OFFSET: floats.shifted, NEGATE: lambda bits: bits ^ floats.SIGN, ABS: lambda bits: bits & ~floats.SIGN,
              CLAMP: floats.clamped}


def transformed(values, delta):
    change = TRANSFORMS.get(delta.op)
    return {dim: change(bits, *delta.bits) for dim, bits in values.items()} if change else values
