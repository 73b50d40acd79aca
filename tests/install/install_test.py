#!/usr/bin/env python3
"""Installs the build into a scratch prefix, moves it, and uses it as a stranger would.

Checks: what is there; every public header compiles alone under -Werror, and cites only files that are installed; a
consumer builds and runs by find_package and by pkg-config, and so do the examples and the programs of the README; the
library exports delta:: and nothing else (a leaked std:: symbol binds a user's program to our compiler's template
instances), and holds no path of the machine that built it. The move after installing shows that no path is needed.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXPORT = re.compile(r"(typeinfo (name )?for |vtable for |VTT for |(non-)?virtual thunk to )?delta::")
EXPECTED = "ok: 2 vectors, b is 1.5 by main:2\n"
# What a comment of a header or a man page cites.
CITED = re.compile(r"[\w./-]+\.(?:hpp|cpp|md|py|h)\b")
README_LOG = """\
{"op":"create","id":"cat","namespace":"words","vector":[9,8],"ts":"2026-01-01T00:00:00Z"}
{"op":"create","id":"cat","namespace":"images","vector":[0.5,2,-1],"ts":"2026-01-01T00:00:01Z"}
"""
# The format page names the test that holds what it says; it is of the source.
NOT_CITED = {"tests/conformance/growth.py"}
STRICT = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def run(*command, **options):
    """Runs a command; its output is shown only when it fails."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def expect(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")


def check_tree(prefix, options):
    library = prefix / options.libdir
    for path in ("bin/deltalog", "include/delta/result.hpp", f"{options.libdir}/libdelta.so",
                 "share/doc/delta/dlog-1.md", "share/doc/delta/examples/follow.cpp",
                 f"{options.libdir}/pkgconfig/libdelta.pc", f"{options.libdir}/cmake/delta/deltaConfig.cmake"):
        expect((prefix / path).exists(), f"{path} is not installed")
    expect(not list(library.glob("*.a")), "the static library is for the tests and is not installed")
    source = HERE.parent.parent
    for page in (source / "man").glob("*.[1-9]"):
        expect((prefix / "share/man" / f"man{page.suffix[1:]}" / page.name).exists(), f"{page.name} is not installed")


def check_headers(prefix, options):
    def compile_alone(header):
        run(options.cxx, *STRICT, "-fsyntax-only", "-I", prefix / "include", "-include", header, "-x", "c++", os.devnull)

    headers = sorted((prefix / "include/delta").glob("*.hpp"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_alone, headers))


def exports(library):
    """Demangled names of the symbols that the library defines for others."""
    lines = run("nm", "--dynamic", "--defined-only", "--demangle", library).splitlines()
    return [line.split(maxsplit=2)[2] for line in lines]


def check_exports(library):
    names = exports(library)
    expect(any(name.startswith("delta::") for name in names), "the library exports nothing")
    strangers = [name for name in names if not EXPORT.match(name)]
    expect(not strangers, "the library exports what is not delta::\n" + "\n".join(strangers))


def check_no_paths(library, options):
    """__FILE__ and debug sections would tell where the library was built."""
    source = HERE.parent.parent
    data = library.read_bytes()
    for path in (str(source), str(Path(options.build).resolve()), "libdelta/src/", "include/delta/"):
        expect(path.encode() not in data, f"{library.name} holds the path {path}")


def check_citations(prefix):
    texts = [*prefix.glob("include/delta/*.hpp"), *prefix.glob("share/man/*/*"), *prefix.glob("share/doc/delta/**/*.*")]
    roots = (prefix, prefix / "include", prefix / "share/doc/delta")
    for text in texts:
        comments = "\n".join(line for line in text.read_text().splitlines() if not line.lstrip().startswith("#include"))
        for cited in CITED.findall(comments):
            there = any((root / cited).exists() for root in (*roots, text.parent))
            expect(there or cited in NOT_CITED, f"{text.name} cites {cited}, which is not installed")


def consume_by_cmake(prefix, scratch, options):
    build = scratch / "by-cmake"
    run(options.cmake, "-S", HERE / "consumer", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={options.cxx}")
    run(options.cmake, "--build", build)
    return run(build / "consumer")


def compile_by_pkg_config(prefix, source, program, options):
    library = prefix / options.libdir
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig")}
    version = run("pkg-config", "--modversion", "libdelta", env=environment).strip()
    expect(version == options.version, f"pkg-config says {version}, not {options.version}")
    flags = run("pkg-config", "--cflags", "--libs", "libdelta", env=environment).split()
    run(options.cxx, *STRICT, source, *flags, "-o", program)
    return program


def consume_by_pkg_config(prefix, scratch, options):
    program = compile_by_pkg_config(prefix, HERE / "consumer/main.cpp", scratch / "by-pkg-config", options)
    return run(program, env={**os.environ, "LD_LIBRARY_PATH": str(prefix / options.libdir)})


def write_log(prefix, path, lines, *options):
    run(prefix / "bin/deltalog", "encode", "-", *options, "-o" if not path.exists() else "--append", path, input=lines)


def run_readme(prefix, scratch, options):
    """The README's programs, as they stand there, on a log with an id in two namespaces."""
    blocks = (HERE.parent.parent / "README.md").read_text().split("```cpp\n")[1:]
    expect(len(blocks) == 1, "the README has other C++ blocks than this test knows")
    source = scratch / "readme.cpp"
    source.write_text(blocks[0].split("```")[0])
    program = compile_by_pkg_config(prefix, source, scratch / "readme", options)
    log = scratch / "two.dlog"
    write_log(prefix, log, README_LOG)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(prefix / options.libdir)}
    for name_space, expected in (("images", "0.5\n2\n-1\n"), ("words", "9\n8\n")):
        said = run(program, log, name_space, "cat", env=environment)
        expect(said == expected, f"the README's program prints {said!r} of {name_space}")
    refused = subprocess.run([program, log, "", "cat"], env=environment, capture_output=True, text=True, check=False)
    expect(refused.returncode == 1 and "no vector 'cat' in the default namespace" in refused.stderr,
           f"the README's program, asked for what is not there: {refused.stderr}")


