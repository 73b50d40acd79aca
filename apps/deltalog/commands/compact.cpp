// Repacks and prunes. What it says of a run it also says of a dry one: the same work, without the file.
#include "delta/compact.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "texts.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::CompactOptions;
using delta::CompactReport;

constexpr std::string_view kSince = "since:";
constexpr delta::Micros kMaxSkew = 86'400'000'000;  // a day: what clocks may be apart

delta::Error keep_error(const Invocation& invocation, delta::Error error) {
  auto usage = usage_error(invocation, "--keep: " + error.message);
  if (!error.hint.empty()) usage.hint = std::move(error.hint);
  return usage;
}

Status add_since(const Invocation& invocation, const delta::Log& log, CompactOptions& options) {
  for (const std::string_view text : invocation.values("keep")) {
    if (!text.starts_with(kSince)) continue;
    auto time = parse_time_in(log, text.substr(kSince.size()));
    if (!time) return keep_error(invocation, std::move(time).error());
    options.keep.push_back({.kind = delta::KeepRule::Kind::since, .at = *time});
  }
  return {};
}

Result<CompactOptions> options_of(const Invocation& invocation) {
  CompactOptions options;
  options.force = invocation.has("force");
  options.whole_deltas = invocation.has("whole-deltas");
  options.assume_closed = invocation.has("assume-closed");
  for (const auto& text : invocation.values("keep")) {
    if (text.starts_with(kSince)) continue;  // may name a tag: read when the log is
    auto rule = parse_keep(text);
    if (!rule) return keep_error(invocation, std::move(rule).error());
    options.keep.push_back(*rule);
  }
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.count_from, time_of(invocation, "at"));
  DELTA_TRY(const auto clock, default_time());
  options.clock = std::max(clock, now()) + kMaxSkew;
  DELTA_TRY(const auto preset, value_of(invocation, "preset", parse_preset));
  DELTA_TRY(options.memory, memory_of(invocation));
  options.preset = preset.value_or(options.preset);
  return options;
}

/// What --if asks of the log as it is.
Result<std::uint64_t> measure(const delta::Log& log, std::string_view what) {
  if (what == "chain") return longest_chain(log);
  if (what == "commits") return log.commits();
  std::uint64_t sum = 0;
  DELTA_TRY(const auto segments, log.segments());
  for (const auto& segment : segments) {
    sum += what == "segments" ? 1 : what == "deltas" ? segment.deltas : segment.length;
  }
  return sum;
}

/// False: the log has not reached the threshold, and that was said.
Result<bool> worth_it(const std::optional<Threshold>& threshold, const delta::Log& log, Console& console) {
  if (!threshold) return true;
  DELTA_TRY(const std::uint64_t reached, measure(log, threshold->what));
  if (reached >= threshold->least) return true;
  console.warn(fmt::format("nothing done: {} is {}, below {}", threshold->what, reached, threshold->least));
  return false;
}

void json_kept(delta::formats::JsonWriter& json, const delta::Log& log, const delta::KeptCut& kept) {
  json.begin_object().member("why", kept.why);
  if (kept.still) {
    json.member("first", delta::format_time(kept.still->first)).member("last", delta::format_time(kept.still->last));
  } else {
    json.key("heads").begin_array();
    for (const auto& dot : kept.release) json.string(log.dot_text(dot));
    json.end_array();
  }
  json.end_object();
}

/// What each rule keeps, and why: a line each.
std::string kept_text(const delta::Log& log, const CompactReport& report) {
  constexpr std::size_t kShown = 200;
  std::string out;
  const auto& cuts = report.kept_cuts;
  for (const auto& kept : std::span(cuts).first(std::min(kShown, cuts.size()))) {
    out += fmt::format("keeps {}: {}\n", delta::escape(kept.why, 200),
                       kept.still ? delta::to_text(*kept.still) : "the release of " + dots_text(log, kept.release));
  }
  return cuts.size() > kShown ? out + fmt::format("keeps {} more\n", cuts.size() - kShown) : out;
}

std::string json_report(const delta::Log& log, const CompactReport& report, bool dry) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "compact").key("v").u64(1).key("dry_run").boolean(dry);
  json.key("commits")
      .u64(report.commits)
      .key("pruned_commits")
      .u64(report.pruned_commits)
      .key("vectors")
      .u64(report.vectors);
  json.key("deltas").u64(report.deltas).key("kept").u64(report.kept).key("partial").u64(report.partial);
  json.key("longest_chain").u64(report.longest_chain);
  json.key("bytes_before")
      .u64(report.bytes_before)
      .key("bytes_after")
      .u64(report.bytes_after)
      .key("answers")
      .begin_array();
  for (const auto& range : report.readable_times.ranges()) {
    json.begin_object()
        .member("first", delta::format_time(range.first))
        .member("last", delta::format_time(range.last))
        .end_object();
  }
  json.end_array().key("keeps").begin_array();
  for (const auto& kept : report.kept_cuts) json_kept(json, log, kept);
  json.end_array()
      .key("repacked")
      .boolean(report.repacked)
      .key("changed")
      .boolean(report.changed)
      .end_object()
      .end_line();
  return out;
}

