// A sum of float64 numbers that does not depend on their order: exact, and rounded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace delta::model {

/// Takes room by how far the numbers are apart: 8 bytes for each factor of 2^32 between the largest and the smallest,
/// and 32 more.
class ExactSum {
 public:
  void add(double number);  ///< REQUIRES: finite, not negative
  double value() const;     ///< the nearest float64; infinite beyond them

 private:
  static constexpr unsigned kDigit = 32;  // bits

  void make_room(std::size_t first, std::size_t end);
  static void carry(std::vector<std::uint64_t>& digits);

  std::vector<std::uint64_t> digits_;  // each below 2^32 after carry(), else with what was added since
  std::size_t first_ = 0;              // the place of digits_[0]: its unit is 2^(32 first_ - kBias)
  std::uint32_t since_ = 0;            // numbers added since carry()
};

}  // namespace delta::model
