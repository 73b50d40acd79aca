#!/usr/bin/env python3
"""Each rule of lint.py is shown a tree that breaks it and one that does not: a lint that cannot fail holds nothing."""
import tempfile
import unittest
from pathlib import Path

import lint
import phrases

HEAD = "// Why.\n"


class Rules(unittest.TestCase):
    def found(self, tree):
        """What lint says about a tree of {path: text}, as 'path: why' lines."""
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            for path, text in tree.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return [f"{path}: {why}" for path, _, why in lint.breaches(root)]

    def includes(self, path, *targets):
        """What lint says about a file at `path` that includes the targets, in a tree where our files exist."""
        tree = {name: HEAD for name in (
            "libdelta/include/delta/file.hpp", "libdelta/include/delta/delta.hpp", "formats/format.hpp",
            "apps/deltalog/command.hpp", "apps/deltalog/cli/parse.hpp", "libdelta/src/os/worker_pool.hpp",
            *(f"libdelta/src/{layer}/own.hpp" for layer in lint.LAYERS))}
        tree[path] = HEAD + "".join(
            f"#include {target}\n" if target[0] in '<"' else f'#include "{target}"\n' for target in targets)
        return self.found(tree)

    def assert_clean(self, path, *targets):
        self.assertEqual(self.includes(path, *targets), [])

    def assert_refused(self, path, target):
        said = self.includes(path, target)
        self.assertEqual(len(said), 1, f"{path} including {target}: {said}")

    def test_a_layer_includes_itself_and_what_is_below(self):
        for layer, below in lint.LAYERS.items():
            for other in lint.LAYERS:
                path, target = f"libdelta/src/{layer}/x.cpp", f"{other}/own.hpp"
                if other == layer or other in below:
                    self.assert_clean(path, target)
                else:
                    self.assert_refused(path, target)

    def test_angle_brackets_are_no_way_round_the_layers(self):
        self.assert_refused("libdelta/src/model/x.cpp", "<store/own.hpp>")

    def test_dots_are_no_way_round_the_layers(self):
        self.assert_refused("libdelta/src/model/x.cpp", "../store/own.hpp")
        self.assert_refused("apps/deltalog/x.cpp", "../../libdelta/src/ops/own.hpp")

    def test_spaces_in_the_directive_are_no_way_round(self):
        tree = {"libdelta/src/model/x.cpp": HEAD + '  #  include   "store/own.hpp"\n',
                "libdelta/src/store/own.hpp": HEAD}
        self.assertEqual(len(self.found(tree)), 1)

    def test_a_new_layer_must_be_entered_in_the_table(self):
        self.assert_refused("libdelta/src/utils/x.cpp", "base/own.hpp")

    def test_the_public_headers_stand_alone(self):
        self.assert_clean("libdelta/include/delta/x.hpp", "delta/delta.hpp", "<vector>")
        self.assert_refused("libdelta/include/delta/x.hpp", "base/own.hpp")
        self.assert_refused("libdelta/include/delta/x.hpp", "<fmt/format.h>")
        self.assert_refused("libdelta/include/delta/x.hpp", "<nlohmann/json.hpp>")

    def test_formats_see_the_public_headers_and_themselves(self):
        self.assert_clean("formats/npy.cpp", "delta/file.hpp", "formats/format.hpp", "<fmt/format.h>")
        self.assert_refused("formats/npy.cpp", "base/own.hpp")
        self.assert_refused("formats/npy.cpp", "apps/deltalog/command.hpp")

    def test_apps_see_the_public_headers_formats_and_themselves(self):
        self.assert_clean("apps/deltalog/x.cpp", "delta/file.hpp", "formats/format.hpp", "command.hpp", "cli/parse.hpp")
        self.assert_clean("apps/deltalog/ui/x.cpp", "cli/parse.hpp", "<unistd.h>")
        self.assert_refused("apps/deltalog/x.cpp", "base/own.hpp")
        self.assert_refused("apps/deltalog/x.cpp", "libdelta/src/ops/own.hpp")

    def test_a_comma_joins_no_statements(self):
        for line in ("a = 1, b = 2;", "s.clear(), t.clear();", "++i, --j;", "*at = x[1, 2], n += f(a, b);"):
            self.assertEqual(self.found({"apps/x.cpp": HEAD + f"  {line}\n"}), ["apps/x.cpp: two statements joined by a comma"], line)
        for line in ("int a = 1, b = 2;", "std::size_t n = f(a), m = 0;", "f(a, b);", "x = {1, 2};", 'say("a = 1, b = 2;");',
                     "for (; i < n; ++i, ++j) f(i);", "return f(a, b);", "a = b;  // c, d;", "std::uint64_t at_ = 0, end_ = 0;"):
            self.assertEqual(self.found({"apps/x.cpp": HEAD + f"  {line}\n"}), [], line)

    def test_the_number_of_a_thing_has_a_type_of_its_own(self):
        for name, number in lint.NUMBERED.items():
            for line in (f"std::uint32_t {name} = 0;", f"void f(std::size_t {name});", f"int {name}_;", f"std::uint64_t a = 0, {name} = 0;",
                         f"void f(int a, const std::uint32_t& {name}) const;", f"std::uint32_t a, {name}, b;"):
                self.assertEqual(self.found({"apps/x.hpp": HEAD + f"  {line}\n"}),
                                 [f"apps/x.hpp: the number of a thing is no integer: '{name}' is a {number}"], line)
            for line in (f"{number} {name}{{}};", f"void f({number} {name});", f"std::uint32_t {name}(int a);", f"std::uint32_t* {name};",
                         f"std::size_t {name}s = 0;", f"int a = 0;  // int {name}", f"void f(int a, {number} {name});"):
                self.assertEqual(self.found({"formats/x.hpp": HEAD + f"  {line}\n"}), [], line)
            self.assertEqual(self.found({"formats/x.cpp": HEAD + f"  int {name} = 0;\n"}), [])

    def test_a_line_has_its_width(self):
        self.assertEqual(self.found({"apps/x.hpp": HEAD + "// " + "x" * 117 + "\n"}), [])
        self.assertEqual(self.found({"apps/x.hpp": HEAD + "// " + "x" * 118 + "\n"}), ["apps/x.hpp: 121 columns, more than 120"])

    def test_an_include_that_names_nothing_is_reported(self):
        self.assert_refused("formats/npy.cpp", "delta/gone.hpp")

    def test_libraries_stay_behind_their_files(self):
        for header, place, elsewhere in (
                ("<sodium.h>", "libdelta/src/base/digest.cpp", "libdelta/src/model/canonical.cpp"),
                ("<xxhash.h>", "libdelta/src/base/checksum.cpp", "libdelta/src/format/frame.cpp"),
                ("<nlohmann/json.hpp>", "libdelta/src/base/json.cpp", "apps/deltalog/dump.cpp"),
                ("<simdjson.h>", "formats/ndjson.cpp", "formats/npy.cpp"),
                ("<simdjson.h>", "formats/ndjson_reader.cpp", "formats/ndjson.hpp"),
                ("<zstd.h>", "libdelta/src/codec/zstd.cpp", "libdelta/src/store/writer.cpp"),
                ("<lz4hc.h>", "tests/unit/codec/test_lz4.cpp", "libdelta/src/codec/lz4.cpp"),
                ("<CLI/CLI.hpp>", "apps/deltalog/cli/parse.cpp", "apps/deltalog/main.cpp")):
            self.assert_clean(place, header)
            self.assert_refused(elsewhere, header)

    def test_a_library_that_nobody_agreed_on_is_reported(self):
        self.assert_refused("libdelta/src/base/x.cpp", "<boost/any.hpp>")

    def test_model_codec_and_format_know_no_files_and_no_threads(self):
        for layer in lint.PURE:
            for header in ("<fstream>", "<unistd.h>", "<thread>", "<mutex>", "<fcntl.h>", "<sys/stat.h>", "<cstdio>",
                           '"delta/file.hpp"', '"os/worker_pool.hpp"'):
                self.assert_refused(f"libdelta/src/{layer}/x.cpp", header)
        self.assert_clean("libdelta/src/ops/x.cpp", "<thread>", "<mutex>", "delta/file.hpp", "os/worker_pool.hpp")

    def test_one_layer_asks_the_system_for_files(self):
        self.assert_clean("libdelta/src/os/x.cpp", "<unistd.h>", "<fcntl.h>", "<sys/stat.h>")
        for path in ("libdelta/src/store/x.cpp", "libdelta/src/base/x.cpp", "formats/npy.cpp"):
            self.assert_refused(path, "<fcntl.h>")

    def test_text_is_clean(self):
        for text in ("a\tb\n", "a \n", "a", "see /" + "work/main\n", "(/" + "home/me/x)\n"):
            self.assertEqual(len(self.found({"README.md": text})), 1, repr(text))
        for text in ("", "a\n", "$TMPDIR/" + "work/x, build/" + "tmp/x, https://a.b/" + "home\n"):
            self.assertEqual(self.found({"README.md": text}), [], repr(text))

    # One sentence for each pattern, in the order of the list.
    HARD = (
        "It says whose each value is.", "Pruning lets go of history.", "A replica that comes late is refused.", "That name is no dot.",
        "Its unit is none of K and M.", "A writer is unseen.", "If several, the last counts.", "Of tags that of greatest key counts.",
        "It makes every value what it was before.", "Twice what there is.", "Find what has no distance.", "The rest is all that is left of it.",
        "Who reads a frame by its footer compares it.", "Wait so long for another writer.", "There are two at least.", "A field that was to be zero.",
        "It says so in place of 0.", "No warnings but for one.", "Unknown frames are passed over.", "It does not exist any more or yet.",
        "It stands in the way of others.", "Commits of which each has one delta.", "The other side lacks nothing.", "It makes commits of them.",
        "Where the wish came from.")

    def test_a_phrase_that_is_read_twice_is_found_in_comments_strings_and_pages(self):
        self.assertEqual(len(self.HARD), len(phrases.PHRASES))
        for (pattern, _), sentence in zip(phrases.PHRASES, self.HARD):
            self.assertTrue(pattern.search(sentence), (pattern.pattern, sentence))
            for path, text in (("apps/x.cpp", f"{HEAD}// {sentence}\n"), ("apps/x.hpp", f'{HEAD}f("{sentence}");\n'),
                               ("README.md", f"{sentence}\n"), ("man/x.1", f".Sh NAME\n{sentence}\n")):
                self.assertTrue(any("is read twice" in why for why in self.found({path: text})), (path, sentence))

    def test_a_phrase_may_run_over_the_end_of_a_line(self):
        for path, text in (("apps/x.cpp", HEAD + "// It is done but\n// for one.\n"), ("apps/x.cpp", HEAD + 'f("done but "\n  "for one");\n'),
                           ("docs/x.md", "It is done but\nfor one.\n"), ("man/x.1", "It is done but\n.Em for\none.\n")):
            said = [why for why in self.found({path: text}) if "is read twice" in why]
            self.assertEqual(len(said), 1, (path, text, said))

    def test_strings_that_are_not_joined_are_apart(self):
        self.assertEqual(len(self.found({"apps/x.cpp": HEAD + 'f({.value = "DURATION",\n  .help = "wait so long"});\n'})), 1)
        self.assertEqual(self.found({"apps/x.cpp": HEAD + 'f("all but ", "for one");\nf("all but ",\n  "for one");\n'}), [])

    def test_code_examples_and_allowed_phrases_are_no_prose(self):
        for path, text in (("apps/x.cpp", HEAD + "int passed_over = but(for_one);\n"), ("docs/x.md", "```\nno warnings but for one\n```\n"),
                           ("docs/x.md", "The flag `but for` is code.\n"), ("man/x.1", ".Bd -literal\nno warnings but for one\n.Ed\n"),
                           ("testdata/x.md", "but for\n"), ("tests/x.py", "# but for\n")):
            self.assertEqual(self.found({path: text}), [], (path, text))
        phrases.ALLOWED.add(("docs/x.md", "but for"))
        try:
            self.assertEqual(self.found({"docs/x.md": "It does nothing but for one.\n"}), [])
            self.assertEqual(len(self.found({"docs/y.md": "It does nothing but for one.\n"})), 1)
        finally:
            phrases.ALLOWED.discard(("docs/x.md", "but for"))

    def test_a_file_is_not_too_long(self):
        self.assertEqual(self.found({"formats/x.cpp": HEAD * lint.MAX_LINES}), [])
        self.assertEqual(len(self.found({"formats/x.cpp": HEAD * (lint.MAX_LINES + 1)})), 1)

    def test_a_function_fits_a_screen(self):
        def function(lines, indent=""):
            return f"{indent}int f() {{\n" + f"{indent}  g();\n" * (lines - 2) + f"{indent}}}\n"
        self.assertEqual(self.found({"formats/x.cpp": HEAD + function(lint.MAX_FUNCTION) * 3}), [])
        self.assertEqual(len(self.found({"formats/x.cpp": HEAD + function(lint.MAX_FUNCTION + 1)})), 1)
        inside = "class C {\n" + function(lint.MAX_FUNCTION + 1, "  ") + "};\n"
        self.assertEqual(len(self.found({"formats/x.hpp": HEAD + inside})), 1)

    def test_a_file_opens_with_a_comment_or_the_header_that_has_it(self):
        self.assertEqual(len(self.found({"formats/x.cpp": "#include <vector>\n" * 6})), 1)
        own = {"formats/x.hpp": HEAD, "formats/x.cpp": '#include "formats/x.hpp"\n' + "#include <vector>\n" * 6}
        self.assertEqual(self.found(own), [])

    def test_data_and_builds_are_not_looked_at(self):
        self.assertEqual(self.found({"testdata/x.md": "a \n", "build/x.md": "a \n"}), [])


if __name__ == "__main__":
    unittest.main()
