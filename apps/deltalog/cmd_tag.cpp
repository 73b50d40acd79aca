// Names for times: one more commit at the end of a log, or the list of them.
#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "delta/encode.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::Log;
using delta::Tag;

std::string json_line(const Log& log, const Tag& tag) {
  const auto& commit = log.commit(tag.commit);
  std::string line;
  delta::formats::JsonWriter json(line);
  json.begin_object().member("type", "tag").key("v").u64(1).member("name", tag.name).member("at", delta::format_time(tag.at));
  json.member("dot", log.dot_text({commit.origin, commit.first})).member("time", delta::format_time(commit.time.us()));
  json.key("tick").u64(commit.time.tick()).member("message", commit.message).end_object().end_line();
  return line;
}

Result<Exit> list_tags(const Invocation& invocation, Console& console) {
  for (const std::string_view option : {"at", "origin", "message"}) {
    if (invocation.has(option)) return usage_error(invocation, fmt::format("--{} goes with a NAME", option));
  }
  const auto choice = VectorChoice::none();
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console, &choice));
  const auto tags = log.tags();
  TableWriter rows(console, {{"tag"}, {"at"}, {"set by"}, {"message"}});
  for (const auto& tag : tags) {
    if (invocation.has("json")) {
      DELTA_OK(console.print(json_line(log, tag)));
      continue;
    }
    const auto& commit = log.commit(tag.commit);
    DELTA_OK(rows.add({console.paint(Style::name, delta::escape(tag.name)), delta::format_time(tag.at),
                       delta::escape(log.dot_text({commit.origin, commit.first}), 4096), first_line(commit.message)}));
  }
  DELTA_OK(rows.flush());
  return tags.empty() ? Exit::no : Exit::yes;
}

}  // namespace

Result<Exit> run_tag(const Invocation& invocation, Console& console) {
  const auto& operands = invocation.operands();
  if (operands.size() == 1) return list_tags(invocation, console);
  if (invocation.has("json")) return usage_error(invocation, "--json goes with the list of tags");
  delta::EncodeOptions options;
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.now, default_time());
  DELTA_TRY(options.clock, clock_of(invocation));
  DELTA_TRY(options.wait, wait_of(invocation));
  options.origin = origin_of(invocation);
  if (const auto* message = invocation.value("message")) options.message = *message;
  std::optional<delta::Micros> at;
  {
    DELTA_TRY(const auto log, delta::Log::open(std::span(operands).first(1), {.threads = options.threads, .ids = std::vector<std::string>{}}));
    DELTA_TRY(at, time_of(invocation, "at", log));  // it may name another tag
  }
  DELTA_TRY(auto encoder, delta::Encoder::append(operands[0], std::move(options)));
  DELTA_OK(encoder.tag(operands[1], at));
  DELTA_TRY(const auto summary, encoder.finish());
  console.committed();
  for (const auto& notice : summary.notices) console.warn(notice);
  console.note(operands[0] + ": tagged " + delta::escape(operands[1]));
  return Exit::yes;
}

}  // namespace deltalog
