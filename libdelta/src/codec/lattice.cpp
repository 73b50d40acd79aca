// The greatest step is found on a few values, and tried on all: nearly all data is turned away by the first ones.
#include "codec/lattice.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace delta::codec {
namespace {

constexpr std::array<double, Lattice::kMaxPlaces + 1> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
                                                                 1e6, 1e7, 1e8, 1e9, 1e10};
constexpr std::size_t kSample = 24;

using Sample = std::array<std::uint32_t, kSample>;

/// Non-zero words spread over all; fewer if there are not as many.
std::span<const std::uint32_t> sample_of(std::span<const std::uint32_t> words, Sample& sample) {
  std::size_t n = 0;
  const std::size_t stride = std::max<std::size_t>(1, words.size() / (2 * kSample));
  for (std::size_t i = 0; i < words.size() && n < kSample; i += stride) {
    if (words[i] != 0) sample[n++] = words[i];
  }
  for (std::size_t i = 0; i < words.size() && n < 2; ++i) {  // nearly all are zero
    if (words[i] != 0) sample[n++] = words[i];
  }
  return {sample.data(), n};
}

/// The greatest multiple in size, if all are some.
std::optional<std::int32_t> greatest(const Lattice& lattice, std::span<const std::uint32_t> words) {
  std::int32_t most = 0;
  for (const std::uint32_t word : words) {
    const auto k = multiple_of(lattice, word);
    if (!k) return std::nullopt;
    most = std::max(most, std::abs(*k));
  }
  return most;
}

/// The power of two in all of them: that of the last one bit.
std::optional<int> common_octave(std::span<const std::uint32_t> words) {
  int least = 1000, most = -1000;
  for (const std::uint32_t word : words) {
    const std::uint32_t exponent = word >> 23 & 0xff, fraction = word & 0x7fffff;
    if (exponent == 0xff || word == 0x80000000) return std::nullopt;
    if (word << 1 == 0) continue;
    const std::uint32_t mantissa = exponent == 0 ? fraction : fraction | 0x800000;
    const int unit = static_cast<int>(std::max(exponent, 1u)) - 150;  // of the last place
    least = std::min(least, unit + std::countr_zero(mantissa));
    most = std::max(most, unit + static_cast<int>(std::bit_width(mantissa)));
    if (most - least > 23) return std::nullopt;
  }
  return least == 1000 ? std::nullopt : std::optional(least);
}

}  // namespace

Lattice::Lattice(std::uint32_t number) : number_(number), decimal_((number & 1) != 0) {
  const auto j = static_cast<int>(number >> 2) ^ -static_cast<int>(number >> 1 & 1);
  unit_ = decimal_ ? kPowers[number >> 1] : lattice_step(j);
}

std::optional<Lattice> Lattice::numbered(std::uint64_t number) {
  if ((number & 1) != 0) {
    return number >> 1 <= kMaxPlaces ? std::optional(Lattice(static_cast<std::uint32_t>(number))) : std::nullopt;
  }
  if (number > 4 * 8 * 200) return std::nullopt;
  const auto j = static_cast<int>(number >> 2) ^ -static_cast<int>(number >> 1 & 1);
  return j >= kMinLattice && j <= kMaxLattice ? std::optional(Lattice(static_cast<std::uint32_t>(number)))
                                              : std::nullopt;
}

Lattice Lattice::octaves(int j) {
  const std::uint32_t zigzag = (static_cast<std::uint32_t>(j) << 1) ^ static_cast<std::uint32_t>(j >> 31);
  return Lattice(2 * zigzag);
}

Lattice Lattice::decimals(int places) { return Lattice(2 * static_cast<std::uint32_t>(places) + 1); }

std::optional<Lattice> find_lattice(std::span<const std::uint32_t> words) {
  Sample room;
  const auto sample = sample_of(words, room);
  if (sample.empty()) return greatest(Lattice(), words) ? std::optional(Lattice()) : std::nullopt;
  std::optional<Lattice> best;
  std::int32_t least = static_cast<std::int32_t>(kMaxMultiple);
  const auto consider = [&](const Lattice& lattice) {
    const auto most = greatest(lattice, sample);
    if (!most || *most >= least) return false;
    const auto all = greatest(lattice, words);
    if (!all || *all >= least) return false;
    best = lattice;
    least = *all;
    return true;
  };
  if (common_octave(sample)) {
    if (const auto octave = common_octave(words); octave && *octave * 8 >= kMinLattice) {
      consider(Lattice::octaves(std::min(*octave * 8, kMaxLattice)));
    }
  }
  for (int places = 1; places <= Lattice::kMaxPlaces && !consider(Lattice::decimals(places)); ++places) {
  }
  float smallest = std::bit_cast<float>(sample[0] & 0x7fffffff);
  for (const std::uint32_t word : sample) smallest = std::min(smallest, std::bit_cast<float>(word & 0x7fffffff));
  if (!(smallest >= 0x1p-120f && smallest <= std::numeric_limits<float>::max())) return best;
  // Of steps that are no powers of two, the smallest value is a multiple, and no great one: a great one would be a
  // multiple of anything.
  for (int eighth = 1; eighth < 8; ++eighth) {
    const int most =
        static_cast<int>(std::floor(std::log2(static_cast<double>(smallest) / lattice_step(eighth)) + 1e-6));
    const int top = std::min(most, (kMaxLattice - eighth) / 8);
    for (int octave = top; octave > top - 18; --octave) {
      if (consider(Lattice::octaves(octave * 8 + eighth))) return best;
    }
  }
  return best;
}

}  // namespace delta::codec
