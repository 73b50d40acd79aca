// Rounding by hand: the text of an accuracy, each format at its edges against a table of all its values, and
// how much of a nearest-neighbour search survives.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/lattice.hpp"
#include "delta/accuracy.hpp"
#include "delta/setting.hpp"
#include "model/accuracy.hpp"
#include "must.hpp"

using namespace delta;
using sample::must;
using Kind = Accuracy::Kind;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }
float value(std::uint32_t bits) { return std::bit_cast<float>(bits); }

std::vector<float> rounded(const std::string& accuracy, const std::vector<float>& row) {
  std::vector<std::uint32_t> bits;
  for (const float x : row) bits.push_back(f(x));
  must(model::Quantizer(must(Accuracy::parse(accuracy))).round(bits));
  std::vector<float> out;
  for (const std::uint32_t b : bits) out.push_back(value(b));
  return out;
}

float rounded(const std::string& accuracy, float x) { return rounded(accuracy, std::vector{x})[0]; }

Error refused(const std::string& accuracy, std::vector<float> row) {
  std::vector<std::uint32_t> bits;
  for (const float x : row) bits.push_back(f(x));
  auto status = model::Quantizer(must(Accuracy::parse(accuracy))).round(bits);
  REQUIRE(!status);
  return std::move(status).error();
}

/// All finite values of a format with so many bits of exponent and fraction, from 0 on. Subnormal ones included.
std::vector<double> values_of_format(int exponent_bits, int fraction_bits) {
  std::vector<double> out;
  const int bias = (1 << (exponent_bits - 1)) - 1, fractions = 1 << fraction_bits;
  for (int e = 0; e < (1 << exponent_bits) - 1; ++e) {
    for (int i = 0; i < fractions; ++i) {
      out.push_back(std::ldexp(e == 0 ? i : fractions + i, std::max(e, 1) - bias - fraction_bits));
    }
  }
  return out;
}

