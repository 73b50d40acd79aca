// What differs between two logs, or between two moments of one union: a line a vector, as `git diff --stat` gives one a
// file. Exits as diff(1) does, so that a script can ask without reading.
#include "delta/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/diff_neighbours.hpp"
#include "commands/options.hpp"
#include "delta/text.hpp"
#include "delta/two_states.hpp"
#include "formats/json_writer.hpp"
#include "json_rows.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::CutOptions;
using delta::Difference;
using delta::DiffSummary;
using delta::Log;
using delta::State;
using delta::VectorDiff;
using delta::formats::JsonWriter;

/// What is compared: two logs, or one at two cuts. A state keeps a reference to its log's catalog, which moving a log
/// leaves valid.
struct Sides {
  Log old_log;
  std::optional<Log> new_log;  // none: the same one
  CutOptions old_cut, new_cut;
  NamedVectors old_named, new_named;

  const Log& log_of_new() const { return new_log ? *new_log : old_log; }
};

Status check_usage(const Invocation& invocation) {
  const auto cuts = invocation.in_order({"at", "as-seen-by"}).size();
  const auto logs = invocation.operands().size();
  if (cuts > 2) return usage_error(invocation, fmt::format("two moments are compared, not {}", cuts));
  if (cuts == 0 && logs != 2) {
    return usage_error(invocation,
                       fmt::format("two logs are compared, not {}; or one at two moments: --at T1 --at T2", logs));
  }
  if (cuts == 1 && logs != 1) {
    return usage_error(invocation, "with several logs give --at twice");
  }
  if (cuts > 0 && invocation.has("base")) {
    return usage_error(invocation, "--base goes with two logs; several logs at two moments are read together anyway");
  }
  if (invocation.has("with-old") && (!invocation.has("json") || invocation.has("stat"))) {
    return usage_error(invocation, "--with-old adds values to the lines of --json");
  }
  return check_neighbours(invocation);
}

Result<CutOptions> cut_named(const Log& log, const Invocation::Given& given) {
  if (given.option == "as-seen-by") return parse_seen(log, given.value);
  auto cut = parse_cut(log, given.value);
  if (!cut) cut.error().message = "--at: " + cut.error().message;
  return cut;
}

/// A log to be compared, read together with what it was made against. A bundle alone is no state: every vector of the
/// other log would look deleted.
Result<Log> open_side(const Invocation& invocation, const std::string& path, const VectorSelection& selection,
                      Console& console) {
  std::vector<std::string> paths = invocation.values("base");
  paths.push_back(path);
  DELTA_TRY(auto log, open_logs(invocation, paths, console, &selection));
  bool any = log.commits() == 0;
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) any = any || !log.pending(number);
  if (any) return log;
  return delta::error(
             delta::ErrorCode::bad_input,
             "is a bundle, of which every commit waits for causes that are not in it: it cannot be compared alone")
      .in(path)
      .with_hint("--base LOG reads both together with LOG, which it was made against");
}

Result<Sides> open_sides(const Invocation& invocation, const VectorSelection& selection, Console& console) {
  const auto& operands = invocation.operands();
  const auto cuts = invocation.in_order({"at", "as-seen-by"});
  if (cuts.empty()) {
    DELTA_TRY(auto old_log, open_side(invocation, operands[0], selection, console));
    DELTA_TRY(auto new_log, open_side(invocation, operands[1], selection, console));
    return Sides{std::move(old_log), std::move(new_log), {}, {}, {}, {}};
  }
  DELTA_TRY(auto log, open_logs(invocation, operands, console, &selection));
  Sides sides{std::move(log), {}, {}, {}, {}, {}};
  DELTA_TRY(sides.old_cut, cut_named(sides.old_log, cuts[0]));
  if (cuts.size() > 1) {
    DELTA_TRY(sides.new_cut, cut_named(sides.old_log, cuts[1]));
  }
  return sides;
}

// What neither log has is missing; what one lacks was created or deleted.
std::vector<std::string> in_both(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const std::unordered_set<std::string_view> others(b.begin(), b.end());
  std::vector<std::string> out;
  std::ranges::copy_if(a, std::back_inserter(out), [&](const std::string& name) { return others.contains(name); });
  return out;
}

