// Yjs, a CRDT that many editors stand on, over the workload of concurrent.cpp: a map of values a vector, a base, and two replicas with
// edits of one cell each that the other has not seen. Prints: bytes of both replicas' updates, bytes of the united document, milliseconds
// to unite and read, median and best.
//
//   node peer_yjs.mjs RUNS
//
// DELTALOG_BENCH_NODE is the directory that npm has installed into.
import { createRequire } from "node:module";
import path from "node:path";

const Y = createRequire(path.join(process.env.DELTALOG_BENCH_NODE, "anchor.js"))("yjs");
const vectors = 100, dims = 384, edits = 10_000, runs = Number(process.argv[2] ?? 5);

// Any good generator will do: what is compared is how much and how long, not which values.
let seed = 7;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const value = () => Math.fround(0.05 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

const base = new Y.Doc();
base.clientID = 1;
base.transact(() => {
  for (let v = 0; v < vectors; ++v) {
    const cells = base.getMap(`${v}`);
    for (let d = 0; d < dims; ++d) cells.set(`${d}`, value());
  }
});
const baseUpdate = Y.encodeStateAsUpdate(base), seen = Y.encodeStateVector(base);

function replica(client) {
  const doc = new Y.Doc();
  doc.clientID = client;
  Y.applyUpdate(doc, baseUpdate);
  for (let i = 0; i < edits; ++i) doc.getMap(`${Math.floor(random() * vectors)}`).set(`${Math.floor(random() * dims)}`, value());
  return Y.encodeStateAsUpdate(doc, seen);
}
const updates = [replica(2), replica(3)];

const times = [];
let united;
for (let run = 0; run < runs; ++run) {
  const started = performance.now();
  united = new Y.Doc();
  for (const update of [baseUpdate, ...updates]) Y.applyUpdate(united, update);
  let cells = 0;
  for (let v = 0; v < vectors; ++v) united.getMap(`${v}`).forEach(() => ++cells);
  times.push(performance.now() - started);
  if (cells !== vectors * dims) process.exit(1);
}
times.sort((a, b) => a - b);
const bytes = baseUpdate.length + updates[0].length + updates[1].length;
console.log(bytes, Y.encodeStateAsUpdate(united).length, times[times.length >> 1].toFixed(3), times[0].toFixed(3));