/// The values themselves, their middles, and the float32 beside those.
void check_format(const std::string& accuracy, const std::vector<double>& values) {
  std::size_t wrong = 0;
  const auto expect = [&](float x, double y) {
    const float wanted = static_cast<float>(y);
    wrong += f(rounded(accuracy, x)) != f(wanted) || f(rounded(accuracy, -x)) != f(-wanted);
  };
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const double low = values[i], high = values[i + 1], middle = (low + high) / 2;
    expect(static_cast<float>(low), low);
    if (static_cast<float>(middle) != middle) continue;  // below the last bit of a float32
    const float m = static_cast<float>(middle);
    expect(m, i % 2 == 0 ? low : high);  // the even one
    expect(std::nextafter(m, 0.0f), low);
    expect(std::nextafter(m, kInf), high);
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("an accuracy is read, and written in one form") {
  for (const std::string text :
       {"max-error=0.0001", "max-error=1e-09", "max-error=1e+30", "max-relative=0.5", "f16", "bf16", "int8", "int4",
        "binary", "ignore-below=1e-09", "max-error=0.1,ignore-below=0.5", "int8,ignore-below=0.25"}) {
    CHECK(must(Accuracy::parse(text)).to_text() == text);
  }
  CHECK(must(Accuracy::parse("max-error=1e-4")).to_text() == "max-error=0.0001");
  CHECK(must(Accuracy::parse("max-error=1e-4")).bound == 1e-4);
  CHECK(Accuracy{}.to_text() == "exact");
  for (const std::string text :
       {"max-error=", "max-error=0", "max-error=-1", "max-error=inf", "max-error=nan", "max-error=1e999",
        "max-error=1x", "max-relative=1", "max-relative=0", "max-relative=nan", "ignore-below=0", "ignore-below=-1",
        "ignore-below=inf", "ignore-below=", "ignore-below=nan", "f16,ignore-below=0", "max-error=0,ignore-below=1",
        "ignore-below=1,f16"}) {
    INFO(text);
    const auto accuracy = Accuracy::parse(text);
    REQUIRE(!accuracy);
    CHECK(accuracy.error().code == ErrorCode::usage);
  }
  for (const std::string text : {"", "exact", "max-error", "f16=1", "f8", "int8 ", "f16,", ",ignore-below=1",
                                 "f16,int8", "exact,ignore-below=1", "ignore-below"}) {
    INFO(text);
    const auto accuracy = Accuracy::parse(text);
    REQUIRE(!accuracy);
    CHECK(accuracy.error().code == ErrorCode::unsupported);
  }
}

TEST_CASE("a setting holds an accuracy and its namespace, of a later version too") {
  const auto setting = must(Setting::parse("accuracy f16@a%40b"));
  CHECK(setting.kind == Setting::Kind::accuracy);
  CHECK(setting.text == "f16");
  CHECK(setting.name_space == "a@b");
  CHECK(setting.to_text() == "accuracy f16@a%40b");
  CHECK(must(Setting::parse("accuracy max-error=0.1@%")).name_space.empty());
  CHECK(must(Setting::parse("accuracy pq:8x16@%")).text == "pq:8x16");
  for (const std::string text : {"accuracy ", "accuracy f16", "accuracy @a", "accuracy f16@", "accuracy f16@a@b",
                                 "accuracy f16@%4", "accuracy f16@a/0"}) {
    INFO(text);
    CHECK(!Setting::parse(text));
  }
}

TEST_CASE("f16 and bf16 are the nearest value of their format, ties to even") {
  check_format("f16", values_of_format(5, 10));
  check_format("bf16", values_of_format(8, 7));
  CHECK(rounded("f16", 65519.996f) == 65504);
  CHECK(refused("f16", {1, 65520}).message == "the value of dimension 1 is 65520, beyond what f16 holds");
  CHECK(refused("f16", {-1e30f}).hint == "bf16 has the range of float32");
  CHECK(f(rounded("bf16", value(0x7f7f7fff))) == 0x7f7f0000);
  CHECK(refused("bf16", {value(0xff7f8000)}).hint.empty());
  CHECK(refused("bf16", {std::numeric_limits<float>::max()}).message ==
        "the value of dimension 0 is 3.4028235e+38, beyond what bf16 holds");
  CHECK(f(rounded("f16", -1e-30f)) == 0x80000000);
}

TEST_CASE("a dead band compares what was given with what is stored, as real numbers") {
  const auto ignores = [](double bound, float given, float stored) {
    Accuracy accuracy;
    accuracy.ignore_below = bound;
    return model::Quantizer(accuracy).ignores(f(given), f(stored));
  };
  CHECK(ignores(0.5, 1.0f, 1.5f));
  CHECK(ignores(0.5, 1.5f, 1.0f));
  CHECK_FALSE(ignores(0.5, 1.0f, std::nextafter(1.5f, 2.0f)));
  CHECK(ignores(1e-300, 0.0f, -0.0f));
  CHECK(ignores(1e-300, 0.25f, 0.25f));
  CHECK_FALSE(ignores(1e300, std::numeric_limits<float>::quiet_NaN(), 1.0f));
  CHECK_FALSE(ignores(1e300, 1.0f, kInf));
  CHECK_FALSE(ignores(1e300, kInf, kInf));  // equal bits are no change anyway
  CHECK(ignores(1e39, std::numeric_limits<float>::max(), -std::numeric_limits<float>::max()));
  // A float64 does not hold these differences: what it rounds away counts.
  const float big = 0x1p60f, small = 0x1p-20f;
  CHECK(ignores(0x1p60, big, small));
  CHECK_FALSE(ignores(0x1p60, big, -small));
  CHECK_FALSE(ignores(0x1p60, -big, small));
  CHECK(ignores(0x1p60, -small, -big));
}

TEST_CASE("a dead band keeps every version within the larger bound of what was given") {
  for (const std::string text :
       {"ignore-below=0.01", "max-error=0.02,ignore-below=0.01", "max-error=0.001,ignore-below=0.01"}) {
    INFO(text);
    const Accuracy accuracy = must(Accuracy::parse(text));
    const model::Quantizer quantizer(accuracy);
    std::mt19937 random(5);
    std::normal_distribution<float> noise(0, 0.004f);
    std::vector<std::uint32_t> stored, scratch;
    std::size_t kept = 0;
    float given = 1;
    for (int version = 0; version < 1000; ++version) {
      given += noise(random) + 0.001f;  // it drifts
      std::vector<std::uint32_t> row{f(given)};
      must(quantizer.round_over(row, stored, scratch));
      CHECK(std::abs(double{value(row[0])} - given) <= std::max(accuracy.bound, accuracy.ignore_below));
      kept += row == stored;
      stored = row;
    }
    CHECK(kept > 500);
    CHECK(kept < 1000);
  }
}

TEST_CASE("values that are not finite stay bit for bit") {
  for (const std::string accuracy : {"max-error=1", "max-relative=0.5", "f16", "bf16", "int8", "int4", "binary"}) {
    INFO(accuracy);
    std::vector<std::uint32_t> row{0x7f800001, f(1.5f), 0xff800000, 0xffc12345, f(-0.0f)};
    must(model::Quantizer(must(Accuracy::parse(accuracy))).round(row));
    CHECK(row[0] == 0x7f800001);
    CHECK(row[2] == 0xff800000);
    CHECK(row[3] == 0xffc12345);
    CHECK(std::isfinite(value(row[1])));
    CHECK(value(row[4]) == (accuracy == "binary" ? 0.75f : 0));
  }
  CHECK(rounded("int8", {kInf, -kInf})[0] == kInf);
}

TEST_CASE("max-error rounds to multiples of a step, where that keeps the bound") {
  CHECK(rounded("max-error=0.5", {0.4f, 0.5f, 0.6f, 1.5f, 2.5f, -0.6f}) == std::vector<float>{0, 0, 1, 2, 2, -1});
  CHECK(f(rounded("max-error=0.5", -0.0f)) == 0);
  CHECK(f(rounded("max-error=0.5", -0.2f)) == 0);
  const double step = lattice_step(-99);  // the largest below 2e-4
  CHECK(rounded("max-error=0.0001", 0.1234567f) == lattice_value(656, step));
  CHECK(rounded("max-error=0.5", 8388606.5f) == 8388606.0f);
  CHECK(rounded("max-error=0.5", 1e30f) == 1e30f);
  CHECK(rounded("max-error=1e-300", 0.1f) == 0.1f);
  CHECK(rounded("max-error=1e300", 1e38f) != 0);  // the largest step is 2^110
  CHECK(std::isfinite(rounded("max-error=1e300", std::numeric_limits<float>::max())));
  std::vector<float> row(10000, 200);  // where float32 is almost too coarse for the lattice
  for (std::size_t i = 1; i < row.size(); ++i) row[i] = std::nextafter(row[i - 1], kInf);
  const auto stored = rounded("max-error=0.0001", row);
  std::size_t kept = 0, beyond = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    kept += stored[i] == row[i];
    beyond += std::abs(double{stored[i]} - double{row[i]}) > 0.0001;
  }
  CHECK(beyond == 0);
  CHECK(kept > 800);   // one of 12 or so is a multiple,
  CHECK(kept < 2000);  // and few stay since their multiple is too far off
}

