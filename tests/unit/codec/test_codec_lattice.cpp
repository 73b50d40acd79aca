// Values that are whole multiples of a step: the step is found, or it is seen that there is none; classes and bits of
// whole numbers.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/varint.hpp"
#include "codec/classes.hpp"
#include "codec/coder.hpp"
#include "codec/lattice.hpp"
#include "unit/codec/codec_batches.hpp"

using namespace delta;
using namespace delta::codec;
using test::Random;
using test::word;

namespace {

using Row = std::vector<std::uint32_t>;

void require_on(const Lattice& lattice, const Row& words) {
  for (const std::uint32_t w : words) REQUIRE(multiple_of(lattice, w));
}

/// What a reader makes of words written as multiples, and how many bytes that took; 0: they are on no lattices.
std::size_t round_trip(const Row& words, const std::vector<std::uint64_t>& groups) {
  Buffer out;
  if (!append_lattices(words, groups, effort_of(Preset::balanced), out)) return 0;
  Row back(words.size(), 77);
  ByteView stored = out;
  const Status status = read_lattices(stored, back, groups, "test");
  if (!status) FAIL(status.error().text());
  REQUIRE(stored.empty());
  REQUIRE(back == words);
  return out.size();
}

/// Through the choice of coders, which must hold on to what it can write.
void require_words(const Row& words, const std::vector<std::uint64_t>& groups = {}) {
  for (const Preset preset : {Preset::fastest, Preset::balanced, Preset::maximum}) {
    Buffer out;
    const Coded coded = append_words(words, groups, effort_of(preset), out);
    Row back(words.size(), 77);
    const Status status = read_words(coded, out, back, groups, "test");
    if (!status) FAIL(status.error().text());
    REQUIRE(back == words);
  }
}

Row decimals(Random& random, int places, std::size_t n, std::uint64_t most) {
  Row words;
  for (std::size_t i = 0; i < n; ++i) {
    std::string digits = std::to_string(test::below(random, most));
    digits.insert(
        0, digits.size() <= static_cast<std::size_t>(places) ? static_cast<std::size_t>(places) + 1 - digits.size() : 0,
        '0');
    digits.insert(digits.size() - static_cast<std::size_t>(places), ".");
    words.push_back(word(std::strtof(((test::below(random, 2) != 0 ? "-" : "") + digits).c_str(), nullptr)));
    if (words.back() == 0x80000000) words.back() = 0;
  }
  return words;
}

}  // namespace

TEST_CASE("A lattice has one number, and a number one lattice or none") {
  for (int j = kMinLattice; j <= kMaxLattice; ++j) {
    const Lattice lattice = Lattice::octaves(j);
    REQUIRE(lattice.number() % 2 == 0);
    REQUIRE(Lattice::numbered(lattice.number())->value(3) == lattice_value(3, lattice_step(j)));
  }
  for (int n = 0; n <= Lattice::kMaxPlaces; ++n) {
    REQUIRE(Lattice::numbered(Lattice::decimals(n).number())->value(5) == static_cast<float>(5 / std::pow(10.0, n)));
  }
  for (const int j : {kMinLattice - 1, kMaxLattice + 1}) REQUIRE(!Lattice::numbered(2 * zigzag(j)));
  for (const std::uint64_t number : {std::uint64_t{23}, std::uint64_t{25}, std::uint64_t{6404}, std::uint64_t{1} << 32,
                                     ~std::uint64_t{0}, ~std::uint64_t{0} - 1}) {
    REQUIRE(!Lattice::numbered(number));
  }
}

TEST_CASE("Counts and powers of two lie on the lattice of their common power") {
  Random random(1);
  for (int octave = -149; octave <= 104; ++octave) {
    Row words{word(std::ldexp(1.0f, octave)), 0};
    for (int i = 0; i < 60; ++i) {
      words.push_back(word(std::ldexp(static_cast<float>(test::below(random, 1 << 22)) - (1 << 21), octave)));
    }
    const auto lattice = find_lattice(words);
    REQUIRE(lattice);
    require_on(*lattice, words);
    if (octave <= kMaxLattice / 8) REQUIRE(lattice->number() == Lattice::octaves(8 * octave).number());
    require_words(words);
  }
  const auto zeros = find_lattice(Row(40, 0));
  REQUIRE((zeros && zeros->number() == Lattice().number()));
}

