// The fold: a set of deltas to a state (laws 2 to 6). A vector whose deltas form a chain in happens-before order, as they
// come, is folded in place and pays for nothing else; any other is set aside, gathered whole and resolved dimension by dimension.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "delta/change.hpp"
#include "delta/state.hpp"
#include "model/history.hpp"

namespace delta::model {

/// Which deltas of the folded commits count. With neither: all ("now").
struct Cut {
  std::optional<Micros> at;         ///< timestamps up to and with this microsecond
  std::optional<Dot> as_seen_by;    ///< this delta and its context
};

/// Yields deltas with `commits`, `seqs` and `vectors` numbered by one history and catalog; each delta once; in any order
/// (near key order is fastest). `wanted`: if not null, only vectors v with (*wanted)[v]; a source may yield others too.
/// `until`: deltas of later timestamps may be left out.
class DeltaSource {
 public:
  using Visit = std::function<Status(const ChangeBatch&)>;
  virtual ~DeltaSource() = default;
  virtual Status each(const std::vector<bool>* wanted, std::optional<Micros> until, const Visit& visit) = 0;
};

/// Is this delta inside the cut? (Pending commits never are.)
bool in_cut(const History& history, const Cut& cut, const Change& change);

/// The state at a cut, conflicts by last-writer-wins. `wanted` as above (null: all).
Result<State> fold(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                   const std::vector<bool>* wanted = nullptr);

/// One more delta, which has seen everything folded so far, onto a state.
void apply(State& state, std::uint32_t origin, const Change& change);

/// x through a transform, by the rules of law 2. Counts finite values that became infinite.
std::uint32_t transform_bits(Operation op, std::span<const std::uint32_t> parameters, std::uint32_t x, std::uint64_t& overflows);

}  // namespace delta::model
