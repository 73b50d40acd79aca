// SARIF 2.1.0 (OASIS, 2020): one run; a rule for each rule that was judged; a result for each hit.
#include <fmt/format.h>

#include "formats/json_writer.hpp"
#include "verdicts/forms.hpp"

namespace deltalog::verdicts {
namespace {

using delta::formats::JsonWriter;

/// A path as a relative or absolute reference of RFC 3986.
std::string uri(std::string_view path) {
  std::string out;
  constexpr std::string_view plain = "-._~/";
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || plain.find(c) != plain.npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void message(JsonWriter& json, std::string_view text) {
  json.key("message").begin_object().member("text", text).end_object();
}

void rules(JsonWriter& json, const Report& report) {
  json.key("rules").begin_array();
  for (const Judgement& judgement : report.rules) {
    json.begin_object().member("id", judgement.id());
    json.key("shortDescription").begin_object().member("text", judgement.text).end_object();
    json.key("defaultConfiguration").begin_object().member("level", severity_name(judgement.severity)).end_object();
    json.end_object();
  }
  json.end_array();
}

void location(JsonWriter& json, const Hit& hit) {
  json.key("locations").begin_array().begin_object();
  if (!hit.file.empty()) {
    json.key("physicalLocation").begin_object().key("artifactLocation").begin_object().member("uri", uri(hit.file));
    json.end_object().key("region").begin_object().key("byteOffset").u64(hit.offset).end_object().end_object();
  }
  if (!hit.where.empty()) {
    json.key("logicalLocations").begin_array().begin_object().member("fullyQualifiedName", hit.where);
    json.end_object().end_array();
  }
  json.end_object().end_array();
}

void result(JsonWriter& json, const Judgement& judgement, std::size_t rule, const Hit& hit) {
  json.begin_object().member("ruleId", judgement.id()).key("ruleIndex").u64(rule);
  json.member("level", severity_name(judgement.severity));
  message(json, hit.what);
  if (!hit.file.empty() || !hit.where.empty()) location(json, hit);
  json.key("partialFingerprints").begin_object().member("deltalog/v1", hit.fingerprint).end_object();
  if (hit.accepted)
    json.key("suppressions").begin_array().begin_object().member("kind", "external").end_object().end_array();
  json.end_object();
}

void results(JsonWriter& json, const Report& report) {
  json.key("results").begin_array();
  for (std::size_t rule = 0; rule < report.rules.size(); ++rule) {
    for (const Hit& hit : shown(report.rules[rule])) result(json, report.rules[rule], rule, hit);
  }
  json.end_array();
}

/// What could not be done, and what is not in the results.
void invocation(JsonWriter& json, const Report& report) {
  json.key("invocations").begin_array().begin_object().key("executionSuccessful").boolean(!report.stopped);
  json.key("toolExecutionNotifications").begin_array();
  if (report.stopped) {
    json.begin_object().member("level", "error");
    message(json, report.stopped->text());
    json.end_object();
  }
  for (const Judgement& judgement : report.rules) {
    if (left_out(judgement) == 0) continue;
    json.begin_object().member("level", "note");
    message(json, fmt::format("{} more findings of {} are not in this report", left_out(judgement), judgement.id()));
    json.end_object();
  }
  json.end_array().end_object().end_array();
}

}  // namespace

std::string sarif_report(const Report& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("$schema", "https://json.schemastore.org/sarif-2.1.0.json").member("version", "2.1.0");
  json.key("runs").begin_array().begin_object().key("tool").begin_object().key("driver").begin_object();
  json.member("name", "deltalog").member("version", DELTA_VERSION);
  rules(json, report);
  json.end_object().end_object();
  invocation(json, report);
  results(json, report);
  json.end_object().end_array().end_object().end_line();
  return out;
}

}  // namespace deltalog::verdicts
