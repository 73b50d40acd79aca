// The report is data and goes to stdout: a line for each finding, and one for the verdict.
#include "delta/verify.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "commands/verify_repair.hpp"
#include "contracts.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "verdicts/outputs.hpp"

namespace deltalog {

namespace {

using delta::Finding;
using delta::Verdict;
using delta::VerifyLevel;
using delta::VerifyReport;

VerifyLevel level_named(std::string_view name) {
  return name == "header"    ? VerifyLevel::header
         : name == "frame"   ? VerifyLevel::frame
         : name == "content" ? VerifyLevel::content
                             : VerifyLevel::chain;
}

Style style_of(Verdict verdict) {
  if (verdict == Verdict::ok) return Style::good;
  return is_note(verdict) ? Style::plain : Style::bad;
}

std::string finding_text(const Finding& finding, const Console& console) {
  std::string out;
  if (!finding.file.empty()) {
    out = fmt::format("{}: byte {}: ", delta::escape(finding.file, finding.file.size()), finding.offset);
  }
  if (!finding.where.empty()) out += finding.where + ": ";
  out += console.paint(style_of(finding.verdict), delta::verdict_name(finding.verdict)) + ": " + finding.what + "\n";
  if (!finding.hint.empty()) out += "  hint: " + finding.hint + "\n";
  return out;
}

/// "torn: 1 segment, 3 frames, ..."
std::string summary_text(const VerifyReport& report, std::string_view depth) {
  const std::string unknown =
      report.unknown_frames > 0 ? fmt::format(" ({} of unknown types)", report.unknown_frames) : "";
  return fmt::format("{}, {}{}, {}, {} in {} ({}), {}", delta::plural(report.segments, "segment"),
                     delta::plural(report.frames, "frame"), unknown, delta::plural(report.commits, "commit"),
                     delta::plural(report.deltas, "delta"), delta::plural(report.files, "file"),
                     delta::human_size(report.bytes), depth);
}

std::string text_report(const VerifyReport& report, std::string_view depth, bool verbose, const Console& console) {
  std::string out;
  for (const auto& finding : report.findings) {
    if (verbose || finding.verdict != Verdict::ignored) out += finding_text(finding, console);
  }
  out += console.paint(style_of(report.verdict), delta::verdict_name(report.verdict));
  return out + ": " + summary_text(report, depth) + "\n";
}

/// The object that ends the report.
std::string json_end(const VerifyReport& report, std::string_view level) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "verify").key("v").u64(1);
  json.member("verdict", delta::verdict_name(report.verdict)).member("level", level);
  json.key("files").u64(report.files).key("bytes").u64(report.bytes).key("segments").u64(report.segments);
  json.key("frames").u64(report.frames).key("commits").u64(report.commits).key("deltas").u64(report.deltas);
  json.key("unknown_frames").u64(report.unknown_frames);
  json.key("findings").u64(report.findings.size()).end_object().end_line();
  return out;
}

Result<std::size_t> parse_scopes(std::string_view text) {
  const auto count = parse_count(text);
  if (count && *count >= 1) return static_cast<std::size_t>(*count);
  return delta::error(delta::ErrorCode::usage, delta::quote(text) + " is not a number of scopes from 1 on");
}

/// What a contract asks; only of a log that can be read.
Result<delta::ContractReport> judge(const Invocation& invocation, const delta::Contract& contract,
                                    const delta::ClockRules& clock, Console& console) {
  delta::JudgeOptions options;
  options.now = clock.now;
  DELTA_TRY(const auto at, time_of(invocation, "at"));
  if (at) options.now = at;
  DELTA_TRY(const auto scopes, value_of(invocation, "scopes", parse_scopes));
  options.scopes = scopes;
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  return delta::judge(log, contract, options);
}

Result<VerifyReport> verified(const Invocation& invocation, const delta::VerifyOptions& options) {
  trace::Span span("delta.verify");
  DELTA_TRY(auto found, delta::verify(invocation.operands(), options));
  span.set("delta.bytes", found.bytes).set("delta.segments", found.segments).set("delta.frames", found.frames);
  span.set("delta.commits", found.commits).set("delta.deltas", found.deltas);
  return found;
}

/// "K/N"
Result<delta::VerifySample> parse_sample(std::string_view text) {
  const auto slash = text.find('/');
  const auto part = parse_count(text.substr(0, slash));
  const auto parts = parse_count(slash == text.npos ? "" : text.substr(slash + 1));
  if (part && parts && *part >= 1 && *part <= *parts) return delta::VerifySample{*part, *parts};
  return delta::error(delta::ErrorCode::usage, delta::quote(text) + " is not K/N, with K from 1 to N");
}

