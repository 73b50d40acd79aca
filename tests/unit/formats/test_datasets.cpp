// Every format: what others wrote is read, what is written comes back, and what is damaged is refused with the reason.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "formats/format.hpp"
#include "formats/unpack.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Result<Dataset> open(Format format, const std::string& bytes, const ReadOptions& options = {}) {
  return open_dataset(format, memory_source("f", bytes_of(bytes)), options);
}

std::vector<std::uint32_t> values_of(const MatrixSource& table) {
  std::vector<std::uint32_t> bits(table.rows() * table.dims());
  REQUIRE(table.read(0, bits));
  return bits;
}

/// Why it is refused, when it is opened or read; empty: it is not.
std::string error_of(Format format, const std::string& bytes, const ReadOptions& options = {}) {
  auto dataset = open(format, bytes, options);
  if (!dataset) return dataset.error().text();
  for (const auto& table : dataset->tables) {
    std::vector<std::uint32_t> bits(table->rows() * table->dims());
    if (auto read = table->read(0, bits); !read) return read.error().text();
  }
  return "";
}

std::string word(std::uint32_t x) {
  return {static_cast<char>(x), static_cast<char>(x >> 8), static_cast<char>(x >> 16), static_cast<char>(x >> 24)};
}

std::string safetensors(const std::string& header, const std::string& data) {
  return word(static_cast<std::uint32_t>(header.size())) + std::string(4, '\0') + header + data;
}

/// What a test writes: tables of one name each.
struct Table {
  TableShape shape;
  std::vector<std::uint32_t> bits;
  std::vector<std::string> ids;
};

std::string written(Format format, const std::vector<Table>& tables, std::size_t at_once) {
  std::vector<TableShape> shapes;
  for (const Table& table : tables) shapes.push_back(table.shape);
  BufferSink out;
  auto sink = create_dataset(format, out, shapes);
  REQUIRE(sink);
  for (const Table& table : tables) {
    for (std::size_t first = 0; first < table.ids.size(); first += at_once) {
      const std::size_t count = std::min(at_once, table.ids.size() - first);
      const auto some = std::span(table.ids).subspan(first, count);
      const std::vector<std::string_view> ids(some.begin(), some.end()), metadata(count);
      const auto bits = std::span(table.bits).subspan(first * table.shape.dims, count * table.shape.dims);
      REQUIRE((*sink)->write({bits, ids, metadata}));
    }
  }
  REQUIRE((*sink)->finish());
  return {out.bytes.begin(), out.bytes.end()};
}

Table random_table(std::mt19937& random, std::string name, Element element) {
  Table table;
  table.shape = {std::move(name), random() % 40 + 1, static_cast<std::uint32_t>(random() % 9 + 1), element};
  for (std::size_t i = 0; i < table.shape.rows; ++i) table.ids.push_back("r" + std::to_string(i));
  for (std::size_t i = 0; i < table.shape.rows * table.shape.dims; ++i) {
    const int whole = static_cast<int>(random() % 100);
    const bool any = element == Element::f32 && random() % 2 == 0;
    table.bits.push_back(any ? static_cast<std::uint32_t>(random())
                             : std::bit_cast<std::uint32_t>(static_cast<float>(whole)));
  }
  return table;
}

}  // namespace

TEST_CASE("what is written comes back, whatever the format and however it is asked for") {
  std::mt19937 random(7);
  for (const std::string_view name : format_names()) {
    const Format format = *format_named(name);
    INFO(name);
    for (int i = 0; i < 30; ++i) {
      const bool whole = format == Format::ivecs;
      const Element element =
          traits(format).element.value_or(traits(format).typed ? static_cast<Element>(random() % 5) : Element::f32);
      Table table = random_table(random, "", element);
      if (whole) table = random_table(random, "", Element::u8);
      if (whole) table.shape.element = Element::f32;
      ReadOptions options{.element = element, .dims = table.shape.dims};
      const std::string bytes = written(format, {table}, random() % 7 + 1);
      auto dataset = open(format, bytes, options);
      REQUIRE(dataset);
      REQUIRE(dataset->tables.size() == 1);
      const MatrixSource& back = *dataset->tables[0];
      CHECK(back.name().empty());
      CHECK(back.rows() == table.shape.rows);
      CHECK((values_of(back) == table.bits));
      CHECK((back.ids().empty() || std::ranges::equal(back.ids(), table.ids)));
      for (std::uint64_t r = 0; r < back.rows(); ++r) {
        std::vector<std::uint32_t> row(back.dims());
        REQUIRE(back.read(r, row));
        REQUIRE(std::equal(row.begin(), row.end(), table.bits.begin() + static_cast<std::ptrdiff_t>(r * back.dims())));
      }
    }
  }
}

