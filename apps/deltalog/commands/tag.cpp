// Names for cuts: one more commit at the end of a log, or the list of them.
#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/encode.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "texts.hpp"
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
  json.begin_object().member("type", "tag").key("v").u64(1).member("name", tag.name);
  if (tag.at) {
    json.member("at", delta::format_time(*tag.at));
  } else {
    json.key("heads").begin_array();
    for (const auto& dot : tag.heads) json.string(log.dot_text(dot));
    json.end_array();
    if (!tag.missing.empty()) json.member("missing", tag.missing);
  }
  json.member("dot", log.dot_text({commit.origin, commit.first})).member("time", delta::format_time(commit.time.us()));
  json.key("tick").u64(commit.time.tick()).member("message", commit.message).end_object().end_line();
  return line;
}

/// What a tag names.
std::string target_text(const Log& log, const Tag& tag) {
  if (tag.at) return delta::format_time(*tag.at);
  if (!tag.missing.empty()) return delta::escape(tag.missing, 200) + ", which is not here";
  return dots_text(log, tag.heads);
}

Result<Exit> list_tags(const Invocation& invocation, Console& console) {
  for (const std::string_view option : {"at", "as-seen-by", "delete", "force", "dry-run", "origin", "message"}) {
    if (invocation.has(option)) return usage_error(invocation, fmt::format("--{} goes with a NAME", option));
  }
  const auto none = no_vectors();
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console, &none));
  DELTA_TRY(const auto tags, log.tags());
  TableWriter rows(console, {{"tag"}, {"names"}, {"set by"}, {"message"}});
  for (const auto& tag : tags) {
    if (invocation.has("json")) {
      DELTA_OK(console.print(json_line(log, tag)));
      continue;
    }
    const auto& commit = log.commit(tag.commit);
    DELTA_OK(rows.add({console.paint(Style::name, delta::escape(tag.name)), target_text(log, tag),
                       delta::escape(log.dot_text({commit.origin, commit.first}), 4096), first_line(commit.message)}));
  }
  DELTA_OK(rows.flush());
  return tags.empty() ? Exit::no : Exit::yes;
}

Status check_usage(const Invocation& invocation) {
  if (invocation.has("json") || invocation.has("list")) {
    return usage_error(invocation, fmt::format("--{} goes with the list of tags, without a NAME",
                                               invocation.has("json") ? "json" : "list"));
  }
  if (invocation.has("at") && invocation.has("as-seen-by")) {
    return usage_error(invocation, "--at and --as-seen-by exclude each other");
  }
  for (const std::string_view option : {"at", "as-seen-by", "force"}) {
    if (invocation.has("delete") && invocation.has(option)) {
      return usage_error(invocation, fmt::format("--delete and --{} exclude each other", option));
    }
  }
  return {};
}

/// What is to be done, and how it is said.
struct Plan {
  bool remove = false;
  delta::CutOptions cut;
  std::string said;
};

Result<Plan> plan_of(const Invocation& invocation, const Log& log) {
  const std::string& name = invocation.operands()[1];
  DELTA_TRY(const auto old, log.tag(name));
  if (invocation.has("delete")) {
    if (!old) return delta::error(delta::ErrorCode::bad_input, "there is no tag " + delta::quote(name, 60));
    return Plan{true, {}, fmt::format("tag {} deleted; it named {}", delta::escape(name), target_text(log, *old))};
  }
  if (old && !invocation.has("force")) {
    return delta::error(delta::ErrorCode::bad_input,
                        fmt::format("tag {} names {} already", delta::quote(name, 60), target_text(log, *old)))
        .with_hint("--force moves it");
  }
  Plan plan;
  DELTA_TRY(plan.cut, cut_of(invocation, log));  // which may be another tag's
  const bool time = plan.cut.at.has_value();
  auto heads = plan.cut.as_seen_by;
  if (heads.empty()) {
    DELTA_TRY(heads, log.heads());
  }
  plan.said = fmt::format("tagged {}: {}", delta::escape(name),
                          time ? delta::format_time(*plan.cut.at) : "the release of " + dots_text(log, heads));
  return plan;
}

