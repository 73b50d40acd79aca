// Every form of .npy that NumPy writes reads to the same rows however it is asked for; every other form is refused with
// the reason. Headers are written out by hand, so that the test does not share the code's idea of them.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "delta/file.hpp"
#include "formats/element.hpp"
#include "formats/npy.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

std::string npy_file(const std::string& dict, const std::string& data, int version = 1) {
  std::string header = dict + "\n";
  std::string out = "\x93NUMPY";
  out += {static_cast<char>(version), 0};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return out + header + data;
}

std::string dict_of(const std::string& descr, bool fortran, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes_of(const std::vector<T>& values, bool big = false) {
  std::string out;
  for (const T& v : values) {
    char b[sizeof v];
    std::memcpy(b, &v, sizeof v);
    if (big) std::reverse(b, b + sizeof v);
    out.append(b, sizeof v);
  }
  return out;
}

Result<std::unique_ptr<MatrixSource>> open_text(const std::string& file, const ReadOptions& options = {}) {
  return open_npy(memory_source("m.npy", {reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}), options);
}

// The matrix; or {} after a failure, with its text in `failed`.
std::vector<std::uint32_t> read_all(const std::string& file, const ReadOptions& options, std::string& failed) {
  auto source = open_text(file, options);
  if (!source) return failed = source.error().text(), std::vector<std::uint32_t>{};
  std::vector<std::uint32_t> bits((*source)->rows() * (*source)->dims());
  if (auto s = (*source)->read(0, bits); !s) return failed = s.error().text(), std::vector<std::uint32_t>{};
  failed.clear();
  return bits;
}

std::string error_of(const std::string& file, const ReadOptions& options = {}) {
  std::string failed;
  read_all(file, options, failed);
  return failed;
}

std::vector<std::uint32_t> values_of(const std::string& file, const ReadOptions& options = {}) {
  std::string failed;
  auto bits = read_all(file, options, failed);
  CHECK(failed == "");
  return bits;
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::vector<std::uint32_t> kSix = {0x3f800000, 0x80000000, 0x7fc00001, 0x00000001, 0xff800000, 0x42280000};

}  // namespace

TEST_CASE("float32 keeps its bits in either byte order and every header version") {
  for (const int version : {1, 2, 3}) {
    for (const char* little : {"<f4", "=f4", "|f4"}) {
      CHECK(values_of(npy_file(dict_of(little, false, "(2, 3)"), bytes_of(kSix), version)) == kSix);
    }
    CHECK(values_of(npy_file(dict_of(">f4", false, "(2, 3)"), bytes_of(kSix, true), version)) == kSix);
  }
}

TEST_CASE("every name that NumPy reads for a float is one") {
  const auto f4 = bytes_of(kSix);
  for (const char* descr : {"f4", "float32", "single", "f", "<f"}) {
    CHECK(values_of(npy_file(dict_of(descr, false, "(2, 3)"), f4)) == kSix);
  }
  CHECK(values_of(npy_file(dict_of(">f", false, "(2, 3)"), bytes_of(kSix, true))) == kSix);
  for (const char* descr : {"f2", "e", "float16", "half"}) {
    CHECK(values_of(npy_file(dict_of(descr, false, "(1, 2)"), bytes_of(std::vector<std::uint16_t>{0x3c00, 0xc000}))) ==
          std::vector<std::uint32_t>{0x3f800000, 0xc0000000});
  }
  for (const char* descr : {"f8", "<d", "float64", "double"}) {
    CHECK(values_of(npy_file(dict_of(descr, false, "(1, 2)"), bytes_of(std::vector<double>{1, -2}))) ==
          std::vector<std::uint32_t>{0x3f800000, 0xc0000000});
  }
  // Python 2's prefixes and spaces.
  CHECK(values_of(npy_file("{u'descr': u\"<f4\", u'fortran_order' : False , b'shape': ( 2L,3L , ) }  ", f4)) == kSix);
}

TEST_CASE("of elements that are no floats the hint is one that works") {
  const auto hint = [](const char* descr) {
    return open_text(npy_file(dict_of(descr, false, "(2, 3)"), "")).error().hint;
  };
  CHECK(hint("<i4").find("a.astype('float32')") != std::string::npos);
  CHECK(hint("|V2").find("a.view(ml_dtypes.bfloat16).astype('float32')") != std::string::npos);
  CHECK(hint("|O").find("a.tolist()") != std::string::npos);
  for (const char* descr : {"|V4", "<c8", "<U3", "<M8[s]", ""}) CHECK(hint(descr) == "");
}

TEST_CASE("Fortran order is turned") {
  const std::vector<std::uint32_t> columns = {kSix[0], kSix[3], kSix[1], kSix[4], kSix[2], kSix[5]};
  CHECK(values_of(npy_file(dict_of("<f4", true, "(2, 3)"), bytes_of(columns))) == kSix);
  CHECK(values_of(npy_file(dict_of(">f4", true, "(2, 3)"), bytes_of(columns, true))) == kSix);
}

TEST_CASE("every half is widened exactly") {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  for (const bool big : {false, true}) {
    const auto bits = values_of(npy_file(dict_of(big ? ">f2" : "<f2", false, "(256, 256)"), bytes_of(halves, big)));
    REQUIRE(bits.size() == halves.size());
    std::size_t wrong = 0;
    for (std::uint32_t h = 0; h < 65536; ++h) {
      const int exponent = h >> 10 & 0x1f;
      const auto fraction = static_cast<double>(h & 0x3ff);
      std::uint32_t wanted = (h & 0x8000) << 16;
      if (exponent == 31) {
        wanted |= 0x7f800000 | (h & 0x3ff) << 13;
      } else
        wanted |= std::bit_cast<std::uint32_t>(
            static_cast<float>(exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25)));
      wrong += bits[h] != wanted;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("float64 is taken where it is a float32, refused with its place where not, rounded when told so") {
  const double nan = std::bit_cast<double>(0x7ff8000020000000), signalling = std::bit_cast<double>(0xfff0000020000000);
  const std::vector<double> exact = {1.5, -0.0, 0x1p-149, HUGE_VAL, nan, signalling};
  CHECK(values_of(npy_file(dict_of("<f8", false, "(3, 2)"), bytes_of(exact))) ==
        std::vector<std::uint32_t>{0x3fc00000, 0x80000000, 1, 0x7f800000, 0x7fc00001, 0xff800001});
  CHECK(values_of(npy_file(dict_of(">f8", false, "(3, 2)"), bytes_of(exact, true))).size() == 6);

  std::vector<double> some(6, 1.0);
  some[3] = 0.1;
  CHECK(error_of(npy_file(dict_of("<f8", false, "(3, 2)"), bytes_of(some))) ==
        "m.npy: row 1, column 1: 0.1 is not exactly a float32");
  CHECK(error_of(npy_file(dict_of("<f8", true, "(3, 2)"), bytes_of(some))) ==
        "m.npy: row 0, column 1: 0.1 is not exactly a float32");
  some[3] = 0x1p-150;
  CHECK(error_of(npy_file(dict_of("<f8", false, "(3, 2)"), bytes_of(some))).find("row 1, column 1") !=
        std::string::npos);
  some[3] = std::bit_cast<double>(0x7ff8000000000001);
  CHECK(error_of(npy_file(dict_of("<f8", false, "(3, 2)"), bytes_of(some))) ==
        "m.npy: row 1, column 1: the NaN 0x7ff8000000000001 is not exactly a float32");

  const ReadOptions lossy{.lossy = true};
  const std::vector<double> rounded = {
      0.1, 1 + 0x1p-24, 1 + 3 * 0x1p-24, 0x1p-150, std::bit_cast<double>(0xfff0000000000001), -3.4028235e38};
  CHECK(values_of(npy_file(dict_of("<f8", false, "(1, 6)"), bytes_of(rounded)), lossy) ==
        std::vector<std::uint32_t>{0x3dcccccd, 0x3f800000, 0x3f800002, 0, 0xffc00000, 0xff7fffff});
  some[3] = 1e39;
  CHECK(error_of(npy_file(dict_of("<f8", false, "(3, 2)"), bytes_of(some)), lossy) ==
        "m.npy: row 1, column 1: 1e+39 is beyond the range of float32");
}

TEST_CASE("any rows of any layout are what the whole has there") {
  std::mt19937 random(7);
  struct Shape {
    std::uint32_t rows, dims;
  };
  for (const Shape shape :
       {Shape{1, 1}, Shape{700, 5}, Shape{33, 900}, Shape{5000, 70}, Shape{3, 65536}, Shape{70000, 3}}) {
    const std::size_t n = std::size_t{shape.rows} * shape.dims;
    std::vector<std::uint32_t> rows(n), columns(n);
    for (auto& x : rows) x = static_cast<std::uint32_t>(random());
    for (std::size_t r = 0; r < shape.rows; ++r) {
      for (std::size_t c = 0; c < shape.dims; ++c) columns[c * shape.rows + r] = rows[r * shape.dims + c];
    }
    const std::string text = fmt::format("({}, {})", shape.rows, shape.dims);
    for (const bool fortran : {false, true}) {
      const std::string file = npy_file(dict_of("<f4", fortran, text), bytes_of(fortran ? columns : rows));
      auto source = open_text(file);
      REQUIRE(source);
      for (int i = 0; i < 20; ++i) {
        const std::uint64_t first = random() % shape.rows;
        const std::uint64_t count = i == 0 ? 0 : 1 + random() % (shape.rows - first);
        std::vector<std::uint32_t> part(count * shape.dims);
        REQUIRE((*source)->read(first, part));
        REQUIRE(std::equal(part.begin(), part.end(), rows.begin() + static_cast<std::ptrdiff_t>(first * shape.dims)));
      }
    }
  }
}

TEST_CASE("a header may be spaced and ordered as Python allows") {
  const std::string data = bytes_of(kSix);
  for (const char* dict : {"{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}",
                           "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3)}",
                           "  {'descr' :'<f4' ,\n 'fortran_order':\tFalse,'shape':( 2 , 3 , ) , } \n  ",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }"}) {
    INFO(dict);
    CHECK(values_of(npy_file(dict, data)) == kSix);
  }
}

TEST_CASE("headers that are none are refused with the reason") {
  const std::string data = bytes_of(kSix);
  const auto refused = [&](const std::string& dict) { return error_of(npy_file(dict, data)); };
  CHECK(refused("{'descr': '<f4', 'shape': (2, 3)}") == "m.npy: the header lacks 'fortran_order'");
  CHECK(refused("{'fortran_order': False, 'shape': (2, 3)}") == "m.npy: the header lacks 'descr'");
  CHECK(refused("{'descr': '<f4', 'fortran_order': False}") == "m.npy: the header lacks 'shape'");
  CHECK(refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}") ==
        "m.npy: the header has 'descr' twice");
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}") ==
        "m.npy: the header has an unknown key 'x'");
  CHECK(refused(dict_of("<i4", false, "(2, 3)")) ==
        "m.npy: elements of type '<i4' are not supported: f2, f4, f8, i1 and u1 are");
  for (const char* descr : {"", "<f16", "<c8", "?f4", "|V4", "<F4", "<float32", "f32", "<<f4", "<"}) {
    CHECK(refused(dict_of(descr, false, "(2, 3)")).find("are not supported") != std::string::npos);
  }
  CHECK(refused("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,), }")
            .find("structured elements are not supported") != std::string::npos);
  CHECK(refused(dict_of("<f4", false, "(6,)")) ==
        "m.npy: an array of shape (6,) is not a matrix: shape (rows, dimensions) is needed");
  CHECK(refused(dict_of("<f4", false, "()")) ==
        "m.npy: an array of shape () is not a matrix: shape (rows, dimensions) is needed");
  CHECK(refused(dict_of("<f4", false, "(1, 2, 3)")) ==
        "m.npy: an array of shape (1, 2, 3) is not a matrix: shape (rows, dimensions) is needed");
  CHECK(refused(dict_of("<f4", false, "(6, 0)")).find("0 columns in shape (6, 0)") != std::string::npos);
  CHECK(refused(dict_of("<f4", false, "(1, 65537)")).find("65537 columns") != std::string::npos);
  CHECK(refused(dict_of("<f4", false, "(99999999999999999999, 3)")).find("too large") != std::string::npos);
  CHECK(refused(dict_of("<f4", false, "(18446744073709551615, 3)")).find("more than a file can hold") !=
        std::string::npos);
  CHECK(refused(dict_of("<f4", false, "(4611686018427387904, 4)")).find("more than a file can hold") !=
        std::string::npos);
  for (const char* dict : {"", "{", "{}", "[]", "{'descr'}", "{'descr': '<f4'", "{'descr': '<f4' 'shape': (2, 3)}",
                           "{'descr': '<f4\\n', 'fortran_order': False, 'shape': (2, 3)}",
                           "{'descr': '<f4', 'fortran_order': Falsehood, 'shape': (2, 3)}",
                           "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,, 3)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}", "{,}"}) {
    INFO(dict);
    CHECK(refused(dict).find("m.npy: ") == 0);
  }
}

