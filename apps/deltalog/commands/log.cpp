// What happened: commits, or with a choice of vectors or operations their deltas, the newest first as in `git log`. Key
// order, so that the answer does not depend on how the same history lies in files.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/log_compare.hpp"
#include "commands/log_views.hpp"
#include "commands/options.hpp"
#include "delta/effects.hpp"
#include "delta/name_vectors.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "json_rows.hpp"
#include "sorted_lines.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/graph.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::CommitNo;
using delta::Delta;
using delta::Indexed;
using delta::Log;

// Keeps what the named delta had seen, and itself, of what is kept already.
Status keep_seen(LogView& view, std::string_view name) {
  DELTA_TRY(const auto dot, find_dot(view.log, name));
  DELTA_TRY(const auto seen, view.log.context({&dot, 1}));
  if (view.seen.empty()) view.seen = delta::SeenSeqs(seen.size(), ~std::uint64_t{0});
  for (const auto origin : seen.numbers()) view.seen[origin] = std::min(view.seen[origin], seen[origin]);
  return {};
}

// Of a common past the commits that no other of it had seen: where those who share it parted.
Indexed<CommitNo, bool> bases_of(const LogView& view) {
  const auto kept = [&](CommitNo number) {
    return view.log.commit(number).first <= view.seen[view.log.commit_origin(number)];
  };
  Indexed<CommitNo, bool> bases(view.log.commits());
  for (const CommitNo number : bases.numbers()) bases[number] = kept(number);
  for (const CommitNo number : bases.numbers()) {
    if (!kept(number)) continue;
    for (const auto cause : causes_of(view.log, number)) bases[cause] = false;
  }
  return bases;
}

// The list of commits: its order and, where asked for, the graph beside it.
class CommitList {
 public:
  explicit CommitList(const LogView& view)
      : view_(view), json_(view.invocation.has("json")), graph_(view.invocation.has("graph")) {}

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
  std::vector<CommitNo> choose() {
    order_ = graph_ ? effects_first(view_.log) : delta::or_bad_alloc(view_.log.commits_in_key_order());
    auto chosen = order_;
    if (!view_.takes_all()) std::erase_if(chosen, [&](CommitNo number) { return !view_.takes_commit(number); });
    if (!graph_ && !view_.invocation.has("reverse")) std::ranges::reverse(chosen);
    return chosen;
  }

  Result<Exit> as_json(const std::vector<CommitNo>& order) const {
    for (const auto number : order) {
      std::string line;
      json_commit(line, view_.log, number, hashes_.empty() ? nullptr : &hashes_[number], view_.base(number));
      DELTA_OK(view_.console.print(line));
    }
    return order.empty() ? Exit::no : Exit::yes;
  }

  Result<Exit> with_graph(const std::vector<CommitNo>& order) const {
    Indexed<CommitNo, bool> shown(view_.log.commits());
    Indexed<CommitNo, std::uint32_t> row_of(view_.log.commits());
    for (std::uint32_t row = 0; row < order.size(); ++row) {
      shown[order[row]] = true;
      row_of[order[row]] = row;
    }
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

  std::vector<std::string> cells(CommitNo number) const {
    const auto& commit = view_.log.commit(number);
    const std::string marks =
        std::string(view_.log.pending(number) ? "(pending) " : "") + (view_.base(number) ? "(merge base) " : "");
    std::vector<std::string> out = {view_.console.paint(Style::caution, dots_text(view_.log, commit)),
                                    time_text(commit.time, commit), std::to_string(commit.deltas()), marks};
    if (!commit.setting.empty()) {
      out.back() += setting_text(commit.setting) + (commit.message.empty() && commit.properties.empty() ? "" : ": ");
    }
    out.back() += message_text(commit);
    if (!hashes_.empty()) out.insert(out.begin(), delta::hex(hashes_[number], 12));
    return out;
  }

  const LogView& view_;
  bool json_, graph_;
  std::vector<CommitNo> order_;            // of all commits
  Indexed<CommitNo, delta::Hash> hashes_;  // empty: not asked for
};

// The list of deltas. Of chosen vectors it says what each delta did, which takes the values of all their deltas.
class DeltaList {
 public:
  DeltaList(const LogView& view, const delta::VectorSet& vectors, std::uint64_t memory)
      : view_(view),
        vectors_(vectors),
        json_(view.invocation.has("json")),
        rising_(view.invocation.has("reverse")),
        keys_(view.log.catalog()),
        lines_(memory, view.most) {}

