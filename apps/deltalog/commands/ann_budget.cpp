#include "commands/ann_budget.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "cli/values.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/selection.hpp"
#include "delta/text.hpp"

namespace deltalog {

using delta::Micros;
using delta::VectorNo;
using std::chrono::steady_clock;

void Budget::spend(const delta::AnnRepair& done) {
  if (vectors) *vectors -= std::min(*vectors, done.added + done.overwritten + done.relinked);
}

Result<Budget> parse_budget(std::string_view text) {
  if (const auto vectors = parse_count(text)) return Budget{*vectors, {}};
  const auto duration = delta::unless_out_of_memory(delta::parse_duration(text));
  if (!duration) {
    return delta::error(delta::ErrorCode::usage,
                        delta::quote(text) + " is not a number of vectors, nor a duration such as 2s");
  }
  const auto longest = std::chrono::microseconds(std::min(*duration, delta::kMaxMicros));
  return Budget{{}, steady_clock::now() + longest};
}

Result<delta::AnnOrder> parse_ann_order(std::string_view text) {
  return text == "oldest" ? delta::AnnOrder::oldest : delta::AnnOrder::changed;
}

Micros time_of_state(const delta::Log& log, const delta::CutOptions& cut) {
  if (cut.at) return *cut.at;
  Micros last = 0;
  for (const delta::Dot& dot : cut.as_seen_by) {
    if (const auto commit = log.find_commit(dot)) last = std::max(last, log.commit_time(*commit).us());
  }
  if (!cut.as_seen_by.empty()) return last;
  for (const auto commit : delta::numbers<delta::CommitNo>(log.commits())) {
    if (!log.pending(commit)) last = std::max(last, log.commit_time(commit).us());
  }
  return last;
}

Status bound_repair(const delta::Log& log, const delta::CutOptions& cut, const delta::AnnIndex& index,
                    const Budget& budget, delta::AnnRepairOptions& options) {
  options.most = budget.vectors;
  if (budget.end) options.spent = [end = *budget.end] { return steady_clock::now() >= end; };
  const auto changes = std::make_shared<std::unordered_map<VectorNo, Micros>>();
  const Micros known = index.time();
  const delta::DeltaSelection later{.since = delta::CutOptions{.at = known + 1}};
  DELTA_TRY(const auto filter, delta::DeltaFilter::make(log, later, cut));
  DELTA_OK(delta::each_delta(log, delta::VectorSet::all(), filter, [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto delta = batch[i];
      if (!filter.takes(delta)) continue;
      const auto [change, is_new] = changes->try_emplace(delta.vector, delta.time.us());
      if (!is_new) change->second = std::min(change->second, delta.time.us());
    }
    return {};
  }));
  // A change that a merge brought may be older than the index; it was noticed after it.
  options.since = [changes, known](VectorNo vector) {
    const auto change = changes->find(vector);
    return change == changes->end() ? known : change->second;
  };
  return {};
}

}  // namespace deltalog
