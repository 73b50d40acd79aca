// Every rounding here is one of the IEEE 754 operations, or integers: the same bits on every machine.
#include "model/accuracy.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "base/boundary.hpp"
#include "base/lattice.hpp"
#include "delta/setting.hpp"
#include "delta/state.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

using Kind = Accuracy::Kind;

struct Named {
  Kind kind;
  std::string_view name;
  bool bound;  // name=NUMBER
};
constexpr std::array kKinds = {Named{Kind::max_error, "max-error", true},
                               Named{Kind::max_relative, "max-relative", true},
                               Named{Kind::f16, "f16", false},
                               Named{Kind::bf16, "bf16", false},
                               Named{Kind::int8, "int8", false},
                               Named{Kind::int4, "int4", false},
                               Named{Kind::binary, "binary", false}};

/// Without an exponent where that is short.
std::string bound_text(double x) {
  if (!(x >= 1e-6 && x < 1e6)) return number_text(x);
  char text[48];
  return {text, std::to_chars(text, text + sizeof text, x, std::chars_format::fixed).ptr};
}

}  // namespace

namespace {

constexpr std::string_view kDeadBand = "ignore-below=";

Result<double> parse_bound(std::string_view number) {
  double bound = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), bound);
  const bool read = !number.empty() && failure == std::errc() && end == number.data() + number.size();
  if (!read) return error(ErrorCode::usage, quote(number) + " is not a number");
  return bound;
}

Error unknown_accuracy(std::string_view text) {
  return error(ErrorCode::unsupported, "unknown accuracy " + quote(text, 60))
      .with_hint(
          "accuracies are max-error=E, max-relative=R, f16, bf16, int8, int4, binary, and ignore-below=E, alone or "
          "after a comma");
}

/// What values are rounded to, without the dead band.
Result<Accuracy> parse_rounding(std::string_view text) {
  const auto equals = text.find('=');
  for (const Named& known : kKinds) {
    if (known.name != text.substr(0, equals) || known.bound != (equals != text.npos)) continue;
    Accuracy accuracy{known.kind, 0};
    if (known.bound) {
      DELTA_TRY(accuracy.bound, parse_bound(text.substr(equals + 1)));
    }
    return accuracy;
  }
  return unknown_accuracy(text);
}

}  // namespace

Result<Accuracy> Accuracy::parse(std::string_view text) try {
  const Boundary boundary;
  const auto band = text.starts_with(kDeadBand) ? 0 : text.find(',');
  Accuracy accuracy;
  if (band != 0) {
    DELTA_TRY(accuracy, parse_rounding(text.substr(0, band)));
  }
  if (band != text.npos) {
    const std::string_view rest = text.substr(band == 0 ? 0 : band + 1);
    if (!rest.starts_with(kDeadBand)) return unknown_accuracy(text);
    DELTA_TRY(accuracy.ignore_below, parse_bound(rest.substr(kDeadBand.size())));
    DELTA_OK(model::check_dead_band(accuracy.ignore_below));
  }
  DELTA_OK(model::check_accuracy(accuracy));
  return accuracy;
} catch (...) {
  return caught();
}

std::string Accuracy::to_text() const {
  std::string text = kind == Kind::exact && ignore_below == 0 ? "exact" : "";
  for (const Named& known : kKinds) {
    if (known.kind == kind) text = std::string(known.name) + (known.bound ? "=" + bound_text(bound) : "");
  }
  if (ignore_below > 0) ((text += text.empty() ? "" : ",") += kDeadBand) += bound_text(ignore_below);
  return text;
}

