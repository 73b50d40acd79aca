// For each run of dimensions: the value, the deltas that it comes from, those that changed it since, those that lost. A
// line of text a delta, so that it reads like `git blame`; an object of JSON a run.
#include "delta/blame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::Blame;
using delta::BlameMember;
using delta::BlameRun;
using delta::DeltaRef;
using delta::Log;
using delta::formats::JsonWriter;

// The parts of runs that lie in the ranges, in order.
std::vector<BlameRun> clipped(const std::vector<BlameRun>& runs, const std::optional<std::vector<DimRange>>& ranges) {
  if (!ranges) return runs;
  std::vector<BlameRun> out;
  for (const auto& run : runs) {
    for (const auto& range : *ranges) {
      const auto first = std::max(run.first, range.first);
      const auto end = std::min<std::uint64_t>(run.first + run.bits.size(), std::uint64_t{range.last} + 1);
      if (first >= end) continue;
      BlameRun part = run;
      part.first = first;
      part.bits.assign(run.bits.begin() + (first - run.first),
                       run.bits.begin() + static_cast<std::ptrdiff_t>(end - run.first));
      out.push_back(std::move(part));
    }
  }
  return out;
}

class Text {
 public:
  Text(const Log& log, const Console& console)
      : log_(log),
        console_(console),
        table_({{"dims"}, {"value"}, {""}, {"delta"}, {"time"}, {"operation"}, {"message"}}) {}

  void run(const BlameRun& run) {
    const auto last = run.first + run.bits.size() - 1;
    auto dims = run.bits.size() == 1 ? std::to_string(run.first) : fmt::format("{}-{}", run.first, last);
    answer(std::move(dims), values_text(run.bits), run.chosen, "");
    answer("", "", run.transforms, "then");
    answer("", "", run.losers, "over");
  }

  void member(const BlameMember& member) {
    answer(delta::escape(member.name), delta::escape(member.value, 40), {&member.set_by, 1}, "");
  }

  std::string text() const { return table_.text(); }

 private:
  void answer(std::string dims, std::string value, std::span<const DeltaRef> deltas, std::string_view how) {
    for (const auto& delta : deltas) {
      const auto dot = delta::escape(log_.dot_text(delta.dot), 4096);
      table_.add({std::move(dims), std::move(value), std::string(how), console_.paint(Style::caution, dot),
                  time_text(delta.time, log_.commit(delta.commit)), std::string(delta::operation_name(delta.op)),
                  message_text(log_.commit(delta.commit))});
      dims.clear();
      value.clear();
    }
  }

  const Log& log_;
  const Console& console_;
  Table table_;
};

std::string text_report(const Log& log, const Blame& blame, std::span<const BlameRun> runs,
                        std::span<const BlameMember> metadata, const Console& console) {
  Text text(log, console);
  for (const auto& run : runs) text.run(run);
  for (const auto& member : metadata) text.member(member);
  return fmt::format("vector {}, created by {} at {}\n", vector_name(log.catalog(), blame.vector),
                     delta::escape(log.dot_text(blame.created.dot), 4096),
                     time_text(blame.created.time, log.commit(blame.created.commit))) +
         text.text();
}

void put_delta(JsonWriter& json, const Log& log, const DeltaRef& delta) {
  json.begin_object().member("dot", log.dot_text(delta.dot)).member("time", delta::format_time(delta.time.us()));
  const delta::CommitView& commit = log.commit(delta.commit);
  json.key("tick").u64(delta.time.tick());
  if (commit.given) json.member("given", delta::format_time(*commit.given));
  json.member("op", delta::operation_name(delta.op)).member("message", commit.message);
  if (!commit.properties.empty()) json.key("properties").raw(commit.properties);
  json.end_object();
}

void put_deltas(JsonWriter& json, const Log& log, std::string_view name, std::span<const DeltaRef> deltas) {
  json.key(name).begin_array();
  for (const auto& delta : deltas) put_delta(json, log, delta);
  json.end_array();
}

