#include "trace/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>

#include "delta/file.hpp"
#include "delta/text.hpp"
#include "trace/record.hpp"
#include "writing.hpp"

namespace deltalog::trace {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// The first of these that is set.
std::string variable(const char* first, const char* second) {
  std::string value = variable(first);
  return value.empty() ? variable(second) : value;
}

std::uint64_t mixed(std::uint64_t z) {  // splitmix64
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

class Recorder {
 public:
  Recorder(const Invocation& invocation, std::string path) : path_(std::move(path)) {
    fixed_ = fixed_clock();
    seed_ = fixed_ ? *fixed_ : mixed(std::random_device{}() + (std::uint64_t{std::random_device{}()} << 32));
    for (const char c : invocation.command().name) seed_ = mixed(seed_ ^ static_cast<unsigned char>(c));
    const std::string parent = variable("TRACEPARENT");
    const bool continues = is_traceparent(parent);
    sampled_ = !continues || std::string_view("13579bdf").find(parent.back()) != std::string_view::npos;
    trace_.id = continues ? parent.substr(3, 32) : fmt::format("{:016x}{:016x}", next_id(), next_id());
    parent_ = continues ? parent.substr(36, 16) : std::string();
    trace_.resource = resource();
  }

  std::size_t open(std::string_view name) {
    SpanRecord span{
        .name = std::string(name), .id = fmt::format("{:016x}", next_id()), .parent = parent_, .attributes = {}};
    if (!stack_.empty()) span.parent = trace_.spans[stack_.back()].id;
    span.begin = now();
    stack_.push_back(trace_.spans.size());
    trace_.spans.push_back(std::move(span));
    return stack_.back();
  }
  void close(std::size_t number) {
    trace_.spans[number].end = now();
    std::erase(stack_, number);
  }
  SpanRecord& span(std::size_t number) { return trace_.spans[number]; }

  void finish(int exit_code, Console& console) {
    while (!stack_.empty()) close(stack_.back());
    SpanRecord& root = trace_.spans.front();
    root.attributes.emplace_back("process.exit.code", static_cast<std::uint64_t>(exit_code));
    root.failed = exit_code >= static_cast<int>(Exit::usage);
    const std::string json = otlp_json(trace_);
    if (!path_.empty()) write(json, console);
    if (collector_ && sampled_) send(json, console);
  }
  void send_to(Collector collector) { collector_ = std::move(collector); }

 private:
  /// SOURCE_DATE_EPOCH, in nanoseconds: then nothing is random, and no time passes.
  static std::optional<std::uint64_t> fixed_clock() {
    const std::string text = variable("SOURCE_DATE_EPOCH");
    if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
    return std::stoull(text) * 1'000'000'000;
  }
  std::uint64_t now() const {
    if (fixed_) return *fixed_;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  }
  std::uint64_t next_id() {
    seed_ = mixed(seed_);
    return seed_ == 0 ? next_id() : seed_;
  }
  static std::vector<Attribute> resource() {
    std::vector<Attribute> out;
    const std::string service = variable("OTEL_SERVICE_NAME");
    bool named = !service.empty();
    for (auto& [key, value] : parse_pairs(variable("OTEL_RESOURCE_ATTRIBUTES"))) {
      if (key == "service.name" && !service.empty()) continue;
      named = named || key == "service.name";
      out.emplace_back(std::move(key), std::move(value));
    }
    if (!service.empty()) out.emplace_back("service.name", service);
    if (!named) out.emplace_back("service.name", std::string("deltalog"));
    out.emplace_back("service.version", std::string(DELTA_VERSION));
    return out;
  }
  void write(const std::string& json, Console& console) const {
    auto file = delta::OutputFile::create(path_, {.force = true, .binary = false});
    Status done = file ? file->write({reinterpret_cast<const std::uint8_t*>(json.data()), json.size()}) : file.error();
    if (done) done = file->commit();
    if (!done) console.warn("the trace was not written: " + done.error().text());
  }
  void send(const std::string& json, Console& console) const {
    const std::string wrong = post(*collector_, json);
    if (!wrong.empty()) console.warn("the trace was not sent to " + delta::escape(collector_->url, 200) + ": " + wrong);
  }

  std::string path_, parent_;
  std::optional<Collector> collector_;
  std::optional<std::uint64_t> fixed_;
  std::uint64_t seed_ = 0;
  bool sampled_ = true;  // the parent is recorded, too
  TraceRecord trace_;
  std::vector<std::size_t> stack_;
};

std::unique_ptr<Recorder>& recorder() {
  static std::unique_ptr<Recorder> one;
  return one;
}

/// Where the environment wants traces sent to.
std::optional<Collector> collector(Console& console) {
  std::string disabled = variable("OTEL_SDK_DISABLED");
  std::ranges::transform(disabled, disabled.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (disabled == "true" || variable("OTEL_TRACES_EXPORTER") == "none") return std::nullopt;
  Collector out;
  out.url = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (out.url.empty()) {
    out.url = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (out.url.empty()) return std::nullopt;
    while (out.url.back() == '/' && out.url.size() > 1) out.url.pop_back();
    out.url += "/v1/traces";
  }
  const std::string protocol = variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
  if (!protocol.empty() && protocol != "http/json") {
    console.warn("no trace is sent: OTEL_EXPORTER_OTLP_PROTOCOL is " + delta::quote(protocol, 60) +
                 ", and only http/json is known");
    return std::nullopt;
  }
  out.headers = parse_pairs(variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"));
  return out;
}

}  // namespace

Span::Span(std::string_view name) {
  if (recorder()) number_ = recorder()->open(name);
}

Span::~Span() {
  if (number_ && recorder()) recorder()->close(*number_);
}

Span& Span::set(std::string_view key, std::uint64_t value) {
  if (number_) recorder()->span(*number_).attributes.emplace_back(key, value);
  return *this;
}

Span& Span::set(std::string_view key, std::string_view value) {
  if (number_) recorder()->span(*number_).attributes.emplace_back(key, std::string(value));
  return *this;
}

void begin(const Invocation& invocation, Console& console) {
  const bool known = invocation.command().find("trace-out") != nullptr;
  const std::string* path = known ? invocation.value("trace-out") : nullptr;
  auto to = known ? collector(console) : std::nullopt;
  if (path == nullptr && !to) return;
  recorder() = std::make_unique<Recorder>(invocation, path == nullptr ? std::string() : *path);
  if (to) recorder()->send_to(*std::move(to));
  const std::size_t root = recorder()->open("deltalog " + std::string(invocation.command().name));
  recorder()->span(root).attributes.emplace_back("deltalog.command", std::string(invocation.command().name));
}

void end(int exit_code, Console& console) {
  if (!recorder()) return;
  const auto done = std::move(recorder());
  done->finish(exit_code, console);
}

}  // namespace deltalog::trace
