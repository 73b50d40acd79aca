// The grammar of NDJSON input, the rounding of its numbers, and that what is written is what is read.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "formats/ndjson.hpp"
#include "model/metadata.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

// The text of the error for one line, "" if there is none; `record` as read, good until the next call.
std::string read_one(std::string_view line, Record& record) {
  static std::optional<NdjsonReader> last;
  NdjsonReader& reader = last.emplace(memory_stream("in", line));
  auto got = reader.next(record);
  if (!got) return got.error().text() + (got.error().hint.empty() ? "" : " | " + got.error().hint);
  return *got ? "" : "end";
}

std::string error_of(std::string_view line) {
  Record record;
  return read_one(line, record);
}

std::string op_line(std::string_view rest) { return "{\"id\":\"a\"," + std::string(rest) + "}"; }

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(std::string_view text, std::size_t piece) {
  NdjsonReader reader(memory_stream("in", text, piece));
  Record record;
  std::vector<std::string> out;
  for (;;) {
    auto got = reader.next(record);
    if (!got) return {got.error().text()};
    if (!*got) return out;
    out.push_back(std::to_string(reader.line()) + ":" + std::string(record.id));
  }
}

}  // namespace

TEST_CASE("every operation is read") {
  Record r;
  REQUIRE(read_one(op_line(R"("vector":[1,-2.5])"), r) == "");
  CHECK_FALSE(r.op);
  CHECK(r.bits == std::vector{bits_of(1), bits_of(-2.5f)});
  REQUIRE(read_one(op_line(R"("op":"create","vector":[0.5])"), r) == "");
  CHECK(r.op == Operation::create);
  REQUIRE(read_one(op_line(R"("op":"dense","vector":[0.5])"), r) == "");
  CHECK(r.op == Operation::dense);
  REQUIRE(read_one(op_line(R"("op":"sparse","indices":[3,4294967295],"values":[1,2])"), r) == "");
  CHECK(r.op == Operation::sparse);
  CHECK(r.indices == std::vector<std::uint32_t>{3, 4294967295});
  REQUIRE(read_one(op_line(R"("op":"scale","factor":0.25)"), r) == "");
  CHECK(r.op == Operation::scale);
  CHECK(r.bits == std::vector{bits_of(0.25f)});
  REQUIRE(read_one(op_line(R"("op":"offset","amount":-1e-3)"), r) == "");
  CHECK(r.op == Operation::offset);
  CHECK(r.bits == std::vector{bits_of(-1e-3f)});
  REQUIRE(read_one(op_line(R"("op":"transform","transform":"negate")"), r) == "");
  CHECK(r.op == Operation::negate);
  CHECK(r.bits.empty());
  REQUIRE(read_one(op_line(R"("op":"transform","transform":"abs")"), r) == "");
  CHECK(r.op == Operation::abs);
  REQUIRE(read_one(op_line(R"("op":"transform","args":[-1,1],"transform":"clamp")"), r) == "");
  CHECK(r.op == Operation::clamp);
  CHECK(r.bits == std::vector{bits_of(-1), bits_of(1)});
  REQUIRE(read_one(op_line(R"("op":"delete")"), r) == "");
  CHECK(r.op == Operation::remove);
}

TEST_CASE("the members around an operation are read in any order") {
  Record r;
  REQUIRE(
      read_one(R"( { "values" : [ 9 , 8 ] , "metadata" : {"k": [1, {"x":null}]} , "parents":["b:1","x:y:22"],"tick":7,
 "seq":18446744073709551615, "indices":[5,2],"origin":"o\u00fc","namespace":"n","ts":"@12.5","op":"sparse",)"
               R"("id":"i\n" })",
               r) != "");
  REQUIRE(
      read_one(R"( { "values" : [ 9 , 8 ] , "metadata" : {"k": [1, {"x":null}]} , "parents":["b:1","x:y:22"],"tick":7,)"
               R"( "seq":18446744073709551615, "indices":[5,2],"origin":"o\u00fc","namespace":"n","ts":"@12.5",)"
               R"("op":"sparse","id":"i\n" })",
               r) == "");
  CHECK(r.kind == Record::Kind::delta);
  CHECK(r.id == "i\n");
  CHECK(r.name_space == "n");
  CHECK(r.origin == "o\xc3\xbc");
  CHECK(r.seq == 18446744073709551615u);
  CHECK(r.time == Micros{12'500'000});
  CHECK(r.tick == 7u);
  CHECK(r.metadata == R"({"k": [1, {"x":null}]})");
  REQUIRE(r.has_parents);
  REQUIRE(r.parents.size() == 2);
  CHECK(r.parents[1].origin == "x:y");
  CHECK(r.parents[1].seq == 22);
  CHECK(r.indices == std::vector<std::uint32_t>{2, 5});
  CHECK(r.bits == std::vector{bits_of(8), bits_of(9)});
}