TEST_CASE("max-relative keeps as many bits as it must") {
  CHECK(rounded("max-relative=0.25", {1.1f, 1.25f, 1.3f, 1.75f, -1.8f, 1e-3f}) ==
        std::vector<float>{1, 1, 1.5f, 2, -2, 0x1p-10f});
  CHECK(rounded("max-relative=0.9", {0.8f, 1.6f, 3.1f}) == std::vector<float>{1, 2, 4});
  CHECK(rounded("max-relative=1e-8", 0.1f) == 0.1f);
  CHECK(f(rounded("max-relative=0.25", -0.0f)) == 0x80000000);
  CHECK(rounded("max-relative=0.25", std::numeric_limits<float>::max()) == std::numeric_limits<float>::max());
  CHECK(f(rounded("max-relative=0.25", value(1))) == 1);
  CHECK(f(rounded("max-relative=0.25", value(0x6ff))) == 0x600);
  CHECK(f(rounded("max-relative=0.25", value(0x701))) == 0x800);
  CHECK(f(rounded("max-relative=0.25", value(0x807fffff))) == 0x80800000);
}

TEST_CASE("int8 and int4 have a step for each vector, and saturate nothing") {
  const auto row = rounded("int4", {7.4f, -7.4f, 0.4f, 0.6f, -0.0f});
  CHECK(row == std::vector<float>{7, -7, 0, 1, 0});  // 7.4 is no more than 7 steps of 1
  CHECK(f(row[4]) == 0);
  CHECK(rounded("int8", {127.4f, 1}) == std::vector<float>{127, 1});
  CHECK(rounded("int8", 127.6f) == lattice_value(117, lattice_step(1)));
  CHECK(f(rounded("int8", {0.0f, -0.0f})[1]) == 0x80000000);
  CHECK(rounded("int8", value(0x007fffff)) == value(0x007fffff));
  CHECK(rounded("int8", 0x1p127f) == 0x1p127f * rounded("int8", 1.0f));
  for (const std::string accuracy : {"int8", "int4"}) {
    float x = std::numeric_limits<float>::max();
    for (int i = 0; i < 100000; ++i, x = std::nextafter(x * 0.99999f, 0.0f)) {
      if (!std::isfinite(rounded(accuracy, x))) FAIL(accuracy << " of " << x);
    }
  }
}

