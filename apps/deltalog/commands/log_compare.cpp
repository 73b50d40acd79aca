#include "commands/log_compare.hpp"

#include "delta/compare.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "ui/console.hpp"

namespace deltalog {
namespace {

using delta::Comparison;
using delta::DotRanges;

constexpr std::size_t kAll = ~std::size_t{0};

std::string lacks(const std::string& name, const DotRanges& dots) {
  return name + " lacks: " + (dots.empty() ? "nothing" : delta::dots_text(dots, kAll)) + "\n";
}

std::string text_report(const Comparison& found, const std::string& a, const std::string& b) {
  std::string out(delta::relation_name(found.relation));
  if (found.fork) out += " at " + delta::escape(*found.fork, found.fork->size());
  out += "\n" + lacks(a, found.a_lacks) + lacks(b, found.b_lacks);
  if (!found.unknown.empty()) out += "no hash tells: " + delta::dots_text(found.unknown, kAll) + "\n";
  return out;
}

void put(delta::formats::JsonWriter& json, std::string_view key, const DotRanges& dots) {
  json.key(key).begin_array();
  for (const auto& [origin, ranges] : dots) {
    for (const auto& range : ranges) json.string(delta::dots_text(origin, range.first, range.last));
  }
  json.end_array();
}

std::string json_report(const Comparison& found) {
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "compare").key("v").u64(1);
  json.member("relation", delta::relation_name(found.relation));
  if (found.fork) json.member("fork", *found.fork);
  put(json, "a_lacks", found.a_lacks);
  put(json, "b_lacks", found.b_lacks);
  put(json, "unknown", found.unknown);
  json.end_object().end_line();
  return out;
}

std::string name_of(const std::vector<std::string>& logs) {
  return delta::escape(logs.front(), logs.front().size()) + (logs.size() > 1 ? " and others" : "");
}

}  // namespace

Result<Exit> compare_logs(const Invocation& invocation, Console& console) {
  const std::vector<std::string> other{*invocation.value("compare")};
  DELTA_TRY(const auto a, open_logs(invocation, invocation.operands(), console));
  DELTA_TRY(const auto b, open_logs(invocation, other, console));
  DELTA_TRY(const Comparison found, delta::compare(a, b));
  if (invocation.has("json")) {
    DELTA_OK(console.print(json_report(found)));
  } else if (!invocation.has("quiet")) {
    DELTA_OK(console.print(text_report(found, name_of(invocation.operands()), name_of(other))));
  }
  return found.relation == delta::Relation::same ? Exit::yes : Exit::no;
}

}  // namespace deltalog