TEST_CASE("nothing of a line is left in the next") {
  const std::string text =
      op_line(R"("op":"sparse","indices":[1],"values":[2],"ts":"@1","tick":1,"origin":"o","seq":3,"parents":["a:1"],)"
              R"("metadata":{},"namespace":"n")") +
      "\n" + op_line(R"("op":"delete")") + "\n";
  NdjsonReader reader(memory_stream("in", text));
  Record r;
  REQUIRE(reader.next(r));
  auto second = reader.next(r);
  REQUIRE(second);
  CHECK(r.bits.empty());
  CHECK(r.indices.empty());
  CHECK_FALSE(r.time);
  CHECK_FALSE(r.tick);
  CHECK_FALSE(r.origin);
  CHECK_FALSE(r.seq);
  CHECK_FALSE(r.has_parents);
  CHECK(r.parents.empty());
  CHECK(r.metadata.empty());
  CHECK(r.name_space.empty());
}

TEST_CASE("a commit's line is read") {
  Record r;
  REQUIRE(
      read_one(
          R"({"type":"commit","origin":"main","seq":4,"deltas":2,"parents":[],"message":"m","tool":"t","source":"s",)"
          R"("trace":"00-x"})",
          r) == "");
  CHECK(r.kind == Record::Kind::commit);
  CHECK(r.origin == "main");
  CHECK(r.seq == 4u);
  CHECK(r.deltas == 2);
  CHECK(r.has_parents);
  CHECK(r.parents.empty());
  CHECK(r.message == "m");
  CHECK(r.tool == "t");
  CHECK(r.source == "s");
  CHECK(r.trace == "00-x");
  CHECK(error_of(R"({"type":"commit","origin":"main","seq":4})") == "in: line 1: a commit needs 'deltas'");
  CHECK(error_of(R"({"type":"commit","origin":"main","seq":4,"deltas":2,"vector":[1]})") ==
        "in: line 1: a commit does not take 'vector'");
  CHECK(error_of(R"({"type":"commit","origin":"main","seq":18446744073709551615,"deltas":2})") ==
        "in: line 1: member 'deltas' goes beyond the last seq");
  CHECK(error_of(R"({"type":"delta","id":"a","op":"delete"})") == "");
  CHECK(error_of(R"({"type":"policy"})") ==
        "in: line 1: unknown type 'policy' | types are 'delta' (the default), 'commit' and 'namespace'");
}

