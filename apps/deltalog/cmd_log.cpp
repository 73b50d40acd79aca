// What happened: commits, or with a choice of vectors or operations their deltas, the newest first as in `git log`. Key order, so that
// the answer does not depend on how the same history lies in files.
#include <algorithm>
#include <map>

#include "cli/values.hpp"
#include "command.hpp"
#include "delta/text.hpp"
#include "json_rows.hpp"
#include "logs.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::Change;
using delta::Log;

struct Job {
  const Invocation& invocation;
  Console& console;
  const Log& log;
  DeltaFilter filter;
  std::vector<bool> ancestors;  // by commit: what --ancestors and --common keep; empty: all
  std::size_t most = ~std::size_t{0};

  bool takes_commit(std::uint32_t number) const {
    return (ancestors.empty() || ancestors[number]) && filter.takes_origin(log.commit(number).origin);
  }
};

// The commits that hold a dot of the delta's context, and its own.
std::vector<bool> ancestors_of(const Log& log, const delta::Dot& dot) {
  std::vector<bool> seen(log.commits(), false);
  std::vector<std::uint32_t> todo = {*log.find_commit(dot)};
  const auto visit = [&](const delta::Dot& cause) {
    const auto number = log.find_commit(cause);
    if (number && !seen[*number]) seen[*number] = true, todo.push_back(*number);
  };
  seen[todo[0]] = true;
  while (!todo.empty()) {
    const auto& commit = log.commit(todo.back());
    todo.pop_back();
    if (commit.first > 1) visit({commit.origin, commit.first - 1});
    for (const auto& parent : commit.parents) visit(parent);
  }
  return seen;
}

// Keeps what the named delta had seen, of what is kept already.
Status keep_ancestors(Job& job, std::string_view name) {
  DELTA_TRY(const auto dot, find_dot(job.log, name));
  const auto seen = ancestors_of(job.log, dot);
  if (job.ancestors.empty()) job.ancestors.assign(seen.size(), true);
  for (std::size_t i = 0; i < seen.size(); ++i) job.ancestors[i] = job.ancestors[i] && seen[i];
  return {};
}

Result<Exit> list_commits(const Job& job) {
  std::vector<std::uint32_t> order;
  for (const auto number : job.log.commits_in_key_order()) {
    if (job.takes_commit(number) && job.filter.takes_time(job.log.commit_time(number))) order.push_back(number);
  }
  if (!job.invocation.has("reverse")) std::ranges::reverse(order);
  if (order.size() > job.most) order.resize(job.most);
  std::vector<delta::Hash> hashes;
  if (job.invocation.has("hashes")) {
    DELTA_TRY(hashes, job.log.hashes());
  }
  if (job.invocation.has("json")) {
    for (const auto number : order) {
      std::string line;
      json_commit(line, job.log, number, hashes.empty() ? nullptr : &hashes[number]);
      DELTA_OK(job.console.print(line));
    }
    return order.empty() ? Exit::no : Exit::yes;
  }
  std::vector<Table::Column> columns = {{"commit"}, {"time"}, {"deltas", Align::right}, {"message"}};
  if (!hashes.empty()) columns.insert(columns.begin(), {"hash"});
  TableWriter rows(job.console, columns);
  for (const auto number : order) {
    const auto& commit = job.log.commit(number);
    std::vector<std::string> cells = {job.console.paint(Style::caution, dots_text(job.log, commit)),
                                      time_text(job.log.commit_time(number)), std::to_string(commit.count),
                                      (job.log.pending(number) ? "(pending) " : "") + first_line(commit.message)};
    if (!hashes.empty()) cells.insert(cells.begin(), delta::hex(hashes[number], 12));
    DELTA_OK(rows.add(std::move(cells)));
  }
  DELTA_OK(rows.flush());
  return order.empty() ? Exit::no : Exit::yes;
}

// A delta without its values: what a line of the list needs.
struct Entry {
  delta::Key key;
  std::uint32_t vector = 0;
  std::string text;
};

Result<Exit> list_deltas(const Job& job, const std::vector<bool>* mask) {
  const auto& catalog = job.log.catalog();
  const bool json = job.invocation.has("json");
  std::vector<Entry> entries;
  DELTA_OK(job.log.each(mask, [&](const delta::ChangeBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Change change = batch[i];
      const auto origin = job.log.commit(change.commit).origin;
      const bool chosen = mask == nullptr || (*mask)[change.vector];
      if (!chosen || !job.takes_commit(change.commit) || !job.filter.takes(origin, change)) continue;
      Entry entry{{change.time, origin, change.seq}, change.vector, {}};
      if (json) {
        json_delta(entry.text, job.log, change, false);
      } else {
        entry.text = change_text(change, catalog.dims(change.vector));
      }
      entries.push_back(std::move(entry));
    }
    return {};
  }));
  std::ranges::sort(entries, [&](const Entry& a, const Entry& b) { return delta::key_less(catalog, a.key, b.key); });
  if (!job.invocation.has("reverse")) std::ranges::reverse(entries);
  if (entries.size() > job.most) entries.resize(job.most);

  TableWriter rows(job.console, {{"delta"}, {"time"}, {"vector"}, {"operation"}});
  for (const auto& entry : entries) {
    if (json) {
      DELTA_OK(job.console.print(entry.text));
      continue;
    }
    const auto dot = delta::escape(job.log.dot_text({entry.key.origin, entry.key.seq}), 4096);
    DELTA_OK(rows.add({job.console.paint(Style::caution, dot), time_text(entry.key.time), vector_name(catalog, entry.vector), entry.text}));
  }
  if (!json) DELTA_OK(rows.flush());
  return entries.empty() ? Exit::no : Exit::yes;
}

}  // namespace

Result<Exit> run_log(const Invocation& invocation, Console& console) {
  DELTA_TRY(const auto most, value_of(invocation, "max-count", parse_count));
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  DELTA_TRY(auto filter, DeltaFilter::make(invocation, log.catalog()));
  Job job{invocation, console, log, std::move(filter), {}, most.value_or(~std::uint64_t{0})};
  for (const std::string_view option : {"ancestors", "common"}) {
    for (const auto& text : invocation.values(option)) DELTA_OK(keep_ancestors(job, text));
  }
  DELTA_TRY(const auto chosen, choose_vectors(invocation, log.catalog()));
  if (report_missing(chosen, console)) return Exit::no;
  const bool deltas = invocation.has("deltas") || invocation.has("op") || !chosen.all;
  if (deltas && invocation.has("hashes")) return usage_error(invocation, "--hashes goes with commits, not with deltas");
  return deltas ? list_deltas(job, chosen.mask()) : list_commits(job);
}

}  // namespace deltalog
