#include "model/exact_sum.hpp"

#include <cmath>

#include "delta/error.hpp"

namespace delta::model {
namespace {

constexpr int kMantissa = 53;  // bits of a float64
constexpr int kBias = 1126;    // 2^-kBias is below every bit of every float64

}  // namespace

void ExactSum::add(double number) {
  DELTA_CHECK(std::isfinite(number) && number >= 0);
  if (number == 0) return;
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(number, &exponent), kMantissa));
  const auto place = static_cast<unsigned>(exponent - kMantissa + kBias);
  const unsigned shift = place % kDigit;
  const std::uint64_t low = (mantissa & 0xffffffff) << shift, high = (mantissa >> kDigit) << shift;
  const std::size_t first = place / kDigit;
  make_room(first, first + 3);
  std::uint64_t* const digits = digits_.data() + (first - first_);
  digits[0] += low & 0xffffffff;
  digits[1] += (low >> kDigit) + (high & 0xffffffff);
  digits[2] += high >> kDigit;
  constexpr std::uint32_t kMost = 1u << 30;  // each adds less than 2^33
  if (++since_ < kMost) return;
  carry(digits_);
  since_ = 0;
}

void ExactSum::make_room(std::size_t first, std::size_t end) {
  if (digits_.empty()) first_ = first;
  if (first < first_) {
    digits_.insert(digits_.begin(), first_ - first, 0);
    first_ = first;
  }
  if (end > first_ + digits_.size()) digits_.resize(end - first_);
}

void ExactSum::carry(std::vector<std::uint64_t>& digits) {
  std::uint64_t over = 0;
  for (std::uint64_t& digit : digits) {
    digit += over;
    over = digit >> kDigit;
    digit &= 0xffffffff;
  }
  for (; over != 0; over >>= kDigit) digits.push_back(over & 0xffffffff);
}

/// Takes the greatest 64 bits of the sum. The last of them also stands for all that is below it. A float64 has 53, so
/// rounding these rounds the sum.
double ExactSum::value() const {
  std::vector<std::uint64_t> digits = digits_;
  carry(digits);
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
  if (digits.empty()) return 0;
  digits.insert(digits.begin(), 2, 0);
  const std::size_t top = digits.size() - 1;
  unsigned free = 0;  // bits of the greatest digit that are 0
  while ((digits[top] << free & 0x80000000) == 0) ++free;
  std::uint64_t bits = digits[top] << kDigit | digits[top - 1];
  if (free > 0) bits = bits << free | digits[top - 2] >> (kDigit - free);
  bool below = (digits[top - 2] << free & 0xffffffff) != 0;
  for (std::size_t i = 0; i + 2 < top; ++i) below = below || digits[i] != 0;
  const int unit = static_cast<int>(kDigit * (first_ + top - 3)) - kBias - static_cast<int>(free);
  return std::ldexp(static_cast<double>(bits | (below ? 1 : 0)), unit);
}

}  // namespace delta::model