/// Up to which level a sample is looked at; else the default.
std::string_view default_level(const Invocation& invocation) { return invocation.has("sample") ? "content" : "chain"; }

/// "level content, part 1 of 7"
std::string depth_text(std::string_view level, const std::optional<delta::VerifySample>& sample) {
  const std::string part = sample ? fmt::format(", part {} of {}", sample->part, sample->parts) : "";
  return fmt::format("level {}{}", level, part);
}

/// A repair judges nothing but what it writes.
Status check_repair(const Invocation& invocation) {
  if (!invocation.has("repair")) {
    return invocation.has("force") ? usage_error(invocation, "--force goes with --repair") : Status();
  }
  for (const std::string_view option : {"level", "sample", "report", "baseline", "contract", "rule"}) {
    if (invocation.has(option)) return usage_error(invocation, fmt::format("--{} does not go with --repair", option));
  }
  return {};
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto* level = invocation.value("level");
  const std::string_view level_name = level ? std::string_view(*level) : default_level(invocation);
  DELTA_TRY(const unsigned threads, threads_of(invocation));
  DELTA_TRY(const auto clock, clock_of(invocation));
  DELTA_TRY(const auto contract, contract_of(invocation));
  for (const std::string_view option : {"at", "scopes"}) {
    if (invocation.has(option) && !contract) {
      return usage_error(invocation, fmt::format("--{} goes with --contract or --rule", option));
    }
  }
  DELTA_OK(check_repair(invocation));
  if (invocation.has("repair")) return run_repair(invocation, console);
  delta::VerifyOptions options{.level = level_named(level_name), .threads = threads, .latest = clock.latest()};
  DELTA_TRY(options.memory, memory_of(invocation));
  DELTA_TRY(options.sample, value_of(invocation, "sample", parse_sample));
  delta::VerifyReport found;
  std::optional<delta::ContractReport> judged;
  return verdicts::report_check(invocation, console, [&](verdicts::Report& report) -> Result<verdicts::OwnForms> {
    DELTA_TRY(found, verified(invocation, options));
    report.rules = verdicts::judge_integrity(found.findings);
    const std::string depth = depth_text(level_name, options.sample);
    report.summary = summary_text(found, depth);
    verdicts::OwnForms own{text_report(found, depth, invocation.has("verbose"), console),
                           [&](const verdicts::Report& all) {
                             return json_end(found, level_name) + (judged ? contract_json(*judged, all) : "");
                           }};
    if (!contract) return own;
    DELTA_TRY(judged, judge(invocation, *contract, clock, console));
    DELTA_TRY(auto rules, verdicts::judge_contract(*contract, *judged, invocation.operands()));
    report.rules.insert(report.rules.end(), rules.begin(), rules.end());
    own.text += contract_text(*judged, console);
    return own;
  });
}

}  // namespace

Command verify_command() {
  return {.name = "verify",
          .summary = "is it whole, and consistent?",
          .synopsis = "LOG...\nLOG... --repair OUT",
          .description =
              "Checks headers, then every byte, then what it decodes to, then that dots, clocks, causes and hash "
              "chains agree. Prints "
              "what it finds, and a verdict; exits 0 only if that is ok.",
          .operands = {options::kLogs},
          .options = options::join(
              {{{.name = "level",
                 .value = "LEVEL",
                 .help = "header, frame, content or chain (default)",
                 .choices = {"header", "frame", "content", "chain"}}},
               {{.name = "sample",
                 .value = "K/N",
                 .help = "of the deltas check the K-th of N parts, up to level frame or content (default)"}},
               repair_options(),
               verdicts::report_options(),
               contract_options("also judge the data by the contract in FILE"),
               {{.name = "scopes", .value = "N", .help = "judge changes of the last N scopes alone (default: all)"},
                {.name = "at", .value = "TIME", .help = "count the age of commits at TIME (default: now)"}},
               options::max_skew("note commits that are further ahead of the clock (default: 1d; any: none)"),
               options::json(),
               options::memory(),
               options::threads(),
               options::in_group("Common options",
                                 {{.name = "quiet", .letter = 'q', .help = "no report: the exit code says it"},
                                  {.name = "verbose",
                                   .letter = 'v',
                                   .help = "also name the frames that are skipped because their type is not known"}}),
               options::progress(),
               options::common()}),
          .example =
              "deltalog verify history.dlog\n"
              "deltalog verify history.dlog --report junit:report.xml --report github\n"
              "deltalog verify history.dlog copy.dlog --repair whole.dlog\n",
          .run = run};
}

}  // namespace deltalog