TEST_CASE("metadata alone is an update, and dims say which namespace is meant") {
  Record r;
  REQUIRE(read_one(R"({"id":"a","metadata":{"k":1}})", r) == "");
  CHECK_FALSE(r.op);
  CHECK(r.bits.empty());
  CHECK(r.metadata == R"({"k":1})");
  CHECK_FALSE(r.dims);
  CHECK(error_of(R"({"id":"a","metadata":{"k":1},"indices":[]})") ==
        "in: line 1: metadata alone, or a whole vector (no 'op'), does not take 'indices'");
  CHECK(error_of(R"({"id":"a"})") == "in: line 1: a whole vector (no 'op') needs 'vector'");
  CHECK(error_of(R"({"metadata":{}})") == "in: line 1: metadata alone, or a whole vector (no 'op'), needs 'id'");
  CHECK(error_of(R"({"id":"a","vector":[],"metadata":{}})") == "in: line 1: a vector needs one dimension at least");
  REQUIRE(read_one(R"({"id":"a","dims":3,"op":"delete"})", r) == "");
  CHECK(r.dims == 3u);
  REQUIRE(read_one(R"({"id":"a","op":"delete"})", r) == "");
  CHECK_FALSE(r.dims);
  std::string alone;
  write_vector(alone, {"n", "a", "", 3}, {}, R"({"k":1})");
  CHECK(alone == R"({"id":"a","namespace":"n","dims":3,"metadata":{"k":1}})"
                 "\n");
  CHECK(error_of(R"({"id":"a","dims":0,"op":"delete"})") ==
        "in: line 1: member 'dims': 0 is not a whole number from 1 to 1048576");
  std::string out;
  write_record(out, {"n", "a", "", 3}, Delta{.op = Operation::remove});
  REQUIRE(read_one(out, r) == "");
  CHECK(r.dims == 3u);
}

TEST_CASE("a time may hold its counter, as log prints it") {
  Record r;
  REQUIRE(read_one(R"({"id":"a","op":"delete","ts":"2026-11-12T14:10:29Z+7"})", r) == "");
  CHECK(r.time == 1794492629000000u);
  CHECK(r.tick == 7u);
  REQUIRE(read_one(R"({"id":"a","op":"delete","ts":"2026-11-12T14:10:29Z+7","tick":7})", r) == "");
  CHECK(error_of(R"({"id":"a","op":"delete","ts":"2026-11-12T14:10:29Z+7","tick":8})") ==
        "in: line 1: member 'tick' is 8, and 'ts' says 7");
  REQUIRE(read_one(R"({"id":"a","op":"delete","ts":"2026-11-12T14:10:29Z"})", r) == "");
  CHECK_FALSE(r.tick);
}

TEST_CASE("UTF-16 is called by its name, in pieces of any size") {
  const std::string text = R"({"id":"a","op":"delete"})";
  std::string little, big;
  for (const char c : text) {
    little += {c, '\0'};
    big += {'\0', c};
  }
  for (const std::size_t piece : {0, 1, 2, 7}) {
    for (const std::string& wide : {"\xff\xfe" + little, little, "\xfe\xff" + big, big}) {
      CHECK(lines_of(wide, piece) == std::vector<std::string>{"in: line 1: the text is UTF-16, not UTF-8"});
    }
  }
  CHECK(lines_of("\xef\xbb\xbf", 1).empty());
  CHECK(lines_of("\n", 0).empty());
}

TEST_CASE("blank lines, CRLF, a byte order mark and a missing last newline are fine, in pieces of any size") {
  const std::string text =
      "\xef\xbb\xbf{\"id\":\"a\",\"op\":\"delete\"}\r\n\n "
      "\t\r\n{\"id\":\"b\",\"op\":\"delete\"}\n{\"id\":\"c\",\"op\":\"delete\"}";
  const std::vector<std::string> wanted = {"1:a", "4:b", "5:c"};
  for (const std::size_t piece : {0, 1, 2, 7, 30}) CHECK(lines_of(text, piece) == wanted);
  CHECK(lines_of("", 0).empty());
  CHECK(lines_of("\n\n", 0).empty());
}

TEST_CASE("lines longer than a read, and than the buffer, are read") {
  std::string text;
  for (int n : {1, 200000, 3, 700000, 10}) {
    text += "{\"id\":\"" + std::to_string(n) + "\",\"vector\":[0";
    for (int i = 1; i < n; ++i) text += ",1";
    text += "]}\n";
  }
  CHECK(lines_of(text, 0) == std::vector<std::string>{"1:1", "2:200000", "3:3", "4:700000", "5:10"});
  CHECK(lines_of(text, 4097) == lines_of(text, 0));
}