TEST_CASE("several tables come back under their names") {
  std::mt19937 random(8);
  for (const Format format : {Format::npz, Format::safetensors, Format::ndjson}) {
    std::vector<Table> tables = {random_table(random, "", Element::f32), random_table(random, "a/b", Element::f32),
                                 random_table(random, "gr\xc3\xbc\xc3\x9f", Element::f32)};
    const std::string bytes = written(format, tables, 5);
    auto dataset = open(format, bytes);
    REQUIRE(dataset);
    REQUIRE(dataset->tables.size() == 3);
    for (const Table& table : tables) {
      const auto found =
          std::ranges::find_if(dataset->tables, [&](const auto& some) { return some->name() == table.shape.name; });
      REQUIRE(found != dataset->tables.end());
      CHECK((values_of(**found) == table.bits));
    }
  }
}

TEST_CASE("names that a file cannot tell apart are refused") {
  BufferSink out;
  const std::vector<TableShape> tables = {{"", 1, 2, Element::f32}, {"arr_0", 1, 2, Element::f32}};
  CHECK(create_dataset(Format::npz, out, tables).error().message ==
        "two namespaces would both be called 'arr_0' in the file");
}

TEST_CASE("two tables of one namespace would be two states of it") {
  const std::string header = R"({"vectors":{"dtype":"I8","shape":[1,1],"data_offsets":[0,1]},)"
                             R"("":{"dtype":"I8","shape":[1,1],"data_offsets":[1,2]}})";
  CHECK(error_of(Format::safetensors, safetensors(header, "ab")) ==
        "f: two tables of the file are of the default namespace");
}

TEST_CASE("what is large is unpacked into a file, and read at any place") {
  std::string packed, whole;
  std::mt19937 random(9);
  for (int block = 0; block < 200; ++block) {  // deflate, stored: 0 or 1 for the last, a length, and its complement
    packed += static_cast<char>(block == 199);
    packed += std::string("\xff\x7f\x00\x80", 4);
    std::string part(0x7fff, '\0');
    for (char& c : part) c = static_cast<char>(random());
    packed += part;
    whole += part;
  }
  auto source = unpack_all(memory_source("f", bytes_of(packed)), Packing::deflate, whole.size());
  REQUIRE(source);
  REQUIRE((*source)->size() == whole.size());
  CHECK((*source)->name() == "f");
  for (int i = 0; i < 100; ++i) {
    std::vector<std::uint8_t> some(random() % 100000);
    const std::size_t at = random() % (whole.size() - some.size());
    REQUIRE((*source)->read(at, some));
    REQUIRE(std::equal(some.begin(), some.end(), bytes_of(whole).begin() + static_cast<std::ptrdiff_t>(at)));
  }
  std::vector<std::uint8_t> beyond(2);
  CHECK_FALSE((*source)->read(whole.size() - 1, beyond));
  CHECK(unpack_all(memory_source("f", bytes_of(packed)), Packing::deflate, whole.size() - 1).error().code ==
        ErrorCode::limit);
}

TEST_CASE("rows of fixed length are held against the size of the file") {
  const std::string row = word(2) + word(0x3f800000) + word(0x40000000);
  CHECK(error_of(Format::fvecs, row + row).empty());
  CHECK(error_of(Format::fvecs, "") == "f: the file is empty");
  CHECK(error_of(Format::fvecs, "ab") == "f: the file ends inside the dimension count of its first row");
  CHECK(error_of(Format::fvecs, row + row.substr(0, 7)) == "f: the file is cut off: of row 1 there are 7 of 12 bytes");
  CHECK(error_of(Format::fvecs, word(0)) == "f: 0 dimensions: a vector has 1 to 65536");
  CHECK(error_of(Format::fvecs, word(0xffffffff)) == "f: 4294967295 dimensions: a vector has 1 to 65536");
  CHECK(error_of(Format::fvecs, row + word(3) + row.substr(4)) ==
        "f: row 1: it has 3 dimensions, and the first row has 2");
  CHECK(error_of(Format::ivecs, word(1) + word(16777217)) == "f: row 0, column 0: 16777217 is not exactly a float32");
  CHECK(error_of(Format::ivecs, word(1) + word(16777217), {.lossy = true}).empty());
  CHECK(error_of(Format::fbin, word(1) + word(2)).find("f: the file is cut off: 1 rows") == 0);
  CHECK(error_of(Format::fbin, word(1) + word(2) + std::string(9, 'x')).find("f: there is more after") == 0);
  CHECK(error_of(Format::fbin, word(0xffffffff) + word(65536)).find("f: the file is cut off") == 0);
  CHECK(error_of(Format::fbin, "abcdefg") == "f: the file ends inside its header");
  CHECK(error_of(Format::raw, std::string(8, 'x')).find("f: raw values do not say how many dimensions") == 0);
  CHECK(error_of(Format::raw, std::string(9, 'x'), {.dims = 2}).find("f: the file is cut off") == 0);
}