  Result<Exit> run() {
    if (!vectors_.is_all()) {
      DELTA_TRY(effects_, delta::effects(view_.log, {vectors_, nullptr}));
    }
    DELTA_OK(delta::each_delta(view_.log, vectors_, view_.filter, [&](const delta::DeltaBatch& batch) -> Status {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!vectors_.contains(batch.vectors[i])) continue;
        if (view_.takes(batch[i])) DELTA_OK(add(batch[i]));
      }
      return {};
    }));
    if (vectors_.is_all() && !view_.invocation.has("op")) DELTA_OK(add_settings());
    return print();
  }

  /// Vectors of which it lists a delta.
  const delta::VectorSet& answered() const { return answered_; }

 private:
  const delta::DeltaEffect* effect_of(const delta::Key& key) const {
    const auto& catalog = view_.log.catalog();
    const auto less = [&](const delta::Key& a, const delta::Key& b) { return delta::key_less(catalog, a, b); };
    const auto found = std::ranges::lower_bound(effects_, key, less, &delta::DeltaEffect::key);
    return found == effects_.end() || less(key, found->key) ? nullptr : &*found;
  }

  Status add_line(const delta::Key& key, std::string_view line) {
    const LineKey place = keys_.of(key);
    any_ = true;
    return lines_.add(rising_ ? place : place.reversed(), line);
  }
  /// A row of the table: no cell has a zero byte.
  Status add_row(const delta::Key& key, CommitNo commit, std::initializer_list<std::string> more) {
    std::string row =
        view_.console.paint(Style::caution, delta::escape(view_.log.dot_text({key.origin, key.seq}), 4096));
    row += '\0' + time_text(key.time, view_.log.commit(commit));
    for (const auto& cell : more) row += '\0' + cell;
    return add_line(key, row);
  }

  Status add(const Delta& delta) {
    const auto& catalog = view_.log.catalog();
    const delta::Key key{delta.time, view_.log.commit_origin(delta.commit), delta.seq};
    const auto* const effect = effect_of(key);
    answered_.insert(delta.vector);
    if (json_) {
      std::string line;
      json_delta(line, view_.log, delta, {.effect = effect});
      return add_line(key, line);
    }
    const std::uint32_t dims = catalog.dims(delta.vector);
    const auto vector = vector_name(catalog, delta.vector), text = delta_text(delta, dims);
    if (effect == nullptr) return add_row(key, delta.commit, {vector, text});
    return add_row(
        key, delta.commit,
        {vector, text, touched_text(delta, dims, 40), effect->changed ? std::to_string(*effect->changed) : "-",
         effect->distance ? fmt::format("{:.6g}", *effect->distance) : "-", effect->conflict ? "yes" : ""});
  }

  Status add_settings() {
    for (const auto number : delta::numbers<delta::CommitNo>(view_.log.commits())) {
      const auto& commit = view_.log.commit(number);
      if (commit.setting.empty() || !view_.takes_commit(number)) continue;
      const delta::Key key{commit.time, commit.origin, commit.first};
      if (json_) {
        std::string line;
        json_setting(line, view_.log, number);
        DELTA_OK(add_line(key, line));
      } else {
        DELTA_OK(add_row(key, number, {std::string(), setting_text(commit.setting)}));
      }
    }
    return {};
  }

  Result<Exit> print() {
    std::vector<Table::Column> columns = {{"delta"}, {"time"}, {"vector"}, {"operation"}};
    if (!vectors_.is_all()) {
      for (const auto& more :
           std::vector<Table::Column>{{"dims"}, {"changed", Align::right}, {"L2", Align::right}, {"conflict"}}) {
        columns.push_back(more);
      }
    }
    TableWriter rows(view_.console, columns);
    DELTA_OK(lines_.finish([&](const LineKey&, std::string_view line) -> Status {
      if (json_) return view_.console.print(line);
      std::vector<std::string> cells(1);
      for (const char c : line) c == '\0' ? void(cells.emplace_back()) : cells.back().push_back(c);
      cells.resize(columns.size());
      return rows.add(std::move(cells));
    }));
    if (!json_) DELTA_OK(rows.flush());
    return any_ && view_.most > 0 ? Exit::yes : Exit::no;
  }

  const LogView& view_;
  const delta::VectorSet& vectors_;
  bool json_, rising_, any_ = false;
  delta::VectorSet answered_;
  std::vector<delta::DeltaEffect> effects_;  // in key order
  KeyOrder keys_;
  SortedLines lines_;
};

