// What happened: commits, or with a choice of vectors or operations their deltas, the newest first as in `git log`. Key order, so that
// the answer does not depend on how the same history lies in files.
#include <fmt/format.h>

#include <algorithm>

#include "cli/values.hpp"
#include "command.hpp"
#include "delta/text.hpp"
#include "json_rows.hpp"
#include "log_views.hpp"
#include "ui/console.hpp"
#include "ui/graph.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::Change;
using delta::Log;

// Keeps what the named delta had seen, and itself, of what is kept already.
Status keep_seen(LogView& view, std::string_view name) {
  DELTA_TRY(const auto dot, find_dot(view.log, name));
  const auto seen = view.log.context({&dot, 1});
  if (view.seen.empty()) view.seen.assign(seen.size(), ~std::uint64_t{0});
  for (std::size_t i = 0; i < seen.size(); ++i) view.seen[i] = std::min(view.seen[i], seen[i]);
  return {};
}

// Of a common past the commits that no other of it had seen: where those who share it parted.
std::vector<bool> bases_of(const LogView& view) {
  const auto kept = [&](std::uint32_t number) { return view.log.commit(number).first <= view.seen[view.log.commit(number).origin]; };
  std::vector<bool> bases(view.log.commits());
  for (std::uint32_t number = 0; number < bases.size(); ++number) bases[number] = kept(number);
  for (std::uint32_t number = 0; number < bases.size(); ++number) {
    if (!kept(number)) continue;
    for (const auto cause : causes_of(view.log, number)) bases[cause] = false;
  }
  return bases;
}

// The list of commits: its order and, where asked for, the graph beside it.
class CommitList {
 public:
  explicit CommitList(const LogView& view) : view_(view), json_(view.invocation.has("json")), graph_(view.invocation.has("graph")) {}

  Result<Exit> run() {
    auto order = choose();
    if (view_.invocation.has("hashes")) {
      DELTA_TRY(hashes_, view_.log.hashes());
    }
    if (graph_ && !json_) return with_graph(order);
    if (order.size() > view_.most) order.resize(view_.most);
    if (json_) return as_json(order);
    TableWriter rows(view_.console, columns());
    for (const auto number : order) DELTA_OK(rows.add(cells(number)));
    DELTA_OK(rows.flush());
    return order.empty() ? Exit::no : Exit::yes;
  }

 private:
  std::vector<std::uint32_t> choose() {
    order_ = graph_ ? effects_first(view_.log) : view_.log.commits_in_key_order();
    auto chosen = order_;
    std::erase_if(chosen, [&](std::uint32_t number) { return !view_.takes_commit(number); });
    if (!graph_ && !view_.invocation.has("reverse")) std::ranges::reverse(chosen);
    return chosen;
  }

  Result<Exit> as_json(const std::vector<std::uint32_t>& order) const {
    for (const auto number : order) {
      std::string line;
      json_commit(line, view_.log, number, hashes_.empty() ? nullptr : &hashes_[number], view_.base(number));
      DELTA_OK(view_.console.print(line));
    }
    return order.empty() ? Exit::no : Exit::yes;
  }

  Result<Exit> with_graph(const std::vector<std::uint32_t>& order) const {
    std::vector<bool> shown(view_.log.commits(), false);
    std::vector<std::uint32_t> row_of(view_.log.commits());
    for (std::uint32_t row = 0; row < order.size(); ++row) shown[order[row]] = true, row_of[order[row]] = row;
    const auto parents = shown_parents(view_.log, order_, shown);
    auto heads = columns();
    heads.insert(heads.begin(), {"graph"});
    TableWriter rows(view_.console, heads);
    Graph graph(order.size());
    for (std::uint32_t row = 0; row < std::min<std::size_t>(order.size(), view_.most); ++row) {
      std::vector<std::uint32_t> below;
      for (const auto parent : parents[order[row]]) {
        if (row_of[parent] > row) below.push_back(row_of[parent]);  // else one of a ring of pending commits
      }
      auto drawn = graph.next(below);
      auto line = cells(order[row]);
      line.insert(line.begin(), std::move(drawn.node));
      DELTA_OK(rows.add(std::move(line)));
      for (auto& link : drawn.links) {
        std::vector<std::string> rest(heads.size());
        rest[0] = std::move(link);
        DELTA_OK(rows.add(std::move(rest)));
      }
    }
    DELTA_OK(rows.flush());
    return order.empty() ? Exit::no : Exit::yes;
  }

