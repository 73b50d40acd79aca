#!/usr/bin/env python3
"""Holds the layers by what their objects call: a public header lets a layer name what it may not use.

    symbols.py LAYERS       prints `LAYER: OBJECT uses SYMBOL, of LAYER` for each breach; exit 0 none, 1 some

LAYERS is a file of lines "LAYER OBJECT OBJECT ...", which the build writes. Only strong uses count: what the compiler instantiates
from a template is in each object that uses it. Needs nm and c++filt.
"""
import re
import subprocess
import sys
from pathlib import Path

import lint

# What the C++ runtime, the compiler and the parts of libc that compute are asked for; no files, no threads, no clocks.
RUNTIME = re.compile(
    r"_GLOBAL_OFFSET_TABLE_|_Unwind_\w+|__cxa_\w+|__gxx_personality_v0|__dso_handle|__tls_get_addr|__popcount\w*|__cpu_model"
    r"|__libc_single_threaded|__errno_location|__stack_chk_fail|abort|mem(chr|cmp|cpy|move|set)|str(cmp|len|tod|toll|toull)"
    r"|calloc|free|malloc|realloc|localeconv|snprintf|ldexpf?|log2|nearbyint|round|truncf?|nextafterf?|f(ma|mod)?|sqrt|frexp|ilogb"
    r"|typeinfo for (std|__cxxabiv1)::.*|vtable for (std|__cxxabiv1|__gnu_cxx)::.*|guard variable for .*"
    r"|operator (new|delete)(\[\])?\(.*|(\w+ )?(std|__gnu_cxx)::.*")
# Of the standard library, too, what asks the system.
SYSTEM = re.compile(r".*\bstd::(\w+::)*(thread|filesystem|mutex|condition_variable|basic_\w*fstream|basic_filebuf|random_device|this_thread|__future_base"
                    r"|chrono::_V2)\b")
# What a layer may ask for beside.
EXTRA = {
    "base": re.compile(r"fprintf|stderr|XXH\w+|crypto_\w+|sodium_\w+|pthread_(getspecific|setspecific|key_create)"),
    "codec": re.compile(r"ZSTD_\w+"),
    # hnswlib's functions that save and load, which nothing calls, and its locks
    "index": re.compile(r"(VTT for |vtable for )?std::basic_\w*(fstream|filebuf)<.*|pthread_mutex_\w+|log"),
    "os": re.compile(r".*"),  # the one that asks the system
}


def nm(objects):
    """(object, kind, symbol) of each symbol that the objects define, and of each strong one that they use."""
    for path in objects:
        text = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
        for line in text.splitlines():
            kind, symbol = line.split()[-2:]
            if kind in "UTDBRVW":
                yield path, kind, symbol


def demangled(symbols):
    symbols = sorted(symbols)
    text = subprocess.run(["c++filt"], input="\n".join(symbols), check=True, capture_output=True, text=True).stdout
    return dict(zip(symbols, text.splitlines()))


def breaches(layers):
    """Why each use is one that the layer may not make, for {layer: [object]}."""
    table = [(layer, *row) for layer, objects in layers.items() for row in nm(objects)]
    owners = {}
    for layer, _, kind, symbol in table:
        if kind != "U":
            owners.setdefault(symbol, set()).add(layer)
    names = demangled({symbol for _, _, kind, symbol in table if kind == "U"})
    for layer, path, kind, symbol in table:
        if kind != "U":
            continue
        homes, name = owners.get(symbol, set()), names[symbol]
        if homes & (lint.LAYERS[layer] | {layer}):
            continue
        extra = EXTRA.get(layer)
        if not homes and (extra and extra.fullmatch(name) or RUNTIME.fullmatch(name) and not SYSTEM.match(name)):
            continue
        yield f"{layer}: {Path(path).name} uses {name}" + (f", of {min(homes)}" if homes else ", which is none of the layers' and not pure")


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    rows = [line.split() for line in Path(arguments[0]).read_text(encoding="utf-8").splitlines() if line.strip()]
    if {row[0] for row in rows} != set(lint.LAYERS):
        print(f"the layers built are {[row[0] for row in rows]}, those of lint.py {list(lint.LAYERS)}")
        return 1
    found = sorted(set(breaches({row[0]: row[1:] for row in rows})))
    print("\n".join(found) or f"{len(rows)} layers use what is theirs to use")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