TEST_CASE("a line over the limit is refused, and the longest that is not is read") {
  const std::string line = op_line(R"("op":"delete")");
  NdjsonOptions options;
  options.max_line = line.size();
  Record r;
  const std::string with_end = line + "\n";
  NdjsonReader fits(memory_stream("in", with_end), options);
  CHECK(fits.next(r));
  options.max_line = line.size() - 1;
  for (const char* end : {"\n", ""}) {
    const std::string text = line + end;
    NdjsonReader reader(memory_stream("in", text), options);
    auto got = reader.next(r);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == ErrorCode::limit);
    CHECK(got.error().where == "line 1");
  }
}

TEST_CASE("decimals are rounded once") {
  const auto parsed = [](std::string_view text) {
    Record r;
    const std::string failed = read_one(op_line("\"vector\":[" + std::string(text) + "]"), r);
    INFO(text << ": " << failed);
    REQUIRE(failed.empty());
    return r.bits[0];
  };
  CHECK(parsed("1.00000017881393432617187499") == 0x3f800001);  // just below the tie that a double rounds it to
  CHECK(parsed("1.000000178813934326171875") == 0x3f800002);    // the tie itself: to even
  CHECK(parsed("1.00000017881393432617187501") == 0x3f800002);
  CHECK(parsed("0.1") == 0x3dcccccd);
  CHECK(parsed("0") == 0);
  CHECK(parsed("-0") == 0x80000000);
  CHECK(parsed("-0.0") == 0x80000000);
  CHECK(parsed("-0e9999999999") == 0x80000000);
  CHECK(parsed("1e-45") == 1);
  CHECK(parsed("7.0064923216240853546186479164495e-46") == 0);  // just below half the least subnormal
  CHECK(parsed("7.0064923216240853546186479164496e-46") == 1);  // just above
  CHECK(parsed("1.1754943508222875e-38") == 0x00800000);
  CHECK(parsed("1.17549431578982583434e-38") == 0x00800000);
  CHECK(parsed("1.1754942106924411e-38") == 0x007fffff);
  CHECK(parsed("3.4028234663852886e38") == 0x7f7fffff);
  CHECK(parsed("3.40282356779733661637539395458142568447e38") == 0x7f7fffff);  // just below where infinity begins
  CHECK(parsed("1e-400") == 0);
  CHECK(parsed("-1e-400") == 0x80000000);
  CHECK(parsed("-1E-99999999999") == 0x80000000);
  CHECK(parsed("0." + std::string(500, '0') + "1") == 0);
  CHECK(parsed("0." + std::string(500, '0') + "1e501") == 0x3f800000);
  CHECK(parsed("1" + std::string(500, '0') + "e-500") == 0x3f800000);
  CHECK(parsed("1" + std::string(500, '0') + "e-600") == 0);
  CHECK(parsed("16777217") == 0x4b800000);
  CHECK(parsed("16777219") == 0x4b800002);
  CHECK(parsed("18446744073709551616") == 0x5f800000);
  CHECK(parsed("\"0x7fc00001\"") == 0x7fc00001);
  CHECK(parsed("\"0xFF800000\"") == 0xff800000);
  CHECK(parsed("\"0x00000001\" ") == 1);
}

TEST_CASE("numbers beyond float32, and texts that are not numbers, are named") {
  const auto refused = [](std::string_view text) {
    return error_of(op_line("\"vector\":[7," + std::string(text) + "]"));
  };
  const std::string at = "in: line 1: member 'vector', element 1: ";
  for (const std::string big :
       {"1e39", "-1e39", "1e400", "3.4028235677973366163753939545814256844809e38", "1e99999999999"}) {
    CHECK(refused(big) == at + big + " does not fit float32");
  }
  CHECK(refused("1" + std::string(500, '0')).find("does not fit float32") != std::string::npos);
  CHECK(refused("0." + std::string(100, '0') + "1e400").find("does not fit float32") != std::string::npos);
  for (const std::string no : {"null", "true", "NaN", "\"1\"", "01", "1.", ".5", "+1", "1e", "-", "0x10",
                               "\"0x7fc0000\"", "\"0x7fc000011\"", "\"0x7fc0000g\"", "1 2"}) {
    INFO(no);
    CHECK(refused(no).find("in: line 1: ") == 0);
  }
  CHECK(refused("null").find(at + "null is not a number | ") == 0);
  CHECK(refused("01").find(at + "01 is not a number") == 0);
  CHECK(error_of(op_line(R"("op":"scale","factor":[1])")).find("in: line 1: member 'factor': [ is not a number") == 0);
  CHECK(error_of(op_line(R"("op":"scale","factor":1e39)")) == "in: line 1: member 'factor': 1e39 does not fit float32");
  CHECK(error_of(op_line(R"("vector":3)")) == "in: line 1: member 'vector': 3 is not an array of numbers");
}