  std::vector<Table::Column> columns() const {
    std::vector<Table::Column> out = {{"commit"}, {"time"}, {"deltas", Align::right}, {"message"}};
    if (!hashes_.empty()) out.insert(out.begin(), {"hash"});
    return out;
  }

  std::vector<std::string> cells(std::uint32_t number) const {
    const auto& commit = view_.log.commit(number);
    const std::string marks = std::string(view_.log.pending(number) ? "(pending) " : "") + (view_.base(number) ? "(merge base) " : "");
    std::vector<std::string> out = {view_.console.paint(Style::caution, dots_text(view_.log, commit)),
                                    time_text(view_.log.commit_time(number)), std::to_string(commit.count),
                                    marks + first_line(commit.message)};
    if (!hashes_.empty()) out.insert(out.begin(), delta::hex(hashes_[number], 12));
    return out;
  }

  const LogView& view_;
  bool json_, graph_;
  std::vector<std::uint32_t> order_;  // of all commits
  std::vector<delta::Hash> hashes_;   // empty: not asked for
};

// A delta without its values: what a line of the list needs.
struct Entry {
  delta::Key key;
  std::uint32_t vector = 0;
  std::string text;
};

Result<Exit> list_deltas(const LogView& view, const std::vector<bool>* mask) {
  const auto& catalog = view.log.catalog();
  const bool json = view.invocation.has("json");
  std::vector<Entry> entries;
  DELTA_OK(view.log.each(mask, [&](const delta::ChangeBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Change change = batch[i];
      const auto origin = view.log.commit(change.commit).origin;
      if ((mask != nullptr && !(*mask)[change.vector]) || !view.takes(change)) continue;
      Entry entry{{change.time, origin, change.seq}, change.vector, {}};
      if (json) {
        json_delta(entry.text, view.log, change, false);
      } else {
        entry.text = change_text(change, catalog.dims(change.vector));
      }
      entries.push_back(std::move(entry));
    }
    return {};
  }));
  std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return delta::key_less(catalog, a.key, b.key); });
  if (!view.invocation.has("reverse")) std::ranges::reverse(entries);
  if (entries.size() > view.most) entries.resize(view.most);

  TableWriter rows(view.console, {{"delta"}, {"time"}, {"vector"}, {"operation"}});
  for (const auto& entry : entries) {
    if (json) {
      DELTA_OK(view.console.print(entry.text));
      continue;
    }
    const auto dot = delta::escape(view.log.dot_text({entry.key.origin, entry.key.seq}), 4096);
    DELTA_OK(rows.add({view.console.paint(Style::caution, dot), time_text(entry.key.time), vector_name(catalog, entry.vector), entry.text}));
  }
  if (!json) DELTA_OK(rows.flush());
  return entries.empty() ? Exit::no : Exit::yes;
}

// Options that go with some views only.
Status check_usage(const Invocation& invocation, bool deltas) {
  if (deltas) {
    for (const std::string_view option : {"hashes", "graph"}) {
      if (invocation.has(option)) return usage_error(invocation, fmt::format("--{} goes with commits, not with deltas", option));
    }
  }
  if (invocation.has("graph") && invocation.has("reverse")) return usage_error(invocation, "--graph is drawn from the newest commit down");
  return {};
}

}  // namespace

Result<Exit> run_log(const Invocation& invocation, Console& console) {
  DELTA_TRY(const auto most, value_of(invocation, "max-count", parse_count));
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  DELTA_TRY(auto filter, DeltaFilter::make(invocation, log.catalog()));
  LogView view{invocation, console, log, std::move(filter), {}, {}, most.value_or(~std::uint64_t{0})};
  for (const std::string_view option : {"ancestors", "common"}) {
    for (const auto& text : invocation.values(option)) DELTA_OK(keep_seen(view, text));
  }
  if (invocation.has("common")) view.bases = bases_of(view);
  DELTA_TRY(const auto chosen, choose_vectors(invocation, log.catalog()));
  if (report_missing(chosen, console)) return Exit::no;
  const bool deltas = invocation.has("deltas") || invocation.has("op") || !chosen.all;
  DELTA_OK(check_usage(invocation, deltas));
  return deltas ? list_deltas(view, chosen.mask()) : CommitList(view).run();
}

}  // namespace deltalog
