// What bounds a repair of the index of near neighbours: --budget, and --order.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cli/parse.hpp"
#include "delta/ann.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"

namespace deltalog {

/// "N" vectors, or a DURATION: one of the two.
struct Budget {
  std::optional<std::uint64_t> vectors = {};
  std::optional<std::chrono::steady_clock::time_point> end = {};

  bool given() const { return vectors || end; }
  /// What is left after a repair.
  void spend(const delta::AnnRepair& done);
};
/// A duration begins now.
Result<Budget> parse_budget(std::string_view text);
/// "changed" or "oldest".
Result<delta::AnnOrder> parse_ann_order(std::string_view text);

/// The time of a state: that of the cut, or of the last delta that it holds.
delta::Micros time_of_state(const delta::Log& log, const delta::CutOptions& cut);
/// Bounds a repair to a budget. Reads what the log says after the time of the index.
Status bound_repair(const delta::Log& log, const delta::CutOptions& cut, const delta::AnnIndex& index,
                    const Budget& budget, delta::AnnRepairOptions& options);

}  // namespace deltalog