TEST_CASE("members that do not belong are named, with a suggestion") {
  CHECK(error_of(op_line(R"("op":"sparse","indices":[1],"valeus":[2])")) ==
        "in: line 1: unknown member 'valeus' | did you mean 'values'?");
  CHECK(error_of(op_line(R"("op":"delete","x":1)")) == "in: line 1: unknown member 'x'");
  CHECK(error_of(op_line(R"("op":"craete","vector":[1])")) ==
        "in: line 1: unknown op 'craete' | did you mean 'create'?");
  CHECK(error_of(op_line(R"("op":"negate")")) == "in: line 1: unknown op 'negate'");
  CHECK(error_of(op_line(R"("op":"transform","transform":"clmp")")) ==
        "in: line 1: unknown transform 'clmp' | did you mean 'clamp'?");
  CHECK(error_of(op_line(R"("op":"delete","factor":2)")) == "in: line 1: op 'delete' does not take 'factor'");
  CHECK(error_of(op_line(R"("op":"transform","transform":"abs","args":[])")) ==
        "in: line 1: transform 'abs' does not take 'args'");
  CHECK(error_of(op_line(R"("op":"dense","vector":[1],"values":[1])")) ==
        "in: line 1: op 'dense' does not take 'values'");
  CHECK(error_of(op_line(R"("vector":[1],"deltas":3)")) ==
        "in: line 1: a whole vector (no 'op') does not take 'deltas'");
  CHECK(error_of(op_line(R"("op":"sparse","values":[2])")) == "in: line 1: op 'sparse' needs 'indices'");
  CHECK(error_of(op_line(R"("op":"transform")")) == "in: line 1: op 'transform' needs 'transform'");
  CHECK(error_of(R"({"id":"a"})") == "in: line 1: a whole vector (no 'op') needs 'vector'");
  CHECK(error_of(R"({"op":"delete"})") == "in: line 1: op 'delete' needs 'id'");
  CHECK(error_of(op_line(R"("id":"b","op":"delete")")) == "in: line 1: member 'id' stands twice");
  CHECK(error_of(op_line(R"("op":"delete","\u006fp":"delete")")) == "in: line 1: member 'op' stands twice");
  CHECK(error_of(op_line(R"("op":"transform","transform":"clamp","args":[1])")) ==
        "in: line 1: member 'args': clamp takes 2, lo and hi, not 1");
}

TEST_CASE("members of the wrong kind are named with their value") {
  CHECK(error_of(R"({"id":5,"op":"delete"})") == "in: line 1: member 'id': 5 is not a string");
  CHECK(error_of(op_line(R"("op":"delete","seq":0)")) == "in: line 1: member 'seq': 0 is not a whole number from 1");
  CHECK(error_of(op_line(R"("op":"delete","seq":1.5)")) ==
        "in: line 1: member 'seq': 1.5 is not a whole number from 1");
  CHECK(error_of(op_line(R"("op":"delete","ts":"@1","tick":4096)")) ==
        "in: line 1: member 'tick': 4096 is not a whole number from 0 to 4095");
  CHECK(error_of(op_line(R"("op":"delete","tick":1)")) == "in: line 1: member 'tick' without 'ts'");
  CHECK(error_of(op_line(R"("op":"delete","ts":1700000000)"))
            .find("in: line 1: member 'ts': 1700000000 is not a string | ") == 0);
  CHECK(error_of(op_line(R"("op":"delete","ts":"yesterday")")).find("in: line 1: member 'ts': ") == 0);
  CHECK(error_of(op_line(R"("op":"delete","ts":"3d ago")")).find("in: line 1: member 'ts': ") == 0);
  CHECK(error_of(op_line(R"("op":"delete","origin":"")")) == "in: line 1: member 'origin' is empty");
  CHECK(error_of(op_line(R"("op":"delete","metadata":[])")) == "in: line 1: member 'metadata': [ is not an object");
  for (const std::string no : {"a", "a:", ":1", "a:0", "a:01", "a:x", "a:-1", "a:1 ", "a:18446744073709551616"}) {
    CHECK(error_of(op_line("\"op\":\"delete\",\"parents\":[\"" + no + "\"]")) ==
          "in: line 1: member 'parents': '" + no + "' is not \"origin:seq\"");
  }
}