namespace model {
namespace {

constexpr std::uint32_t kSign = 0x80000000, kInfinity = 0x7f800000, kLeastNormal = 0x00800000;
constexpr int kFraction = 23;  // bits

float value_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }
constexpr std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
std::uint32_t magnitude(std::uint32_t bits) { return bits & ~kSign; }
bool finite(std::uint32_t bits) { return magnitude(bits) < kInfinity; }

/// The nearest integer, ties to even. REQUIRES: |x| < 2^51.
double nearest(double x) {
  constexpr double kShift = 0x1.8p52;  // numbers from here to the next power of two are integers
  return (x + kShift) - kShift;
}

std::uint32_t on_lattice(double k, double step) { return bits_of(lattice_value(static_cast<std::int64_t>(k), step)); }

std::uint32_t within(std::uint32_t bits, double step, double bound) {
  const double x = value_of(bits), k = x / step;
  if (!(std::abs(k) < kMaxMultiple - 0.5)) return bits;  // nor is a NaN less
  const std::uint32_t rounded = on_lattice(nearest(k), step);
  // The difference is exact: unless the rounded value is zero, neither is more than three times the other.
  return std::abs(value_of(rounded) - x) <= bound ? rounded : bits;
}

/// The lowest bits gone, ties to the even pattern; a carry goes into the exponent, as it should. REQUIRES: 0 < drop
/// < 32.
std::uint32_t without(std::uint32_t magnitude, int drop) {
  const std::uint32_t half = std::uint32_t{1} << (drop - 1);
  return (magnitude + (half - 1) + (magnitude >> drop & 1)) >> drop << drop;
}

std::uint32_t shortened(std::uint32_t bits, int kept) {
  const std::uint32_t size = magnitude(bits);
  const int leading = size < kLeastNormal ? static_cast<int>(std::bit_width(size)) - 1 : kFraction;
  if (leading <= kept || size >= kInfinity) return bits;
  const std::uint32_t rounded = without(size, leading - kept);
  return rounded < kInfinity ? rounded | (bits & kSign) : bits;
}

// Of the two below: an infinity where the format does not hold a finite value.

std::uint32_t half(std::uint32_t bits) {
  constexpr std::uint32_t kLeast = bits_of(0x1p-14f), kBeyond = bits_of(0x1p16f);
  const std::uint32_t size = magnitude(bits);
  if (size >= kInfinity) return bits;
  if (size < kLeast) {  // subnormal: multiples of 2^-24
    return bits_of(static_cast<float>(nearest(value_of(size) * 0x1p24) * 0x1p-24)) | (bits & kSign);
  }
  const std::uint32_t rounded = without(size, kFraction - 10);
  return (rounded < kBeyond ? rounded : kInfinity) | (bits & kSign);
}

std::uint32_t upper_half(std::uint32_t bits) {
  return finite(bits) ? without(magnitude(bits), 16) | (bits & kSign) : bits;
}

std::uint32_t signed_mean(std::uint32_t bits, float mean) {
  const float x = value_of(bits);
  return bits_of(x < 0 && mean > 0 ? -mean : mean);
}

/// Of int8 and int4.
int greatest_multiple(Kind kind) { return kind == Kind::int8 ? 127 : 7; }

/// The least step of a lattice under which the nearest multiple to `largest` is no more than `most`, which is 2^n - 1.
/// It is the same for that multiple: an eighth of an octave is more than rounding can move it. No multiple overflows:
/// 2^128 is more than `most` steps 2^i, and at the next step, which is enough for all of float32, that ends well before
/// the middle between two multiples.
double least_step(double largest, int most) {
  const auto fits = [&](int j) { return nearest(largest / lattice_step(j)) <= most; };
  int j =
      static_cast<int>(std::ceil(8 * std::log2(largest / (most + 0.5))));  // or one beside it: logarithms are not exact
  while (!fits(j)) ++j;
  while (fits(j - 1)) --j;
  return lattice_step(j);
}

/// The largest step of a lattice that is no more than twice `bound`; 0: there is none.
double largest_step(double bound) {
  int none = kMaxLattice + 1, j = kMinLattice - 1;  // the greatest that is small enough lies from j to below none
  while (none - j > 1) {
    const int middle = j + (none - j) / 2;
    (lattice_step(middle) / 2 <= bound ? j : none) = middle;
  }
  return j < kMinLattice ? 0 : lattice_step(j);
}

/// The least number of bits m for which 2^-(m+1) <= bound.
int bits_kept(double bound) {
  int m = 0;
  while (m < kFraction && std::ldexp(0.5, -m) > bound) ++m;
  return m;
}

double mean_magnitude(std::span<const std::uint32_t> row) {
  double sum = 0;
  std::size_t n = 0;
  for (const std::uint32_t bits : row) {
    if (!finite(bits)) continue;
    sum += value_of(magnitude(bits));
    ++n;
  }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

/// Place of the largest finite |x|; none: no value is finite.
std::optional<std::size_t> largest_of(std::span<const std::uint32_t> row) {
  std::optional<std::size_t> largest;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (finite(row[i]) && (!largest || magnitude(row[i]) > magnitude(row[*largest]))) largest = i;
  }
  return largest;
}

/// bits = one(bits). Stops where a finite value became an infinity, and returns that place.
template <class One>
std::size_t each(std::span<std::uint32_t> bits, const One& one) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const std::uint32_t rounded = one(bits[i]);
    if (!finite(rounded) && finite(bits[i])) return i;
    bits[i] = rounded;
  }
  return bits.size();
}

}  // namespace

Status check_dead_band(double bound) {
  if (bound > 0 && std::isfinite(bound)) return {};
  return error(ErrorCode::usage, bound_text(bound) + " is no difference to ignore: it must be above 0 and finite");
}

Status check_accuracy(const Accuracy& accuracy) {
  if (accuracy.ignore_below != 0) DELTA_OK(check_dead_band(accuracy.ignore_below));
  const double bound = accuracy.bound;
  if (accuracy.kind == Kind::max_error && !(bound > 0 && std::isfinite(bound))) {
    return error(ErrorCode::usage, bound_text(bound) + " is not a bound for an error: it must be above 0 and finite");
  }
  if (accuracy.kind == Kind::max_relative && !(bound > 0 && bound < 1)) {
    return error(ErrorCode::usage,
                 bound_text(bound) + " is no relative error to stay within: it must be above 0 and below 1");
  }
  return {};
}

