// Policies: how the value of a dimension is chosen among concurrent assignments (law 4), when it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/result.hpp"
#include "delta/state.hpp"

namespace delta {

/// One branch of one dimension: the assignment that it grows from, and its value after the transforms of greater key.
struct Candidate {
  CommitNo commit{};
  std::uint64_t seq = 0;
  Key key;                 ///< its origin is a number of the catalog
  std::uint32_t bits = 0;  ///< raw float32
};

struct Resolution {
  std::uint32_t bits = 0;
  std::optional<std::size_t> chosen = {};  ///< place of the candidate that it is; none: made from all of them
};

/// Decides conflicts of one kind. Implementations must be pure functions of the *set* of candidates: no state, no
/// clock. A custom one takes part by Policy::add(); it cannot be recorded in a log.
class DELTA_EXPORT Strategy {
 public:
  virtual ~Strategy();
  /// `candidates`: at least two, in key order.
  virtual Resolution resolve(std::span<const Candidate> candidates, const Catalog& catalog) const = 0;
};

/// Rules, the most special of which counts: one for the dimension and namespace, else for the dimension, else for the
/// namespace, else the default (lww, unless a rule says otherwise). Of two equally special ones the later counts. Cheap
/// to copy.
///
///   policy     = RULE *( ";" RULE )
///   RULE       = STRATEGY [ "@" [NAMESPACE] [ "/" DIMS ] ]       NAMESPACE "%": the default one, whose name is empty
///   DIMS       = RANGE *( "," RANGE ),  RANGE = FIRST [ "-" LAST ]
///   STRATEGY   = "lww"            the greatest key
///              | "max" | "min"    the greatest or least value in the IEEE 754 total order; of equal bits the greatest
///              key | "average"        float64 sum in key order from the first term, divided, rounded once to float32
///              | "weighted:" ORIGIN "=" WEIGHT *( "," ... )   the same with weights (finite, > 0; 1 for others)
///              | "priority:" ORIGIN *( "," ORIGIN )           the origin named first; unnamed ones last; of equal rank
///              the greatest key
///
/// In names, `% ; @ / , = :` and control characters are written as %XX. A NaN made by arithmetic is 7fc00000.
class DELTA_EXPORT Policy {
 public:
  struct Range {
    std::uint32_t first = 0, last = 0;  ///< dimensions, both inside
  };
  struct Rule {
    std::optional<std::string> name_space;     ///< none: any
    std::vector<Range> dims;                   ///< ascending and disjoint; empty: all
    std::shared_ptr<const Strategy> strategy;  ///< null: lww
    std::string text;                          ///< "max", "weighted:a=2"; of a custom strategy whatever names it

    /// Canonical, with what it is for: "max@images/0-15,20".
    DELTA_EXPORT std::string to_text() const;
  };

  Policy() = default;  ///< lww everywhere
  /// usage: malformed, naming the rule, or more than 1,000 rules; unsupported: a strategy that this version does not
  /// know.
  static Result<Policy> parse(std::string_view text);
  /// REQUIRES: dims as Rule has them.
  Status add(Rule rule);

  /// Canonical: what parse() reads back to the same rules. "lww" if there are none.
  std::string text() const;
  std::span<const Rule> rules() const { return rules_; }
  /// The one that counts; null: none is for it, which means lww. Valid until the next add().
  const Rule* rule(std::string_view name_space, std::uint32_t dim) const noexcept;
  /// Null: lww.
  const Strategy* strategy(std::string_view name_space, std::uint32_t dim) const noexcept;

 private:
  std::vector<Rule> rules_;
};

}  // namespace delta