TEST_CASE("indices are checked") {
  const auto sparse = [](std::string_view indices, std::string_view values) {
    return error_of(
        op_line("\"op\":\"sparse\",\"indices\":" + std::string(indices) + ",\"values\":" + std::string(values)));
  };
  CHECK(sparse("[]", "[]") == "");
  CHECK(sparse("[1,2]", "[1]") == "in: line 1: 2 indices but 1 value");
  CHECK(sparse("[4,2,4]", "[1,2,3]") == "in: line 1: member 'indices': 4 stands twice");
  CHECK(sparse("[4,4]", "[1,1]") == "in: line 1: member 'indices': 4 stands twice");
  CHECK(sparse("[0,-1]", "[1,1]") == "in: line 1: member 'indices', element 1: -1 is not an index");
  CHECK(sparse("[4294967296]", "[1]") == "in: line 1: member 'indices', element 0: 4294967296 is not an index");
  CHECK(sparse("[1.0]", "[1]") == "in: line 1: member 'indices', element 0: 1.0 is not an index");
}

TEST_CASE("broken JSON is an error with its line, never a shorter record") {
  const std::string whole = R"({"id":"a","op":"sparse","indices":[1,22],"values":[1.5,2],"metadata":{"k":"v"}})";
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const std::string text = whole + "\n" + whole.substr(0, cut);
    NdjsonReader reader(memory_stream("in", text));
    Record r;
    REQUIRE(reader.next(r));
    auto got = reader.next(r);
    INFO(whole.substr(0, cut));
    REQUIRE_FALSE(got);
    CHECK(got.error().where == "line 2");
  }
  for (const std::string no :
       {"[]", "3", "\"x\"", "null", "{} {}", "{\"id\":\"a\",\"op\":\"delete\"} x", "{\"id\":\"a\",\"op\":\"delete\"}}",
        "{\"id\":\"a\" \"op\":\"delete\"}", "{\"id\":\"a\",\"op\":\"delete\",}", "{\"id\":\"a\xff\",\"op\":\"delete\"}",
        "{\"id\":\"\\ud800\",\"op\":\"delete\"}", "{\"id\":\"a\\x\",\"op\":\"delete\"}",
        "{\"id\":\"a\tb\",\"op\":\"delete\"}", "{\"id\":\"a\",\"vector\":[1,]}", "{\"id\":\"a\",\"vector\":[1 2]}",
        "{\"id\":\"a\",\"vector\":[1,2}", "{\"id\":\"a\",\"vector\":[1,2]]}", "{id:\"a\",\"op\":\"delete\"}",
        "{\"id\":\"a\",\"op\":\"delete\",\"metadata\":{}"}) {
    INFO(no);
    CHECK(error_of(no).find("in: line 1: ") == 0);
  }
}

