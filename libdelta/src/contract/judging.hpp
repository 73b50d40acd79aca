// Judging rules over facts: no log, no file, no clock. Who measures the facts is ops/contract.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/rule.hpp"
#include "delta/state.hpp"

namespace delta::contract {

inline constexpr std::size_t kMaxExamples = 5;

/// What came of one rule in one place.
struct Outcome {
  RuleVerdict verdict = RuleVerdict::kept;
  std::string what = {};  ///< a sentence, unless it is kept
  std::vector<std::string> ids = {};
  std::optional<double> measured = {};

  static Outcome broken(std::string what, std::optional<double> measured = {}, std::vector<std::string> ids = {}) {
    return {RuleVerdict::broken, std::move(what), std::move(ids), measured};
  }
  static Outcome exempt(std::string what) { return {RuleVerdict::exempt, std::move(what)}; }
  static Outcome unknown(std::string what) { return {RuleVerdict::unknown, std::move(what)}; }
};

/// One namespace at one moment.
struct StateView {
  const State* state = nullptr;
  NamespaceNo ns{};
  std::vector<VectorNo> rows = {};  ///< those that exist
  std::string_view element = {};    ///< the property of that name; empty: there is none
};
/// REQUIRES: the rule looks at a state.
Outcome judge_state(const Rule& rule, const StateView& view);

/// How a scope ended, in numbers that are compared from scope to scope; by place in kMeasures. None: nothing changed,
/// or a value was not finite.
using Measures = std::array<std::optional<double>, kMeasures.size()>;

/// What a scope did to one namespace.
struct ChangeFacts {
  std::uint64_t before = 0, after = 0;  ///< vectors that existed
  std::uint64_t created = 0, deleted = 0, changed = 0;
  std::vector<double> l2 = {}, cosine = {};  ///< of the changed vectors, rising; infinite: not to be told
  std::optional<double> norm_before = {},
                        norm_after = {};      ///< means over vectors with finite values; none: no such vector
  std::optional<double> centroid_shift = {};  ///< of the same vectors' mean
  std::vector<std::string> created_ids = {}, deleted_ids = {}, changed_ids = {};  ///< some
  std::vector<std::string> origins = {};                                          ///< of its deltas
  unsigned operations = 0;                     ///< of its deltas: a bit for each, by number
  std::map<Micros, std::uint64_t> times = {};  ///< how many deltas have this time
  Measures measures() const;
};
/// REQUIRES: the rule looks at a change, and is neither max-rate nor min-kept-neighbours. `history`: the measures of
/// the scopes before, the latest last.
Outcome judge_change(const Rule& rule, const ChangeFacts& facts, std::span<const Measures> history);

/// A rate with bursts: a bucket of so many tokens, which fills with time; each delta takes one.
class RateBucket {
 public:
  /// The deltas of one scope more. `times` are not before those of the last call.
  Outcome take(const Rule& rule, const std::map<Micros, std::uint64_t>& times);

 private:
  std::optional<Micros> last_;
  double tokens_ = 0;
};

/// Which facts are measured beside the counts: what no rule asks for costs nothing, and stays empty.
struct Measured {
  bool l2 = false, cosine = false;
  bool means = false;  // of the lengths, and of the vectors

  static constexpr Measured all() { return {true, true, true}; }
  Measured& operator|=(const Measured& other) {
    l2 = l2 || other.l2;
    cosine = cosine || other.cosine;
    means = means || other.means;
    return *this;
  }
};
/// What judge_change() looks at.
Measured measured_for(const Rule& rule);

/// Adds up what changes in one namespace, scope by scope.
class Meter {
 public:
  explicit Meter(std::uint32_t dims, Measured measured = Measured::all()) : measured_(measured), sums_(dims) {}
  /// A vector that existed before the first scope.
  void start(std::span<const std::uint32_t> bits) { count(bits, 1); }
  void begin();
  /// A vector that the scope touched; empty bits: it did not, or does not, exist.
  void change(std::string_view id, std::span<const std::uint32_t> before, std::span<const std::uint32_t> after);
  ChangeFacts end();

 private:
  void count(std::span<const std::uint32_t> bits, int sign);
  std::optional<double> mean_norm() const;

  Measured measured_;
  std::uint64_t existing_ = 0, finite_ = 0;
  double norms_ = 0;
  std::vector<double> sums_;  // by dimension, of the vectors with finite values
  std::vector<double> centroid_;
  ChangeFacts facts_;
};

/// Euclidean, in float64.
double norm_of(std::span<const std::uint32_t> bits);
/// 1 where a length is 0, so that a vector that became zero has moved; infinite where a value is not finite.
double cosine_distance(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

/// The least value that at least this part (above 0, to 1) of them do not exceed. REQUIRES: sorted, not empty.
double quantile(std::span<const double> sorted, double part);

}  // namespace delta::contract
