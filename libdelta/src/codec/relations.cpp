// Steps. An ordinal is a float's bits made to rise as the float does, so that neighbours differ by one and a small
// change is a small whole number. The entropy stage sees its length. A change of some absolute size has a
// length that falls by one with each power of two of the value; adding the exponent back leaves one size for all
// (`scattered`), and that is what noise is. Counts and what lies on a lattice move by few whole steps instead, also
// when a transform has put them beside it (`moved`).
#include "codec/relations.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/thread_scratch.hpp"
#include "base/transform.hpp"
#include "base/varint.hpp"
#include "delta/limits.hpp"

namespace delta::codec {
namespace {

constexpr std::uint32_t ordinal_of(std::uint32_t bits) { return (bits & kSign) != 0 ? ~bits : bits | kSign; }
constexpr std::uint32_t bits_of_ordinal(std::uint32_t ordinal) {
  return (ordinal & kSign) != 0 ? ordinal & ~kSign : ~ordinal;
}
constexpr std::uint32_t exponent_of(std::uint32_t bits) { return bits >> 23 & 0xff; }
constexpr std::uint32_t distance(const Pair& p) {
  return zigzag32(static_cast<std::int32_t>(ordinal_of(p.to) - ordinal_of(p.from)));
}

/// k and whether `to` is exactly so many steps away.
std::optional<std::int32_t> steps_between(StepCoder coder, const Lattice& lattice, const Pair& p) {
  const float from = value_of(p.from), to = value_of(p.to);
  if (coder == StepCoder::moved) {
    const std::int32_t k = lattice.nearest(static_cast<double>(to) - static_cast<double>(from));
    if (k == kMaxMultiple || std::bit_cast<std::uint32_t>(lattice.moved(from, k)) != p.to) return std::nullopt;
    return k;
  }
  const auto multiple = multiple_of(lattice, p.to);
  return multiple ? std::optional(*multiple - lattice.nearest(from)) : std::nullopt;
}

struct Scratch {
  Buffer symbols, bits, trial, best;
};

DELTA_THREAD_SCRATCH Scratch& scratch() { return thread_scratch<Scratch>(); }

void split(StepCoder coder, const Lattice& lattice, std::span<const Pair> pairs, Buffer& symbols, BitWriter& bits) {
  const auto put = [&](std::uint32_t z) {
    const Class c = class_of(z);
    symbols.push_back(c.symbol);
    bits.put(z - class_least(c.symbol), c.bits);
  };
  for (const Pair& p : pairs) {
    if (coder == StepCoder::ordinal) {
      put(distance(p));
    } else if (coder == StepCoder::scattered) {
      const std::uint32_t z = distance(p);
      const auto length = static_cast<unsigned>(std::bit_width(z));
      symbols.push_back(static_cast<Byte>(z == 0 ? 0 : 1 + (length + exponent_of(p.from)) % 255));
      if (length > 1) bits.put(z & ((std::uint64_t{1} << (length - 1)) - 1), length - 1);
    } else if (const auto k = steps_between(coder, lattice, p)) {
      put(zigzag32(*k));
    } else {
      symbols.push_back(kEscape);
      bits.put(p.to, 32);
    }
  }
  bits.finish();
}

void append_by(StepCoder coder, const Lattice& lattice, std::span<const Pair> pairs, Effort effort, Buffer& out) {
  Scratch& s = scratch();
  s.symbols.clear();
  s.bits.clear();
  BitWriter bits(s.bits);
  split(coder, lattice, pairs, s.symbols, bits);
  if (coder >= StepCoder::moved) put_varint(out, lattice.number());
  append_part(s.symbols, effort, out);
  out.insert(out.end(), s.bits.begin(), s.bits.end());
}

/// Whether most of some pairs are whole steps apart.
bool mostly_whole(StepCoder coder, const Lattice& lattice, std::span<const Pair> pairs) {
  const std::size_t stride = std::max<std::size_t>(1, pairs.size() / 64);
  std::size_t tried = 0, whole = 0;
  for (std::size_t i = 0; i < pairs.size(); i += stride, ++tried) {
    whole += steps_between(coder, lattice, pairs[i]).has_value();
  }
  return whole * 10 >= tried * 8;
}

constexpr float kMax = std::numeric_limits<float>::max();

float next_up(float x, int steps) {
  for (; steps > 0; --steps) x = std::nextafter(x, std::numeric_limits<float>::infinity());
  for (; steps < 0; ++steps) x = std::nextafter(x, -std::numeric_limits<float>::infinity());
  return x;
}

/// The candidate near `guess` for which predict(from) is `to` in all pairs.
template <class Predict>
std::optional<std::uint32_t> exact(std::span<const Pair> pairs, double guess, Predict&& predict) {
  if (!(std::abs(guess) < 3e38) || guess == 0) return std::nullopt;
  for (const int steps : {0, 1, -1, 2, -2}) {
    const float candidate = next_up(static_cast<float>(guess), steps);
    if (std::all_of(pairs.begin(), pairs.end(), [&](const Pair& p) { return predict(p.from, candidate) == p.to; })) {
      return std::bit_cast<std::uint32_t>(candidate);
    }
  }
  return std::nullopt;
}

}  // namespace

void KnownValues::clear() {
  if (!bits_) {
    bits_ = allocate_pages(kMostDims, PageSize::usual);
    stamps_ = allocate_pages(kMostDims, PageSize::usual);
  }
  if (++epoch_ == 0) {
    std::fill_n(stamps_.get(), kMostDims, 0);
    epoch_ = 1;
  }
  top_ = 0;
  known_ = 0;
  vector_.reset();
}

void KnownValues::transform(Operation op, std::span<const std::uint32_t> parameters) {
  std::uint64_t overflows = 0;
  transform_row({bits_.get(), top_}, op, parameters, overflows);  // the unknown ones do not matter
}

std::optional<std::uint32_t> common_factor(std::span<const Pair> pairs) {
  if (pairs.size() < 4) return std::nullopt;
  const auto size = [](const Pair& p) { return magnitude(p.from); };
  const Pair& greatest =
      *std::max_element(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) { return size(a) < size(b); });
  return exact(pairs, static_cast<double>(value_of(greatest.to)) / static_cast<double>(value_of(greatest.from)),
               [](std::uint32_t from, float factor) {
                 std::uint64_t overflows = 0;
                 return scaled(from, factor, overflows);
               });
}

