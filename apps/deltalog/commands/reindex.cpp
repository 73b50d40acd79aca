// The side files of a log. Nothing is ever only in them.
#include "delta/reindex.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/console.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

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

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto& logs = invocation.operands();
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
  bool whole = true;
  for (const std::string& log : logs) {
    DELTA_TRY(const auto report, check ? delta::check_index(log, options.index) : delta::reindex(log, options));
    if (!check && !options.dry_run && report.done != IndexReport::Done::nothing) console.committed();
    whole = whole && report.found == IndexWorth::whole;
    if (invocation.has("json")) {
      DELTA_OK(console.print(json_line(report)));
    } else if (!console.quiet()) {
      DELTA_OK(console.print(text_line(report, options.dry_run)));
    }
  }
  return check && !whole ? Exit::no : Exit::yes;
}

}  // namespace

Command reindex_command() {
  return {
      .name = "reindex",
      .summary = "make, extend or check the index of a log",
      .synopsis = "LOG...",
      .description =
          "Makes LOG.dlx, by which questions about a few vectors of a large log are answered quickly, or extends it "
          "by what LOG has grown by. "
          "Every answer is the same without it. With --check, compares it with the log, and exits 1 where it is not "
          "whole.",
      .operands = {options::kLogs},
      .options = options::join(
          {{{.name = "check", .help = "write nothing: read the log and the index, and compare them"},
            {.name = "rebuild", .help = "make it new, also where it is whole"},
            {.name = "index", .value = "FILE", .help = "path of the index (default: LOG.dlx)", .kind = Kind::file},
            {.name = "dry-run", .help = "write nothing, and say what would be done"}},
           options::wait(),
           options::json(),
           options::quiet(),
           options::common()}),
      .example =
          "deltalog reindex history.dlog\n"
          "deltalog reindex history.dlog --check\n",
      .run = run};
}

}  // namespace deltalog
