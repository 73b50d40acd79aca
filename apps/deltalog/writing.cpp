#include "writing.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "cli/values.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/properties.hpp"
#include "delta/text.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"

namespace deltalog {

using delta::ErrorCode;

namespace {

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

}  // namespace

bool is_traceparent(std::string_view text) {
  constexpr std::string_view pattern = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (pattern[i] == '-' ? text[i] != '-' : !hex) return false;
  }
  const auto is_all = [](std::string_view part, char c) { return part.find_first_not_of(c) == part.npos; };
  return !is_all(text.substr(0, 2), 'f') && !is_all(text.substr(3, 32), '0') && !is_all(text.substr(36, 16), '0');
}

namespace {

// "K=V" of an option, at the first "=".
Result<std::pair<std::string_view, std::string_view>> parse_property(const Invocation& invocation,
                                                                     std::string_view option, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return usage_error(invocation, fmt::format("--{}: {} is not KEY=VALUE", option, delta::quote(text, 60)));
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

// --meta and --meta-json.
Result<std::string> properties_of(const Invocation& invocation) {
  std::string properties;
  for (const auto& [option, text] : invocation.in_order({"meta", "meta-json"})) {
    DELTA_TRY(const auto property, parse_property(invocation, option, text));
    const auto& [name, value] = property;
    if (delta::is_reserved_property(name)) {
      return usage_error(invocation, fmt::format("--{}: property {}: names that begin with 'deltalog.' are reserved",
                                                 option, delta::quote(name, 40)));
    }
    auto more = delta::unless_out_of_memory(option == "meta" ? delta::add_text_property(properties, name, value)
                                                             : delta::add_property(properties, name, value));
    if (!more) {
      more.error().message = fmt::format("--{}: {}", option, more.error().message);
      more.error().code = ErrorCode::usage;
      return std::move(more).error();
    }
    properties = *std::move(more);
  }
  return properties;
}

}  // namespace

std::string origin_of(const Invocation& invocation) {
  if (const auto* name = invocation.value("origin")) return *name;
  const auto name = from_environment("DELTALOG_ORIGIN");
  return name.empty() ? "main" : name;
}

void warn_of_default_origin(const Invocation& invocation, const delta::Log& log, std::size_t first, Console& console) {
  if (invocation.has("origin") || !from_environment("DELTALOG_ORIGIN").empty()) return;
  bool any = false;
  for (const auto commit : delta::numbers<delta::CommitNo>(log.commits(), first)) {
    any = any || log.catalog().origin(log.commit_origin(commit)) == origin_of(invocation);
  }
  if (!any) return;
  console.warn("the new commits are those of " + delta::quote(origin_of(invocation)) +
                   ", the default: if another writer of that name adds to the same logs, the two fork",
               "name the writer with --origin");
}

Result<delta::EncodeOptions> commit_options(const Invocation& invocation, Console& console) {
  delta::EncodeOptions options;
  const auto text = [&](std::string_view option) {
    return invocation.has(option) ? *invocation.value(option) : std::string();
  };
  DELTA_TRY(const auto preset, value_of(invocation, "preset", parse_preset));
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.now, default_time());
  DELTA_TRY(options.clock, clock_of(invocation));
  DELTA_TRY(options.wait, wait_of(invocation));
  options.preset = preset.value_or(options.preset);
  options.force = invocation.has("force");
  options.message = text("message");
  options.source = text("source");
  options.origin = origin_of(invocation);
  if (invocation.command().find("meta") != nullptr) {
    DELTA_TRY(options.properties, properties_of(invocation));
  }
  if (const auto trace = from_environment("TRACEPARENT"); is_traceparent(trace)) {
    options.trace = trace;
  } else if (!trace.empty()) {
    console.warn("TRACEPARENT " + delta::quote(trace, 60) + " is not what W3C allows, and is not recorded");
  }
  return options;
}

Result<delta::EncodeSummary> finish_encoder(delta::Encoder& encoder) {
  trace::Span span("delta.apply");
  auto written = encoder.finish();
  if (written) {
    span.set("delta.commits", written->commits).set("delta.deltas", written->deltas).set("delta.bytes", written->bytes);
  }
  return written;
}

bool may_replace(const Invocation& invocation, const std::string& path, Console& console) {
  std::error_code ignored;
  const bool there = path != "-" && std::filesystem::is_regular_file(path, ignored);
  if (!there || !console.read_in_part() || invocation.has("allow-torn")) return true;
  console.error(delta::error(delta::ErrorCode::exists,
                             "not replaced: a log that was read is cut short, and so would be what is made of it")
                    .in(path)
                    .with_hint("--allow-torn replaces it nevertheless"));
  return false;
}

bool may_replace(const Invocation& invocation, Console& console) {
  bool all = true;
  for (const auto& option : invocation.command().options) {
    if (option.kind != Kind::output || !invocation.has("force")) continue;
    for (const auto& path : invocation.values(option.name)) all = may_replace(invocation, path, console) && all;
  }
  return all;
}

Status commit_outputs(const std::vector<delta::OutputFile*>& outputs, Console& console) {
  DELTA_OK(delta::commit_all(outputs));
  if (!outputs.empty()) console.committed();
  for (const auto* output : outputs) {
    if (!output->caution().empty()) console.warn(output->name() + ": " + output->caution());
  }
  return {};
}

}  // namespace deltalog
