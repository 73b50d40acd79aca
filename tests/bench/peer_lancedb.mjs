// LanceDB, a vector database that keeps the versions of a table: an upsert of the changed rows a version.
//
//   node peer_lancedb.mjs write DIRECTORY MATRIX.npy...  node peer_lancedb.mjs read DIRECTORY VERSION OUT.npy
//   node peer_lancedb.mjs history DIRECTORY ROW          node peer_lancedb.mjs warm DIRECTORY ROW
//
// DELTALOG_BENCH_NODE is the directory that npm has installed into. Columns go in and out as Arrow buffers, without a loop over
// values. LanceDB numbers its versions from 1, and numbers each upsert.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.DELTALOG_BENCH_NODE, "anchor.js"));

function load(file) {
  const bytes = fs.readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const [, rows, dims] = bytes.toString("latin1", 10, start).match(/'shape': \((\d+), (\d+)\)/).map(Number);
  const aligned = new Uint8Array(bytes.length - start);
  aligned.set(bytes.subarray(start));
  return { rows, dims, values: new Float32Array(aligned.buffer), bytes: Buffer.from(aligned.buffer) };
}

function store(file, { rows, dims, values }) {
  let dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dims}), }`;
  dict = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11, " ") + "\n";
  const head = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, dict.length & 255, dict.length >> 8]);
  const out = fs.openSync(file, "w");
  for (const part of [head, Buffer.from(dict), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]) fs.writeSync(out, part);
  fs.fsyncSync(out);
  fs.closeSync(out);
}

function changedRows(before, now) {
  const changed = [];
  const size = 4 * now.dims;
  for (let row = 0; row < now.rows; ++row) {
    const same = before && row < before.rows && before.bytes.compare(now.bytes, row * size, (row + 1) * size, row * size, (row + 1) * size) === 0;
    if (!same) changed.push(row);
  }
  return changed;
}

// The rows as an Arrow table of (id, vec).
function tableOf(arrow, matrix, rows) {
  const { dims } = matrix;
  const values = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => values.set(matrix.values.subarray(row * dims, (row + 1) * dims), i * dims));
  const item = new arrow.Field("item", new arrow.Float32(), true);
  const vectors = arrow.makeData({
    type: new arrow.FixedSizeList(dims, item), length: rows.length, nullCount: 0,
    child: arrow.makeData({ type: new arrow.Float32(), length: values.length, nullCount: 0, data: values }),
  });
  const ids = arrow.makeData({ type: new arrow.Int32(), length: rows.length, nullCount: 0, data: Int32Array.from(rows) });
  return new arrow.Table({ id: new arrow.Vector([ids]), vec: new arrow.Vector([vectors]) });
}

// LanceDB does not sync: what it has written is synced here, so that peers are alike.
function syncTree(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const at = path.join(directory, entry.name);
    if (entry.isDirectory()) syncTree(at);
    const handle = fs.openSync(at, "r");
    fs.fsyncSync(handle);
    fs.closeSync(handle);
  }
}

async function write(directory, inputs) {
  const lancedb = require("@lancedb/lancedb");
  const arrow = require("apache-arrow");
  const db = await lancedb.connect(directory);
  let before, table;
  for (const input of inputs) {
    const now = load(input);
    const rows = tableOf(arrow, now, changedRows(before, now));
    if (!table) table = await db.createTable("vectors", rows);
    else await table.mergeInsert("id").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows);
    before = now;
  }
  syncTree(directory);
}

async function open(directory) {
  const db = await require("@lancedb/lancedb").connect(directory);
  return db.openTable("vectors");
}

async function read(directory, version, output) {
  const table = await open(directory);
  await table.checkout(Number(version) + 1);
  const got = await table.query().select(["id", "vec"]).toArrow();
  let values, dims;
  for (const batch of got.batches) {
    const ids = batch.getChild("id").data[0].values, vectors = batch.getChild("vec").data[0], child = vectors.children[0];
    dims ??= vectors.type.listSize;
    values ??= new Float32Array(got.numRows * dims);
    for (let i = 0; i < ids.length; ++i) values.set(child.values.subarray(i * dims, (i + 1) * dims), ids[i] * dims);
  }
  store(output, { rows: got.numRows, dims, values });
}

// A table has no question "when did this row change": each version is looked at for where the row stands, and it is taken where it
// stands anew. (Five times as quick as a filter on the id.)
async function history(directory, row) {
  const table = await open(directory);
  let last, changes = 0;
  for (const { version } of (await table.listVersions()).sort((a, b) => a.version - b.version)) {
    await table.checkout(version);
    const place = await placeOf(table, Number(row));
    if (place === undefined || place === last) continue;
    last = place;
    const got = await table.takeRowIds([place]).select(["vec"]).toArrow();
    changes += got.numRows;
  }
  return changes;
}

async function placeOf(table, row) {
  const ids = await table.query().select(["id"]).withRowId().toArrow();
  for (const batch of ids.batches) {
    const at = batch.getChild("id").data[0].values.indexOf(row);
    if (at >= 0) return Number(batch.getChild("_rowid").data[0].values[at]);
  }
  return undefined;
}

const [command, ...rest] = process.argv.slice(2);
if (command === "write") await write(rest[0], rest.slice(1));
else if (command === "read") await read(...rest);
else if (command === "history") console.log(await history(...rest));
else if (command === "warm") {
  await history(...rest);
  const started = performance.now();
  const changes = await history(...rest);
  console.log(changes, (performance.now() - started).toFixed(4));
} else {
  console.error("usage: peer_lancedb.mjs write DIRECTORY NPY... | read DIRECTORY VERSION OUT | history DIRECTORY ROW | warm DIRECTORY ROW");
  process.exit(2);
}
