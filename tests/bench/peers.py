"""Who else can hold the history of a matrix, each with four questions: write all versions, read one, say when a row changed, and how large.

A peer is one class here, or one of the programs that PROGRAMS names. It says why it cannot be measured instead of being left out.
"""
import os
import shutil
from array import array

from measure import HERE, SCRATCH, Failed, Run, Several, files_below, tree_size
from report import output_of, package_version

NODE = SCRATCH / "node"  # where script/bootstrap --peers lets npm install


def npm_version(module):
    package = NODE / "node_modules" / module / "package.json"
    if not package.exists():
        return ""
    text = package.read_text(encoding="utf-8")
    return text.split('"version": "', 1)[1].split('"', 1)[0]


WARM = ("history", "history again", "value", "value again")  # of one vector; the first time, and once more


def warm_seconds(run):
    """What print_warm() of matrix_file.hpp printed: how many changes there were, and seconds a question by WARM."""
    changes, *microseconds = run.output.split()
    return int(changes), dict(zip(WARM, (float(us) / 1e6 for us in microseconds)))


class Peer:
    """`key` names its measurements, `label` it in the table. `once`: measured in one round only. `slow`: only with --slow."""
    key = label = ""
    once = slow = False
    warm = False  # answers from inside one process, so that this is worth asking

    def __init__(self, bench):
        self.bench = bench
        self.store = bench.out / self.key

    def missing(self):
        """Why it cannot be measured here; empty: it can."""
        return ""

    def versions(self):
        return {}

    def clear(self):
        if self.store.is_dir():
            shutil.rmtree(self.store)
        self.store.unlink(missing_ok=True)

    def write(self):
        raise NotImplementedError

    def read(self, out):
        raise NotImplementedError

    def history(self):
        """A Run that prints how often the row changed, or None: it cannot be asked that."""
        return None

    def changes(self, run):
        """What such a run said."""
        return int(run.output.split()[0])

    def size(self):
        return tree_size(self.store)

    def files(self):
        return files_below(self.store)


class Program(Peer):
    """One with a program of its own: write STORE NPY..., read STORE VERSION OUT, history STORE ROW; warm STORE, if it has that."""
    command = ()
    environment = None

    def run(self, *words):
        return Run([*self.command, *words], environment=self.environment)

    def write(self):
        self.clear()
        return self.run("write", self.store, *self.bench.matrices)

    def read(self, out):
        return self.run("read", self.store, self.bench.middle, out)

    def history(self):
        return self.run("history", self.store, self.bench.row)

    def ask_warm(self):
        return warm_seconds(self.run("warm", self.store))


class Built(Program):
    """One that the build makes where it finds the library."""
    program = package = ""
    name = ""

    def __init__(self, bench):
        super().__init__(bench)
        self.command = (bench.options.build / "tests/bench" / self.program,)

    def missing(self):
        return "" if self.command[0].exists() else "not installed"

    def versions(self):
        version = package_version(self.package)
        return {self.name: version} if version else {}


class Rows(Built):
    key, label, program = "rows", "changed rows, zstd -3, a frame a version, synced", "bench_rows_zstd"


class RocksDb(Built):
    key, label, program = "rocksdb", "RocksDB, zstd, key row and version, synced a version, compacted", "bench_rocksdb"
    name, package, warm = "RocksDB", "librocksdb-dev", True


class Sqlite(Built):
    key, label, program = "sqlite", "SQLite, rows as blobs, synced a version", "bench_sqlite"
    name, package, warm = "SQLite", "libsqlite3-dev", True


class LanceDb(Program):
    key, label = "lancedb", "LanceDB (npm, native), an upsert a version"
    command = ("node", HERE / "peer_lancedb.mjs")
    environment = {"DELTALOG_BENCH_NODE": str(NODE)}

    def missing(self):
        return "" if shutil.which("node") and npm_version("@lancedb/lancedb") else "not installed"

    def versions(self):
        return {"LanceDB": npm_version("@lancedb/lancedb"), "node": output_of("node", "--version")}


class Chain(Peer):
    """A patch from each matrix to the next, by a program for any file: the first stands whole."""
    once = True
    program = package = ""

    def __init__(self, bench):
        super().__init__(bench)
        self.patches = [self.store / f"patch{k:03}" for k in range(len(bench.matrices))]

    def missing(self):
        return "" if shutil.which(self.program) else "not installed"

    def versions(self):
        return {f"{self.program} (program)": package_version(self.package) or "unknown"}

    def make(self, before, now, patch):
        raise NotImplementedError

    def take(self, before, patch, now):
        raise NotImplementedError

    def write(self):
        self.clear()
        self.store.mkdir()
        matrices = self.bench.matrices
        return Several(Run(self.make(matrices[k - 1] if k else None, matrices[k], patch)) for k, patch in enumerate(self.patches))

    def read(self, out):
        plain = [self.bench.out / f"{self.key}-plain{k}" for k in (0, 1)]
        runs = []
        for k in range(self.bench.middle + 1):
            to = out if k == self.bench.middle else plain[k % 2]
            runs.append(Run(self.take(plain[(k - 1) % 2] if k else None, self.patches[k], to)))
        return Several(runs)


