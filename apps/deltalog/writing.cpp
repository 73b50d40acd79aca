#include "writing.hpp"

#include <cstdlib>
#include <filesystem>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

bool is_traceparent(std::string_view text) {
  constexpr std::string_view pattern = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (pattern[i] == '-' ? text[i] != '-' : !hex) return false;
  }
  return true;
}

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
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
  for (std::size_t n = first; n < log.commits() && !any; ++n) {
    any = log.catalog().origin(log.commit(static_cast<std::uint32_t>(n)).origin) == origin_of(invocation);
  }
  if (!any) return;
  console.warn("the new commits are those of " + delta::quote(origin_of(invocation)) + ", the default: if another writer of that name adds to the same logs, the two fork",
               "name the writer with --origin");
}

Result<delta::EncodeOptions> commit_options(const Invocation& invocation, Console& console) {
  delta::EncodeOptions options;
  const auto text = [&](std::string_view option) { return invocation.has(option) ? *invocation.value(option) : std::string(); };
  DELTA_TRY(const auto preset, value_of(invocation, "preset", parse_preset));
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.now, default_time());
  DELTA_TRY(options.wait, wait_of(invocation));
  options.preset = preset.value_or(options.preset);
  options.force = invocation.has("force");
  options.message = text("message");
  options.source = text("source");
  options.origin = origin_of(invocation);
  if (const auto trace = from_environment("TRACEPARENT"); is_traceparent(trace)) {
    options.trace = trace;
  } else if (!trace.empty()) {
    console.warn("TRACEPARENT is not of the form that W3C gives it, and is not recorded");
  }
  return options;
}

bool may_replace(const Invocation& invocation, const std::string& path, Console& console) {
  std::error_code ignored;
  const bool there = path != "-" && std::filesystem::is_regular_file(path, ignored);
  if (!there || !console.read_in_part() || invocation.has("allow-torn")) return true;
  console.error(delta::error(delta::ErrorCode::exists, "not replaced: a log that was read is cut short, and so would be what is made of it")
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
