// Texts, names, times and other values: what knows no log.
#include <array>
#include <memory>

#include "delta/accuracy.hpp"
#include "delta/bytes.hpp"
#include "delta/clock.hpp"
#include "delta/code_point.hpp"
#include "delta/conflicts.hpp"
#include "delta/cursor.hpp"
#include "delta/diff.hpp"
#include "delta/expression.hpp"
#include "delta/glob.hpp"
#include "delta/limits.hpp"
#include "delta/memory.hpp"
#include "delta/policy.hpp"
#include "delta/properties.hpp"
#include "delta/property.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "delta/vector_set.hpp"
#include "delta/version.hpp"
#include "exports.hpp"
#include "sample.hpp"

using namespace delta;
using exports::kBytes;
using exports::kText;
using exports::kValue;
using exports::must;

namespace {

constexpr std::string_view kLong = "a text of more bytes than a std::string holds without the heap";
constexpr std::string_view kProperties = R"({"name":"a text of more bytes than a string holds itself","run":7})";

}  // namespace

// delta/error.hpp, delta/text.hpp, delta/code_point.hpp, delta/glob.hpp
EXPORTED("error_code_name") { CALL(error_code_name(ErrorCode::io)); }
THROWS("Error::text", kText) {
  const Error error{ErrorCode::io, std::string(kLong), "file", "where", {}};
  CALL(error.text());
}
EXPORTED("valid_utf8") { CALL(valid_utf8(kLong)); }
EXPORTED("has_control") { CALL(has_control(kLong)); }
EXPORTED("first_code_point") { CALL(first_code_point(kLong)); }
EXPORTED("glob_match") { CALL(glob_match("a*[a-z]e?p", kLong)); }
THROWS("escape", kText) { CALL(escape(kLong)); }
THROWS("quote", kText) { CALL(quote(kLong)); }
THROWS("number_text", kText) { CALL(number_text(-1.2345678901234567e-300)); }
THROWS("number_text", kText) { CALL(number_text(-1.2345678e-30f)); }
THROWS("human_size", kText) { CALL(human_size(123'456'789)); }
THROWS("plural", kText) { CALL(plural(2, kLong)); }
THROWS("dots_text", kText) { CALL(dots_text(kLong, 1, 2)); }
THROWS("hex", kText) {
  const Hash hash{};
  CALL(hex(hash));
}
EXPORTED("parse_size") { CALL(parse_size("256MiB")); }
EXPORTED("parse_hash_prefix") { CALL(parse_hash_prefix("0123456789abcdef0123456789abcdef")); }
EXPORTED("HashPrefix::matches") {
  const HashPrefix prefix;
  const Hash hash{};
  CALL(prefix.matches(hash));
}

// delta/timestamp.hpp, delta/clock.hpp, delta/kept_times.hpp, delta/memory.hpp
THROWS("format_time", kText) { CALL(format_time(1'234'567)); }
EXPORTED("parse_time") { CALL(parse_time("2026-11-12T14:10:29.123456+02:00", 0)); }
EXPORTED("parse_written_time") { CALL(parse_written_time("2026-11-12T14:10:29.123456Z+3", 0)); }
EXPORTED("parse_duration") { CALL(parse_duration("250ms")); }
EXPORTED("default_memory") { CALL(default_memory()); }
EXPORTED("system_time") { CALL(system_time()); }
EXPORTED("commits_ahead") {
  const Log log = exports::open_log();
  CALL(commits_ahead(log, 1));
}
EXPORTED("KeptTimes::contains") {
  const KeptTimes none;
  CALL(none.contains(1));
}
EXPORTED("KeptTimes::any_in") {
  const KeptTimes none;
  CALL(none.any_in(1, 2));
}
THROWS("to_text", kText) {
  const KeptTimes::Range range{1'000'000, 2'000'000};
  CALL(to_text(range));
}
THROWS("to_text", kText) {
  const KeptTimes all = must(exports::open_log().readable_times());
  CALL(to_text(all));
}

// delta/limits.hpp, delta/finding.hpp, delta/delta.hpp, delta/diff.hpp, delta/version.hpp
EXPORTED("check_id") { CALL(check_id(kLong)); }
EXPORTED("check_origin") { CALL(check_origin(kLong)); }
EXPORTED("check_namespace") { CALL(check_namespace(kLong)); }
EXPORTED("verdict_name") { CALL(verdict_name(Verdict::corrupt)); }
EXPORTED("operation_name") { CALL(operation_name(Operation::create)); }
EXPORTED("difference_name") { CALL(difference_name(Difference::changed)); }
EXPORTED("version") { CALL(version()); }
EXPORTED("components") { CALL(components()); }

// delta/bytes.hpp, delta/pages.hpp
EXPORTED("null_sink") { CALL(null_sink()); }
THROWS("byte_stream", kBytes) {
  auto source = memory_source(std::string(kLong), {});
  CALL(byte_stream(std::move(source)));
}
THROWS("memory_source", kBytes) { CALL(memory_source(std::string(kLong), {})); }
THROWS("memory_stream", kBytes) { CALL(memory_stream(std::string(kLong), kLong)); }
EXPORTED("FreePages::operator()") {
  const FreePages heap;
  CALL(heap(nullptr));
}