class Xdelta(Chain):
    key, label, program, package = "xdelta3", "xdelta3 -3, a chain of matrices", "xdelta3", "xdelta3"

    def make(self, before, now, patch):
        return ["xdelta3", "-q", "-f", "-3", "-e", *(["-s", before] if before else []), now, patch]

    def take(self, before, patch, now):
        return ["xdelta3", "-q", "-f", "-d", *(["-s", before] if before else []), patch, now]


class ZstdPatches(Chain):
    key, label, program, package = "zstd-patch", "zstd -3 --patch-from, a chain of matrices", "zstd", "zstd"

    def make(self, before, now, patch):
        return ["zstd", "-q", "-f", "-3", *([f"--patch-from={before}"] if before else []), now, "-o", patch]

    def take(self, before, patch, now):
        return ["zstd", "-q", "-f", "-d", "--memory=2048MB", *([f"--patch-from={before}"] if before else []), patch, "-o", now]


class Git(Peer):
    """A commit a version, then `git gc`; the time of git alone, not of making the files."""
    once = slow = True
    environment = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench",
                   "GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench"}

    def __init__(self, bench):
        super().__init__(bench)
        self.store = bench.out / f"{self.key}.git"
        self.tree = bench.out / f"{self.key}-tree"

    def missing(self):
        return "" if shutil.which("git") else "not installed"

    def versions(self):
        return {"git": output_of("git", "--version").removeprefix("git version ")}

    def git(self, *words, stdout=None, tree=None):
        where = [f"--git-dir={self.store}", f"--work-tree={tree or self.tree}"]
        return Run(["git", *where, "-c", "gc.auto=0", *words], stdout=stdout, environment=self.environment, directory=tree or self.tree)

    def write(self):
        self.clear()
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir()
        runs = [self.git("init", "-q")]
        for k in range(len(self.bench.matrices)):
            self.put_files(k)
            runs += [self.git("add", "-A"), self.git("commit", "-q", "--allow-empty", "-m", f"version {k}")]
        return Several(runs + [self.git("gc", "-q")])

    def put_files(self, version):
        raise NotImplementedError

    @property
    def commit(self):
        return f"HEAD~{len(self.bench.matrices) - 1 - self.bench.middle}"


class GitMatrices(Git):
    key, label = "git", "git, one .npy, a commit a version, after gc"

    def put_files(self, version):
        shutil.copyfile(self.bench.matrices[version], self.tree / "matrix.npy")

    def read(self, out):
        return self.git("show", f"{self.commit}:matrix.npy", stdout=out)


class GitText(Git):
    """As people keep data that they want to see differences of. 256 files a directory, since git reads whole directories."""
    key, label = "git-text", "git, a text file a vector, a line a dim, after gc"

    def path(self, row):
        return f"{row // 256:04}/{row}.txt"

    def put_files(self, version):
        before = self.bench.values(version - 1) if version else None
        now, dims = self.bench.values(version), self.bench.options.dims
        for row in range(len(now) // dims):
            values = now[row * dims:(row + 1) * dims]
            if before is not None and before[row * dims:(row + 1) * dims].tobytes() == values.tobytes():
                continue
            path = self.tree / self.path(row)
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{value:.9g}\n" for value in values), encoding="ascii")

    def read(self, out):
        plain = self.bench.out / "git-text-plain"
        shutil.rmtree(plain, ignore_errors=True)
        plain.mkdir()
        done = self.git("checkout", "-q", "-f", self.commit, "--", ".", tree=plain)
        values = array("f")
        for row in range(self.bench.options.rows):
            values.extend(map(float, (plain / self.path(row)).read_text(encoding="ascii").split()))
        header = self.bench.header()
        with open(out, "wb") as file:
            file.write(header + values.tobytes())
        return done

    def history(self):
        return self.git("log", "--oneline", "--", self.path(self.bench.row))

    def changes(self, run):
        return len(run.output.splitlines())


PEERS = [Rows, RocksDb, Sqlite, LanceDb, Xdelta, ZstdPatches, GitMatrices, GitText]


# What one flipped byte does.

PLACES = 7  # of the largest file, evenly: the fourth is its middle


def damage(read, files, expected, scratch, places=PLACES):
    """Flips a byte at each of some places of the largest file, one at a time, and reads. Returns what happened, by place:
    'reported', 'wrong, silently', or 'unharmed' (that byte had no part in the answer)."""
    largest = max(files, key=lambda path: path.stat().st_size)
    largest.chmod(0o644)
    size, result = largest.stat().st_size, []
    for k in range(1, places + 1):
        at = size * k // (places + 1)
        flip(largest, at)
        scratch.unlink(missing_ok=True)
        try:
            read(scratch)
            result.append("unharmed" if same(scratch, expected) else "wrong, silently")
        except (Failed, ValueError, OSError):
            result.append("reported")
        finally:
            flip(largest, at)
    return result


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def same(a, b):
    if not a.exists() or a.stat().st_size != b.stat().st_size:
        return False
    with open(a, "rb") as x, open(b, "rb") as y:
        while block := x.read(1 << 20):
            if block != y.read(1 << 20):
                return False
    return True


def damage_text(result):
    """The worst that happened, how often, and what else."""
    counts = [f"{result.count(kind)} {kind}" for kind in ("wrong, silently", "reported", "unharmed") if kind in result]
    return f"{'; '.join(counts)} (middle: {result[len(result) // 2]})" if len(result) > 1 else result[0]
