// Undoing, as new commits. The log is opened once, by the encoder and under its lock, so that the answer is about the
// state that is then changed.
#include "delta/rollback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "delta/two_states.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::Encoder;
using delta::KeptChange;
using delta::Log;
using delta::RollbackSummary;
using delta::formats::JsonWriter;

Status check_usage(const Invocation& invocation) {
  std::size_t targets = 0;
  for (const std::string_view option : {"at", "as-seen-by", "revert"}) targets += invocation.count(option);
  if (targets != 1) return usage_error(invocation, "what to restore? one of --at, --as-seen-by and --revert says it");
  if (invocation.has("where") && invocation.has("revert")) {
    return usage_error(invocation, "--where goes with --at and --as-seen-by; with --revert choose vectors by --id");
  }
  const auto* output = invocation.value("output");
  const bool nowhere = output == nullptr && invocation.has("dry-run");
  if (!nowhere && (output != nullptr) == invocation.has("append")) {
    return usage_error(invocation, output ? "--output and --append exclude each other"
                                          : "where to? --append or --output OUT is missing");
  }
  if (invocation.has("append") && invocation.operands().size() != 1) {
    return usage_error(invocation,
                       "--append changes one LOG; for the union of several, write the commit with --output");
  }
  for (const std::string_view option : {"force", "allow-torn"}) {
    if (!invocation.has("append") || !invocation.has(option)) continue;
    return usage_error(invocation, fmt::format("--{} goes with --output: --append replaces nothing", option));
  }
  if (output && *output == "-" && invocation.has("json")) {
    return usage_error(invocation, "--json and --output - both want stdout");
  }
  return {};
}

Result<Encoder> open_encoder(const Invocation& invocation, Console& console) {
  DELTA_TRY(auto options, commit_options(invocation, console));
  options.allow_nonfinite = true;  // what was in the log may be in it again
  options.commit_every = options.commit_every_bytes = std::numeric_limits<std::uint64_t>::max();
  const auto& logs = invocation.operands();
  if (invocation.has("dry-run")) return Encoder::rehearse(logs, std::move(options));
  if (invocation.has("append")) return Encoder::append(logs[0], std::move(options));
  return Encoder::create(*invocation.value("output"), logs, std::move(options));
}

/// Does what was asked, and gives the commit its message.
Result<RollbackSummary> undo(const Invocation& invocation, Encoder& encoder, const delta::RollbackOptions& options) {
  const Log& log = encoder.log();
  const bool named = invocation.has("message");
  if (const auto* text = invocation.value("revert")) {
    DELTA_TRY(const auto found, find_named(log, *text));
    const auto& commit = log.commit(found.commit);
    auto message = "revert " + delta::dots_text(delta::escape(log.catalog().origin(commit.origin), 4096), commit.first,
                                                commit.last());
    if (!named) encoder.set_message(std::move(message));
    return delta::revert(encoder, found.commit, options);
  }
  DELTA_TRY(const auto cut, cut_of(invocation, log));
  if (!named) {
    encoder.set_message(cut.at ? "roll back to " + delta::format_time(*cut.at)
                               : "roll back to what " + dots_text(log, cut.as_seen_by) + " saw");
  }
  return delta::rollback(encoder, cut, options);
}

/// Those of `vectors` that meet --where in the present state or in the one to be restored: what differs between them is
/// undone.
Result<delta::VectorSet> meeting_either(const Invocation& invocation, const VectorSelection& selection, const Log& log,
                                        const delta::VectorSet& vectors) {
  DELTA_TRY(const auto cut, cut_of(invocation, log));
  DELTA_TRY(const auto states, delta::two_snapshots(log, cut, {}, vectors));
  const auto &then = states.first, &present = states.second;
  return meeting(selection, vectors, {&then, &present});
}

