"""The hashes of deltas, settings and commits: section "Hashes" of the page."""
import hashlib
import struct

from .delta import SPARSE
from .tables import NO_HASH
from .wire import need, text, varint

SETTING = 10  # stands for an operation in the leaf of a setting


def digest(domain, *pieces):
    return hashlib.blake2b(b"".join(pieces), digest_size=32, person=domain.encode()).digest()


def leaf(origin, namespace, dims, name, seq, time, op, indices, values, metadata):
    gaps = [index - before - 1 for before, index in zip([-1, *indices], indices)]
    head = [struct.pack("<QQIB", seq, time, dims, op), text(origin), text(namespace), text(name), varint(len(gaps))]
    head += map(varint, gaps)
    values = struct.pack(f"<{len(values)}I", *values)
    return digest("dlog1 leaf", *head, digest("dlog1 metadata", metadata.encode()), digest("dlog1 values", values))


def delta_leaf(origin, namespace, dims, name, delta):
    indices = delta.indices if delta.op == SPARSE else []
    return leaf(origin, namespace, dims, name, delta.seq, delta.time, delta.op, indices, delta.bits, delta.metadata)


def setting_leaf(origin, seq, time, setting):
    return leaf(origin, "", 0, "", seq, time, SETTING, [], [], setting)


def root(leaves, n, nodes=iter(()), begin=0):
    """Of the tree over n leaves. `leaves`: [(place, hash)] of those that are there; `nodes` stand for subtrees that have none."""
    if not leaves:
        node = next(nodes, None)
        need(node is not None, "a hash is missing for deltas that are not there")
        return node
    if n == 1:
        return leaves[0][1]
    half = 1 << (n - 1).bit_length() - 1
    split = sum(place < begin + half for place, _ in leaves)
    below = root(leaves[:split], half, nodes, begin), root(leaves[split:], n - half, nodes, begin + half)
    return NO_HASH if NO_HASH in below else digest("dlog1 node", *below)


def commit(top, previous, origin, row, parents):
    """`top`: the root; `parents`: [(origin name, seq)]. Not known where the hash of the commit before is not."""
    if top == NO_HASH or row.first > 1 and previous == NO_HASH:
        return NO_HASH
    pieces = [top, previous, struct.pack("<QQ", row.first, row.count), text(origin), varint(len(parents))]
    pieces += [text(name) + struct.pack("<Q", seq) for name, seq in parents]
    pieces += map(text, (row.message, row.tool, row.source, row.trace, row.setting))
    facts = row.properties, "" if row.given is None else str(row.given)
    pieces += [bytes([tag]) + text(fact) for tag, fact in enumerate(facts, 1) if fact]
    return digest("dlog1 commit", *pieces)