Result<Exit> list_deltas(const LogView& view, const VectorSelection& selection, const NamedVectors& named) {
  DELTA_TRY(const auto memory, memory_of(view.invocation));
  DeltaList list(view, named.vectors, memory);
  DELTA_TRY(const Exit answer, list.run());
  if (answer == Exit::yes && selection.any_id) return answer;
  return report_absent(view.invocation, selection, named, view.log.catalog(), list.answered(), "among these deltas",
                       view.console)
             ? Exit::no
             : answer;
}

/// The exit code of a view: no, if the log lacks an id that was asked for. Names the ids that it lacks; and says that
/// the view is empty, if `say_empty` and no id is the reason.
Result<Exit> less_missing(Result<Exit> answer, const LogView& view, const NamedVectors& named, bool say_empty = true) {
  if (!answer) return answer;
  const bool missing = report_missing(view.invocation, named, view.console);
  if (*answer == Exit::no && !missing && say_empty) {
    view.console.error(delta::error(delta::ErrorCode::not_found, "nothing in the log matches what was asked for"));
  }
  return missing ? Exit::no : answer;
}

Result<Exit> list_heads(const LogView& view) {
  DELTA_TRY(const auto heads, view.log.heads());
  if (view.invocation.has("json")) {
    DELTA_OK(print_heads_json(view));
  } else if (!heads.empty()) {
    std::string line;
    for (const auto& head : heads) line += (line.empty() ? "" : ",") + delta::escape(view.log.dot_text(head), 4096);
    DELTA_OK(view.console.print(line + "\n"));
  }
  return heads.empty() ? Exit::no : Exit::yes;
}

// Options that go with some views only.
Status check_usage(const Invocation& invocation) {
  const auto refuse = [&](std::string_view view, std::initializer_list<std::string_view> others) -> Status {
    for (const auto option : others) {
      if (invocation.has(option)) return usage_error(invocation, fmt::format("--{} does not go with {}", option, view));
    }
    return {};
  };
  const std::initializer_list<std::string_view> of_lists = {
      "conflicts", "policy",   "deltas", "graph",   "window",   "after",     "ancestors", "common",     "hashes",
      "max-count", "reverse",  "id",     "id-glob", "ids-from", "namespace", "origin",    "op",         "since",
      "until",     "property", "grep",   "source",  "trace",    "where",     "at",        "as-seen-by", "memory"};
  if (invocation.has("compare")) DELTA_OK(refuse("--compare", {"heads"}));
  for (const std::string_view view : {"heads", "compare"}) {
    if (invocation.has(view)) return refuse(fmt::format("--{}", view), of_lists);
  }
  if (invocation.has("conflicts")) {
    return refuse("--conflicts, which stand in order of vectors",
                  {"deltas", "graph", "window", "after", "hashes", "reverse"});
  }
  if (invocation.has("policy")) return usage_error(invocation, "--policy goes with --conflicts");
  if (invocation.has("window")) return refuse("--window", {"deltas", "graph", "hashes", "max-count", "reverse"});
  if (invocation.has("after")) return usage_error(invocation, "--after goes with --window");
  if (invocation.has("graph")) {
    DELTA_OK(refuse("--graph, which is drawn from the newest commit down", {"reverse"}));
    return refuse("--graph, which shows commits", {"deltas", "id", "id-glob", "ids-from", "namespace", "op", "where"});
  }
  if (invocation.has("hashes")) {
    return refuse("--hashes, which commits have", {"deltas", "id", "id-glob", "ids-from", "namespace", "op", "where"});
  }
  return {};
}