TEST_CASE("nothing of a header of safetensors is believed") {
  const std::string data(8, 'x');
  const auto refused = [&](const std::string& header) {
    return error_of(Format::safetensors, safetensors(header, data));
  };
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})").empty());
  CHECK(refused(R"({"b":{"data_offsets":[4,8],"dtype":"F16","shape":[2,1]},)"
                R"("a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}})")
            .empty());
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},)"
                R"("b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})")
            .find("overlaps") != std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}})") == "f: a gap before tensor 'a'");
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}})") ==
        "f: the tensors take 4 bytes, and behind the header there are 8");
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]}})").find("the tensors take 12 bytes") !=
        std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[8,0]}})").find("ends before it begins") !=
        std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[4611686018427387904,1],"data_offsets":[0,8]}})")
            .find("does not take 8 bytes") != std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F8_E4M3","shape":[1,8],"data_offsets":[0,8]}})").find("numbers of type 'F8_E4M3'") !=
        std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})").find("1 dimensions in its shape") !=
        std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"a":{}})") == "f: tensor 'a' stands twice");
  CHECK(
      refused(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8],"x":1}})").find("the member 'x' is unknown") !=
      std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,-2],"data_offsets":[0,8]}})").find("the header is not") !=
        std::string::npos);
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1,2]}})").find("lacks") != std::string::npos);
  CHECK(refused("{}") == "f: no tensor is in the file");
  CHECK_FALSE(refused("{} {}").empty());
  CHECK_FALSE(refused("[1]").empty());
  CHECK(error_of(Format::safetensors, std::string(8, '\xff')).find("more than 8388608 are not believed") !=
        std::string::npos);
  CHECK(error_of(Format::safetensors, word(100) + word(0) + "{}") == "f: the file ends inside its header");
}