std::string json_report(const Log& log, delta::VectorNo vector, std::span<const BlameRun> runs,
                        std::span<const BlameMember> metadata) {
  const auto& catalog = log.catalog();
  std::string out;
  JsonWriter json(out);
  const auto begin = [&](std::string_view type) {
    json.begin_object().member("type", type).key("v").u64(1);
    json.member("namespace", catalog.name_space(catalog.namespace_of(vector)).name).member("id", catalog.id(vector));
  };
  for (const auto& run : runs) {
    begin("blame");
    json.key("first").u64(run.first).key("last").u64(run.first + run.bits.size() - 1).key("values").begin_array();
    for (const auto bits : run.bits) json.float32(bits);
    json.end_array();
    put_deltas(json, log, "from", run.chosen);
    put_deltas(json, log, "transforms", run.transforms);
    put_deltas(json, log, "losers", run.losers);
    json.end_object().end_line();
  }
  for (const auto& member : metadata) {
    begin("blame-metadata");
    json.member("key", member.name).key("value").raw(member.value).key("from");
    put_delta(json, log, member.set_by);
    json.end_object().end_line();
  }
  return out;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto has = [&](std::string_view option) { return invocation.has(option); };
  if (!std::ranges::any_of(std::initializer_list<std::string_view>{"id", "id-glob", "ids-from", "where"}, has)) {
    return usage_error(invocation, "which vector? --id ID is missing");
  }
  DELTA_TRY(const auto ranges, value_of(invocation, "dim", parse_dims));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(const auto log, open_logs_for_state(invocation, console, selection));
  DELTA_TRY(const auto policy, policy_option(invocation));
  DELTA_TRY(auto cut, cut_of(invocation, log));
  override_policy(cut, policy ? &*policy : nullptr, log, console);
  DELTA_TRY(auto named, named_vectors(selection, log.catalog()));
  bool missing = false, first = true;
  delta::VectorSet answered;
  if (!selection.where.empty()) {  // a vector that exists is not called missing, whether or not it meets --where
    DELTA_TRY(const auto state, composed(log, cut, named.vectors));
    DELTA_TRY(answered, state.existing());
    named.vectors = meeting(selection, named.vectors, {&state});
    missing = !answered.empty() && named.vectors.empty();
    if (missing) report_none_meets(console);
  }
  DELTA_OK(delta::blame_each(log, named.vectors, cut, [&](const Blame& blame) -> Status {
    const bool later = !std::exchange(first, false);
    answered.insert(blame.vector);
    const auto runs = clipped(blame.runs, ranges);
    const std::span metadata = ranges ? std::span<const BlameMember>() : std::span(blame.metadata);
    if (runs.empty()) {
      const auto dims = delta::plural(log.catalog().dims(blame.vector), "dimension");
      console.error(delta::error(delta::ErrorCode::not_found,
                                 "vector " + vector_name(log.catalog(), blame.vector) + " has " + dims));
      missing = true;
      return {};
    }
    if (later && !invocation.has("json")) DELTA_OK(console.print("\n"));
    return console.print(invocation.has("json") ? json_report(log, blame.vector, runs, metadata)
                                                : text_report(log, blame, runs, metadata, console));
  }));
  missing = report_absent(invocation, selection, named, log.catalog(), answered, "in this state", console) || missing;
  return exit_with(log, missing ? Exit::no : Exit::yes);
}

}  // namespace

Command blame_command() {
  return {.name = "blame",
          .summary = "who last set each value",
          .synopsis = "LOG... --id ID",
          .description =
              "For each run of dimensions of a vector, and each member of its metadata: the value and the delta that "
              "it comes "
              "from; behind \"then\" the transforms since, behind \"over\" the concurrent assignments that lost.",
          .operands = {options::kLogs},
          .options = options::join(
              {{{.name = "dim", .value = "RANGES", .help = "only these dimensions, such as 0-15,20; no metadata"}},
               options::policy("decide conflicts by POLICY, not by the log's own"),
               options::json(),
               options::selection({"id", "id-glob", "ids-from", "namespace", "where", "at", "as-seen-by"}),
               options::threads(),
               options::progress(),
               options::quiet(),
               options::common()}),
          .example = "deltalog blame history.dlog --id king --dim 0-15\n",
          .run = run};
}

}  // namespace deltalog
