#!/usr/bin/env python3
"""Holds the architecture: which layer includes what, which library stays behind which file, clean and plain text.

    lint.py ROOT        prints `FILE:LINE: what` for each breach; exit 0 none, 1 some

Only #include lines are read, by a regular expression: what a layer can name is what it can include, and a rule that
is read in a minute is kept. Standard library only. Rules are tables at the top; a new layer or library is one line.
Each rule is shown to fail by test_lint.py.
"""
import re
import subprocess
import sys
from pathlib import Path

import phrases

# What a layer of libdelta/src may include of the others; `delta/` (the public headers) is open to all.
LAYERS = {
    "base": set(),
    "os": {"base"},
    "format": {"base"},
    "codec": {"base"},
    "model": {"base"},
    "contract": {"base", "model"},
    "store": {"base", "os", "format", "codec", "model"},
    "index": {"base", "os", "format", "codec", "model", "store"},
    "ops": {"base", "os", "format", "codec", "model", "contract", "store", "index"},
}

# Third-party headers and the only files that may name them, as a pattern on the path.
CONFINED = [
    (r"sodium(/.*)?\.h|sodium/.*", r"libdelta/src/base/digest\.cpp"),
    (r"xxh(ash|3)\.h", r"libdelta/src/base/checksum\.cpp"),
    (r"nlohmann/.*", r"libdelta/src/base/json\.cpp|apps/deltalog/verdicts/baseline\.cpp"),
    (r"simdjson(\.h|/.*)", r"formats/(ndjson[a-z_]*|json/[a-z_]+|safetensors/safetensors)\.cpp"),
    (r"(zstd|zdict)[a-z0-9_]*\.h", r"libdelta/src/codec/.*|formats/unpack\.cpp"),
    (r"zlib\.h", r"formats/(unpack|npz/zip_[a-z]+)\.cpp"),
    (r"hnswlib/.*", r"libdelta/src/index/ann_graph\.cpp"),
    (r"lz4[a-z0-9_]*\.h", r"tests/.*"),  # LZ4 blocks are read by code of our own
    (r"CLI/.*|CLI11\.hpp", r"apps/deltalog/cli/parse\.cpp"),
    (r"fmt/.*", r".*"),
    (r"re2/.*", r"apps/deltalog/pattern\.cpp"),
    (r"curl/.*", r"apps/deltalog/trace/post\.cpp"),
    (r"utf8proc\.h", r"apps/deltalog/ui/width\.cpp"),
]

# Layers that know no files and no threads, so that they run where there are none.
PURE = ("base", "format", "codec", "model", "contract")
IMPURE = re.compile(
    r"(fstream|iostream|filesystem|cstdio|stdio\.h|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch"
    r"|barrier|stop_token|pthread\.h|delta/file\.hpp|os/worker_pool\.hpp)$")
# The two places where the lowest layer needs the C runtime: to say why it aborts, and what a thread keeps.
PURE_BUT = {("libdelta/src/base/error.cpp", "cstdio"), ("libdelta/src/base/thread_scratch.cpp", "pthread.h")}
# The operating system: one layer asks it for files.
SYSTEM = re.compile(r"(unistd|fcntl|poll|dirent|sys/[a-z_]+|linux/[a-z_]+)(\.h)$")
SYSTEM_ALLOWED = re.compile(r"libdelta/src/os/|apps/")

CODE = re.compile(r"(libdelta|formats|apps)/.*\.(cpp|hpp)$")
TEXT = re.compile(r"(.*\.(cpp|hpp|h|py|sh|md|txt|cmake|in|json|map|[1-9]|yml)|script/.*|completions/.*|\.ci/.*|\.[a-z-]+)$")
MAX_LINES = 500       # of a file of CODE: one concept a file
MAX_FUNCTION = 50     # lines of a function: it fits a screen
MAX_COLUMNS = 120  # clang-format keeps to it but for literals and comments that it cannot break
# Spelt apart so that this file passes itself.
MACHINE_PATH = re.compile(r"(?<![\w.}])/(" + "|".join(("work", "home", "root", "Users", "tmp")) + r")/\w")

