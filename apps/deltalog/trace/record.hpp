// Spans as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace deltalog::trace {

using Attribute = std::pair<std::string, std::variant<std::uint64_t, std::string>>;

struct SpanRecord {
  std::string name;
  std::string id;                    ///< 16 hexadecimal digits
  std::string parent;                ///< the same; empty: none
  std::uint64_t begin = 0, end = 0;  ///< nanoseconds since 1970
  std::vector<Attribute> attributes;
  bool failed = false;
};

struct TraceRecord {
  std::string id;  ///< 32 hexadecimal digits
  std::vector<Attribute> resource;
  std::vector<SpanRecord> spans;  ///< in order of their beginning
};

/// An ExportTraceServiceRequest of OTLP 1, as JSON: one line.
std::string otlp_json(const TraceRecord& trace);

/// "k=v,k2=v2", values percent-encoded, as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS have it. What is not
/// of that form is left out.
std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text);

/// Where traces are sent.
struct Collector {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  long milliseconds = 1000;  ///< for all of it
};
/// Posts the JSON. What went wrong; empty: nothing. libcurl is loaded here, and only here.
std::string post(const Collector& collector, const std::string& json);

}  // namespace deltalog::trace