std::optional<std::uint32_t> common_amount(std::span<const Pair> pairs) {
  if (pairs.size() < 4) return std::nullopt;
  // Each pair leaves the amounts whose sum rounds to `to`; of unrelated ones two or three leave none.
  double least = -std::numeric_limits<double>::infinity(), most = -least;
  for (const Pair& p : pairs) {
    const float from = value_of(p.from), to = value_of(p.to);
    if (!(std::abs(from) < kMax && std::abs(to) < kMax)) continue;
    const double room =
        (std::abs(static_cast<double>(from)) + std::abs(static_cast<double>(to))) * 0x1p-50;  // for the rounding here
    least = std::max(
        least, (static_cast<double>(next_up(to, -1)) + static_cast<double>(to)) / 2 - static_cast<double>(from) - room);
    most = std::min(
        most, (static_cast<double>(next_up(to, 1)) + static_cast<double>(to)) / 2 - static_cast<double>(from) + room);
    if (least > most) return std::nullopt;
  }
  return exact(pairs, least + (most - least) / 2, [](std::uint32_t from, float amount) {
    std::uint64_t overflows = 0;
    return shifted(from, amount, overflows);
  });
}

double step_bits(std::span<const Pair> pairs, bool discrete, const std::optional<Lattice>& lattice) {
  std::uint64_t least = 0;
  for (const Pair& p : pairs) least += static_cast<unsigned>(std::bit_width(distance(p)));
  const auto enter = [&](StepCoder coder, const Lattice& of) {
    std::uint64_t bits = 0;
    for (const Pair& p : pairs) {
      const auto k = steps_between(coder, of, p);
      bits += k ? static_cast<unsigned>(std::bit_width(zigzag32(*k))) : 40;
    }
    least = std::min(least, bits);
  };
  if (discrete) {
    enter(StepCoder::moved, {});
    if (lattice) enter(StepCoder::multiples, *lattice);
  }
  // Beside the bits below the first, some 2.5 for the length.
  return static_cast<double>(least) + 1.5 * static_cast<double>(pairs.size());
}