TEST_CASE("a file is exactly as long as its header says") {
  const std::string file = npy_file(dict_of("<f4", false, "(2, 3)"), bytes_of(kSix));
  for (std::size_t n = 0; n < file.size(); ++n) CHECK_FALSE(error_of(file.substr(0, n)).empty());
  CHECK(error_of("") == "m.npy: the file is empty");
  CHECK(error_of(file.substr(0, 9)) == "m.npy: the file ends inside its header");
  CHECK(error_of(file.substr(0, 30)) == "m.npy: the file ends inside its header");
  CHECK(error_of(file.substr(0, file.size() - 1)).find("the file is cut off: shape (2, 3) needs ") !=
        std::string::npos);
  CHECK(error_of(file + "x").find("1 byte after the matrix") != std::string::npos);
  CHECK(error_of("hello, world").find("not an .npy file") != std::string::npos);
  std::string version = file;
  version[6] = 4;
  CHECK(error_of(version) == "m.npy: version 4.0 of .npy is not known: 1.0, 2.0 and 3.0 are");
  std::string huge = npy_file(dict_of("<f4", false, "(2, 3)"), bytes_of(kSix), 2);
  huge[11] = '\x7f';
  CHECK(error_of(huge).find("are not believed") != std::string::npos);
}

TEST_CASE("a matrix without rows is a matrix") {
  const std::string file = npy_file(dict_of("<f4", false, "(0, 7)"), "");
  auto source = open_text(file);
  REQUIRE(source);
  CHECK((*source)->rows() == 0);
  CHECK((*source)->dims() == 7);
  CHECK((*source)->read(0, {}));
}