// Says which commits stamp all that comes after them.
Status note_ahead(const Invocation& invocation, const Log& log, Console& console) {
  DELTA_TRY(const auto clock, clock_of(invocation));
  if (const auto latest = clock.latest()) {
    DELTA_TRY(const auto ahead, delta::commits_ahead(log, *latest));
    if (ahead) console.warn(*ahead);
  }
  return {};
}

Result<bool> lists_deltas(const Invocation& invocation, const VectorSelection& selection) {
  const bool deltas =
      invocation.has("deltas") || invocation.has("op") || !selection.all_names() || !selection.where.empty();
  const bool lists = deltas && !invocation.has("window") && !invocation.has("conflicts");
  if (lists || !invocation.has("memory")) return deltas;
  return usage_error(invocation, "--memory goes with lists of deltas");
}

/// No names are read before it is known which vectors the deltas are of; and none at all for a list of commits.
bool names_can_wait(const Invocation& invocation, const VectorSelection& selection) {
  for (const auto option : {"conflicts", "window", "hashes"}) {
    if (invocation.has(option)) return false;
  }
  return selection.all_names() && selection.where.empty();
}

/// Which commits a list of commits, or of their deltas, is about: those since a time, or the last ones. None: any.
/// Those ahead of the clock are among them.
Result<std::optional<delta::CommitsWanted>> commits_wanted(const Invocation& invocation,
                                                           std::optional<std::uint64_t> most) {
  const auto has = [&](std::string_view option) { return invocation.has(option); };
  const auto is_time = [&](std::string_view option) {
    const auto* text = invocation.value(option);
    return text == nullptr || bool(delta::unless_out_of_memory(parse_time(*text)));
  };
  const std::initializer_list<std::string_view> views = {"graph", "ancestors", "common", "heads", "as-seen-by"};
  const std::initializer_list<std::string_view> filters = {"reverse",  "origin", "op",     "until", "at",
                                                           "property", "grep",   "source", "trace"};
  std::optional<delta::CommitsWanted> wanted;
  if (std::ranges::any_of(views, has) || !is_time("since") || !is_time("until") || !is_time("at")) return wanted;
  if (const auto* since = invocation.value("since")) {
    DELTA_TRY(const delta::Micros time, parse_time(*since));
    wanted = {.since = time};
  } else if (most.value_or(0) > 0 && std::ranges::none_of(filters, has)) {
    wanted = {.last = *most};
  }
  DELTA_TRY(const auto clock, clock_of(invocation));
  const auto latest = clock.latest();
  if (wanted && latest) wanted->since = std::min(wanted->since.value_or(*latest + 1), *latest + 1);
  return wanted;
}

