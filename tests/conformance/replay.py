#!/usr/bin/env python3
"""An independent replay of an NDJSON stream: no deltas, no logs, one dictionary. Prints the final state, a line a vector.

Float32 arithmetic is done in float64, where a product or sum of two float32 values is exact or rounds no differently, and
rounded once by struct. Rows stand in the order of their last create.
"""
import json
import struct
import sys


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def replay(lines):
    state = {}
    for line in lines:
        d = json.loads(line)
        op, key = d["op"], d["id"]
        if op == "create":
            state.pop(key, None)
            state[key] = [f32(x) for x in d["vector"]]
        elif op == "delete":
            del state[key]
        elif op == "dense":
            state[key] = [f32(x) for x in d["vector"]]
        elif op == "sparse":
            for i, x in zip(d["indices"], d["values"]):
                state[key][i] = f32(x)
        elif op == "scale":
            factor = f32(d["factor"])
            state[key] = [f32(x * factor) for x in state[key]]
        elif op == "offset":
            amount = f32(d["amount"])
            state[key] = [f32(x + amount) for x in state[key]]
        else:
            raise ValueError("no replay for " + op)
    return state


def main():
    for key, vector in replay(sys.stdin).items():
        print(json.dumps(key, ensure_ascii=False), *(f"{bits(x):08x}" for x in vector))


if __name__ == "__main__":
    main()
