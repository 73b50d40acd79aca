// The line-by-line forms. JUnit and SARIF have files of their own.
#include "verdicts/forms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "delta/text.hpp"
#include "formats/json_writer.hpp"

namespace deltalog::verdicts {

using delta::formats::JsonWriter;

std::span<const Hit> shown(const Judgement& judgement) {
  return std::span(judgement.hits).first(std::min(judgement.hits.size(), kMostHits));
}

std::size_t left_out(const Judgement& judgement) { return judgement.hits.size() - shown(judgement).size(); }

namespace {

std::string verdict_of(const Judgement& judgement) {
  std::string verdict = judgement.rule;
  std::ranges::replace(verdict, '-', ' ');
  return verdict;
}

void json_hit(JsonWriter& json, const Judgement& judgement, const Hit& hit) {
  json.begin_object().member("type", "finding").key("v").u64(1);
  json.member("verdict", verdict_of(judgement)).member("file", hit.file).key("offset").u64(hit.offset);
  json.member("where", hit.where).member("what", hit.what).member("hint", hit.hint);
  json.member("suite", suite_name(judgement.suite)).member("rule", judgement.rule);
  json.member("severity", severity_name(judgement.severity)).member("fingerprint", hit.fingerprint);
  json.key("accepted").boolean(hit.accepted).end_object().end_line();
}

/// "history.dlog: segment 0, frame 3 (DATA): what"
std::string hit_line(const Hit& hit) {
  std::string out;
  for (const std::string& part : {hit.file, hit.where}) {
    if (!part.empty()) out += delta::escape(part, 4096) + ": ";
  }
  return out + hit.what;
}

/// Bytes that a workflow command takes for its own, as it wants them.
std::string github_escape(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string github_line(std::string_view kind, std::string_view file, std::string_view title, std::string_view text) {
  std::string out = fmt::format("::{} ", kind);
  if (!file.empty()) out += fmt::format("file={},", github_escape(file, true));
  return out + fmt::format("title={}::{}\n", github_escape(title, true), github_escape(text, false));
}

std::string_view github_kind(const Judgement& judgement) {
  return judgement.severity == Severity::error     ? "error"
         : judgement.severity == Severity::warning ? "warning"
                                                   : "notice";
}

std::string more_text(const Judgement& judgement) {
  return fmt::format("{} more of {} not shown", left_out(judgement), judgement.id());
}

void gitlab_entry(JsonWriter& json, const Judgement& judgement, const Hit& hit) {
  const std::string_view severity = judgement.severity == Severity::error     ? "critical"
                                    : judgement.severity == Severity::warning ? "minor"
                                                                              : "info";
  json.begin_object().member("description", hit_line(hit)).member("check_name", judgement.id());
  json.member("fingerprint", hit.fingerprint).member("severity", severity);
  json.key("location").begin_object().member("path", hit.file.empty() ? "-" : hit.file);
  json.key("lines").begin_object().key("begin").u64(1).end_object().end_object().end_object();
}

std::string yaml_text(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);  // which YAML reads as it is
  return out;
}

/// What a TAP line and a cell of a table cannot hold.
std::string plain(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : delta::escape(text, 4096)) {
    if (special.find(c) != special.npos) out += '\\';
    out += c;
  }
  return out;
}

std::string tap_details(const Judgement& judgement) {
  std::string out = fmt::format("  ---\n  severity: {}\n  findings:\n", severity_name(judgement.severity));
  for (const Hit& hit : shown(judgement)) {
    out += fmt::format("    - message: {}\n      accepted: {}\n", yaml_text(hit_line(hit)), hit.accepted);
  }
  if (left_out(judgement) > 0) out += fmt::format("  not_shown: {}\n", left_out(judgement));
  return out + "  ...\n";
}

std::string_view outcome_text(const Judgement& judgement) {
  if (judgement.outcome == Outcome::passed) return "kept";
  if (judgement.severity == Severity::note) return "noted";
  if (!judgement.counts()) return "accepted";
  return judgement.outcome == Outcome::unknown ? "unknown" : "broken";
}

}  // namespace

std::string json_report(const Report& report) {
  std::string out;
  JsonWriter json(out);
  for (const Judgement& judgement : report.rules) {
    if (judgement.suite == Suite::contract) continue;  // its findings say more: contract_json()
    for (const Hit& hit : judgement.hits) json_hit(json, judgement, hit);
  }
  if (report.stopped) {
    json.begin_object().member("type", "stopped").key("v").u64(1).member("command", report.command);
    json.member("message", report.stopped->text()).end_object().end_line();
  }
  return out;
}

std::string github_report(const Report& report) {
  std::string out;
  if (report.stopped) out += github_line("error", {}, "deltalog " + report.command, report.stopped->text());
  for (const Judgement& judgement : report.rules) {
    for (const Hit& hit : shown(judgement)) {
      const std::string_view kind = hit.accepted ? "notice" : github_kind(judgement);
      out += github_line(kind, hit.file, judgement.id(), hit_line(hit));
    }
    if (left_out(judgement) > 0) out += github_line(github_kind(judgement), {}, judgement.id(), more_text(judgement));
  }
  return out;
}

std::string gitlab_report(const Report& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  if (report.stopped) {
    Judgement run{.rule = "run", .text = {}};
    gitlab_entry(json, run, {.file = {}, .where = {}, .what = report.stopped->text(), .fingerprint = "run"});
  }
  for (const Judgement& judgement : report.rules) {
    for (const Hit& hit : shown(judgement)) {
      if (!hit.accepted) gitlab_entry(json, judgement, hit);
    }
    if (left_out(judgement) == 0) continue;
    gitlab_entry(json, judgement,
                 {.file = {}, .where = {}, .what = more_text(judgement), .fingerprint = judgement.id() + "|more"});
  }
  json.end_array().end_line();
  return out;
}

std::string tap_report(const Report& report) {
  std::string out = "TAP version 13\n";
  if (report.stopped) {
    std::string message = report.stopped->text();
    std::ranges::replace(message, '\n', ' ');
    return out + "Bail out! " + message + "\n";
  }
  out += fmt::format("1..{}\n", report.rules.size());
  std::size_t number = 0;
  for (const Judgement& judgement : report.rules) {
    out += fmt::format("{}ok {} - {}: {}\n", judgement.counts() ? "not " : "", ++number, judgement.id(),
                       plain(judgement.text, "#\\"));
    if (!judgement.hits.empty()) out += tap_details(judgement);
  }
  return out;
}

std::string markdown_report(const Report& report) {
  std::string out = fmt::format("### deltalog {}\n\n", report.command);
  if (report.stopped) return out + "**stopped**: " + plain(report.stopped->text(), "\\`*_[]<>|") + "\n";
  out += report.summary + "\n\n| rule | severity | answer | findings |\n|---|---|---|---|\n";
  for (const Judgement& judgement : report.rules) {
    if (judgement.hits.empty() && judgement.suite == Suite::integrity) continue;
    out += fmt::format("| {} | {} | {} | {} |\n", judgement.id(), severity_name(judgement.severity),
                       outcome_text(judgement), judgement.hits.size());
  }
  out += '\n';
  for (const Judgement& judgement : report.rules) {
    for (const Hit& hit : shown(judgement)) {
      out += fmt::format("- `{}` {}\n", judgement.id(), plain(hit_line(hit), "\\`*_[]<>|"));
    }
    if (left_out(judgement) > 0) out += fmt::format("- {}\n", more_text(judgement));
  }
  return out;
}

}  // namespace deltalog::verdicts
