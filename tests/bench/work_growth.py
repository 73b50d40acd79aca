"""The workload `growth`: what grows in a log that is in use, n of it and 2n, and what each command takes for the second beside the first.

Time should not grow faster than n log n, whatever it is that grows: then twice as much takes little more than twice the time. Only the CPU time
counts, so that a busy machine does less harm, and only where it is long enough at 2n to be a measurement: below that the start of the process
counts for too much.
"""
import itertools
import json
import shutil
import sys

from measure import SCRATCH, Failed, Measurement, Rounds, Run
from report import Figure, Report, own_versions, seconds

LONG = 0.3  # seconds of CPU at 2n: where a ratio is held against the target
EPOCH = 1767225600  # 2026-01-01
MIDDLE = "@1767225660"  # after all creates, before what was written later


def line(**members):
    return json.dumps(members, separators=(",", ":"))


def create(vector="v", dims=4, second=0, **members):
    return line(id=vector, op="create", vector=[0] * dims, ts=f"@{EPOCH + second}", **members)


def sparse(i, second, dims=4, **members):
    return line(id="v", op="sparse", indices=[i % dims], values=[i % 1000], ts=f"@{EPOCH + 100 + second}", **members)


class Input:
    """One kind of thing. `lines(n)` is what is encoded; `name` says what there is n of."""
    name, size, id = "", 0, "v"
    left_out = ()  # commands whose output itself grows by the square

    def lines(self, n):
        raise NotImplementedError

    def prepare(self, bench, n, where):
        """Writes `where / "input.ndjson"`, and the log of it."""
        with open(where / "input.ndjson", "w", encoding="ascii") as out:
            out.writelines(text + "\n" for text in self.lines(n))
        bench.deltalog("encode", where / "input.ndjson", "-o", where / "log.dlog", "-f")


class Metadata(Input):
    name, size = "metadata patches on one vector", 8_000

    def lines(self, n):
        yield create()
        for i in range(n):
            yield sparse(0, i, metadata={f"k{i}": "xxxxxxxxxxxxxxxxxxxx"})


class Concurrent(Input):
    """Each origin has seen the first delta alone: all are heads, and all are candidates of a dimension."""
    name, size = "concurrent origins with stated parents", 25_000
    left_out = ("log --graph",)

    def lines(self, n):
        yield create(origin="seed")
        for i in range(n):
            yield sparse(i, i, origin=f"w{i}", parents=["seed:1"])


class Candidates(Concurrent):
    name, size = "candidates on one dimension", 25_000

    def lines(self, n):
        yield create(dims=1, origin="seed")
        for i in range(n):
            yield sparse(i, i, dims=1, origin=f"w{i}", parents=["seed:1"])


class Meeting(Concurrent):
    """All meet in one commit, and as many go on from there beside each other."""
    name, size = "heads that meet, and go on", 20_000

    def lines(self, n):
        half = n // 2
        yield from super().lines(half)
        yield sparse(0, half, origin="seed", parents=[f"w{i}:1" for i in range(half)])
        for i in range(half):
            yield sparse(i, half + 1 + i, origin=f"x{i}", parents=["seed:2"])


class Heads(Concurrent):
    """And a line that has seen them all."""
    name, size = "heads, and a line after them", 25_000

    def lines(self, n):
        yield from super().lines(n)
        for i in range(n):
            yield sparse(i, n + i, origin="seed" if i % 2 else "other")


class Origins(Input):
    name, size = "origins that take turns", 25_000

    def lines(self, n):
        yield create(origin="seed")
        for i in range(n):
            yield sparse(i, i, origin=f"w{i}")


class Namespaces(Input):
    name, size = "namespaces", 25_000

    def lines(self, n):
        for i in range(n):
            yield create(namespace=f"n{i}", dims=2)
        yield create()


class Existence(Input):
    """Two origins create and delete one vector, neither of which sees the other."""
    name, size = "creates and deletes by two origins", 20_000

    def lines(self, n):
        yield create(dims=2, origin="seed")
        for i in range(n):
            turn, origin = i // 2, "ab"[i % 2]
            own = [f"{origin}:{turn}"] if turn else ["seed:1"]
            if turn % 2 == 0:
                yield line(id="v", op="delete", ts=f"@{EPOCH + 100 + i}", origin=origin, parents=own)
            else:
                yield create(dims=2, second=100 + i, origin=origin, parents=own)


class Settings(Input):
    """What copies of a log lie one after the other in one file."""
    def lines(self, n):
        yield create()
        for i in range(40):
            yield sparse(i, i)


class Segments(Settings):
    name, size = "copies of one segment", 20_000

    def prepare(self, bench, n, where):
        super().prepare(bench, n, where)
        one = (where / "log.dlog").read_bytes()
        with open(where / "log.dlog", "wb") as out:
            for _ in range(n):
                out.write(one)