TEST_CASE("binary is the mean size with the sign") {
  CHECK(rounded("binary", {1, -2, 3, -0.0f, 0}) == std::vector<float>{1.2f, -1.2f, 1.2f, 1.2f, 1.2f});
  CHECK(f(rounded("binary", {0, -0.0f})[1]) == 0);
  CHECK(f(rounded("binary", std::vector<float>{-1e-45f, 0, 0, 0})[0]) == 0);
}

TEST_CASE("a few dimensions share the scale of the vector as it would stand") {
  const model::Quantizer int8(must(Accuracy::parse("int8"))), exact{Accuracy{}};
  std::vector<std::uint32_t> stored{f(127), f(3), f(0)}, bits{f(0.6f), f(-5.4f)};
  const std::vector<std::uint32_t> indices{1, 2};
  must(int8.round(indices, bits, stored));
  CHECK(bits == std::vector<std::uint32_t>{f(1), f(-5)});
  bits = {f(0.6f), f(-5.4f)};
  must(exact.round(indices, bits, stored));
  CHECK(bits == std::vector<std::uint32_t>{f(0.6f), f(-5.4f)});
  const model::Quantizer f16(must(Accuracy::parse("f16")));
  bits = {f(1), f(1e6f)};
  CHECK(f16.round(indices, bits, {}).error().message == "the value of dimension 2 is 1e+06, beyond what f16 holds");
}

namespace {

constexpr std::size_t kVectors = 2000, kDims = 64, kQueries = 200, kNearest = 10;

/// Twenty clusters, as embeddings have them: unit Gaussian centres, half as wide around them.
std::vector<float> clusters() {
  std::mt19937 random(7);
  std::normal_distribution<float> gauss;
  std::vector<float> centres(20 * kDims), out(kVectors * kDims);
  for (float& x : centres) x = gauss(random);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = centres[i / kDims % 20 * kDims + i % kDims] + 0.5f * gauss(random);
  }
  return out;
}

/// The nearest of the others, by Euclidean distance.
std::vector<std::size_t> nearest(const std::vector<float>& data, const float* query, std::size_t self) {
  std::vector<std::pair<double, std::size_t>> all;
  for (std::size_t v = 0; v < kVectors; ++v) {
    double sum = 0;
    for (std::size_t d = 0; d < kDims; ++d) sum += (data[v * kDims + d] - query[d]) * (data[v * kDims + d] - query[d]);
    if (v != self) all.emplace_back(sum, v);
  }
  std::partial_sort(all.begin(), all.begin() + kNearest, all.end());
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < kNearest; ++i) out.push_back(all[i].second);
  std::sort(out.begin(), out.end());
  return out;
}

/// Share of the ten nearest that are found among rounded vectors, by queries that are not rounded.
double recall(const std::string& accuracy) {
  static const std::vector<float> data = clusters();
  std::vector<float> stored(data);
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto begin = stored.begin() + static_cast<std::ptrdiff_t>(v * kDims);
    const auto row = rounded(accuracy, std::vector<float>(begin, begin + kDims));
    std::copy(row.begin(), row.end(), begin);
  }
  std::size_t found = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto wanted = nearest(data, &data[q * kDims], q), got = nearest(stored, &data[q * kDims], q);
    std::vector<std::size_t> both;
    std::set_intersection(wanted.begin(), wanted.end(), got.begin(), got.end(), std::back_inserter(both));
    found += both.size();
  }
  return static_cast<double>(found) / (kQueries * kNearest);
}

}  // namespace

TEST_CASE("the nearest neighbours stay the nearest") {
  const std::pair<std::string, double> least[] = {{"f16", 0.999},          {"bf16", 0.99},
                                                  {"int8", 0.98},          {"int4", 0.77},
                                                  {"binary", 0.28},        {"max-error=0.0001", 0.999},
                                                  {"max-error=0.01", 0.98}};
  for (const auto& [accuracy, share] : least) {
    const double measured = recall(accuracy);
    INFO(accuracy << ": recall@10 " << measured);
    CHECK(measured >= share);
  }
}