TEST_CASE("A lattice that is found has a number that a reader knows, up to the greatest floats") {
  for (int octave = -149; octave <= 127; ++octave) {
    for (int eighth = 0; eighth < 8; ++eighth) {
      Row words;
      for (int i = 0; i < 40; ++i) {
        words.push_back(word(static_cast<float>((i % 3) * lattice_step(8 * octave + eighth))));
      }
      if (const auto lattice = find_lattice(words)) REQUIRE(Lattice::numbered(lattice->number()));
      require_words(words);
    }
  }
}

TEST_CASE("Decimals of one to seven places are found from what their text becomes") {
  Random random(2);
  for (int places = 1; places <= 7; ++places) {
    for (const std::uint64_t most : {1000, 100000, 8000000}) {
      const Row words = decimals(random, places, 500, most);
      const auto lattice = find_lattice(words);
      INFO(places << " places below " << most);
      REQUIRE(lattice);
      REQUIRE(lattice->number() == Lattice::decimals(places).number());
      require_on(*lattice, words);
      require_words(words);
    }
  }
}

TEST_CASE("Multiples of an eighth of an octave are found") {
  Random random(3);
  for (int j = -8 * 100; j <= 8 * 100; j += 7) {
    Row words;
    for (int i = 0; i < 300; ++i) {
      words.push_back(word(lattice_value(static_cast<std::int64_t>(test::below(random, 255)) - 127, lattice_step(j))));
    }
    words[0] = word(lattice_value(1, lattice_step(j)));
    const auto lattice = find_lattice(words);
    INFO("step 2^(" << j << "/8)");
    REQUIRE(lattice);
    require_on(*lattice, words);
    const std::size_t bytes = round_trip(words, {});
    REQUIRE(bytes > 0);
    REQUIRE(bytes < 350);
  }
}

TEST_CASE("Rows of int8 values, each with a step of its own, take a lattice each") {
  Random random(4);
  Row words;
  for (int r = 0; r < 40; ++r) {
    const double step = lattice_step(static_cast<int>(test::below(random, 30)) - 70);
    for (int d = 0; d < 96; ++d) {
      words.push_back(word(lattice_value(static_cast<std::int64_t>(test::below(random, 255)) - 127, step)));
    }
  }
  REQUIRE(!find_lattice(words));
  const std::vector<std::uint64_t> groups(40, 96);
  REQUIRE(maybe_on_lattices(words, groups));
  const std::size_t bytes = round_trip(words, groups);
  REQUIRE(bytes > 0);
  REQUIRE(bytes * 8 < words.size() * 17 / 2);
  REQUIRE(round_trip(words, {}) == 0);
  std::vector<std::uint64_t> gaps = groups;  // deltas without values have no lattice
  gaps.insert(gaps.begin() + 3, 0);
  gaps.push_back(0);
  REQUIRE(round_trip(words, gaps) == bytes);
  words[39 * 96 + 5] = word(1.1234567f);  // the last row is on none
  REQUIRE(round_trip(words, groups) == 0);
  require_words(words, groups);
}

TEST_CASE("Noise is on no lattice") {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    Row words;
    for (int k = 0; k < 200; ++k) words.push_back(test::random_bits(random, 0));
    REQUIRE(!find_lattice(words));
    REQUIRE(!maybe_on_lattices(words, {}));
  }
}

TEST_CASE("One word beside the lattice is enough: -0, a NaN, an infinity, the least of floats, a larger place") {
  for (const std::uint32_t odd :
       {0x80000000u, 0x7fc00000u, 0xff800001u, 0x7f800000u, 0xff800000u, 0x00000001u, 0x807fffffu, 0x4b800001u}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{77}, std::size_t{399}}) {
      Row words;
      for (std::uint32_t i = 0; i < 400; ++i) words.push_back(word(static_cast<float>(i % 7)));
      words[at] = odd;
      INFO(std::hex << odd << " at " << std::dec << at);
      REQUIRE(!find_lattice(words));
      REQUIRE(round_trip(words, {}) == 0);
      require_words(words);
    }
  }
  for (const std::uint32_t odd : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0x80000000u}) {
    REQUIRE(!find_lattice(Row(30, odd)));
  }
  Row far(20000, word(1.0f));  // outside of what is looked at first
  far[3] = 0x80000000;
  require_words(far);
  far[19999] = 0x7fc12345;
  require_words(far);
}

