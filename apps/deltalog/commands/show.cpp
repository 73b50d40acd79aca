// One delta by its dot, or one commit by its hash: everything that is known of it.
#include <fmt/format.h>

#include <algorithm>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/name_vectors.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/properties.hpp"
#include "delta/text.hpp"
#include "json_rows.hpp"
#include "logs.hpp"
#include "texts.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

using delta::Delta;
using delta::Log;

// With the commit's hash where it was asked for.
Result<Named> find(const Invocation& invocation, const Log& log, const std::string& name) {
  DELTA_TRY(auto found, find_named(log, name));
  if (invocation.has("commit")) found.seq.reset();
  if (invocation.has("hashes") && !found.hash) {
    DELTA_TRY(const auto hashes, log.hashes());
    found.hash = hashes[found.commit];
  }
  return found;
}

void put_lines(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += fmt::format("{:<9}{}\n", name, delta::escape(text.substr(0, end), text.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
    name = "";
  }
}

std::string commit_text(const Log& log, const Named& found, const Console& console) {
  const auto& commit = log.commit(found.commit);
  std::string out = console.paint(Style::caution, "commit " + dots_text(log, commit));
  if (log.pending(found.commit)) out += " (pending: its causes are in none of the logs)";
  out += '\n';
  if (found.hash) put_lines(out, "hash", delta::hex(*found.hash));
  put_lines(out, "time", time_text(commit.time, commit));
  std::string parents;
  for (const auto& parent : commit.parents) {
    if (!parents.empty()) parents += ' ';
    parents += log.dot_text(parent);
  }
  put_lines(out, "parents", parents);
  put_lines(out, "tool", commit.tool);
  put_lines(out, "source", commit.source);
  put_lines(out, "trace", commit.trace);
  if (!commit.setting.empty()) out += fmt::format("{:<9}{}\n", "sets", setting_text(commit.setting));
  put_lines(out, "message", commit.message);
  for (const auto& [name, value] : delta::or_bad_alloc(delta::list_properties(commit.properties))) {
    out +=
        fmt::format("{:<9}{} = {}\n", "property", delta::escape(name, name.size()), delta::escape(value, value.size()));
  }
  return out;
}

// "[3] = 0.5", eight a line.
std::string values_text(const Delta& delta) {
  std::string out;
  for (std::size_t i = 0; i < delta.bits.size() && delta::is_assignment(delta.op); ++i) {
    const auto dim = delta.indices.empty() ? i : delta.indices[i];
    out += fmt::format("{}[{}] {}", i % 8 == 0 ? "\n  " : "  ", dim, float_text(delta.bits[i]));
  }
  return out;
}

std::string shown_delta(const Log& log, const Delta& delta, const Console& console) {
  const auto& catalog = log.catalog();
  const auto dot = delta::escape(log.dot_text({log.commit_origin(delta.commit), delta.seq}), 4096);
  std::string out = '\n' + console.paint(Style::name, "delta " + dot) + '\n';
  put_lines(out, "time", time_text(delta.time));
  out += fmt::format("{:<9}{}\n", "vector", vector_name(catalog, delta.vector));
  out += fmt::format("{:<9}{}{}\n", "change", delta_text(delta, catalog.dims(delta.vector)), values_text(delta));
  put_lines(out, "metadata", delta.metadata);
  return out;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto& operands = invocation.operands();
  if (operands.size() < 2) return usage_error(invocation, "missing DOT or COMMIT after the logs");
  const auto logs = std::span(operands).first(operands.size() - 1);
  std::optional<delta::CommitsWanted> wanted;
  if (!invocation.has("hashes")) wanted = {.dot = operands.back().substr(0, operands.back().rfind(".."))};
  DELTA_TRY(auto log, open_logs_for_dots(invocation, logs, console, {&operands.back(), 1}, wanted));
  DELTA_TRY(const auto found, find(invocation, log, operands.back()));
  const bool json = invocation.has("json");
  std::string text;
  if (json) {
    json_commit(text, log, found.commit, found.hash ? &*found.hash : nullptr);
  } else {
    text = commit_text(log, found, console);
  }
  DELTA_OK(console.print(text));
  DELTA_TRY(const auto filter, delta::DeltaFilter::of_commit(log, found.commit, found.seq));
  DELTA_OK(delta::name_vectors(log, filter));
  DELTA_OK(delta::each_delta(log, delta::VectorSet::all(), filter, [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!filter.takes(batch[i])) continue;
      text.clear();
      if (json) json_delta(text, log, batch[i], {.values = true});
      DELTA_OK(console.print(json ? text : shown_delta(log, batch[i], console)));
    }
    return {};
  }));
  return Exit::yes;
}

}  // namespace

Command show_command() {
  return {.name = "show",
          .summary = "a delta or a commit in full",
          .synopsis = "LOG... DOT|COMMIT",
          .description =
              "Shows the delta named by a dot (ORIGIN:SEQ) with its commit, or the commit named by its range of dots "
              "(ORIGIN:FIRST..LAST) or by the first digits of its hash, with all its deltas.",
          .operands = {options::kLogs,
                       {"DOT|COMMIT", "a dot, a commit as log prints it, or 4 to 64 digits of its hash", true, false,
                        Kind::text}},
          .options = options::join({{{.name = "commit", .help = "all of the commit that holds DOT"},
                                     {.name = "hashes", .help = "print the commit's hash; reads every delta"}},
                                    options::json(),
                                    options::threads(),
                                    options::progress(),
                                    options::quiet(),
                                    options::common()}),
          .example = "deltalog show history.dlog main:3\n",
          .run = run};
}

}  // namespace deltalog