TEST_CASE("what is written is read back") {
  const std::vector<std::uint32_t> all = {0, 0x80000000, 0x3f800000, 0x7fc00001, 0xff800000, 1, 0x7f7fffff, 0x3dcccccd};
  const std::vector<std::uint32_t> two = {0xbf800000, 0x3f800000}, one = {0x40000000};
  const std::vector<std::uint32_t> indices = {0, 1, 5, 7, 100, 65535, 70000, 4294967295};
  const std::vector<Delta> deltas = {
      {.op = Operation::create,
       .time = Timestamp::of(1'700'000'000'123'456, 9),
       .bits = all,
       .metadata = R"({"a":[1,"}"]})",
       .seq = 3},
      {.op = Operation::dense, .time = Timestamp::of(0), .bits = all},
      {.op = Operation::sparse, .time = Timestamp::of(kMaxMicros, 4095), .indices = indices, .bits = all},
      {.op = Operation::scale, .bits = one},
      {.op = Operation::offset, .bits = one},
      {.op = Operation::negate},
      {.op = Operation::abs},
      {.op = Operation::clamp, .bits = two},
      {.op = Operation::remove, .seq = ~std::uint64_t{0}}};
  std::string text;
  for (const Delta& c : deltas) write_record(text, {"ns", "i\"d", "o:1"}, c);
  NdjsonReader reader(memory_stream("in", text));
  Record r;
  for (const Delta& c : deltas) {
    auto got = reader.next(r);
    INFO(operation_name(c.op) << (got ? "" : got.error().text()));
    REQUIRE(got);
    CHECK(r.op == c.op);
    CHECK(r.id == "i\"d");
    CHECK(r.name_space == "ns");
    CHECK(r.origin == "o:1");
    CHECK(r.seq.value_or(0) == c.seq);
    CHECK(Timestamp::of(r.time.value_or(99), r.tick.value_or(0)) == c.time);
    CHECK(r.metadata == c.metadata);
    CHECK(std::equal(r.indices.begin(), r.indices.end(), c.indices.begin(), c.indices.end()));
    CHECK(std::equal(r.bits.begin(), r.bits.end(), c.bits.begin(), c.bits.end()));
  }
  CHECK_FALSE(*reader.next(r));
}

TEST_CASE("empty parts of a change are not written") {
  std::string text;
  write_record(text, {"", "a", ""}, {.op = Operation::remove, .time = Timestamp::of(1'000'000)});
  CHECK(text == "{\"id\":\"a\",\"ts\":\"1970-01-01T00:00:01Z\",\"op\":\"delete\"}\n");
}