/// The time of the last commits: of so many, that many deltas or settings are of this time or later.
std::optional<delta::Micros> since_last(const Log& log, std::uint64_t commits) {
  if (commits == 0 || commits >= log.commits()) return std::nullopt;
  std::vector<delta::Micros> times;
  for (const CommitNo number : delta::numbers<CommitNo>(log.commits())) times.push_back(log.commit_time(number).us());
  const auto last = times.begin() + static_cast<std::ptrdiff_t>(commits - 1);
  std::ranges::nth_element(times, last, std::greater());
  return *last;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_OK(check_usage(invocation));
  if (invocation.has("compare")) return compare_logs(invocation, console);
  DELTA_TRY(const auto most, value_of(invocation, "max-count", parse_count));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(const bool deltas, lists_deltas(invocation, selection));
  const bool wait = names_can_wait(invocation, selection);
  auto named_deltas = invocation.values("ancestors");
  for (const auto& text : invocation.values("common")) named_deltas.push_back(text);
  const auto& logs = invocation.operands();
  DELTA_TRY(const auto wanted, commits_wanted(invocation, most));
  DELTA_TRY(auto log, wait ? open_logs_for_dots(invocation, logs, console, named_deltas, wanted)
                           : open_logs(invocation, logs, console, &selection));
  DELTA_TRY(const auto cut, cut_of(invocation, log));
  DELTA_TRY(auto deltas_selected, delta_selection(invocation, log));
  DELTA_TRY(auto filter, delta::DeltaFilter::make(log, deltas_selected, cut));
  if (deltas && most && filter.takes_all() && wait && named_deltas.empty() && !invocation.has("reverse")) {
    if (const auto since = since_last(log, *most)) {
      deltas_selected.since = delta::CutOptions{.at = *since};
      DELTA_TRY(filter, delta::DeltaFilter::make(log, deltas_selected, cut));
    }
  }
  LogView view{invocation, console, log, cut, std::move(filter), {}, {}, most.value_or(~std::uint64_t{0})};
  DELTA_OK(note_ahead(invocation, log, console));
  if (invocation.has("heads")) return list_heads(view);
  for (const std::string_view option : {"ancestors", "common"}) {
    for (const auto& text : invocation.values(option)) DELTA_OK(keep_seen(view, text));
  }
  if (invocation.has("common")) view.bases = bases_of(view);
  DELTA_TRY(auto named, named_vectors(selection, log.catalog()));
  DELTA_TRY(const bool any, keep_meeting(log, cut, selection, named));
  if (wait && deltas) DELTA_OK(delta::name_vectors(log, view.filter));
  if (!any) {
    report_none_meets(console);
    return Exit::no;
  }
  if (invocation.has("conflicts")) return less_missing(list_conflicts(view, named.vectors), view, named, false);
  if (invocation.has("window")) return less_missing(list_windows(view, named.vectors), view, named);
  return deltas ? list_deltas(view, selection, named) : less_missing(CommitList(view).run(), view, named);
}

options::Options of_list() {
  return {
      {.name = "deltas", .help = "list deltas instead of commits"},
      {.name = "graph", .help = "draw which commit had seen which"},
      {.name = "ancestors", .value = "DOT", .help = "only DOT and what its author had seen"},
      {.name = "common",
       .value = "DOT",
       .help = "only common ancestors of the given deltas, themselves included",
       .repeatable = true,
       .several = true},
      {.name = "window",
       .value = "SPEC",
       .help = "sum up by time: tumbling:1h, sliding:1h/10m, session:30m, adaptive:100:10ms:5s"},
      {.name = "after",
       .value = "DOTS",
       .help = "only windows that changed since the log had the heads DOTS",
       .repeatable = true},
      {.name = "compare",
       .value = "LOG",
       .help = "say how LOG stands to the logs given: same, prefix, diverged or forked",
       .kind = Kind::file},
      {.name = "heads", .help = "print the newest dots, for a later --after"},
      {.name = "conflicts", .help = "list dimensions with conflicting assignments"},
      {.name = "policy", .value = "POLICY", .help = "with --conflicts: decide them by POLICY, not by the log's own"},
      {.name = "hashes", .help = "print hashes of commits; reads every delta"},
      {.name = "max-skew",
       .value = "DURATION",
       .help = "note commits that are further ahead of the clock (default: 1d; any: none)"},
      {.name = "max-count", .letter = 'n', .value = "N", .help = "at most N lines"},
      {.name = "reverse", .help = "the oldest first"}};
}

}  // namespace

Command log_command() {
  return {
      .name = "log",
      .summary = "commits, deltas, conflicts, or sums over windows of time",
      .synopsis = "LOG...\nLOG... --compare LOG",
      .description =
          "Lists commits, the newest first. With a choice of vectors or operations, or --deltas, lists deltas, and of "
          "chosen vectors what each changed; with --window, sums over windows of time. Exits 1 if there are none.",
      .operands = {options::kLogs},
      .options = options::join(
          {of_list(), options::json(),
           options::selection({"id", "id-glob", "ids-from", "namespace", "where", "origin", "op", "since", "until",
                               "property", "grep", "source", "trace", "at", "as-seen-by"}),
           options::memory(), options::threads(), options::progress(), options::quiet(), options::common()}),
      .example =
          "deltalog log history.dlog --graph\n"
          "deltalog log history.dlog --id king --since 2026-11-01\n"
          "deltalog log history.dlog --common main:7 --common carol:3\n"
          "deltalog log history.dlog --window tumbling:1h --json\n",
      .run = run};
}

}  // namespace deltalog