TEST_CASE("a zip file is checked before its parts are believed") {
  const std::string good = slurp(std::string(TESTDATA) + "/formats/packed.npz");
  const ReadOptions one{.name = "images"};
  CHECK(error_of(Format::npz, good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {  // no cut is taken for a whole
    CHECK_FALSE(error_of(Format::npz, good.substr(0, size)).empty());
  }
  const std::size_t row = good.find("PK\x01\x02");
  const auto with = [&](std::size_t at, const std::string& bytes) {
    std::string changed = good;
    return changed.replace(row + at, bytes.size(), bytes);
  };
  CHECK(error_of(Format::npz, with(8, "\x01")).find("'images.npy' is encrypted") != std::string::npos);
  CHECK(error_of(Format::npz, with(10, "\x0c")).find("packed by method 12") != std::string::npos);
  CHECK(error_of(Format::npz, with(16, "abcd")).find("checksum") != std::string::npos);
  CHECK(error_of(Format::npz, with(24, word(4096))).find("checksum") != std::string::npos);
  CHECK(error_of(Format::npz, with(24, word(0x7fffffff))).find("are said to become 2147483647") != std::string::npos);
  CHECK(error_of(Format::npz, with(42, word(0x7fffffff))).find("is damaged") != std::string::npos);
  const std::size_t second = good.find("PK\x01\x02", row + 1) - row;
  CHECK(error_of(Format::npz, with(second + 42, word(0))).find("overlaps the one before it") != std::string::npos);
}

TEST_CASE("words are cut from the right, and a file of another kind is seen") {
  CHECK(error_of(Format::word2vec, "2 2\na 1 2\nb c 3 4\n").empty());
  CHECK(error_of(Format::word2vec, "1 2\na 1 2 \t\n\n").empty());
  CHECK(error_of(Format::word2vec, "a 1 2\n").find("the first line of a file of word2vec") != std::string::npos);
  CHECK(error_of(Format::word2vec, "2 2\na 1 2\n") == "f: 1 word, and the first line says 2");
  CHECK(error_of(Format::word2vec, "1 2\na 1\n") == "f: line 2: no word and 2 numbers behind it");
  CHECK(error_of(Format::word2vec, "1 2\na 1 two\n") == "f: line 2: two is not a number");
  CHECK(error_of(Format::word2vec, "1 2\na 1 1e39\n") == "f: line 2: 1e39 does not fit float32");
  CHECK(error_of(Format::word2vec, "1 2\n 1 2\n") == "f: line 2: id is empty");
  CHECK(error_of(Format::word2vec, "99999999999999999999 2\n").find("the first line") != std::string::npos);
  CHECK(error_of(Format::glove, "3 4\na 1 2 3 4\n").find("the first line is of word2vec") != std::string::npos);
  CHECK(error_of(Format::glove, "a\n") == "f: 0 dimensions: a vector has 1 to 65536");
  const std::string binary = "1 1\na " + word(0x3f800000);
  CHECK(error_of(Format::word2vec_bin, binary).empty());
  CHECK(error_of(Format::word2vec_bin, binary + "\n").empty());
  CHECK(error_of(Format::word2vec_bin, binary + "\nx") == "f: 1 byte behind the last word");
  CHECK(error_of(Format::word2vec_bin, binary.substr(0, 9)).find("f: the file is cut off: 1 word of 1 dimensions") ==
        0);
  CHECK(error_of(Format::word2vec_bin, "4000000000 65536\na ").find("the file is cut off: 4000000000 words") !=
        std::string::npos);
  CHECK(error_of(Format::word2vec_bin, "1 1\n" + std::string(2000, 'x')) == "f: row 0: a word of more than 1024 bytes");
}

TEST_CASE("tables of text are read as RFC 4180 has them") {
  const auto ids = [](const std::string& text, const ReadOptions& options = {}) {
    auto dataset = open(Format::csv, text, options);
    REQUIRE(dataset);
    const auto some = dataset->tables[0]->ids();
    return std::vector<std::string>(some.begin(), some.end());
  };
  using Ids = std::vector<std::string>;
  CHECK(ids("id,a\nx,1\n\"y, \"\"z\"\"\",2\r\n") == Ids{"x", "y, \"z\""});
  CHECK(ids("a,id\n1,x\n") == Ids{"x"});
  CHECK(ids("x,1\ny,2\n") == Ids{"x", "y"});
  CHECK(ids("1,2\n3,4\n").empty());
  CHECK(ids("name,1\nx,2", {.fields = {.id = "name", .vector = "", .keep = {}}}) == Ids{"x"});
  const std::string listed = "id,v,t\nx,\"[1, 2]\",\"a\r\n\"\"b\"\"\"\n";
  auto kept = open(Format::csv, listed, {.fields = {.id = "", .vector = "v", .keep = {"*"}}});
  REQUIRE(kept);
  CHECK(kept->tables[0]->metadata(0) == R"({"t":"a\r\n\"b\""})");
  CHECK((values_of(*kept->tables[0]) == std::vector<std::uint32_t>{0x3f800000, 0x40000000}));
  CHECK(error_of(Format::csv, "id,a\nx,1,2\n") == "f: line 2: 3 fields, and the first line has 2");
  CHECK(error_of(Format::csv, "id,a\nx\"y\",1\n") ==
        "f: line 2: a quote out of place: a field with one stands in quotes, and has it twice");
  CHECK(error_of(Format::csv, "id,a\n\"x\"y,1\n").find("a quote out of place") != std::string::npos);
  CHECK(error_of(Format::csv, "id,a\n\"x,1\n") == "f: line 2: a quoted field does not end");
  CHECK(error_of(Format::csv, "id,id\nx,1\n") == "f: two columns are called 'id'");
  CHECK(error_of(Format::csv, "id,a\nx,\n") == "f: line 2: column 'a': a value is missing");
  CHECK(error_of(Format::csv, "") == "f: the file is empty");
}

TEST_CASE("objects of JSON are found wherever they stand") {
  const auto read = [](const std::string& text, const FieldOptions& fields = {}) {
    auto dataset = open(Format::ndjson, text, {.fields = fields});
    if (!dataset) return dataset.error().text();
    std::string out;
    for (const auto& table : dataset->tables) {
      const auto bits = values_of(*table);
      for (std::size_t r = 0; r < table->rows(); ++r) {
        out += std::string(table->name()) + "/" + table->ids()[r] + "=";
        for (std::size_t d = 0; d < table->dims(); ++d) {
          out += std::to_string(static_cast<int>(std::bit_cast<float>(bits[r * table->dims() + d]))) + ",";
        }
        out += std::string(table->metadata(r)) + ";";
      }
    }
    return out;
  };
  const FieldOptions v{.id = "", .vector = "v", .keep = {}};
  const FieldOptions all{.id = "", .vector = "v", .keep = {"*"}};
  CHECK(read("{\"id\":\"a\",\"vector\":[1,2]}\n{\"vector\":[3,4],\"id\":\"b\"}") == "/a=1,2,;/b=3,4,;");
  CHECK(read("[{\"id\":\"a\",\"vector\":[1]},{\"id\":\"b\",\"vector\":[2]}]") == "/a=1,;/b=2,;");
  CHECK(read(R"({"id":7,"v":"AACAPwAAAEA=","metadata":{"x":1},"k":[{"}":"\""}]})", all) ==
        R"(/7=1,2,{"x":1,"k":[{"}":"\""}]};)");
  CHECK(read(R"({"k":true,"id":7,"v":[1],"metadata":{}})", all) == R"(/7=1,{ "k":true};)");
  CHECK(read(R"({"model":"m","data":[{"id":1,"v":[5]},{"id":2,"v":[6]}],"usage":{}})", v) == "/1=5,;/2=6,;");
  CHECK(read(R"({"id":1,"v":[5],"data":[{"id":2,"v":[6]}]})", v) == "/1=5,;");
  CHECK(read(R"({"data":[{"id":2,"v":[6]}],"v":[5]})", v) == "f: line 1: both 'data' and a vector");
  CHECK(read(R"({"id":"a","v":{"w":[[9,8]]}})", {.id = "", .vector = "/v/w/0", .keep = {}}) == "/a=9,8,;");
  CHECK(read(R"({"id":"a","vector":[1],"namespace":"n"}{"id":"b","vector":[1,2]})") == "/b=1,2,;n/a=1,;");
  for (const char* bad : {"1",
                          "\"a\"",
                          "[1]",
                          "{",
                          "[",
                          "}",
                          "{]",
                          "[{}",
                          "{\"id\":\"a\"",
                          ",",
                          "{\"id\":\"a\",\"vector\":[1}",
                          "{\"id\":\"a\",\"vector\":[1,]}",
                          "{\"id\":\"a\",\"vector\":[,1]}",
                          "{\"id\":\"a\",\"vector\":\"AAA\"}",
                          "{\"id\":\"a\",\"vector\":\"AAAA????\"}",
                          "{\"id\":\"a\",\"vector\":[[1]]}",
                          "{\"id\":\"a\",\"vector\":[]}",
                          "{\"id\":1.5,\"vector\":[1]}",
                          "{\"id\":null,\"vector\":[1]}",
                          "{\"id\":\"a\",\"id\":\"b\",\"vector\":[1]}",
                          "{\"id\":\"a\",\"vector\":[1],\"metadata\":1}",
                          "{\"id\":\"a\",\"vector\":[1],\"op\":\"dense\"}",
                          "{\"type\":\"commit\"}",
                          "{\"type\":\"namespace\",\"dims\":0}"}) {
    INFO(bad);
    CHECK_FALSE(error_of(Format::ndjson, bad).empty());
  }
  CHECK(read("{\"a\":" + std::string(2000, '[')).find("nested too deep") != std::string::npos);
}