/// False if an id that was asked for is nowhere.
Result<bool> find_named_vectors(const Invocation& invocation, const VectorSelection& selection, Sides& sides,
                                Console& console) {
  DELTA_TRY(sides.old_named, delta::find_vectors(sides.old_log.catalog(), selection));
  DELTA_TRY(sides.new_named, delta::find_vectors(sides.log_of_new().catalog(), selection));
  const auto namespaces = in_both(sides.old_named.missing_namespaces, sides.new_named.missing_namespaces);
  if (!namespaces.empty()) return no_namespace(namespaces[0], sides.old_log.catalog());
  NamedVectors nowhere;
  nowhere.missing_ids = in_both(sides.old_named.missing_ids, sides.new_named.missing_ids);
  return !report_missing(invocation, nowhere, console);
}

Result<delta::TwoStates> states_of(const Sides& sides) {
  const trace::Span span("delta.compose");
  if (!sides.new_log) {
    return delta::two_snapshots(sides.old_log, sides.old_cut, sides.new_cut, sides.old_named.vectors);
  }
  DELTA_TRY(State old_state, delta::snapshot(sides.old_log, sides.old_cut, sides.old_named.vectors));
  DELTA_TRY(State new_state, delta::snapshot(*sides.new_log, sides.new_cut, sides.new_named.vectors));
  return delta::TwoStates{std::move(old_state), std::move(new_state)};
}

std::string number_text(std::optional<double> number) { return number ? fmt::format("{:.6g}", *number) : "-"; }

class Report {
 public:
  Report(const Invocation& invocation, const Sides& sides, Console& console)
      : sides_(sides),
        console_(console),
        json_(invocation.has("json")),
        stat_(invocation.has("stat")),
        old_(invocation.has("with-old")),
        rows_(console, {{"change"},
                        {"vector"},
                        {"dims", Align::right},
                        {"L2", Align::right},
                        {"cosine", Align::right},
                        {"metadata"}}) {}

  Status line(const VectorDiff& diff) {
    if (stat_) return {};
    if (json_) return json_line(diff);
    const bool changed = diff.kind == Difference::changed;
    const auto name = space_text(diff) + delta::escape(diff.id);
    const auto style = changed ? Style::caution : diff.kind == Difference::created ? Style::good : Style::bad;
    return rows_.add({console_.paint(style, delta::difference_name(diff.kind)), name,
                      changed ? fmt::format("{} of {}", diff.dims.size(), diff.old_bits.size()) : "",
                      changed ? number_text(diff.distance) : "", changed ? number_text(diff.cosine) : "",
                      changed && diff.metadata_differs() ? "changed" : ""});
  }

  Status end(const DiffSummary& summary) {
    if (!stat_) return json_ ? Status() : rows_.flush();
    return json_ ? json_stat(summary) : text_stat(summary);
  }

 private:
  /// "namespace/", with its dimensions where the name has several in the two logs.
  std::string space_text(const VectorDiff& diff) const {
    const delta::Catalog &a = sides_.old_log.catalog(), &b = sides_.log_of_new().catalog();
    const auto in_a = a.namespaces_named(diff.name_space), in_b = b.namespaces_named(diff.name_space);
    const bool apart = in_a.size() == 1 && in_b.size() == 1 && a.name_space(in_a[0]).dims != b.name_space(in_b[0]).dims;
    if (in_a.size() < 2 && in_b.size() < 2 && !apart) {
      return diff.name_space.empty() ? "" : delta::escape(diff.name_space) + "/";
    }
    return fmt::format("{}/{}/", delta::escape(diff.name_space), std::max(diff.old_bits.size(), diff.new_bits.size()));
  }
  static void put(JsonWriter& json, std::string_view name, std::optional<double> number) {
    json.key(name);
    number ? json.number(*number) : json.null();
  }
  Status json_line(const VectorDiff& diff) {
    std::string out;
    json_diff(out, diff, old_);
    return console_.print(out);
  }