// "0-3,7"
std::string ranges_text(const std::vector<std::uint32_t>& dims) {
  std::string out;
  for (std::size_t i = 0; i < dims.size();) {
    std::size_t end = i + 1;
    while (end < dims.size() && dims[end] == dims[end - 1] + 1) ++end;
    out += (out.empty() ? "" : ",") + std::to_string(dims[i]);
    if (end - i > 1) out += fmt::format("-{}", dims[end - 1]);
    i = end;
  }
  return out;
}

void warn_of_kept(const std::vector<KeptChange>& kept, const Encoder& encoder, Console& console) {
  constexpr std::size_t kShown = 10, kShownBytes = 200;
  for (std::size_t i = 0; i < std::min(kShown, kept.size()); ++i) {
    const auto& one = kept[i];
    const auto name = vector_name(encoder.log().catalog(), one.vector);
    if (one.existence && !delta::or_bad_alloc(encoder.present())->exists(one.vector)) {
      console.warn(name + " was deleted since, left alone");
      continue;
    }
    std::string what = one.existence ? "all of it" : "";
    if (!one.dims.empty()) what += "dims " + ranges_text(one.dims);
    if (!one.members.empty()) what += what.empty() ? "metadata" : "; metadata";
    for (const auto& member : one.members) what += " " + delta::quote(member);
    if (what.size() > kShownBytes) what = what.substr(0, what.find_last_of(" ,", kShownBytes)) + " ...";
    console.warn(name + " was changed since, left alone: " + what);
  }
  if (kept.size() > kShown) console.warn(fmt::format("and {} more", delta::plural(kept.size() - kShown, "vector")));
}

std::string json_report(const std::string& path, const Encoder& encoder, const RollbackSummary& done,
                        const delta::EncodeSummary& written, bool dry) {
  std::string out;
  JsonWriter json(out);
  const auto& catalog = encoder.log().catalog();
  for (const auto& one : done.kept) {
    json.begin_object().member("type", "rollback-kept").key("v").u64(1);
    json.member("namespace", catalog.name_space(catalog.namespace_of(one.vector)).name)
        .member("id", catalog.id(one.vector));
    json.key("existence").boolean(one.existence).key("indices").begin_array();
    for (const auto dim : one.dims) json.u64(dim);
    json.end_array().key("members").begin_array();
    for (const auto& member : one.members) json.string(member);
    json.end_array().end_object().end_line();
  }
  json.begin_object().member("type", "rollback").key("v").u64(1).member("log", path);
  json.key("dry_run").boolean(dry);
  json.key("commits").u64(written.commits).key("deltas").u64(written.deltas).key("bytes").u64(written.bytes);
  json.key("created").u64(done.created).key("deleted").u64(done.deleted).key("changed").u64(done.changed);
  json.key("values")
      .u64(done.values)
      .key("properties")
      .u64(done.properties)
      .key("kept")
      .u64(done.kept.size())
      .end_object()
      .end_line();
  return out;
}

