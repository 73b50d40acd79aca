#!/usr/bin/env python3
"""symbols.py is shown layers that break it and one that does not. The compiler is the argument."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import symbols

COMPILER = "c++"


class Symbols(unittest.TestCase):
    def said(self, **sources):
        """What is said of layers with one object each, from the text of their sources."""
        with tempfile.TemporaryDirectory() as name:
            layers = {}
            for layer, text in sources.items():
                source, target = Path(name) / f"{layer}.cpp", Path(name) / f"{layer}.o"
                source.write_text(text, encoding="utf-8")
                subprocess.run([COMPILER, "-std=c++20", "-O1", "-c", source, "-o", target], check=True)
                layers[layer] = [str(target)]
            return sorted(symbols.breaches(layers))

    def test_what_is_below_may_be_called(self):
        self.assertEqual(self.said(base="int low() { return 1; }", model="int low(); int high() { return low(); }"), [])

    def test_a_call_upwards_or_beside_is_found(self):
        text = "int low(); int high() { return low(); }"
        self.assertEqual(self.said(model="int low() { return 1; }", base=text), ["base: base.o uses low(), of model"])
        self.assertEqual(self.said(model="int low() { return 1; }", codec=text), ["codec: codec.o uses low(), of model"])

    def test_the_system_is_asked_by_one_layer_alone(self):
        text = "#include <unistd.h>\nint close_it(int fd) { return close(fd); }"
        self.assertEqual(self.said(os=text), [])
        self.assertEqual(self.said(store=text), ["store: store.o uses close, which is none of the layers' and not pure"])
        text = "#include <thread>\nunsigned n() { return std::thread::hardware_concurrency(); }"
        self.assertEqual(self.said(os=text), [])
        self.assertEqual(len(self.said(model=text)), 1)
        text = "#include <filesystem>\nbool there(const char* p) { return std::filesystem::exists(p); }"
        self.assertNotEqual(self.said(ops=text), [])

    def test_the_runtime_may_be_called(self):
        text = ("#include <string>\n#include <vector>\n#include <stdexcept>\nstd::string s(int n) { if (n < 0) throw std::bad_alloc(); "
                "std::vector<std::string> v(n, \"x\"); thread_local int i = 0; ++i; return v.at(0) + std::to_string(i); }")
        self.assertEqual(self.said(model=text), [])

    def test_a_library_stays_behind_its_layer(self):
        text = 'extern "C" unsigned ZSTD_versionNumber(); unsigned v() { return ZSTD_versionNumber(); }'
        self.assertEqual(self.said(codec=text), [])
        self.assertEqual(len(self.said(store=text)), 1)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        COMPILER = sys.argv.pop()
    unittest.main()
