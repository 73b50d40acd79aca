"""The workloads `mixed` and `sparse`: a matrix in 51 versions, held by deltalog and by every peer that is here."""
import hashlib
import json
import os
import shutil
import statistics
import sys
from array import array

import peers
from measure import HERE, SCRATCH, Failed, Measurement, Rounds, Run, Several
from report import Figure, Report, own_versions, ratio_figure, seconds, shown, wall_figure

VERSIONS, MIDDLE, ROW = 50, 25, 4711
START, STEP_HOURS = "2026-01-01T00:00:00Z", 1
MIDDLE_TIME = "2026-01-02T01:00:00Z"  # START + MIDDLE steps
BASELINES = {"dense": "each delta as its whole vector", "pairs": "pairs of index and value", "rows_zstd": "plain rows, zstd -3"}
STARTS = 20  # a start-up is too short to be timed alone


class HistoryBench:
    def __init__(self, options, scratch=None):
        self.options = options
        self.scratch = scratch or SCRATCH / options.workload
        self.out = self.scratch / "out"
        self.tool = options.build / "apps/deltalog/deltalog"
        self.programs = options.build / "tests/bench"
        self.matrices = [self.scratch / f"v{k:03}.npy" for k in range(VERSIONS + 1)]
        self.middle, self.row = MIDDLE, min(ROW, options.rows - 1)
        self.log, self.packed, self.lines = self.out / "log.dlog", self.out / "packed.dlog", self.out / "lines.ndjson"
        self.everyone = [make(self) for make in peers.PEERS]

    # The input.

    def generate(self):
        """Makes the matrices unless those of the same generator and arguments are there."""
        source = hashlib.sha256((HERE / "workload.cpp").read_bytes()).hexdigest()
        wanted = f"{source} {self.options.workload} {self.options.rows} {self.options.dims}\n"
        stamp = self.scratch / "stamp"
        if not (stamp.exists() and stamp.read_text() == wanted and all(m.exists() for m in self.matrices)):
            stamp.unlink(missing_ok=True)
            self.scratch.mkdir(parents=True, exist_ok=True)
            print(f"bench: making the matrices in {self.scratch}", file=sys.stderr)
            Run([self.programs / "bench_workload", self.options.workload, self.scratch,
                 "--rows", self.options.rows, "--dims", self.options.dims, "--versions", VERSIONS])
            stamp.write_text(wanted)
            os.sync()  # else the disk is busy with them while we are measured
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def header(self):
        return self.matrices[0].read_bytes()[:-4 * self.options.rows * self.options.dims]

    def values(self, version):
        values = array("f")
        values.frombytes(self.matrices[version].read_bytes()[-4 * self.options.rows * self.options.dims:])
        return values

    def row_changes(self):
        """In how many versions the row is new or another than before."""
        size, offset, before, changes = 4 * self.options.dims, len(self.header()), None, 0
        for matrix in self.matrices:
            with open(matrix, "rb") as file:
                file.seek(offset + self.row * size)
                now = file.read(size)
            changes += now != before
            before = now
        return changes

    # What is run.

    def must_equal(self, path, version):
        if not peers.same(path, self.matrices[version]):
            raise Failed(f"{path} is not version {version}")

    def encode(self, threads):
        self.log.unlink(missing_ok=True)
        return Run([self.tool, "encode", *self.matrices, "-o", self.log, "--at", START, "--step", f"{STEP_HOURS}h",
                    "--origin", "bench", "-j", threads])

    def compact(self):
        return Run([self.tool, "compact", self.log, "--keep", "all", "-q", "-f", "-o", self.packed])

    def snapshot(self, log, version, *arguments):
        out = self.out / "snapshot.npy"
        out.unlink(missing_ok=True)
        done = Run([self.tool, "snapshot", log, *arguments, "-o", out])
        self.must_equal(out, version)
        return done

    def history(self, log):
        done = Run([self.tool, "log", log, "--id", self.row])
        if len(done.output.splitlines()) - 1 != self.changes:
            raise Failed(f"deltalog log --id {self.row} lists other than {self.changes} deltas")
        return done

    def append(self):
        copy, line = self.out / "append.dlog", self.out / "line.ndjson"
        shutil.copyfile(self.log, copy)
        os.sync()
        line.write_text(f'{{"id":"{self.row}","op":"scale","factor":0.5,"ts":"2026-02-01T00:00:00Z"}}\n', encoding="ascii")
        return Run([self.tool, "encode", line, "--append", copy, "--origin", "carol"])

    def encode_lines(self):
        out = self.out / "again.dlog"
        out.unlink(missing_ok=True)
        return Run([self.tool, "encode", self.lines, "-o", out])

    def own_measurements(self):
        """In the order in which one feeds the next."""
        tool, log, packed, copy = self.tool, self.log, self.packed, self.out / "copy"
        at = ("--at", MIDDLE_TIME)

        def write(path):
            return Run(["dd", f"if={path}", f"of={copy}", "bs=1M", "conv=fsync", "status=none"])

        def starts(*command):
            return Several([Run(command) for _ in range(STARTS)], mean=True)

        steps = {
            "cat matrices": lambda: Run(["cat", *self.matrices], stdout=os.devnull),
            "encode -j1": lambda: self.encode(1),
            "encode -j2": lambda: self.encode(2),
            "compact": self.compact,
            "write log": lambda: write(log),
            "write matrix": lambda: write(self.matrices[MIDDLE]),
            "snapshot 25": lambda: self.snapshot(log, MIDDLE, *at),
            "snapshot 25 packed": lambda: self.snapshot(packed, MIDDLE, *at),
            "snapshot now": lambda: self.snapshot(log, VERSIONS),
            "snapshot now packed": lambda: self.snapshot(packed, VERSIONS),
            "history": lambda: self.history(log),
            "history packed": lambda: self.history(packed),
            "blame": lambda: Run([tool, "blame", log, "--id", self.row]),
            "blame packed": lambda: Run([tool, "blame", packed, "--id", self.row]),
            "xxhsum": lambda: Run(["xxhsum", "-H3", log]),
            "verify frame": lambda: Run([tool, "verify", log, "--level", "frame"]),
            "b2sum": lambda: Run(["b2sum", "-l", "256", log]),
            "verify chain": lambda: Run([tool, "verify", log]),
            "append one delta": self.append,
            "empty": lambda: starts(self.programs / "bench_empty"),
            "start": lambda: starts(tool, "--version"),
            "dump": lambda: Run([tool, "dump", log, "-f", "-o", self.lines]),
            "simdjson": lambda: Run([self.programs / "bench_json_pass", self.lines]),
            "encode NDJSON": self.encode_lines,
        }
        return [Measurement(name, run) for name, run in steps.items()]

    def why_not(self, peer):
        return peer.missing() or ("not run without --slow" if peer.slow and not self.options.slow else "")

    def peer_measurements(self, peer):
        out = self.out / f"{peer.key}.npy"

        def read():
            out.unlink(missing_ok=True)
            done = peer.read(out)
            self.must_equal(out, MIDDLE)
            return done

        def history():
            done = peer.history()
            if peer.changes(done) != self.changes:
                raise Failed(f"{peer.label}: row {self.row} changed {self.changes} times, not {peer.changes(done)}")
            return done

        steps = {"write": peer.write, "read": read}
        if type(peer).history is not peers.Peer.history:
            steps["history"] = history
        return [Measurement(f"{peer.key} {name}", run, peer.once, peer.key) for name, run in steps.items()]

    def measure(self):
        self.changes = self.row_changes()
        present = [peer for peer in self.everyone if not self.why_not(peer)]
        measurements = self.own_measurements()
        for peer in present:
            measurements += self.peer_measurements(peer)
        self.rounds = Rounds(self.options.runs).measure(measurements)
        self.snapshot(self.out / "again.dlog", VERSIONS)  # what NDJSON gave is the same
        self.measured = [peer for peer in present if peer.key not in self.rounds.failed]
        self.ask_damage()
        self.ask_warm()

    def ask_warm(self):
        """10,000 questions about one vector each, in one process. Everybody must count the same changes."""
        asked = {key: lambda log=log: peers.warm_seconds(Run([self.programs / "bench_warm", log])) for key, log in (("fresh", self.log), ("packed", self.packed))}
        asked.update({peer.key: peer.ask_warm for peer in self.measured if peer.warm})
        found, changes = {}, {}
        for _ in range(self.options.runs):  # in turn, so that a slow minute falls on all
            for key, ask in asked.items():
                changes[key], times = ask()
                found.setdefault(key, []).append(times)
        if len(set(changes.values())) > 1:
            raise Failed(f"the holders count other changes in 10,000 histories: {changes}")
        self.warm = {key: {what: statistics.median(times[what] for times in several) for what in peers.WARM} for key, several in found.items()}

    def ask_damage(self):
        """One flipped byte for each holder. A peer that takes long is asked about the middle alone."""
        out, expected = self.out / "damaged.npy", self.matrices[MIDDLE]
        self.damage = {}
        for key, log in (("fresh", self.log), ("packed", self.packed)):
            def read(to, log=log):
                return Run([self.tool, "snapshot", log, "--at", MIDDLE_TIME, "-o", to])
            self.damage[key] = peers.damage(read, [log], expected, out)
        for peer in self.measured:
            slow = self.rounds.wall(f"{peer.key} read") > 2
            self.damage[peer.key] = peers.damage(peer.read, peer.files(), expected, out, 1 if slow else peers.PLACES)
        for key in ("fresh", "packed"):
            if "wrong, silently" in self.damage[key]:
                raise Failed(f"deltalog gave a wrong matrix from a damaged log ({key})")

    # What is said.

    def report(self):
        o, r = self.options, self.rounds
        report = Report(o.workload, f"Workload `{o.workload}`: {o.rows:,} vectors x {o.dims}, {VERSIONS + 1} versions", o)
        report.intro = ["Every figure is measured in one run on one machine; times are of whole processes, from the page cache, durable (fsync) "
                        "where something is written. Every answer is compared with the input, bit for bit. Peak memory is told from about 25 MB on: "
                        "a process starts with its parent's."]
        report.versions = own_versions(o.build)
        for peer in self.measured:
            report.versions.update(peer.versions())
        sizes = {"raw": sum(m.stat().st_size for m in self.matrices), "fresh": self.log.stat().st_size,
                 "packed": self.packed.stat().st_size}
        self.peer_table(report, sizes)
        self.baselines = next(line for line in map(json.loads, Run([self.tool, "info", "--baselines", "--json", self.log]).output.splitlines())
                              if line["type"] == "baselines")
        report.data["baselines"] = self.baselines
        report.plain("Size", [
            Figure("size matrices", "the matrices", sizes["raw"], "bytes"),
            *(Figure(f"size {kind}", f"deltalog, `balanced`, {kind}", sizes[kind], "bytes", note=f"{sizes['raw'] / sizes[kind]:.1f} x smaller")
              for kind in ("fresh", "packed")),
            Figure("size lines", "the same as NDJSON", self.lines.stat().st_size, "bytes"),
            *(ratio_figure(f"size {kind} / {key}", f"{kind}, of {what}", sizes[kind], self.baselines[key])
              for key, what in BASELINES.items() for kind in ("fresh", "packed"))])
        self.time_tables(report)
        return report

    def time_tables(self, report):
        r = self.rounds
        sum_ec = r.wall("encode -j2") + r.wall("compact")
        times = [wall_figure(r, name, what) for name, what in (
            ("encode -j2", "encode all versions, 2 threads"), ("encode -j1", "encode all versions, 1 thread"),
            ("compact", "compact --keep all"))]
        times.append(Figure("encode + compact", "encode (2 threads) and compact", sum_ec, "s"))
        times += [wall_figure(r, name, what) for name, what in (
            ("snapshot 25", f"snapshot of version {MIDDLE}, fresh"), ("snapshot 25 packed", f"snapshot of version {MIDDLE}, packed"),
            ("snapshot now", "snapshot of now, fresh"), ("snapshot now packed", "snapshot of now, packed"),
            ("blame", "blame of one vector, fresh"), ("blame packed", "blame of one vector, packed"),
            ("history", "log --id of one vector, fresh"), ("history packed", "log --id of one vector, packed"),
            ("verify frame", "verify --level frame"), ("verify chain", "verify (chain)"),
            ("append one delta", "encode --append of one line, acknowledged"),
            ("encode NDJSON", "encode the same states as NDJSON"), ("dump", "dump as NDJSON"), ("start", "start-up (`--version`)"))]
        times.append(Figure("start above empty", "start-up above an empty program", r.wall("start") - r.wall("empty"), "s"))
        report.timed("deltalog", times)
        report.timed("Baselines", [wall_figure(r, name, what) for name, what in (
            ("cat matrices", "cat the matrices"), ("write log", "write the log's bytes, fsync"), ("write matrix", "write one matrix, fsync"),
            ("xxhsum", "xxhsum -H3 of the log"), ("b2sum", "b2sum (BLAKE2b) of the log"),
            ("simdjson", "simdjson alone over the NDJSON"), ("empty", "an empty program with the same libraries"))])
        report.plain("deltalog beside its baselines", [
            ratio_figure("encode -j2 / reading and writing", "encode, time of: cat the matrices and write the log", r.wall("encode -j2"),
                         r.wall("cat matrices") + r.wall("write log")),
            ratio_figure("encode two threads", "encode: rate of 2 threads, of 1", r.wall("encode -j1"), r.wall("encode -j2")),
            ratio_figure("snapshot 25 / writing", f"snapshot {MIDDLE} packed, time of: write one matrix", r.wall("snapshot 25 packed"),
                         r.wall("write matrix")),
            ratio_figure("verify frame / XXH3", "verify --level frame, rate of: xxhsum -H3", r.wall("xxhsum"), r.wall("verify frame")),
            ratio_figure("verify chain / BLAKE2b", "verify (chain), rate of: b2sum", r.wall("b2sum"), r.wall("verify chain")),
            ratio_figure("NDJSON / simdjson", "encode NDJSON, rate of: simdjson alone", r.wall("simdjson"), r.wall("encode NDJSON"))])
        if "rocksdb write" in r.runs:  # what absolute times say of one machine holds on any
            report.plain("deltalog beside RocksDB, time of time", [
                ratio_figure("encode -j2 / RocksDB", "encode, of writing", r.wall("encode -j2"), r.wall("rocksdb write")),
                ratio_figure("encode + compact / RocksDB", "encode and compact, of writing and compacting", sum_ec, r.wall("rocksdb write")),
                ratio_figure("snapshot 25 / RocksDB", f"snapshot {MIDDLE} fresh, of reading it", r.wall("snapshot 25"), r.wall("rocksdb read")),
                ratio_figure("snapshot 25 packed / RocksDB", f"snapshot {MIDDLE} packed, of reading it", r.wall("snapshot 25 packed"),
                             r.wall("rocksdb read"))])

    def peer_table(self, report, sizes):
        """All holders side by side; in brackets, as a multiple of deltalog fresh."""
        r = self.rounds
        own = {"bytes": sizes["fresh"], "write": r.wall("encode -j2"), "read": r.wall("snapshot 25"), "history": r.wall("history")}
        entries = [
            {"key": "fresh", "label": "**deltalog**, `balanced`, fresh", **own},
            {"key": "packed", "label": "**deltalog**, `balanced`, packed (encode + compact)", "bytes": sizes["packed"],
             "write": r.wall("encode -j2") + r.wall("compact"), "read": r.wall("snapshot 25 packed"), "history": r.wall("history packed")}]
        for peer in self.everyone:
            entry = {"key": peer.key, "label": peer.label}
            why = self.why_not(peer) or ("failed: " + r.failed[peer.key] if peer.key in r.failed else "")
            if why:
                entry["state"] = why
            else:
                entry["bytes"] = peer.size()
                entry.update({step: r.wall(f"{peer.key} {step}") for step in ("write", "read", "history") if f"{peer.key} {step}" in r.runs})
            entries.append(entry)
        for entry in entries:
            entry.setdefault("state", "measured")
            if entry["key"] in self.warm:
                entry["warm"] = self.warm[entry["key"]]
            if entry["key"] in self.damage:
                entry["damage"] = self.damage[entry["key"]]

        def cell(entry, key, unit):
            if key not in entry:
                return "-"
            text = shown(entry[key], unit)
            return text if entry["key"] == "fresh" or key not in own else f"{text} ({entry[key] / own[key]:.2f} x)"

        rows = []
        for e in entries:
            if e["state"] != "measured":
                rows.append([e["label"], e["state"], "", "", "", ""])
                continue
            rows.append([e["label"], cell(e, "bytes", ""), cell(e, "write", "s"), cell(e, "read", "s"), cell(e, "history", "s"),
                         peers.damage_text(e["damage"])])
        report.table("Who can hold this history", ["holder", "bytes on disk", f"write all {VERSIONS + 1} versions", f"read version {MIDDLE}",
                     f"history of vector {self.row}", f"version {MIDDLE} with one byte flipped"], rows)
        report.text("In brackets: as a multiple of deltalog fresh. Slow peers are measured once. One byte of the largest file was flipped, at "
                    f"{peers.PLACES} places in turn (where a read takes long, in the middle alone). Unharmed: it had no part in the answer.")
        report.data["holders"] = entries
        self.report_warm(report, [e for e in entries if "warm" in e])

    def report_warm(self, report, entries):
        report.table("One vector in a process that has the store open", ["holder", *peers.WARM],
                     [[e["label"], *(seconds(e["warm"][what]) for what in peers.WARM)] for e in entries])
        report.text("Seconds a question, over 10,000 random vectors: its history, and its present value; the first time, and once more. Caches are those that each holder has by default.")
        if "rocksdb" not in self.warm:
            return
        rocks = self.warm["rocksdb"]
        report.plain("The same, of RocksDB's", [
            ratio_figure(f"warm {what} {kind} / RocksDB", f"{what}, {kind}", self.warm[kind][what], rocks[what])
            for what in peers.WARM for kind in ("fresh", "packed")])


def run(options):
    bench = HistoryBench(options)
    bench.generate()
    bench.measure()
    report = bench.report()
    shutil.rmtree(bench.out)
    return report
