// `log --conflicts`: where concurrent assignments meet now, who is involved, and what the policy makes of it.
#include <fmt/format.h>

#include "commands/log_views.hpp"
#include "delta/conflicts.hpp"
#include "delta/text.hpp"
#include "json_rows.hpp"
#include "texts.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::Conflict;

// A conflict is chosen when one of its candidates is.
bool takes(const LogView& view, const Conflict& conflict) {
  for (const auto& candidate : conflict.candidates) {
    const delta::Delta delta{.vector = conflict.vector,
                             .op = candidate.op,
                             .time = candidate.time,
                             .commit = candidate.commit,
                             .seq = candidate.dot.seq};
    if (view.takes(delta)) return true;
  }
  return false;
}

Status add_rows(TableWriter& rows, const LogView& view, const Conflict& conflict) {
  const auto dims = conflict.dims() == 1 ? std::to_string(conflict.first)
                                         : fmt::format("{}-{}", conflict.first, conflict.first + conflict.dims() - 1);
  for (std::size_t i = 0; i < conflict.candidates.size(); ++i) {
    const auto& candidate = conflict.candidates[i];
    const auto dot = delta::escape(view.log.dot_text(candidate.dot), 4096);
    std::vector<std::string> cells(4);
    if (i == 0) {
      cells = {vector_name(view.log.catalog(), conflict.vector), dims, values_text(conflict.bits),
               delta::escape(conflict.rule)};
    }
    cells.push_back(!conflict.chosen ? "of" : *conflict.chosen == i ? "from" : "over");
    for (auto& text : {view.console.paint(Style::caution, dot), time_text(candidate.time),
                       std::string(delta::operation_name(candidate.op)), values_text(conflict.values_of(i))}) {
      cells.push_back(text);
    }
    DELTA_OK(rows.add(std::move(cells)));
  }
  return {};
}

}  // namespace

Result<Exit> list_conflicts(const LogView& view, const delta::VectorSet& vectors) {
  DELTA_TRY(const auto policy, policy_option(view.invocation));
  delta::CutOptions cut = view.cut;
  override_policy(cut, policy ? &*policy : nullptr, view.log, view.console);
  const bool json = view.invocation.has("json");
  TableWriter rows(
      view.console,
      {{"vector"}, {"dims"}, {"value"}, {"rule"}, {""}, {"delta"}, {"time"}, {"operation"}, {"its value"}});
  std::size_t shown = 0;
  std::string line;
  const trace::Span span("delta.conflict.resolve");
  DELTA_TRY(const auto count, delta::conflicts(view.log, cut, vectors, [&](const Conflict& conflict) -> Status {
              if (shown == view.most || !takes(view, conflict)) return {};
              ++shown;
              if (!json) return add_rows(rows, view, conflict);
              line.clear();
              json_conflict(line, view.log, conflict);
              return view.console.print(line);
            }));
  DELTA_OK(rows.flush());
  DELTA_TRY(const auto namespaces, delta::namespace_conflicts(view.log));
  for (const auto& conflict : namespaces) {
    line = conflict.text() + "\n";
    if (json) {
      line.clear();
      json_namespace_conflict(line, conflict);
    }
    DELTA_OK(view.console.print(line));
  }
  if (shown == count.runs && shown > 0) {
    view.console.note(delta::plural(count.cells, "dimension") + " of " + delta::plural(count.vectors, "vector") +
                      " in conflict");
  }
  return shown + namespaces.size() == 0 ? Exit::no : Exit::yes;
}

}  // namespace deltalog
