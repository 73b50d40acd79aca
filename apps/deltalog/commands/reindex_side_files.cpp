// The lookup index and the checkpoints of a log. Nothing is ever only in them.
#include "commands/reindex_side_files.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "delta/checkpoint.hpp"
#include "delta/lookup.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/reindex.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::CheckpointOptions;
using delta::CheckpointSummary;
using delta::IndexReport;
using delta::IndexWorth;

std::string_view done_name(IndexReport::Done done) {
  return done == IndexReport::Done::made ? "made" : done == IndexReport::Done::extended ? "extended" : "nothing";
}

std::string json_line(const IndexReport& report) {
  std::string line;
  delta::formats::JsonWriter json(line);
  json.begin_object().member("type", "index").key("v").u64(1).member("log", report.log).member("index", report.index);
  json.member("found", delta::index_worth_name(report.found)).member("what", report.what);
  json.member("done", done_name(report.done)).key("written").u64(report.written).key("bytes").u64(report.bytes);
  json.key("segments").u64(report.segments).key("commits").u64(report.commits).key("ids").u64(report.ids);
  json.key("levels").u64(report.levels).key("linear").boolean(report.linear).end_object().end_line();
  return line;
}

std::string worth_text(const IndexReport& report) {
  switch (report.found) {
    case IndexWorth::absent:
      return "there is none";
    case IndexWorth::whole:
      return "whole";
    case IndexWorth::behind:
      return "the log has grown since";
    case IndexWorth::foreign:
      return "of another log, or of what this one was before it was replaced";
    case IndexWorth::damaged:
    case IndexWorth::unsupported:
      break;
  }
  return std::string(delta::index_worth_name(report.found)) + ": " + delta::escape(report.what);
}

std::string text_line(const IndexReport& report, bool dry_run) {
  std::string out = delta::escape(report.index, report.index.size()) + ": " + worth_text(report);
  if (report.done != IndexReport::Done::nothing) {
    out += fmt::format("; {}{}, {} written", dry_run ? "would be " : "", done_name(report.done),
                       delta::human_size(report.written));
  }
  if (report.segments == 0) return out + "\n";
  return out + fmt::format(": {}, {}, {}, {} in {}\n", delta::plural(report.segments, "segment"),
                           delta::plural(report.commits, "commit"), delta::plural(report.ids, "id"),
                           delta::human_size(report.bytes), delta::plural(report.levels, "level"));
}

/// "none", or how many times the bytes of a state.
Result<std::optional<double>> parse_cost(std::string_view text) {
  if (text == "none") return {std::nullopt};
  const auto cost = delta::unless_out_of_memory(parse_distance(text));
  if (cost && *cost > 0) return {*cost};
  return delta::error(delta::ErrorCode::usage, delta::quote(text) + " is not a number above 0, or none");
}

std::string checkpoints_text(const CheckpointSummary& done, bool dry_run) {
  std::string out = delta::escape(done.path, done.path.size()) + ": " + delta::plural(done.checkpoints, "checkpoint");
  if (done.made > 0) out += fmt::format(", {} {}", done.made, dry_run ? "to be made" : "made");
  return done.bytes == 0 ? out + "\n" : out + ", " + delta::human_size(done.bytes) + "\n";
}

std::string checkpoints_json(const std::string& log, const CheckpointSummary& done, const std::string& wrong) {
  std::string line;
  delta::formats::JsonWriter json(line);
  json.begin_object().member("type", "checkpoints").key("v").u64(1).member("log", log).member("file", done.path);
  json.key("count").u64(done.checkpoints).key("made").u64(done.made).key("bytes").u64(done.bytes);
  json.member("wrong", wrong).end_object().end_line();
  return line;
}

/// The checkpoints of one log. `cost`: that of parse_cost(). False: --check found something wrong.
Result<bool> checkpoints(const Invocation& invocation, const std::string& log,
                         const std::optional<std::optional<double>>& cost, Console& console) {
  CheckpointOptions options;
  if (cost && !*cost) return true;
  if (cost) options.cost = **cost;
  DELTA_TRY(options.threads, threads_of(invocation));
  options.rebuild = invocation.has("rebuild");
  const bool check = invocation.has("check");
  options.dry_run = check || invocation.has("dry-run");
  std::string wrong;
  if (check) {
    DELTA_TRY(auto found, delta::check_checkpoints(log, options.threads));
    wrong = std::move(found).value_or("");
  }
  trace::Span span("delta.checkpoint");
  DELTA_TRY(auto done, delta::update_checkpoints(log, options));
  span.set("delta.checkpoints", done.checkpoints).set("delta.bytes", done.bytes);
  if (check) done = {done.path, done.checkpoints - done.made, 0, done.bytes};
  if (!options.dry_run && done.made > 0) console.committed();
  if (done.checkpoints == 0 && wrong.empty()) return true;
  if (invocation.has("json")) {
    DELTA_OK(console.print(checkpoints_json(log, done, wrong)));
  } else if (!wrong.empty()) {
    DELTA_OK(console.print(delta::escape(done.path, done.path.size()) + ": " + delta::escape(wrong, 4096) + "\n"));
  } else if (!console.quiet()) {
    DELTA_OK(console.print(checkpoints_text(done, options.dry_run)));
  }
  return wrong.empty();
}

}  // namespace

Result<Exit> reindex_side_files(const Invocation& invocation, Console& console) {
  std::vector<delta::Finding> skipped;
  DELTA_TRY(const auto logs, delta::log_files(invocation.operands(), skipped));
  warn_of(skipped, console);
  delta::IndexOptions options;
  if (const auto* index = invocation.value("index")) options.index = *index;
  if (!options.index.empty() && logs.size() > 1) return usage_error(invocation, "--index goes with one LOG");
  const bool check = invocation.has("check");
  for (const std::string_view option : {"rebuild", "dry-run", "wait"}) {
    if (check && invocation.has(option)) {
      return usage_error(invocation, fmt::format("--check writes nothing, so --{} has no effect", option));
    }
  }
  options.rebuild = invocation.has("rebuild");
  options.dry_run = invocation.has("dry-run");
  DELTA_TRY(options.wait, wait_of(invocation));
  DELTA_TRY(const auto cost, value_of(invocation, "checkpoint-cost", parse_cost));
  bool whole = true, wrote = false;
  for (const std::string& log : logs) {
    DELTA_TRY(const auto report, check ? delta::check_index(log, options.index) : delta::reindex(log, options));
    const bool written = !check && !options.dry_run && report.done != IndexReport::Done::nothing;
    wrote = wrote || written;
    if (written) console.committed();
    whole = whole && report.found == IndexWorth::whole;
    if (invocation.has("json")) {
      DELTA_OK(console.print(json_line(report)));
    } else if (!console.quiet()) {
      DELTA_OK(console.print(text_line(report, options.dry_run)));
    }
    auto right = checkpoints(invocation, log, cost, console);
    if (!right && wrote) {  // the indexes are done, and stay
      console.error(std::move(right).error());
      return Exit::partly;
    }
    DELTA_TRY(const bool found, std::move(right));
    whole = whole && found;
  }
  return check && !whole ? Exit::no : Exit::yes;
}

}  // namespace deltalog
