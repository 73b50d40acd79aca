#!/usr/bin/python3
"""Made the files beside it, once, with what others use: NumPy 1.24.2 and gensim 4.2.0 of Debian 12.

    make.py DIRECTORY

safetensors is not in Debian: its file is made by the few lines of its specification. So are the headers of .fvecs and
.fbin, which nobody has a library for.
"""
import base64
import csv
import gzip
import json
import struct
import sys
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors

out = Path(sys.argv[1])
ids = ["apple", "grüße", "x-1"]
m = np.array([[0, 0.5, -1.25, 3], [0.001, -2, 16777216, 1e-30], [7, 8, 9, -0.0]], "<f4")
whole = np.array([[0, 1, 2, 127], [3, 4, 5, 6], [7, 8, 9, 10]])


def vecs(name, rows, kind):
    counted = np.zeros(len(rows), [("dims", "<i4"), ("values", kind, rows.shape[1])])
    counted["dims"] = rows.shape[1]
    counted["values"] = rows
    counted.tofile(out / name)


def fbin(name, rows, kind):
    (out / name).write_bytes(np.array(rows.shape, "<u4").tobytes() + rows.astype(kind).tobytes())


def safetensors(name, tensors, reverse=False):
    header, data = {"__metadata__": {"format": "np"}}, b""
    for key, (code, values) in tensors.items():
        header[key] = {"dtype": code, "shape": list(values.shape), "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    if reverse:
        header = dict(reversed(header.items()))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (out / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


np.save(out / "m.npy", m)
vecs("m.fvecs", m, "<f4")
vecs("whole.bvecs", whole, "u1")
vecs("whole.ivecs", whole, "<i4")
fbin("m.fbin", m, "<f4")
fbin("whole.u8bin", whole, "u1")
fbin("whole.i8bin", whole, "i1")
m.tofile(out / "m.raw")
whole.astype("<f2").tofile(out / "half.raw")
np.savez(out / "one.npz", m)
np.savez(out / "two.npz", images=m, texts=whole.astype("u1"))
np.savez_compressed(out / "packed.npz", images=m, texts=whole.astype("u1"))
safetensors("two.safetensors", {"images": ("F32", m), "texts": ("U8", whole.astype("u1"))}, reverse=True)
safetensors("kinds.safetensors", {"f64": ("F64", m.astype("<f8")), "f16": ("F16", whole.astype("<f2")),
                                  "i64": ("I64", whole.astype("<i8")), "i8": ("I8", whole.astype("i1"))})
words = KeyedVectors(4)
words.add_vectors(ids, m)
words.save_word2vec_format(str(out / "m.vec"), write_header=True)
words.save_word2vec_format(str(out / "m.bin"), binary=True)
words.save_word2vec_format(str(out / "m.glove"), write_header=False)
np.savetxt(out / "plain.csv", m, delimiter=",", fmt="%.9g")
with open(out / "m.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["lang", "id", "a", "b", "c", "d"])
    for lang, name, row in zip(["en", "de", 'a "b", c'], ids, m):
        writer.writerow([lang, name, *map(repr, map(float, row))])
with open(out / "list.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "title", "embedding"])
    for name, row in zip(ids, m):
        writer.writerow([name, "of\n" + name, str(list(map(float, row)))])
answer = {"object": "list", "model": "m", "usage": {"total_tokens": 5},
          "data": [{"object": "embedding", "index": i, "embedding": list(map(float, row))} for i, row in enumerate(m)]}
(out / "answer.json").write_text(json.dumps(answer, indent=2) + "\n")
for row, made in zip(m, answer["data"]):
    made["embedding"] = base64.b64encode(row.tobytes()).decode()
(out / "answer-base64.json").write_text(json.dumps(answer) + "\n")
(out / "objects.json").write_text(json.dumps([{"key": n, "at": {"v": list(map(float, r))}, "lang": "en"}
                                              for n, r in zip(ids, m)], ensure_ascii=False, indent=1))
(out / "m.csv.gz").write_bytes(gzip.compress((out / "m.csv").read_bytes(), mtime=0))
