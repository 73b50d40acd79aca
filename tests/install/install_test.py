#!/usr/bin/env python3
"""Installs the build into a scratch prefix, moves it, and uses it as a stranger would.

Checks: what is there; every public header compiles alone under -Werror; a consumer builds and runs by find_package
and by pkg-config; the library exports delta:: and nothing else (a leaked std:: symbol binds a user's program to our
compiler's template instances). The move after installing shows that no path of the build is baked in.
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


def check_readme():
    """The README's program is the one that is compiled and run here."""
    readme = (HERE.parent.parent / "README.md").read_text()
    block = readme.split("```cpp\n")[1].split("```")[0]
    function = block[block.index("delta::Result<float>"):]
    expect(function in (HERE / "consumer/main.cpp").read_text(), "the README's C++ is not that of tests/install/consumer")


def consume_by_cmake(prefix, scratch, options):
    build = scratch / "by-cmake"
    run(options.cmake, "-S", HERE / "consumer", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={options.cxx}")
    run(options.cmake, "--build", build)
    return run(build / "consumer")


def consume_by_pkg_config(prefix, scratch, options):
    library = prefix / options.libdir
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig")}
    version = run("pkg-config", "--modversion", "libdelta", env=environment).strip()
    expect(version == options.version, f"pkg-config says {version}, not {options.version}")
    flags = run("pkg-config", "--cflags", "--libs", "libdelta", env=environment).split()
    program = scratch / "by-pkg-config"
    run(options.cxx, "-std=c++20", HERE / "consumer/main.cpp", *flags, "-o", program)
    return run(program, env={**os.environ, "LD_LIBRARY_PATH": str(library)})


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "cmake", "cxx", "libdir", "version"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    check_readme()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        environment = {k: v for k, v in os.environ.items() if k != "DESTDIR"}
        run(options.cmake, "--install", options.build, "--prefix", scratch / "installed", env=environment)
        prefix = scratch / "moved"
        shutil.move(scratch / "installed", prefix)
        check_tree(prefix, options)
        check_headers(prefix, options)
        check_exports(prefix / options.libdir / "libdelta.so")
        for consume in (consume_by_cmake, consume_by_pkg_config):
            said = consume(prefix, scratch, options)
            expect(said == EXPECTED, f"{consume.__name__}: the program printed {said!r}")
        # Linked and started: exit 127 or a signal would be a library that it cannot find.
        status = subprocess.run([prefix / "bin/deltalog", "--version"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, check=False).returncode
        expect(status == 0, f"the installed deltalog does not start: {status}")


if __name__ == "__main__":
    main()