std::string text_report(const CompactReport& report, bool dry) {
  return fmt::format(
      "{} {} of {} ({} in part) on {}, {}{} -> {}{}; answers {}", dry ? "would keep" : "kept", report.kept,
      delta::plural(report.deltas, "delta"), report.partial, delta::plural(report.vectors, "vector"),
      report.pruned_commits > 0 ? delta::plural(report.pruned_commits, "pruned commit") + ", " : std::string(),
      delta::human_size(report.bytes_before), delta::human_size(report.bytes_after),
      report.repacked ? "" : ", as it is, since packed it would be larger", delta::to_text(report.readable_times));
}

}  // namespace

namespace {

struct Target {
  bool dry = false;
  const std::string* output = nullptr;
  std::optional<delta::LockedLog> place;  // in place: held until the end
};

Result<Target> target_of(const Invocation& invocation) {
  Target target{invocation.has("dry-run"), invocation.value("output"), {}};
  const bool in_place = invocation.has("in-place");
  if (in_place && target.output) return usage_error(invocation, "--in-place and --output exclude each other");
  if (in_place && invocation.operands().size() != 1) {
    return usage_error(invocation, "--in-place takes one LOG; --output writes the union of several");
  }
  if (!target.output && !in_place && !target.dry) {
    return usage_error(invocation, "-o OUT is missing; or --in-place, or --dry-run");
  }
  if (target.output && *target.output == "-" && !target.dry && invocation.has("json")) {
    return usage_error(invocation, "--json and --output - both want stdout");
  }
  if (!in_place && invocation.has("wait")) return usage_error(invocation, "--wait goes with --in-place");
  if (!in_place || target.dry) return target;
  DELTA_TRY(const auto wait, wait_of(invocation));
  DELTA_TRY(target.place,
            delta::LockedLog::open(invocation.operands()[0], {.wait = wait, .force = invocation.has("force")}));
  return target;
}

Result<CompactReport> compact_to(const Target& target, const delta::Log& log, const CompactOptions& options) {
  trace::Span span("delta.compact");
  auto done = target.place ? delta::compact_in_place(log, *target.place, options)
                           : delta::compact(log, target.dry ? "" : *target.output, options);
  if (!done) return done;
  span.set("delta.bytes_before", done->bytes_before).set("delta.bytes_after", done->bytes_after);
  span.set("delta.commits", done->commits).set("delta.deltas", done->deltas);
  return done;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(CompactOptions options, options_of(invocation));
  DELTA_TRY(const auto threshold, value_of(invocation, "if", parse_threshold));
  DELTA_TRY(const Target target, target_of(invocation));
  const bool dry = target.dry;
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  if (!dry &&
      !(target.place ? may_replace(invocation, target.place->path(), console) : may_replace(invocation, console))) {
    return Exit::partly;
  }
  DELTA_OK(add_since(invocation, log, options));
  DELTA_TRY(const bool worth, worth_it(threshold, log, console));
  if (!worth) return Exit::yes;
  DELTA_TRY(const auto report, compact_to(target, log, options));
  if (!dry) console.committed();
  warn_of(report.notices, console);
  if (!report.changed) console.note(invocation.operands()[0] + ": left as it is, since nothing would change");
  if (invocation.has("json")) {
    DELTA_OK(console.print(json_report(log, report, dry)));
  } else if (dry) {
    DELTA_OK(console.print(kept_text(log, report) + text_report(report, dry) + "\n"));
  } else if (report.changed) {
    console.note(text_report(report, dry));
  }
  return exit_with(log);
}

}  // namespace

Command compact_command() {
  return {
      .name = "compact",
      .summary = "repack a log by vector, and prune its history",
      .synopsis = "LOG... -o OUT\nLOG --in-place",
      .description =
          "Writes the union of the logs as one packed segment, in which each vector's history lies together. With "
          "--keep, drops history that neither now nor a kept time or release needs; the present under every "
          "policy, the kept cuts, blame "
          "there, and every later "
          "merge do not change. A kept time keeps every moment from the last change before it up to the "
          "next. Times that are not kept are "
          "refused from then on.",
      .operands = {options::kLogs},
      .options = options::join(
          {options::output(),
           {{.name = "in-place", .help = "replace the one LOG by the result, under its lock"}},
           options::wait(),
           {{.name = "at",
             .value = "TIME",
             .help = "calendar rules count back from here, not from the log's greatest timestamp"},
            {.name = "keep",
             .value = "RULE",
             .help = "all (default), now, since:TIME, last:N, every:DURATION, hourly:N, daily:N, weekly:N, "
                     "monthly:N, yearly:N, tags",
             .repeatable = true},
            {.name = "whole-deltas", .help = "drop only whole deltas, so that hashes still verify all that is kept"},
            {.name = "assume-closed",
             .help = "assume that all writers' commits are here: prune more, and refuse later arrivals"},
            {.name = "if",
             .value = "CONDITION",
             .help = "only if the log has reached chain:N, segments:N, deltas:N, commits:N or bytes:SIZE"},
            {.name = "dry-run", .help = "write nothing, and say what would be dropped"}},
           options::preset(),
           options::json(),
           options::memory(),
           options::threads(),
           options::progress(),
           options::talk(),
           options::common()}),
      .example =
          "deltalog compact history.dlog -o packed.dlog\n"
          "deltalog compact history.dlog --keep daily:7 --keep monthly:12 -o pruned.dlog\n"
          "deltalog compact history.dlog --in-place\n",
      .run = run};
}

}  // namespace deltalog
