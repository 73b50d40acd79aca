#include "writing.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

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

/// What is no regular file, such as /dev/null, takes all that comes.
bool same_place(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (a == "-" || b == "-") return a == b;
  if (fs::exists(a, failed) && !fs::is_regular_file(a, failed)) return false;
  const auto place = [&](const std::string& path) { return fs::weakly_canonical(fs::absolute(path, failed), failed); };
  return place(a) == place(b) || fs::equivalent(a, b, failed);
}

}  // namespace

std::string origin_of(const Invocation& invocation) {
  if (const auto* name = invocation.value("origin")) return *name;
  const auto name = from_environment("DELTALOG_ORIGIN");
  return name.empty() ? "main" : name;
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

Status check_side_files(const Invocation& invocation, std::initializer_list<std::string_view> options) {
  std::vector<std::pair<std::string, std::string>> taken;  // place, what it is
  for (const auto& input : invocation.operands()) {
    if (input != "-") taken.emplace_back(input, "a log that is read");
  }
  const std::size_t inputs = taken.size();
  if (const auto* output = invocation.value("output")) taken.emplace_back(*output, "--output");
  for (const auto option : options) {
    const auto* path = invocation.value(option);
    if (path == nullptr) continue;
    const auto same = [&](const auto& other) { return same_place(*path, other.first); };
    const auto other = std::find_if(taken.begin(), taken.end(), same);
    if (other != taken.end()) {
      const auto why = other - taken.begin() < static_cast<std::ptrdiff_t>(inputs) ? " is " + other->second : " and " + other->second + " are one file";
      return usage_error(invocation, "--" + std::string(option) + why + ": " + delta::escape(*path, 4096));
    }
    taken.emplace_back(*path, "--" + std::string(option));
  }
  return {};
}

Status commit_outputs(const std::vector<delta::OutputFile*>& outputs, Console& console) {
  DELTA_OK(delta::commit_all(outputs));
  for (const auto* output : outputs) {
    if (!output->caution().empty()) console.warn(output->name() + ": " + output->caution());
  }
  return {};
}

}  // namespace deltalog