# Strings, characters and comments: nothing in them is code.
NO_CODE = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'|//.*')
# `a = b`, `f(x)`, `++i`, with nothing before that would make it a declaration.
NAME = r"[A-Za-z_][\w.:>\[\]()*-]*"
EXPRESSION = re.compile(rf"(?:\+\+|--){NAME}$|\*?{NAME}(?:\s?[-+|&^*/%]?=(?!=).+|\(.*\)|\+\+|--)$")
CONTROL = re.compile(r"(?:if|for|while|switch|return|throw|case|using|template)\b")

# Things whose numbers have types of their own (delta/numbers.hpp, base/numbers.hpp): what a header calls so is no integer.
NUMBERED = {"ns": "NamespaceNo", "name_space": "NamespaceNo", "origin": "OriginNo", "commit": "CommitNo", "vector": "VectorNo or a SegmentVector", "row": "RowNo", "record": "RecordNo"}
HEADER = re.compile(r"(libdelta|formats|apps)/.*\.hpp$")
INTEGER = re.compile(r"\b(?:std::)?(?:u?int(?:8|16|32|64)_t|size_t|ptrdiff_t|int|unsigned|long|short)\b(?=[&\s])\s*&?")
DECLARED = re.compile(r"\s*(\w+?)_?\s*(?:=.*)?$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def files(root):
    """Paths that are or would be in the repository, in order. All of them where git is not to be asked."""
    listed = []
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                                check=False, capture_output=True, text=True).stdout.splitlines()
    if not any(listed):
        paths = [p.relative_to(root) for p in root.rglob("*")]
        listed = [str(p) for p in paths if p.parts[0] not in ("build", ".git", ".cache")]
    return sorted(p for p in set(listed) if p and (root / p).is_file())


def project_part(path):
    """('layer', name), ('public',), ('formats',), ('apps',) or None for files that no layer rule covers."""
    parts = path.split("/")
    if parts[:2] == ["libdelta", "include"]:
        return ("public",)
    if parts[:2] == ["libdelta", "src"] and len(parts) > 3:
        return ("layer", parts[2])
    return (parts[0],) if parts[0] in ("formats", "apps") else None


def resolve(root, path, target):
    """The project path that an include names, or None when it is no file of ours."""
    here = Path(path).parent
    candidates = [here / target, Path("libdelta/src") / target, Path("libdelta/include") / target, Path(target)]
    if path.startswith("apps/"):
        candidates.append(Path(*Path(path).parts[:2]) / target)
    for candidate in candidates:
        if (root / candidate).is_file():
            return str(candidate)
    return None


def layer_breach(root, path, target):
    """Why the layers forbid this include of one of our files, or None."""
    part = project_part(path)
    first = target.split("/")[0]
    if ".." in target.split("/"):
        return "includes by a path with '..'"
    if first == "delta" or part is None:
        return None
    if part[0] == "layer":
        layer = part[1]
        if layer not in LAYERS:
            return f"unknown layer '{layer}'"
        owner = first if "/" in target else layer
        if owner == layer or owner in LAYERS[layer]:
            return None
        return f"layer '{layer}' must not include \"{target}\""
    if part[0] == "public":
        return f"a public header must include only \"delta/...\", not \"{target}\""
    if part[0] == "formats":
        named = resolve(root, path, target) or ""
        return None if named.startswith("formats/") else f"formats/ must not include \"{target}\""
    named = resolve(root, path, target) or ""
    own = "/".join(path.split("/")[:2]) + "/"
    if named.startswith(own) or named.startswith("formats/"):
        return None
    return f"apps/ must not include \"{target}\""


def header_breach(path, target):
    """Why this third-party or system header must not be named here, or None."""
    part = project_part(path)
    if (path, target) in PURE_BUT:
        return None
    if part and part[0] == "layer" and part[1] in PURE and (IMPURE.match(target) or SYSTEM.match(target)):
        return f"'{part[1]}' knows no files and no threads: <{target}>"
    if SYSTEM.match(target):
        return None if SYSTEM_ALLOWED.match(path) else f"<{target}>: only os/ asks the system for files"
    for header, place in CONFINED:
        if re.fullmatch(header, target):
            if part and part[0] == "public":
                return f"a public header must not name <{target}>"
            return None if re.fullmatch(place, path) else f"<{target}> may be named only in {place}"
    if "/" in target and not target.startswith("delta/"):
        return f"<{target}>: no such library is used here; see CONFINED in tests/lint/lint.py"
    return None