def run_examples(prefix, scratch, options):
    """They are built from the installed tree alone, as it stands."""
    build = scratch / "examples"
    run(options.cmake, "-S", prefix / "share/doc/delta/examples", "-B", build, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={options.cxx}",
        "-DCMAKE_CXX_FLAGS=" + " ".join(STRICT[1:]))
    run(options.cmake, "--build", build)
    said = run(build / "write_floats", scratch / "floats.dlog")
    expect(said == "3 vectors created, then 1 changed\n3 commits, 5 deltas\n", f"write_floats prints {said!r}")
    expect(run(prefix / "bin/deltalog", "info", scratch / "floats.dlog", "--get", "deltas") == "5\n", "floats.dlog")
    run_read_one(prefix, build, scratch / "often.dlog")
    run_strategy(prefix, build, scratch)
    run_follow(prefix, build, scratch / "grows.dlog")


def run_read_one(prefix, build, log):
    lines = ['{"op":"create","id":"v","namespace":"n","vector":[1,2],"ts":"2026-01-01T00:00:00Z"}\n']
    lines += ['{"op":"sparse","id":"v","namespace":"n","indices":[0],"values":[%d],"ts":"2026-01-0%dT00:00:00Z"}\n'
              % (day, day) for day in (2, 3, 4)]
    write_log(prefix, log, "".join(lines), "--commit-every", "1")
    said = run(build / "read_one", log, "n", "v")
    expect(said == "it changed 3 times, and begins with 4\n", f"read_one prints {said!r}")


def run_strategy(prefix, build, scratch):
    logs = []
    for writer, values in (("alice", "[1,-8]"), ("bob", "[4,2]")):
        logs.append(scratch / f"{writer}.dlog")
        line = f'{{"op":"create","id":"v","vector":{values},"ts":"2026-01-01T00:00:0{len(logs)}Z"}}\n'
        write_log(prefix, logs[-1], line, "--origin", writer)
    said = run(build / "strategy", "", "v", *logs)
    expect(said == "by the log: 4 2\nnearest-to-zero@%: 1 2\n", f"strategy prints {said!r}")


def run_follow(prefix, build, log):
    line = '{"op":"%s","id":"v"%s,"ts":"2026-01-01T00:00:0%dZ"}\n'
    write_log(prefix, log, line % ("create", ',"vector":[1,2]', 1))
    with subprocess.Popen([build / "follow", log, "3"], stdout=subprocess.PIPE, text=True) as follower:
        try:
            said = follower.stdout.readline()  # it has read all that is there
            write_log(prefix, log, line % ("scale", ',"factor":2', 2))
            said += follower.stdout.readline()
            write_log(prefix, log, line % ("delete", "", 3))
            said += follower.stdout.read()
        except BaseException:
            follower.kill()
            raise
    expect(said == "main:1 create v\nmain:2 scale v\nmain:3 delete v\n", f"follow prints {said!r}")
    expect(follower.returncode == 0, "follow fails")


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "cmake", "cxx", "libdir", "version"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        environment = {k: v for k, v in os.environ.items() if k != "DESTDIR"}
        run(options.cmake, "--install", options.build, "--prefix", scratch / "installed", env=environment)
        prefix = scratch / "moved"
        shutil.move(scratch / "installed", prefix)
        check_tree(prefix, options)
        check_headers(prefix, options)
        check_exports(prefix / options.libdir / "libdelta.so")
        check_no_paths(prefix / options.libdir / "libdelta.so", options)
        check_citations(prefix)
        for consume in (consume_by_cmake, consume_by_pkg_config):
            said = consume(prefix, scratch, options)
            expect(said == EXPECTED, f"{consume.__name__}: the program printed {said!r}")
        run_readme(prefix, scratch, options)
        run_examples(prefix, scratch, options)
        # Linked and started: exit 127 or a signal would be a library that it cannot find.
        status = subprocess.run([prefix / "bin/deltalog", "--version"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, check=False).returncode
        expect(status == 0, f"the installed deltalog does not start: {status}")


if __name__ == "__main__":
    main()