Quantizer::Quantizer(const Accuracy& accuracy) : accuracy_(accuracy) {
  if (accuracy.kind == Kind::max_error) step_ = largest_step(accuracy.bound);
  if (accuracy.kind == Kind::max_relative) kept_ = bits_kept(accuracy.bound);
}

Error Quantizer::beyond(std::uint32_t bits, std::uint64_t dim) const {
  Error problem =
      error(ErrorCode::bad_input, "the value of dimension " + std::to_string(dim) + " is " +
                                      number_text(value_of(bits)) + ", beyond what " + accuracy_.to_text() + " holds");
  return accuracy_.kind == Kind::f16 ? std::move(problem).with_hint("bf16 has the range of float32") : problem;
}

/// What values of the vector have in common: the step, the mean, or nothing; 0: they stay as they are.
double Quantizer::scale(std::span<const std::uint32_t> row) const {
  if (accuracy_.kind == Kind::binary) return static_cast<float>(mean_magnitude(row));
  if (!by_row()) return step_;
  const auto place = largest_of(row);
  if (!place || magnitude(row[*place]) < kLeastNormal) return 0;
  return least_step(value_of(magnitude(row[*place])), greatest_multiple(accuracy_.kind));
}

Status Quantizer::apply(std::span<std::uint32_t> bits, double scale, std::span<const std::uint32_t> indices) const {
  std::size_t stopped = bits.size();
  switch (accuracy_.kind) {
    case Kind::exact:
      break;
    case Kind::max_error:
      if (scale > 0) each(bits, [&](std::uint32_t b) { return within(b, scale, accuracy_.bound); });
      break;
    case Kind::max_relative:
      each(bits, [&](std::uint32_t b) { return shortened(b, kept_); });
      break;
    case Kind::f16:
      stopped = each(bits, half);
      break;
    case Kind::bf16:
      stopped = each(bits, upper_half);
      break;
    case Kind::int8:
    case Kind::int4:
      if (scale > 0) {
        each(bits, [&](std::uint32_t b) { return finite(b) ? on_lattice(nearest(value_of(b) / scale), scale) : b; });
      }
      break;
    case Kind::binary:
      each(bits, [&](std::uint32_t b) { return finite(b) ? signed_mean(b, static_cast<float>(scale)) : b; });
      break;
  }
  if (stopped == bits.size()) return {};
  return beyond(bits[stopped], indices.empty() ? stopped : indices[stopped]);
}

Status Quantizer::round(std::span<std::uint32_t> row) const { return apply(row, scale(row), {}); }

bool Quantizer::ignores(std::uint32_t given, std::uint32_t stored) const {
  const double x = value_of(given), y = value_of(stored), apart = x - y;
  const double size = std::abs(apart);
  if (!(size <= accuracy_.ignore_below)) return false;  // nor is a NaN
  if (size < accuracy_.ignore_below) return true;
  // What rounding took from the difference: Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B.
  const double back = apart - x, lost = (x - (apart - back)) - (y + back);
  return (apart > 0 ? lost : -lost) <= 0;
}

Status Quantizer::round_over(std::span<std::uint32_t> row, std::span<const std::uint32_t> stored,
                             std::vector<std::uint32_t>& given) const {
  if (!has_dead_band() || stored.empty()) return round(row);
  given.assign(row.begin(), row.end());
  DELTA_OK(round(row));
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (ignores(given[i], stored[i])) row[i] = stored[i];
  }
  return {};
}

Status Quantizer::round(std::span<const std::uint32_t> indices, std::span<std::uint32_t> bits,
                        std::span<std::uint32_t> stored) const {
  if (!by_row()) return apply(bits, step_, indices);
  for (std::size_t i = 0; i < indices.size(); ++i) stored[indices[i]] = bits[i];
  return apply(bits, scale(stored), indices);
}

std::vector<RecordedAccuracy> recorded_accuracies(const Catalog& catalog, const History& history) {
  std::map<std::string, RecordedAccuracy, std::less<>> found;
  const auto key = [&](CommitNo number) {
    const CommitView& c = history.commit(number);
    return Key{c.time, c.origin, c.first};
  };
  for (const CommitNo number : history.settings()) {
    if (!history.folded(number)) continue;
    const auto setting = Setting::parse(history.commit(number).setting);
    if (!setting || setting->kind != Setting::Kind::accuracy) {
      continue;  // a setting that is none was refused on reading
    }
    const auto [place, fresh] = found.try_emplace(setting->name_space);
    if (!fresh && !key_less(catalog, key(place->second.commit), key(number))) continue;
    place->second = {setting->name_space, std::string(setting->text), number};
  }
  std::vector<RecordedAccuracy> out;
  for (auto& [name, recorded] : found) out.push_back(std::move(recorded));
  return out;
}

}  // namespace model
}  // namespace delta
