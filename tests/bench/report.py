"""What is printed and saved: figures in tables of Markdown, and the same as JSON, with the machine and the versions of everything."""
import datetime
import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from measure import ROOT, SCRATCH
from targets import TARGETS

def seconds(value):
    """With as many digits as a measurement has."""
    if value < 1e-3:
        return f"{value * 1e6:.3g} us"
    return f"{value * 1e3:.3g} ms" if value < 0.1 else f"{value:.3f} s"


def shown(value, unit):
    if unit == "s":
        return seconds(value)
    if unit == "x":
        return f"{value:.2f} x"
    return f"{value:,.0f}" + (f" {unit}" if unit else "")


@dataclass
class Figure:
    name: str
    what: str
    value: float
    unit: str
    low: Optional[float] = None
    high: Optional[float] = None
    cpu: Optional[float] = None
    memory: Optional[float] = None
    note: str = ""
    target: str = ""  # the name of its target, if that is of many figures


@dataclass
class Report:
    """A page: sections of a title and figures, or of a ready table."""
    workload: str
    title: str
    options: object
    intro: list = field(default_factory=list)
    parts: list = field(default_factory=list)   # lines of Markdown
    figures: list = field(default_factory=list)
    data: dict = field(default_factory=dict)    # for the JSON file alone
    versions: dict = field(default_factory=dict)
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    def target(self, figure):
        """Targets are for the workload at its full size."""
        return TARGETS.get(self.workload, {}).get(figure.target or figure.name) if self.options.reference else None

    def verdict(self, figure):
        target = self.target(figure)
        if target is None:
            return "", ""
        sense = "≤" if target.sense == "<=" else "≥"
        return f"{sense} {shown(target.limit, figure.unit)}", "met" if target.met(figure.value) else "**missed**"

    def timed(self, title, figures):
        """A table of times of processes."""
        rows = []
        for f in figures:
            wall = seconds(f.value)
            if f.low is not None and f.low != f.high:
                wall += f" ({seconds(f.low)} to {seconds(f.high)})"
            rows.append([f.what, wall, "" if f.cpu is None else seconds(f.cpu),
                         "" if f.memory is None else f"{f.memory / 1e6:.0f} MB", *self.verdict(f)])
        self.table(title, ["what", "wall, median (range)", "CPU", "peak memory", "target", ""], rows)
        self.figures += figures

    def plain(self, title, figures):
        """A table of sizes, counts or ratios."""
        rows = [[f.what, shown(f.value, f.unit), f.note, *self.verdict(f)] for f in figures]
        self.table(title, ["what", "figure", "", "target", ""], rows)
        self.figures += figures

    def table(self, title, columns, rows):
        self.parts += ["", f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        self.parts += ["| " + " | ".join(map(str, row)) + " |" for row in rows]

    def text(self, *lines):
        self.parts += ["", *lines]

    def markdown(self):
        machine = machine_facts()
        lines = [f"# {self.title}", "", *([*self.intro, ""] if self.intro else []),
                 f"Commit {commit()}, {datetime.date.today()}; {machine['processor']}, {machine['cores']} cores usable, "
                 f"{machine['memory'] / 2**30:.0f} GiB of memory, {machine['system']}, load at the start {self.load:.1f}. "
                 f"Median of {self.options.runs} rounds after one to warm up, page cache warm.", "",
                 "Versions: " + "; ".join(f"{name} {version}" for name, version in self.versions.items()) + ".", *self.parts]
        missed = [f.name for f in self.figures if self.target(f) and not self.target(f).met(f.value)]
        if self.options.reference and any(self.target(f) for f in self.figures):
            lines += ["", "Targets missed: " + (", ".join(missed) if missed else "none") + "."]
        elif not self.options.reference:
            lines += ["", "Not the full size: no target applies."]
        return "\n".join(lines) + "\n"

    def json(self):
        figures = []
        for f in self.figures:
            entry = {key: value for key, value in vars(f).items() if value is not None and value != "" and key != "target"}
            if target := self.target(f):
                entry["target"] = {"sense": target.sense, "limit": target.limit, "met": target.met(f.value)}
            figures.append(entry)
        return json.dumps({
            "workload": self.workload, "commit": commit(), "date": str(datetime.date.today()), "machine": machine_facts(),
            "load": self.load, "runs": self.options.runs, "rows": self.options.rows, "dims": self.options.dims,
            "full_size": self.options.reference, "versions": self.versions, "figures": figures, **self.data,
        }, indent=1, ensure_ascii=False) + "\n"

    def save(self):
        directory = ROOT / "docs/benchmarks"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{self.workload}.md").write_text(self.markdown(), encoding="utf-8")
        (directory / f"{self.workload}.json").write_text(self.json(), encoding="utf-8")


def wall_figure(rounds, name, what, figure_name=None):
    walls = rounds.walls(name)
    return Figure(figure_name or name, what, rounds.wall(name), "s", walls[0], walls[-1], rounds.cpu(name), rounds.memory(name))


def ratio_figure(name, what, above, below, note=""):
    return Figure(name, what, above / below, "x", note=note)


# The machine and what runs on it.

def output_of(*command):
    """What a program prints, or nothing where it does not exist."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout.strip()
    except OSError:
        return ""


def commit():
    """Of what was built: results that wait to be committed change nothing."""
    changed = output_of("git", "-C", str(ROOT), "status", "--porcelain", "-uno", "--", ".", ":!docs/benchmarks", ":!README.md")
    return (output_of("git", "-C", str(ROOT), "describe", "--always") or "unknown") + ("-dirty" if changed else "")


def machine_facts():
    processor = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    release = {}
    if Path("/etc/os-release").exists():
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line)
    filesystem = output_of("stat", "-f", "-c", "%T", str(SCRATCH if SCRATCH.exists() else SCRATCH.parent))
    return {"processor": processor, "cores": len(os.sched_getaffinity(0)),
            "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system": release.get("PRETTY_NAME", "Linux").strip('"') + f", Linux {platform.release()}", "filesystem": filesystem}


def package_version(package):
    """Of a Debian package; empty where it is not installed, or this is no Debian."""
    return output_of("dpkg-query", "-W", "-f", "${Version}", package) if shutil.which("dpkg-query") else ""


def own_versions(build):
    """Of deltalog, of what it is linked with, and of the compiler."""
    versions = {}
    for line in output_of(str(build / "apps/deltalog/deltalog"), "--version").splitlines():
        name, _, version = line.partition(" ")
        if name in ("deltalog", "zstd", "libsodium", "xxhash"):
            versions[name] = version.strip()
    if version := package_version("libsimdjson-dev"):
        versions["simdjson"] = version
    cache = build / "CMakeCache.txt"
    for line in cache.read_text(encoding="utf-8").splitlines() if cache.exists() else []:
        if line.startswith("CMAKE_CXX_COMPILER:"):
            versions["compiler"] = output_of(line.split("=", 1)[1], "--version").splitlines()[0]
    return versions
