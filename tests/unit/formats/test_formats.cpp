// Which file is of which format, lines out of streams, and id lists.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/limits.hpp"
#include "formats/format.hpp"
#include "formats/ids.hpp"
#include "formats/lines.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

Result<Format> detect(std::string_view path, std::string_view head = {}) {
  return detect_format(path, {reinterpret_cast<const std::uint8_t*>(head.data()), head.size()});
}

std::string ids_of(std::string_view text, std::size_t piece = 0) {
  auto ids = read_ids(memory_stream("ids.txt", text, piece));
  if (!ids) return ids.error().text();
  std::string out;
  for (std::size_t i = 0; i < ids->size(); ++i) (out += (*ids)[i]) += "|";
  return out;
}

}  // namespace

TEST_CASE("a format is known by its magic, then by its suffix") {
  const std::string_view npy = "\x93NUMPY\x01";
  CHECK(*detect("a.npy") == Format::npy);
  CHECK(*detect("a.NPY") == Format::npy);
  CHECK(*detect("a.ndjson") == Format::ndjson);
  CHECK(*detect("dir.npy/a.jsonl") == Format::ndjson);
  CHECK(*detect("-") == Format::ndjson);
  CHECK(*detect("-", npy) == Format::npy);
  CHECK(*detect("a.ndjson", npy) == Format::npy);
  CHECK(*detect("a", npy) == Format::npy);
  for (const char* unknown : {"a", "npy", ".npy", "a.txt", ""}) {
    auto failed = detect(unknown, "\x93NUM");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::usage);
    CHECK(failed.error().hint.find("npy, npz, ") != std::string::npos);
  }
}

TEST_CASE("formats go by their names") {
  CHECK(format_names().size() == 15);
  for (const std::string_view name : format_names()) CHECK(format_name(*format_named(name)) == name);
  auto failed = format_named("hdf5");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "'hdf5' is not a known format");
  CHECK(failed.error().hint == "known formats: " + known_formats());
  CHECK(is_matrix(Format::npy));
  CHECK_FALSE(is_matrix(Format::ndjson));
}

TEST_CASE("what others write is known, and not read") {
  const auto refused = [](std::string_view path, std::string_view head) {
    auto failed = detect(path, head);
    return !failed && failed.error().code == ErrorCode::unsupported && failed.error().hint.starts_with("in Python: ");
  };
  CHECK(refused("x", "PAR1"));
  CHECK(refused("x.npy", "ARROW1"));
  CHECK(refused("x", "\x89HDF\r\n\x1a\n"));
  CHECK(refused("x", "\x80\x04\x95"));
  CHECK(refused("x.pt", "PK\x03\x04"));
  CHECK(refused("x.lance", ""));
  CHECK(*detect("x.npz", "PK\x03\x04") == Format::npz);
  CHECK(*detect("x", std::string_view("\x02\0\0\0\0\0\0\0{}", 10)) == Format::safetensors);
  CHECK(*detect("x.raw", "PAR2") == Format::raw);
}

TEST_CASE("ids are read one a line") {
  for (const std::size_t piece : {0, 1, 3}) {
    CHECK(ids_of("a\nb c\ngr\xc3\xbc\xc3\x9f\n", piece) == "a|b c|gr\xc3\xbc\xc3\x9f|");
    CHECK(ids_of("a\r\nb", piece) == "a|b|");
  }
  CHECK(ids_of("") == "");
  CHECK(ids_of(std::string(1024, 'x') + "\n") == std::string(1024, 'x') + "|");
}

TEST_CASE("lines that are no ids are refused with their number") {
  CHECK(ids_of("a\n\nb\n") == "ids.txt: line 2: id is empty");
  CHECK(ids_of("a\nb\tc\n").find("ids.txt: line 2: id 'b\\x09c' holds a control character") == 0);
  CHECK(ids_of("a\rb\n").find("ids.txt: line 1: ") == 0);
  CHECK(ids_of("\xff\n") == "ids.txt: line 1: id '\\xff' is not valid UTF-8");
  CHECK(ids_of("a\n" + std::string(1025, 'x')).find("has 1025 bytes, more than 1024") != std::string::npos);
  CHECK(ids_of("a\n" + std::string(1 << 20, 'x')).find("ids.txt: line 2: the line is longer than ") == 0);
}