Status carry_out(const Plan& plan, std::string_view name, delta::Encoder& encoder) {
  if (plan.remove) return encoder.untag(name);
  return plan.cut.at ? encoder.tag_time(name, *plan.cut.at) : encoder.tag_release(name, plan.cut.as_seen_by);
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto& operands = invocation.operands();
  if (operands.size() == 1) return list_tags(invocation, console);
  DELTA_OK(check_usage(invocation));
  delta::EncodeOptions options;
  DELTA_TRY(options.threads, threads_of(invocation));
  DELTA_TRY(options.now, default_time());
  DELTA_TRY(options.clock, clock_of(invocation));
  DELTA_TRY(options.wait, wait_of(invocation));
  options.origin = origin_of(invocation);
  if (const auto* message = invocation.value("message")) options.message = *message;
  const auto* at = invocation.value("at");
  const bool dots = invocation.has("as-seen-by") || (at != nullptr && !delta::unless_out_of_memory(parse_time(*at)));
  if (!dots) options.ids.emplace();
  if (invocation.has("dry-run")) {
    const auto none = no_vectors();
    DELTA_TRY(const auto log, open_logs(invocation, std::span(operands).first(1), console, &none));
    DELTA_TRY(const auto plan, plan_of(invocation, log));
    DELTA_OK(console.print("dry run: " + plan.said + "\n"));
    return exit_with(log);
  }
  DELTA_TRY(auto encoder, delta::Encoder::append(operands[0], std::move(options)));
  DELTA_TRY(const auto plan, plan_of(invocation, encoder.log()));
  DELTA_OK(carry_out(plan, operands[1], encoder));
  DELTA_TRY(const auto summary, finish_encoder(encoder));
  console.committed();
  for (const auto& notice : summary.notices) console.warn(notice);
  console.note(operands[0] + ": " + plan.said);
  return Exit::yes;
}

}  // namespace

Command tag_command() {
  return {.name = "tag",
          .summary = "name a release or a time of a log",
          .synopsis = "LOG NAME [--at TIME|TAG | --as-seen-by DOT]\nLOG NAME --delete\nLOG [--list]",
          .description =
              "Adds a commit to LOG that names a release: all that the log holds now, or what the author of DOT saw. "
              "What a release answers "
              "never changes, whatever is merged later. With --at TIME, it names that time. The name then stands "
              "wherever a time or a delta is "
              "asked for; a name that is taken is moved with --force alone. Without NAME lists the tags; exits 1 if "
              "there are none.",
          .operands = {{"LOG", "the log to add to, or whose tags to list", true, false, Kind::file},
                       {"NAME", "the name: no control characters, and not itself a time", false, false, Kind::text}},
          .options = options::join(
              {{{.name = "at",
                 .value = "TIME",
                 .help = "name this time, with changes stamped exactly TIME, or what another tag names"},
                {.name = "as-seen-by", .value = "DOT", .help = "name what the author of this delta saw"},
                {.name = "list", .help = "list the tags, as without NAME"},
                {.name = "delete", .help = "delete the tag"},
                {.name = "force", .letter = 'f', .help = "move a tag that exists"},
                {.name = "dry-run", .help = "write nothing, and say what would be named"},
                {.name = "origin", .value = "NAME", .help = "the writer (default: $DELTALOG_ORIGIN, else main)"},
                {.name = "message", .letter = 'm', .value = "MESSAGE", .help = "message of the commit"}},
               options::wait(),
               options::json(),
               options::threads(),
               options::progress(),
               options::talk(),
               options::common()}),
          .example =
              "deltalog tag history.dlog v1.0\n"
              "deltalog snapshot history.dlog --at v1.0 -o release.npy\n",
          .run = run};
}

}  // namespace deltalog