TEST_CASE("hostile files of every format are refused") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TESTDATA) + "/hostile/formats")) {
    INFO(entry.path());
    const std::string bytes = slurp(entry.path());
    auto format = detect_format(entry.path().string(), bytes_of(bytes));
    REQUIRE(format);
    CHECK_FALSE(error_of(*format, bytes).empty());
    ++files;
  }
  CHECK(files >= 20);
}

TEST_CASE("packed bytes are unpacked within bounds") {
  const std::string packed = slurp(std::string(TESTDATA) + "/formats/m.csv.gz");
  const auto all = [&](const std::string& bytes, std::uint64_t most) {
    return unpack_all(memory_source("f", bytes_of(bytes)), Packing::gzip, most);
  };
  auto whole = all(packed, 1000);
  REQUIRE(whole);
  CHECK((*whole)->size() == slurp(std::string(TESTDATA) + "/formats/m.csv").size());
  CHECK(all(packed, 100).error().code == ErrorCode::limit);
  for (std::size_t size = 3; size < packed.size(); ++size) {
    CHECK(all(packed.substr(0, size), 1000).error().text() == "f: the packed data is cut off");
  }
  CHECK((*all(packed + packed, 1000))->size() == 2 * (*whole)->size());
  CHECK_FALSE(all(packed + "x", 1000));
  CHECK(unpacked_name("a.npy.gz") == "a.npy");
  CHECK(unpacked_name("a.npy.zst") == "a.npy");
  CHECK(unpacked_name(".gz") == ".gz");
}