class Records(Settings):
    """Copies that were pruned at different times: each says what it still answers."""
    name, size = "prune records", 2_000

    def prepare(self, bench, n, where):
        super().prepare(bench, n, where)
        with open(where / "all", "wb") as out:
            for i in range(n):
                bench.deltalog("compact", where / "log.dlog", "--keep", f"since:@{EPOCH + i}", "-o", where / "one.dlog", "-f")
                out.write((where / "one.dlog").read_bytes())
        (where / "all").rename(where / "log.dlog")


INPUTS = (Metadata, Concurrent, Candidates, Meeting, Heads, Origins, Namespaces, Existence, Segments, Records)


class Growth:
    def __init__(self, options):
        self.options = options
        self.tool = options.build / "apps/deltalog/deltalog"
        self.scratch = SCRATCH / "growth"

    def deltalog(self, *words, good=(0,)):
        return Run([self.tool, *words], good=good)

    def commands(self, kind, where):
        log, out = where / "log.dlog", where / "out"
        update = where / "update.ndjson"
        update.write_text(line(id=kind.id, op="scale", factor=2) + "\n", encoding="ascii")

        def append():
            shutil.copyfile(log, where / "copy.dlog")
            return self.deltalog("encode", update, "--append", where / "copy.dlog", "--origin", "appender")

        def to_file(*words):
            def run():
                return Run([self.tool, *words], stdout=where / "printed", good=(0, 1, 4))
            return run

        def writing(*words):
            return to_file(*words, "-f", "-o", out)

        update_alone = where / "other.dlog"
        self.deltalog("encode", update, "--base", log, "-o", update_alone, "-f", "--origin", "other")
        commands = {
            "encode": writing("encode", where / "input.ndjson", "-j1"),
            "encode --append": append,
            "snapshot": writing("snapshot", log, "--to", "ndjson"),
            "snapshot --at": writing("snapshot", log, "--at", MIDDLE, "--to", "ndjson"),
            "blame": to_file("blame", log, "--id", kind.id),
            "verify": to_file("verify", log, "-j1"),
            "compact": writing("compact", log, "-j1"),
            "compact --keep now": writing("compact", log, "-j1", "--keep", "now"),
            "log": to_file("log", log),
            "log --graph": to_file("log", log, "--graph"),
            "log --conflicts": to_file("log", log, "--conflicts"),
            "log --window": to_file("log", log, "--window", "tumbling:1h"),
            "dump": to_file("dump", log),
            "diff": to_file("diff", log, "--at", MIDDLE),
            "merge": writing("merge", log, update_alone),
            "rollback": writing("rollback", log, "--at", MIDDLE),
            "info": to_file("info", log),
        }
        return {name: run for name, run in commands.items() if name not in kind.left_out}

    def measure(self, kind):
        sizes = [self.size(kind), 2 * self.size(kind)]
        places = {}
        for n in sizes:
            where = self.scratch / str(n)
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir(parents=True)
            print(f"bench: {n:,} {kind.name}", file=sys.stderr)
            kind.prepare(self, n, where)
            places[n] = self.commands(kind, where)
        rounds = Rounds(self.options.runs)
        rounds.measure([Measurement(f"{n} {name}", run) for n, name in itertools.product(sizes, places[sizes[0]]) for run in [places[n][name]]])
        shutil.rmtree(self.scratch, ignore_errors=True)
        return [(name, rounds.cpu(f"{sizes[0]} {name}"), rounds.cpu(f"{sizes[1]} {name}"), rounds.memory(f"{sizes[1]} {name}"))
                for name in places[sizes[0]]]

    def size(self, kind):
        return kind.size if self.options.reference else max(100, kind.size * self.options.rows // 20000)


def run(options):
    growth = Growth(options)
    report = Report("growth", "Time by what grows", options)
    report.intro = ["CPU time of each command at n and at 2n. A ratio is held against the target where the command takes "
                    f"{LONG} s or more at 2n; `-` below that. 1 thread where a command has a choice."]
    report.versions = own_versions(options.build)
    for kind in (which() for which in INPUTS):
        try:
            measured = growth.measure(kind)
        except Failed as failure:
            raise Failed(f"{kind.name}: {failure}") from failure
        n = growth.size(kind)
        rows = []
        for name, once, twice, memory in measured:
            figure = Figure(f"{kind.name}, {name}", f"{name}, {kind.name}", twice / max(once, 1e-3), "x", target="doubled")
            counts = twice >= LONG
            target, verdict = report.verdict(figure) if counts else ("", "")
            rows.append([name, seconds(once), seconds(twice), f"{figure.value:.2f} x" if counts else "-", f"{memory / 1e6:.0f} MB", target, verdict])
            if counts:
                report.figures.append(figure)
        report.table(f"{kind.name}: {n:,} and {2 * n:,}", ["command", "CPU at n", "CPU at 2n", "ratio", "peak memory at 2n", "target", ""], rows)
    return report