// delta/vector_set.hpp, delta/cursor.hpp
EXPORTED("VectorSet::all") { CALL(VectorSet::all()); }
THROWS("VectorSet::insert", kValue) {
  VectorSet set;
  CALL(set.insert(VectorNo{5000}));
}
EXPORTED("VectorSet::erase") {
  VectorSet set{VectorNo{5000}};
  CALL(set.erase(VectorNo{5000}));
}
THROWS("VectorSet::numbers", kValue) {
  const VectorSet set{VectorNo{1}, VectorNo{5000}};
  CALL(set.numbers());
}
EXPORTED("Cursor::parse") { CALL(Cursor::parse(R"({"an origin of many characters":3,"main":12})")); }
THROWS("Cursor::text", kText) {
  const Cursor cursor(Cursor::Seqs{{std::string(kLong), 1}});
  CALL(cursor.text());
}
EXPORTED("Cursor::seq") {
  const Cursor cursor(Cursor::Seqs{{std::string(kLong), 1}});
  CALL(cursor.seq(kLong));
}

// delta/accuracy.hpp, delta/setting.hpp, delta/property.hpp, delta/properties.hpp
EXPORTED("Accuracy::parse") { CALL(Accuracy::parse("max-error=0.0001,ignore-below=1e-06")); }
THROWS("Accuracy::to_text", kText) {
  const Accuracy accuracy{.kind = Accuracy::Kind::max_error, .bound = 0.0001, .ignore_below = 1e-6};
  CALL(accuracy.to_text());
}
EXPORTED("Setting::parse") { CALL(Setting::parse("release a name of many characters\nmain:1\nmain:2")); }
THROWS("Setting::to_text", kText) {
  const Setting setting = must(Setting::parse("property metric=cosine@a-name-of-many-characters"));
  CALL(setting.to_text());
}
EXPORTED("check_property") { CALL(check_property("metric", kLong)); }
EXPORTED("element_name") { CALL(element_name(Element::bf16)); }
EXPORTED("parse_element") { CALL(parse_element("bf16")); }
EXPORTED("properties_of") {
  const Log log = exports::open_log();
  CALL(properties_of(log));
}
EXPORTED("property_named") {
  const auto all = must(properties_of(exports::open_log()));
  CALL(property_named(all, std::string_view(), "metric"));
}
EXPORTED("add_property") { CALL(add_property(kProperties, "more", R"({"a":[1,2,3]})")); }
EXPORTED("add_text_property") { CALL(add_text_property(kProperties, "more", kLong)); }
EXPORTED("has_property") { CALL(has_property(kProperties, "run", "7")); }
EXPORTED("list_properties") { CALL(list_properties(kProperties)); }

// delta/policy.hpp, delta/expression.hpp, delta/conflicts.hpp
EXPORTED("Policy::parse") { CALL(Policy::parse("lww;max@/0-15;weighted:a=2,b=3@images")); }
EXPORTED("Policy::add") {
  Policy policy;
  Policy::Rule rule{.name_space = std::string(kLong), .dims = {}, .strategy = nullptr, .text = "lww"};
  CALL(policy.add(std::move(rule)));
}
THROWS("Policy::text", kText) {
  const Policy policy = must(Policy::parse("max@a-name-of-many-characters/0-15"));
  CALL(policy.text());
}
THROWS("Policy::Rule::to_text", kText) {
  const Policy policy = must(Policy::parse("max@a-name-of-many-characters/0-15"));
  CALL(policy.rules()[0].to_text());
}
EXPORTED("Policy::rule") {
  const Policy policy = must(Policy::parse("max@images/0-15"));
  CALL(policy.rule(std::string_view("images"), 3));
}
EXPORTED("Policy::strategy") {
  const Policy policy = must(Policy::parse("max@images/0-15"));
  CALL(policy.strategy(std::string_view("images"), 3));
}
EXPORTED("policy_of") {
  const Log log = exports::open_log();
  CALL(policy_of(log));
}
EXPORTED("Expression::parse") { CALL(Expression::parse("lang in (en, de) and not views < 1000")); }
EXPORTED("Expression::matches") {
  const Expression expression = must(Expression::parse("lang in (en, de) and not views < 1000"));
  CALL(expression.matches(R"({"lang":"en","views":2000})"));
}
THROWS("Expression::text", kText) {
  const Expression expression = must(Expression::parse("lang in (en, de) and not views < 1000"));
  CALL(expression.text());
}
THROWS("NamespaceConflict::text", kText) {
  const NamespaceConflict conflict{"images", {2, 3}};
  CALL(conflict.text());
}
EXPORTED("namespace_conflicts") {
  const Log log = exports::open_log();
  CALL(namespace_conflicts(log));
}
EXPORTED("conflicts") {
  const Log log = exports::open_log();
  const std::function<Status(const Conflict&)> visit = [](const Conflict&) -> Status { return {}; };
  CALL(conflicts(log, {}, VectorSet::all(), visit));
}