Coded append_steps(std::span<const Pair> pairs, const std::optional<Lattice>& lattice, Effort effort, Buffer& out) {
  Scratch& s = scratch();
  s.best.clear();
  auto winner = StepCoder::scattered;
  const auto enter = [&](StepCoder coder, const Lattice& of) {
    s.trial.clear();
    append_by(coder, of, pairs, effort.trial(), s.trial);
    if (!s.best.empty() && s.trial.size() >= s.best.size()) return;
    winner = coder;
    std::swap(s.best, s.trial);
  };
  for (const auto coder : {StepCoder::scattered, StepCoder::ordinal}) enter(coder, {});
  for (const auto coder : {StepCoder::moved, StepCoder::multiples}) {
    if (lattice && mostly_whole(coder, *lattice, pairs)) enter(coder, *lattice);
  }
  if ((!lattice || lattice->number() != Lattice().number()) && mostly_whole(StepCoder::moved, {}, pairs)) {
    enter(StepCoder::moved, {});
  }
  out.insert(out.end(), s.best.begin(), s.best.end());
  return {static_cast<std::uint8_t>(winner), pairs.size() * sizeof(std::uint32_t)};
}

Status StepReader::open(Coded coded, ByteView stored, std::size_t n, std::string_view what) {
  what_ = what;
  taken_ = 0;
  astray_ = false;
  if (coded.raw != n * sizeof(std::uint32_t)) return column_error(ErrorCode::corrupt, what, "another number of steps");
  if (coded.coder < static_cast<std::uint8_t>(StepCoder::scattered) ||
      coded.coder > static_cast<std::uint8_t>(StepCoder::multiples)) {
    return column_error(ErrorCode::unsupported, what, "unknown coder " + std::to_string(coded.coder));
  }
  coder_ = static_cast<StepCoder>(coded.coder);
  if (coder_ >= StepCoder::moved) {
    const Byte *at = stored.data(), *end = at + stored.size();
    std::uint64_t number = 0;
    const auto lattice = get_varint(at, end, number) ? Lattice::numbered(number) : std::nullopt;
    if (!lattice) return column_error(ErrorCode::corrupt, what, "bad lattice");
    lattice_ = *lattice;
    stored = {at, end};
  }
  room_.resize(n);
  DELTA_TRY(symbols_, read_part(stored, room_, what));
  bits_ = BitReader(stored);
  return {};
}

std::uint32_t StepReader::next(std::uint32_t from) {
  const Byte symbol = symbols_[taken_++];
  const auto bad = [&] { return astray_ = true, from; };
  if (coder_ == StepCoder::scattered) {
    if (symbol == 0) return from;
    unsigned length = symbol - 1u + 255 - exponent_of(from);  // 0 to 509
    if (length >= 255) length -= 255;
    if (length < 1 || length > 32) return bad();
    const std::uint32_t z = (std::uint32_t{1} << (length - 1)) | bits_.get(length - 1);
    return bits_of_ordinal(ordinal_of(from) + static_cast<std::uint32_t>(unzigzag32(z)));
  }
  if (symbol == kEscape && coder_ >= StepCoder::moved) return bits_.get(32);
  if (symbol > kMaxClass) return bad();
  const std::int32_t k = unzigzag32(class_least(symbol) + bits_.get(class_bits(symbol)));
  if (coder_ == StepCoder::ordinal) return bits_of_ordinal(ordinal_of(from) + static_cast<std::uint32_t>(k));
  if (coder_ == StepCoder::moved) {
    if (std::abs(static_cast<std::int64_t>(k)) >= kMaxMultiple) return bad();
    std::uint64_t overflows = 0;
    return canonical_result(lattice_.moved(value_of(from), k), from, overflows);
  }
  const std::int64_t multiple = std::int64_t{lattice_.nearest(value_of(from))} + k;
  if (std::abs(multiple) >= kMaxMultiple) return bad();
  return std::bit_cast<std::uint32_t>(lattice_.value(static_cast<std::int32_t>(multiple)));
}

void release_step_scratch() { scratch() = {}; }

Status StepReader::finish() const {
  if (astray_) return column_error(ErrorCode::corrupt, what_, "a step that leads nowhere");
  if (taken_ == symbols_.size() && bits_.finished()) return {};
  return column_error(ErrorCode::corrupt, what_, "bits of another length");
}

}  // namespace delta::codec