TEST_CASE("the sink writes what NumPy wrote, byte for byte") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(TESTDATA)) {
    if (entry.path().extension() != ".npy" || entry.path().string().find("hostile") != std::string::npos) continue;
    const std::string file = slurp(entry.path());
    INFO(entry.path());
    auto source = open_text(file);
    REQUIRE(source);
    std::vector<std::uint32_t> bits((*source)->rows() * (*source)->dims());
    REQUIRE((*source)->read(0, bits));
    CHECK((npy_header((*source)->rows(), (*source)->dims()) + bytes_of(bits) == file));
    ++files;
  }
  CHECK(files > 50);
  for (const std::uint64_t rows : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    CHECK(npy_header(rows, 65536).size() == 128);
    CHECK(npy_header(rows, 65536).back() == '\n');
  }
}

TEST_CASE("a matrix goes through files unchanged") {
  const auto path = std::filesystem::temp_directory_path() / "delta_test_npy_sink.npy";
  auto out = OutputFile::create(path.string(), {.force = true});
  REQUIRE(out);
  auto sink = open_npy_sink(*out, 2, 3, Element::f32);
  REQUIRE(sink);
  REQUIRE((*sink)->write(std::span(kSix).first(3)));
  REQUIRE((*sink)->write(std::span(kSix).subspan(3)));
  REQUIRE((*sink)->finish());
  REQUIRE(out->commit());
  auto in = InputFile::open(path.string());
  REQUIRE(in);
  auto source = open_npy(std::make_unique<InputFile>(std::move(*in)), {});
  REQUIRE(source);
  std::vector<std::uint32_t> bits(6);
  REQUIRE((*source)->read(0, bits));
  CHECK(bits == kSix);
  CHECK((slurp(path) == npy_header(2, 3) + bytes_of(kSix)));
  std::filesystem::remove(path);
}