TEST_CASE("a commit that is a setting has its time with it, and is read back as written") {
  Record r;
  Commit c;
  c.first = 3;
  c.count = 1;
  c.setting = "policy max@/0-1";
  c.time = Timestamp::of(1'794'492'629'000'000, 7);
  std::string text;
  write_record(text, "main", {}, c);
  CHECK(
      text ==
      "{\"type\":\"commit\",\"origin\":\"main\",\"seq\":3,\"deltas\":1,\"parents\":[],\"setting\":\"policy max@/0-1\","
      "\"ts\":\"2026-11-12T14:10:29Z\",\"tick\":7}\n");
  REQUIRE(read_one(text, r) == "");
  CHECK(r.setting == "policy max@/0-1");
  CHECK(r.time == c.time.us());
  CHECK(r.tick == 7u);
  REQUIRE(read_one(R"({"type":"commit","origin":"a","seq":1,"deltas":1})", r) == "");
  CHECK(r.setting.empty());
  CHECK(error_of(R"({"type":"commit","origin":"a","seq":1,"deltas":1,"setting":""})") ==
        "in: line 1: member 'setting' is empty");
  CHECK(error_of(R"({"type":"commit","origin":"a","seq":1,"deltas":2,"setting":"policy max"})") ==
        "in: line 1: member 'deltas': a commit with a setting is one delta, not 2");
  CHECK(error_of(R"({"type":"commit","origin":"a","seq":1,"deltas":1,"tick":3,"ts":"@1"})") ==
        "in: line 1: a commit does not take 'ts', 'tick'");
  CHECK(error_of(R"({"id":"a","op":"delete","setting":"policy max"})") ==
        "in: line 1: op 'delete' does not take 'setting'");
}

TEST_CASE("properties of a commit, and the time that was given, are read back as written") {
  Record r;
  Commit c;
  c.first = 3;
  c.count = 1;
  c.properties = R"({"run":7})";
  c.given = 1'794'492'629'000'000;
  std::string text;
  write_record(text, "main", {}, c);
  CHECK(text ==
        "{\"type\":\"commit\",\"origin\":\"main\",\"seq\":3,\"deltas\":1,\"parents\":[],\"properties\":{\"run\":7},"
        "\"given\":\"2026-11-12T14:10:29Z\"}\n");
  REQUIRE(read_one(text, r) == "");
  CHECK(r.properties == c.properties);
  CHECK(r.given == c.given);
  REQUIRE(read_one(R"({"type":"commit","origin":"a","seq":1,"deltas":1})", r) == "");
  CHECK(r.properties.empty());
  CHECK_FALSE(r.given);
  CHECK(error_of(R"({"type":"commit","origin":"a","seq":1,"deltas":1,"properties":[1]})") ==
        "in: line 1: member 'properties': [ is not an object");
  CHECK(error_of(R"({"type":"commit","origin":"a","seq":1,"deltas":1,"given":"soon"})")
            .starts_with("in: line 1: member 'given': 'soon' is not a time"));
  CHECK(error_of(R"({"id":"a","op":"delete","properties":{}})") ==
        "in: line 1: op 'delete' does not take 'properties'");
}

TEST_CASE("a commit and a vector are read back as written") {
  std::string text;
  const std::vector<Record::Parent> parents = {{"a", 7}, {"b:c", 9}};
  write_record(text, "main", parents,
               Commit{.origin = {},
                      .first = 5,
                      .count = 6,
                      .parents = {},
                      .message = "m\n",
                      .tool = "t",
                      .source = "",
                      .trace = "x"});
  const std::vector<std::uint32_t> bits = {0x3f000000, 0x80000000};
  write_vector(text, {"n", "v", ""}, bits, "{\"a\":1}");
  CHECK(text ==
        "{\"type\":\"commit\",\"origin\":\"main\",\"seq\":5,\"deltas\":6,\"parents\":[\"a:7\",\"b:c:9\"],\"message\":"
        "\"m\\n\",\"tool\":\"t\",\"trace\":\"x\"}\n"
        "{\"id\":\"v\",\"namespace\":\"n\",\"vector\":[0.5,-0.0],\"metadata\":{\"a\":1}}\n");
  NdjsonReader reader(memory_stream("in", text));
  Record r;
  REQUIRE(reader.next(r));
  CHECK(r.kind == Record::Kind::commit);
  CHECK(r.deltas == 6);
  CHECK(r.parents[1].origin == "b:c");
  CHECK(r.message == "m\n");
  REQUIRE(reader.next(r));
  CHECK(r.kind == Record::Kind::delta);
  CHECK(r.bits == bits);
  CHECK_FALSE(r.op);
}

TEST_CASE("the real streams are read whole, and written again they read the same") {
  for (const char* set : {"tiny/bcd-stream", "tiny/pkgterms-stream", "small/bcd-stream", "small/pkgterms-stream"}) {
    const std::string text = slurp(std::string(TESTDATA) + "/" + set + "/events.ndjson");
    NdjsonReader reader(memory_stream(set, text));
    Record r, again;
    std::size_t count = 0;
    for (;; ++count) {
      auto got = reader.next(r);
      INFO((got ? std::string() : got.error().text()));
      REQUIRE(got);
      if (!*got) break;
      REQUIRE(r.op);
      std::string line;
      write_record(
          line, {r.name_space, r.id, r.origin.value_or("")},
          {.op = *r.op, .time = Timestamp::of(*r.time), .indices = r.indices, .bits = r.bits, .metadata = r.metadata});
      NdjsonReader second(memory_stream("again", line));
      REQUIRE(second.next(again));
      REQUIRE((again.bits == r.bits && again.indices == r.indices && again.time == r.time && again.id == r.id));
    }
    CHECK(count == static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  }
}

TEST_CASE("hostile NDJSON is refused, with its line") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TESTDATA) + "/hostile/ndjson")) {
    const std::string text = slurp(entry.path().string());
    INFO(entry.path());
    Record r;
    const std::string refused = read_one(text, r);
    if (refused.empty()) {
      CHECK_FALSE(model::canonical_metadata(r.metadata));  // what is inside metadata is the model's to judge
    } else {
      CHECK(refused.find("in: line 1: ") == 0);
    }
    ++files;
  }
  CHECK(files >= 30);
}