  Status json_stat(const DiffSummary& summary) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("type", "diff-stat").key("v").u64(1).key("created").u64(summary.created);
    json.key("deleted").u64(summary.deleted).key("changed").u64(summary.changed).key("values").u64(summary.values);
    json.key("metadata").u64(summary.metadata).key("undefined").u64(summary.undefined);
    put(json, "max_l2", summary.max_distance);
    put(json, "mean_l2", summary.mean_distance);
    put(json, "min_cosine", summary.min_cosine);
    json.end_object().end_line();
    return console_.print(out);
  }

  Status text_stat(const DiffSummary& summary) {
    const auto row = [](std::string_view name, std::string value) { return fmt::format("{:<12}{}\n", name, value); };
    return console_.print(
        row("created", std::to_string(summary.created)) + row("deleted", std::to_string(summary.deleted)) +
        row("changed", std::to_string(summary.changed)) + row("values", std::to_string(summary.values)) +
        row("metadata", std::to_string(summary.metadata)) + row("undefined", std::to_string(summary.undefined)) +
        row("max L2", number_text(summary.max_distance)) + row("mean L2", number_text(summary.mean_distance)) +
        row("min cosine", number_text(summary.min_cosine)));
  }

  const Sides& sides_;
  Console& console_;
  bool json_, stat_, old_;
  TableWriter rows_;
};

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_OK(check_usage(invocation));
  DELTA_TRY(const auto bound, value_of(invocation, "fail-over", parse_distance));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(auto sides, open_sides(invocation, selection, console));
  DELTA_TRY(const auto policy, policy_option(invocation));
  override_policy(sides.old_cut, policy ? &*policy : nullptr, sides.old_log, console);
  override_policy(sides.new_cut, policy ? &*policy : nullptr, sides.log_of_new(), console);
  DELTA_TRY(bool found, find_named_vectors(invocation, selection, sides, console));
  std::vector<delta::Finding> notices;
  sides.old_cut.notices = sides.new_cut.notices = &notices;
  DELTA_TRY(auto states, states_of(sides));
  State &old_state = states.first, &new_state = states.second;
  warn_of(notices, console);
  if (!selection.where.empty()) {
    keep_meeting(selection, old_state, new_state);
    if (old_state.size() + new_state.size() == 0) {
      report_none_meets(console, " in either state");
      found = false;
    }
  }
  if (invocation.has("neighbours")) {
    DELTA_TRY(const auto properties, delta::properties_of(sides.log_of_new(), sides.new_cut));
    DELTA_TRY(const bool lost, report_neighbours(invocation, old_state, new_state, properties, console));
    return exit_with(sides.old_log, exit_with(sides.log_of_new(), lost || !found ? Exit::no : Exit::yes));
  }
  Report report(invocation, sides, console);
  bool over = false;
  DELTA_TRY(const auto summary, delta::diff(old_state, new_state, [&](const VectorDiff& diff) {
              // A change without a distance is beyond every bound.
              over = over || !bound || !diff.distance || *diff.distance > *bound;
              return report.line(diff);
            }));
  DELTA_OK(report.end(summary));
  return exit_with(sides.old_log, exit_with(sides.log_of_new(), over || !found ? Exit::no : Exit::yes));
}

}  // namespace

Command diff_command() {
  return {
      .name = "diff",
      .summary = "what differs between two logs, or two moments",
      .synopsis = "LOG LOG [--base LOG]...\nLOG... --at TIME [--at TIME]",
      .description =
          "Lists the vectors that were created, deleted or changed from the first log to the second, or from one "
          "moment of the "
          "logs' union to another (with one moment: to now), with distance and cosine. Exits 1 if anything differs.",
      .operands = {options::kLogs},
      .options = options::join(
          {{{.name = "stat", .help = "print only counts and extremes"},
            {.name = "fail-over",
             .value = "L2",
             .help = "exit 1 only for a distance above L2, a creation or a deletion"},
            {.name = "with-old", .help = "with --json: old values beside the new ones"},
            {.name = "neighbours", .value = "K", .help = "print how many of the K nearest neighbours stayed the same"},
            {.name = "all", .help = "with --neighbours: look at every vector, not at a sample of 1,000"},
            {.name = "metric",
             .value = "METRIC",
             .help = "with --neighbours: l2, cosine or ip (default: that of the namespace, else l2)",
             .choices = {"l2", "cosine", "ip"}},
            {.name = "base",
             .value = "LOG",
             .help = "read LOG together with each of the two: what a bundle was made against",
             .repeatable = true,
             .kind = Kind::file}},
           options::policy("decide conflicts by POLICY, not by the logs' own"),
           options::json(),
           options::selection({"id", "id-glob", "ids-from", "namespace", "where"}),
           options::in_group(
               "Selection",
               {{.name = "at",
                 .value = "TIME",
                 .help = "as of TIME: first the old moment, then the new one",
                 .repeatable = true},
                {.name = "as-seen-by",
                 .value = "DOT",
                 .help = "state right after DOT, without changes that its writer had not received; counts as an --at",
                 .repeatable = true}}),
           options::threads(),
           options::progress(),
           options::quiet(),
           options::common()}),
      .example =
          "deltalog diff monday.dlog tuesday.dlog\n"
          "deltalog diff history.dlog --at 2026-11-09 --at 2026-11-10 --fail-over 0.1\n",
      .run = run};
}

}  // namespace deltalog
