"""A delta, and the numbers of operations, forms, relations and losses."""

CREATE, DENSE, SPARSE, SCALE, OFFSET, NEGATE, ABS, CLAMP, DELETE = range(1, 10)
PARAMETERS = {SCALE: 1, OFFSET: 1, NEGATE: 0, ABS: 0, CLAMP: 2, DELETE: 0}
ALL, GAPS, RUNS, BITMAP, REPEAT = range(5)
PLAIN, STEPS, SCALED, SHIFTED, REPEATED = range(5)
FOLLOWING = STEPS, SCALED, SHIFTED  # from the values that the vector had before
LOST_VALUES, LOST_MARK, LOST_METADATA, LOST_SETTLED = 1, 2, 4, 8


class Delta:
    """One delta of a payload. What says its commit, time and seq differs by the kind of segment; see segment.py."""
    __slots__ = ("op", "form", "lost", "relation", "vector", "row", "place", "lag", "time", "seq", "indices", "bits", "metadata")

    def __init__(self):
        self.indices, self.relation = [], PLAIN

    @property
    def assigns(self):
        return self.op in (CREATE, DENSE, SPARSE)

    @property
    def full(self):
        """Whether all values of a create or dense update stand."""
        return self.op in (CREATE, DENSE) and not self.lost & LOST_VALUES

    @property
    def has_set(self):
        return self.op == SPARSE or self.form != ALL
