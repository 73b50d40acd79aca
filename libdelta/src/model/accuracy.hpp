// Rounding to an accuracy, in one place for all inputs: a pure function of a vector. And what a log records of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/catalog.hpp"
#include "model/history.hpp"

namespace delta::model {

/// usage: a bound that Accuracy does not allow.
Status check_accuracy(const Accuracy& accuracy);
Status check_dead_band(double bound);  ///< the same of Accuracy::ignore_below, where there is to be one

class Quantizer {
 public:
  /// REQUIRES: check_accuracy(accuracy).
  explicit Quantizer(const Accuracy& accuracy);

  const Accuracy& accuracy() const { return accuracy_; }
  bool lossy() const { return accuracy_.lossy(); }
  /// What a value becomes depends on the others of its vector.
  bool by_row() const { return accuracy_.kind >= Accuracy::Kind::int8; }

  /// A whole vector, raw float32, in place. bad_input: a value that the format does not hold, named with its dimension.
  Status round(std::span<std::uint32_t> row) const;
  /// Accuracy::ignore_below for one value: what was given is no change of what is stored.
  bool ignores(std::uint32_t given, std::uint32_t stored) const;
  bool has_dead_band() const { return accuracy_.ignore_below > 0; }
  /// round() of a whole vector, but that values which are no change stay as they are stored. `given` is scratch.
  /// `stored` empty: there are none.
  Status round_over(std::span<std::uint32_t> row, std::span<const std::uint32_t> stored,
                    std::vector<std::uint32_t>& given) const;
  /// Values of some dimensions, in place. `stored`: the whole vector as it is, changed to what it would be with `bits`
  /// as they were given; only looked at by_row(). REQUIRES: as many indices as bits, inside of `stored`.
  Status round(std::span<const std::uint32_t> indices, std::span<std::uint32_t> bits,
               std::span<std::uint32_t> stored) const;

 private:
  double scale(std::span<const std::uint32_t> row) const;
  Status apply(std::span<std::uint32_t> bits, double scale, std::span<const std::uint32_t> indices) const;
  Error beyond(std::uint32_t bits, std::uint64_t dim) const;

  Accuracy accuracy_;
  double step_ = 0;  // max_error; 0: no lattice is fine enough
  int kept_ = 0;     // max_relative: bits behind the leading one
};

/// The accuracies that commits which are folded record, in order of namespace. Of those of one namespace the
/// one with the greatest key counts.
std::vector<RecordedAccuracy> recorded_accuracies(const Catalog& catalog, const History& history);

}  // namespace delta::model
