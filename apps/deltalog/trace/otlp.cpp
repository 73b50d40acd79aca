// OTLP 1 as JSON (opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding"): ids are hexadecimal, 64-bit
// numbers are texts.
#include "formats/json_writer.hpp"
#include "trace/record.hpp"

namespace deltalog::trace {
namespace {

using delta::formats::JsonWriter;

void put_attributes(JsonWriter& json, const std::vector<Attribute>& attributes) {
  json.key("attributes").begin_array();
  for (const auto& [key, value] : attributes) {
    json.begin_object().member("key", key).key("value").begin_object();
    if (const auto* number = std::get_if<std::uint64_t>(&value)) {
      json.key("intValue").u64_text(*number);
    } else {
      json.member("stringValue", std::get<std::string>(value));
    }
    json.end_object().end_object();
  }
  json.end_array().key("droppedAttributesCount").u64(0);
}

void put_span(JsonWriter& json, const TraceRecord& trace, const SpanRecord& span) {
  constexpr std::uint64_t kInternal = 1, kUnset = 0, kError = 2;  // SPAN_KIND_INTERNAL, STATUS_CODE_...
  json.begin_object().member("traceId", trace.id).member("spanId", span.id);
  if (!span.parent.empty()) json.member("parentSpanId", span.parent);
  json.member("name", span.name).key("kind").u64(kInternal);
  json.key("startTimeUnixNano").u64_text(span.begin).key("endTimeUnixNano").u64_text(span.end);
  put_attributes(json, span.attributes);
  json.key("events").begin_array().end_array().key("droppedEventsCount").u64(0);
  json.key("status").begin_object().key("code").u64(span.failed ? kError : kUnset).end_object();
  json.key("links").begin_array().end_array().key("droppedLinksCount").u64(0).end_object();
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    out += coded ? static_cast<char>(16 * digit(text[i + 1]) + digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

}  // namespace

std::string otlp_json(const TraceRecord& trace) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("resourceSpans").begin_array().begin_object();
  json.key("resource").begin_object();
  put_attributes(json, trace.resource);
  json.end_object().key("scopeSpans").begin_array().begin_object();
  json.key("scope").begin_object().member("name", "deltalog").member("version", DELTA_VERSION).end_object();
  json.key("spans").begin_array();
  for (const SpanRecord& span : trace.spans) put_span(json, trace, span);
  json.end_array().end_object().end_array().end_object().end_array().end_object().end_line();
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto pair = text.substr(0, comma);
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
    const auto equals = pair.find('=');
    const auto key = trimmed(pair.substr(0, equals));
    if (equals == pair.npos || key.empty()) continue;
    out.emplace_back(key, percent_decoded(trimmed(pair.substr(equals + 1))));
  }
  return out;
}

}  // namespace deltalog::trace