TEST_CASE("narrow elements go through files unchanged, in either order") {
  const auto path = std::filesystem::temp_directory_path() / "delta_test_npy_narrow.npy";
  struct Case {
    Element element;
    const char* little;
    const char* big;
    std::vector<std::uint16_t> raw;  // two rows of three
  };
  const std::vector<Case> cases = {{Element::f16, "<f2", ">f2", {0x3c00, 0x8000, 0x7e01, 0x0001, 0xfc00, 0x7bff}},
                                   {Element::bf16, "|V2", ">V2", {0x3f80, 0x8000, 0x7fc1, 0x0001, 0xff80, 0x7f7f}},
                                   {Element::i8, "|i1", ">i1", {0, 1, 0x7f, 0x80, 0xff, 5}},
                                   {Element::u8, "|u1", "<u1", {0, 1, 0x7f, 0x80, 0xff, 5}}};
  for (const Case& c : cases) {
    INFO(element_name(c.element));
    const ReadOptions options{.element = Element::bf16};
    const auto bytes = [&](const std::vector<std::uint16_t>& raw, bool big) {
      return element_width(c.element) == 2 ? bytes_of(raw, big)
                                           : bytes_of(std::vector<std::uint8_t>(raw.begin(), raw.end()));
    };
    const auto values = values_of(npy_file(dict_of(c.little, false, "(2, 3)"), bytes(c.raw, false)), options);
    CHECK(values_of(npy_file(dict_of(c.big, false, "(2, 3)"), bytes(c.raw, true)), options) == values);
    const std::vector<std::uint16_t> columns = {c.raw[0], c.raw[3], c.raw[1], c.raw[4], c.raw[2], c.raw[5]};
    CHECK(values_of(npy_file(dict_of(c.little, true, "(2, 3)"), bytes(columns, false)), options) == values);
    CHECK((*open_text(npy_file(dict_of(c.little, false, "(2, 3)"), bytes(c.raw, false)), options))->element() ==
          c.element);
    auto out = OutputFile::create(path.string(), {.force = true});
    REQUIRE(out);
    auto sink = open_npy_sink(*out, 2, 3, c.element);
    REQUIRE(sink);
    REQUIRE((*sink)->write(values));
    REQUIRE((*sink)->finish());
    REQUIRE(out->commit());
    CHECK((slurp(path) == npy_header(2, 3, c.element) + bytes(c.raw, false)));
    CHECK(npy_header(2, 3, c.element).find(c.little) != std::string::npos);
  }
  std::filesystem::remove(path);
  CHECK(error_of(npy_file(dict_of("|V2", false, "(1, 1)"), "ab")).find("'|V2' are not supported") != std::string::npos);
  CHECK(
      error_of(npy_file(dict_of("|V1", false, "(1, 1)"), "a"), {.element = Element::bf16}).find("are not supported") !=
      std::string::npos);
}

TEST_CASE("more columns than asked for are refused, and as many as the format holds are taken") {
  const std::string wide = npy_file(dict_of("|u1", false, "(1, 65537)"), std::string(65537, 'a'));
  CHECK(error_of(wide).find("a vector has 1 to 65536 dimensions") != std::string::npos);
  CHECK(values_of(wide, {.max_dims = kMostDims}).size() == 65537);
  const std::string beyond = npy_file(dict_of("|u1", false, "(1, 1048577)"), std::string(1048577, 'a'));
  CHECK(error_of(beyond, {.max_dims = kMostDims}).find("a vector has 1 to 1048576 dimensions") != std::string::npos);
}

TEST_CASE("hostile .npy files are refused") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TESTDATA) + "/hostile/npy")) {
    INFO(entry.path());
    CHECK_FALSE(error_of(slurp(entry.path())).empty());
    ++files;
  }
  CHECK(files >= 10);
}