def include_breaches(root, path, lines):
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        style, target = match.groups()
        ours = style == '"' or target.split("/")[0] in set(LAYERS) | {"delta", "formats", "apps"}
        why = None
        if ours:
            why = layer_breach(root, path, target)
            if why is None and style == '"' and resolve(root, path, target) is None:
                why = f'"{target}" is no file of the project'
            part = project_part(path)
            if why is None and part and part[0] == "layer" and part[1] in PURE and IMPURE.match(target):
                why = f"'{part[1]}' knows no files and no threads: \"{target}\""
        else:
            why = header_breach(path, target)
        if why:
            yield number, why


def top_level_parts(code):
    """A statement's text, cut at the commas that stand in no brackets. Nothing of a line that is but the end of a statement."""
    parts, depth, begin = [], 0, 0
    for at, char in enumerate(code):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return []
        if char == "," and depth == 0:
            parts.append(code[begin:at].strip())
            begin = at + 1
    return parts + [code[begin:].strip()]


def joins_statements(line):
    """Is the line two statements or more, joined by commas?"""
    code = NO_CODE.sub("0", line).strip()
    if not code.endswith(";") or CONTROL.match(code):
        return False
    parts = top_level_parts(code[:-1])
    return len(parts) > 1 and all(EXPRESSION.match(part) for part in parts)


def long_functions(lines):
    """(line, length) of each function, and block inside one, that is longer than a screen. By layout: clang-format holds that."""
    for indent in ("", "  "):
        begin = 0
        for number, line in enumerate(lines, 1):
            if line == indent + "}" and number - begin + 1 > MAX_FUNCTION:
                yield begin, number - begin + 1
            if line.startswith(indent) and line[len(indent):len(indent) + 1].strip() and not line.startswith((indent + "}", indent + "//", "#")):
                begin = number


def integers_declared(line):
    """Names of parameters and members that are integers, without the `_` of a member."""
    code = NO_CODE.sub("", line)
    for match in INTEGER.finditer(code):
        for part in re.split(r"[;){]", code[match.end():])[0].split(","):
            declared = DECLARED.match(part)
            if not declared:
                break
            yield declared.group(1)


def number_breaches(lines):
    for number, line in enumerate(lines, 1):
        for name in integers_declared(line):
            if name in NUMBERED:
                yield number, f"the number of a thing is no integer: '{name}' is a {NUMBERED[name]}"


def opens_with_own_header(path, line):
    match = INCLUDE.match(line)
    return bool(match) and path.endswith(".cpp") and Path(match.group(2)).name == Path(path).stem + ".hpp"


def text_breaches(path, text):
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "trailing space"
        if path.endswith((".cpp", ".hpp")) and "," in line and joins_statements(line):
            yield number, "two statements joined by a comma"
        if path.endswith((".cpp", ".hpp")) and len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns, more than {MAX_COLUMNS}"
        if MACHINE_PATH.search(line):
            yield number, "a path of somebody's machine"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    if CODE.match(path):
        if len(lines) - 1 > MAX_LINES:
            yield MAX_LINES + 1, f"{len(lines) - 1} lines, more than {MAX_LINES}: two concepts in one file?"
        for number, length in long_functions(lines):
            yield number, f"a function of {length} lines, more than {MAX_FUNCTION}"
        if len(lines) > 5 and not lines[0].startswith("//") and not opens_with_own_header(path, lines[0]):
            yield 1, "a file opens with a comment on why it is shaped so, or with the header that has it"


def breaches(root):
    """All breaches under root as (path, line, why), in order of path and line."""
    result = []
    for path in files(root):
        if path.startswith("testdata/") or not TEXT.match(path):
            continue
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            result.append((path, 1, "not UTF-8"))
            continue
        result += [(path, number, why) for number, why in text_breaches(path, text)]
        result += [(path, number, why) for number, why in phrases.phrase_breaches(path, text)]
        if not CODE.match(path):
            continue
        lines = text.split("\n")
        result += [(path, number, why) for number, why in include_breaches(root, path, lines)]
        if HEADER.match(path):
            result += [(path, number, why) for number, why in number_breaches(lines)]
    return sorted(result)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    found = breaches(Path(arguments[0]))
    for path, number, why in found:
        print(f"{path}:{number}: {why}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