TEST_CASE("Subnormals are multiples of the least float") {
  Row words;
  for (std::uint32_t i = 0; i < 300; ++i) words.push_back((i * 7919 & 0x7fffff) | (i % 3 == 0 ? 0x80000000 : 0));
  words[0] = 1;
  const auto lattice = find_lattice(words);
  REQUIRE((lattice && lattice->number() == Lattice::octaves(-149 * 8).number()));
  REQUIRE(round_trip(words, {}) > 0);
}

TEST_CASE("Multiples end below 2^23") {
  Row words{word(1.0f), word(8388607.0f), word(-8388607.0f)};
  REQUIRE(find_lattice(words));
  words.push_back(word(8388608.0f));
  REQUIRE(!find_lattice(words));
  const Lattice ones;
  REQUIRE(ones.nearest(8388607.4) == 8388607);
  for (const double x : {8388608.0, -8388608.0, 1e300, -1e300, std::nan(""), HUGE_VAL}) {
    REQUIRE(ones.nearest(x) == kMaxMultiple);
  }
  REQUIRE(ones.nearest(2.5) == 2);  // of two the even one
}

TEST_CASE("Classes cover all numbers, in order and without overlap") {
  std::uint64_t next = 0;
  for (unsigned symbol = 0; symbol <= kMaxClass; ++symbol) {
    const auto s = static_cast<Byte>(symbol);
    REQUIRE(class_least(s) == next);
    next = std::uint64_t{class_least(s)} + (std::uint64_t{1} << class_bits(s));
    for (const std::uint64_t z : {std::uint64_t{class_least(s)}, next - 1}) {
      const Class c = class_of(static_cast<std::uint32_t>(z));
      REQUIRE((c.symbol == s && c.bits == class_bits(s)));
    }
  }
  REQUIRE(next == std::uint64_t{1} << 32);
  for (const std::int32_t n : {0, 1, -1, 2147483647, -2147483647 - 1}) REQUIRE(unzigzag32(zigzag32(n)) == n);
}

TEST_CASE("Bits come back as they were put, and the reader knows whether that were all") {
  Random random(6);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::pair<std::uint32_t, unsigned>> pieces;
    Buffer out;
    BitWriter writer(out);
    unsigned total = 0;
    for (std::uint64_t k = test::below(random, 60); k > 0; --k) {
      const auto bits = static_cast<unsigned>(test::below(random, 33));
      pieces.emplace_back(static_cast<std::uint32_t>(random() & ((std::uint64_t{1} << bits) - 1)), bits);
      writer.put(pieces.back().first, bits);
      total += bits;
    }
    writer.finish();
    REQUIRE(out.size() == (total + 7) / 8);
    BitReader reader(out);
    for (const auto& piece : pieces) REQUIRE(reader.get(piece.second) == piece.first);
    REQUIRE(reader.finished());
    out.push_back(0);
    BitReader longer(out);
    for (const auto& piece : pieces) longer.get(piece.second);
    REQUIRE(!longer.finished());
    if (total % 8 == 0) continue;
    out.pop_back();
    out.back() = static_cast<Byte>(out.back() | 0x80);  // in the padding, unless the bits end there
    BitReader padded(out);
    for (const auto& piece : pieces) padded.get(piece.second);
    REQUIRE(!padded.finished());
  }
}

TEST_CASE("Bits beyond the end are zero, and told") {
  const Buffer bytes{0xff, 0x01};
  BitReader reader(bytes);
  REQUIRE(reader.get(32) == 0x1ff);
  REQUIRE(!reader.finished());
  BitReader twice(bytes);
  REQUIRE((twice.get(9) == 0x1ff && twice.finished()));
  REQUIRE((twice.get(0) == 0 && twice.finished()));
  REQUIRE((twice.get(8) == 0 && !twice.finished()));
  REQUIRE(BitReader().finished());
}