/// What was done, and what was left alone.
Status report(const Invocation& invocation, Console& console, const Encoder& encoder, const RollbackSummary& done,
              const delta::EncodeSummary& written) {
  const bool dry = invocation.has("dry-run");
  const auto& path = invocation.has("output") ? *invocation.value("output") : invocation.operands()[0];
  if (done.nothing()) {
    console.say(done.kept.empty() ? "nothing to do: the state is that already"
                                  : "nothing was done: all of it was changed since");
  } else {
    const auto properties = done.properties == 0 ? "" : ", properties: " + std::to_string(done.properties);
    const auto what = fmt::format("{}: {} created, {} deleted, {} changed in {}{}; {} {}", path,
                                  delta::plural(done.created, "vector"), done.deleted, done.changed,
                                  delta::plural(done.values, "value"), properties, dry ? "would write" : "wrote",
                                  delta::human_size(written.bytes));
    dry ? console.say(what) : console.note(what);
  }
  return invocation.has("json") ? console.print(json_report(path, encoder, done, written, dry)) : Status();
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_OK(check_usage(invocation));
  DELTA_TRY(const auto time, time_of(invocation, "time"));
  DELTA_TRY(const auto max_delete, value_of(invocation, "max-delete", parse_bound));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(auto encoder, open_encoder(invocation, console));
  const bool append = invocation.has("append"), dry = invocation.has("dry-run");
  if (append && !dry) {
    for (const auto& notice : encoder.log().notices()) console.warn(notice);
  } else {
    DELTA_OK(warn_of(encoder.log(), console));
    if (!dry && !may_replace(invocation, console)) return Exit::partly;
  }
  DELTA_TRY(auto named, named_vectors(selection, encoder.log().catalog()));
  if (report_missing(invocation, named, console)) return Exit::no;
  if (!selection.where.empty()) {
    DELTA_TRY(named.vectors, meeting_either(invocation, selection, encoder.log(), named.vectors));
    if (named.vectors.empty()) {
      report_none_meets(console, " in either state");
      return Exit::no;
    }
  }

  const Bound bound = max_delete.value_or(Bound{{}, 0.5});
  delta::RollbackOptions options{.vectors = named.vectors, .max_delete_share = bound.share, .at = time};
  options.max_delete = bound.count.value_or(options.max_delete);
  const std::size_t before = encoder.log().commits();
  DELTA_TRY(const auto done, undo(invocation, encoder, options));
  const bool nothing = done.nothing();
  delta::EncodeSummary written;
  if (!nothing || append) {  // an empty OUT would say that there was something to write
    DELTA_TRY(written, finish_encoder(encoder));
    if (!dry) console.committed();
    if (invocation.has("output")) warn_of_default_origin(invocation, encoder.log(), before, console);
  }
  for (const auto& notice : written.notices) console.warn(notice);
  warn_of_kept(done.kept, encoder, console);
  DELTA_OK(report(invocation, console, encoder, done, written));
  if (!done.kept.empty()) return Exit::partly;
  return append ? Exit::yes
                : exit_with(encoder.log());  // what stands in the log must not look as if it had to be done again
}

}  // namespace

Command rollback_command() {
  return {.name = "rollback",
          .summary = "append the commit that restores a moment, or undoes a commit",
          .synopsis = "LOG --append (--at TIME | --as-seen-by DOT)\nLOG --append --revert COMMIT\nLOG... -o OUT ...",
          .description =
              "Writes a commit that restores the state at a moment: it creates, deletes and assigns "
              "where the states differ. "
              "With --revert, takes one commit back by a three-way merge; what was changed since stays, is named, and "
              "makes "
              "the exit code 4. Nothing is forgotten. With nothing to do, nothing is written.",
          .operands = {options::kLogs},
          .options = options::join(
              {{{.name = "append", .help = "add to the one LOG in place, under its lock"}},
               options::wait(),
               options::output(),
               options::live(),
               {{.name = "max-delete",
                 .value = "N|P%",
                 .help = "refuse to delete more vectors, or more of a namespace (default: 50%)"},
                {.name = "dry-run", .help = "write nothing, and say what would be done"}},
               {{.name = "revert", .value = "COMMIT", .help = "undo this commit: a dot in it, or digits of its hash"},
                {.name = "time", .value = "TIME", .help = "time of the new commit (default: now)"},
                {.name = "origin", .value = "NAME", .help = "the writer (default: $DELTALOG_ORIGIN, else main)"},
                {.name = "message",
                 .letter = 'm',
                 .value = "MESSAGE",
                 .help = "message of the commit (default: says what was done)"},
                {.name = "source", .value = "NAME", .help = "who or what requested this; recorded"}},
               options::preset(),
               options::json(),
               options::selection({"id", "id-glob", "ids-from", "namespace", "where", "at", "as-seen-by"}),
               options::threads(),
               options::progress(),
               options::talk(),
               options::common()}),
          .example =
              "deltalog rollback history.dlog --at 2026-11-09 --append\n"
              "deltalog rollback history.dlog --revert main:7 --id king -o undo.dlog\n",
          .run = run};
}

}  // namespace deltalog
