// The union of logs as one file. What has to be decided is decided in the library; here is what is said about it.
#include "delta/merge.hpp"

#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "contracts.hpp"
#include "delta/conflicts.hpp"
#include "delta/locked_log.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "gate.hpp"
#include "json_rows.hpp"
#include "logs.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::Merge;
using delta::MergeSummary;

std::uint64_t pending(const Merge& merge) {
  std::uint64_t count = 0;
  for (const auto& notice : merge.notices()) count += notice.verdict == delta::Verdict::pending ? 1 : 0;
  return count;
}

/// What --conflicts and --fail-on-conflict want to know.
class Conflicts {
 public:
  /// Before anything is written. A file gets its lines here; a stream, which cannot take lines back, by write_rest().
  static Result<Conflicts> find(const Invocation& invocation, Console& console, const Merge& merge) {
    Conflicts found;
    DELTA_TRY(found.policy_, policy_option(invocation));
    const auto* path = invocation.value("conflicts");
    if (path == nullptr && found.policy_) {
      console.warn("a merge decides no conflict: --policy is for what --conflicts reports");
    }
    if (path == nullptr && !invocation.has("fail-on-conflict")) return found;
    if (path != nullptr) {
      DELTA_TRY(auto file, delta::OutputFile::create(*path, {.force = invocation.has("force"), .binary = false}));
      found.file = std::move(file);
    }
    DELTA_TRY(const auto log, merge.log());
    const auto cut = found.cut(log, console);
    DELTA_TRY(const auto namespaces, delta::namespace_conflicts(log));
    found.namespaces = namespaces.size();
    for (const auto& conflict : namespaces) console.warn(conflict.text());
    if (found.file && !found.streams()) {
      DELTA_TRY(found.count, found.write(log, cut));
    } else {
      DELTA_TRY(found.count, delta::count_conflicts(log, cut));
    }
    return found;
  }
  /// The lines, where they go to a stream: the merge is done, or will not be.
  Status write_rest(const Merge& merge, Console& console) {
    if (!file || !streams()) return {};
    DELTA_TRY(const auto log, merge.log());
    const auto written = write(log, cut(log, console));
    if (!written) return Status(written.error());
    DELTA_OK(file->prepare());
    return commit_outputs({&*file}, console);
  }
  bool any() const { return count && (count->cells > 0 || namespaces > 0); }
  bool streams() const { return file->written_through(); }

  std::optional<delta::OutputFile> file;  // not committed
  std::optional<delta::ConflictCount> count;
  std::size_t namespaces = 0;  // of several dimension counts

 private:
  /// Says once that another policy decides than the log's own.
  delta::CutOptions cut(const delta::Log& log, Console& console) {
    delta::CutOptions now{.policy = policy_ ? &*policy_ : nullptr};
    if (!std::exchange(said_, true)) override_policy(now, now.policy, log, console);
    return now;
  }
  Status put(std::string_view line) {
    return file->write({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  }
  Result<delta::ConflictCount> write(const delta::Log& log, const delta::CutOptions& cut) {
    const trace::Span span("delta.conflict.resolve");
    std::string line;
    DELTA_TRY(const auto written, delta::conflicts(log, cut, delta::VectorSet::all(), [&](const delta::Conflict& one) {
                line.clear();
                json_conflict(line, log, one);
                return put(line);
              }));
    DELTA_TRY(const auto of_namespaces, delta::namespace_conflicts(log));
    for (const auto& conflict : of_namespaces) {
      line.clear();
      json_namespace_conflict(line, conflict);
      DELTA_OK(put(line));
    }
    return written;
  }

  std::optional<delta::Policy> policy_;
  bool said_ = false;
};

std::string count_text(const Conflicts& found) {
  std::string text =
      delta::plural(found.count->cells, "dimension") + " of " + delta::plural(found.count->vectors, "vector");
  if (found.namespaces > 0) text += " and " + delta::plural(found.namespaces, "namespace");
  return text + " in conflict";
}

/// Without an output nothing is written.
Result<MergeSummary> write(const Invocation& invocation, Console& console, Merge& merge, delta::OutputFile* out) {
  trace::Span span("delta.merge");
  span.set("delta.bytes", merge.bytes());
  Progress progress(invocation, console, "merging", "bytes", merge.bytes());
  const auto advance = [&](std::uint64_t bytes) { progress.advance(bytes); };
  if (out == nullptr) return merge.rehearse(advance);
  DELTA_TRY(const auto summary, merge.write(*out, advance));
  DELTA_OK(out->prepare());
  return summary;
}

std::string text_report(const MergeSummary& summary, const std::string& path, bool dry) {
  return fmt::format("{}{} {}, {}, {}, {}", path.empty() ? "" : path + ": ", dry ? "would write" : "wrote",
                     delta::plural(summary.segments, "segment"), delta::plural(summary.commits, "commit"),
                     delta::plural(summary.deltas, "delta"), delta::human_size(summary.bytes));
}

Status json_report(const Invocation& invocation, Console& console, const Merge& merge, const MergeSummary& summary,
                   const std::string& path) {
  if (!invocation.has("json")) return {};
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object()
      .member("type", "merge")
      .key("v")
      .u64(1)
      .member("log", path)
      .key("dry_run")
      .boolean(invocation.has("dry-run"));
  json.key("segments").u64(summary.segments).key("left_out").u64(summary.left_out).key("remade").u64(summary.remade);
  json.key("commits").u64(summary.commits).key("deltas").u64(summary.deltas).key("pending").u64(pending(merge));
  json.key("bytes").u64(summary.bytes).end_object().end_line();
  return console.print(out);
}

/// Where the union goes: a new file, or the place of a log that is one of those united, held until the end.
struct Target {
  std::string name;  // as given
  std::vector<std::string> logs;
  std::optional<delta::LockedLog> place;

  Result<delta::OutputFile> create(const Invocation& invocation) const {
    if (place) return place->create_output();
    return delta::OutputFile::create(name, {.force = invocation.has("force")});
  }
};

Result<Target> target_of(const Invocation& invocation) {
  const auto* output = invocation.value("output");
  const auto* into = invocation.value("into");
  const bool dry = invocation.has("dry-run");
  if (output && into) return usage_error(invocation, "--output and --into exclude each other");
  if (!output && !into && !dry) {
    return usage_error(invocation, "where to? --output OUT or --into LOG is missing; or --dry-run");
  }
  if (dry && invocation.has("conflicts")) {
    return usage_error(invocation, "--conflicts writes a file, and --dry-run writes nothing");
  }
  if (output && *output == "-" && invocation.has("json")) {
    return usage_error(invocation, "--json and --output - both want stdout");
  }
  if (output && invocation.has("wait")) return usage_error(invocation, "--wait goes with --into");
  if (into && invocation.has("not-in")) {
    return usage_error(invocation, "--not-in goes with --output: LOG would lose what the other logs have");
  }
  Target target{output ? *output : into ? *into : std::string(), invocation.operands(), {}};
  if (!into) return target;
  if (dry) {
    target.logs.insert(target.logs.begin(), *into);
    return target;
  }
  DELTA_TRY(const auto wait, wait_of(invocation));
  DELTA_TRY(target.place, delta::LockedLog::open(*into, {.wait = wait, .force = invocation.has("force")}));
  target.logs.insert(target.logs.begin(), target.place->path());
  return target;
}

/// What would be done, and how it would end.
Result<Exit> rehearse(const Invocation& invocation, Console& console, Merge& merge, const Conflicts& conflicts,
                      const Target& target) {
  if (invocation.has("fail-on-conflict") && conflicts.any()) {
    console.warn(count_text(conflicts) + "; the logs would not be merged");
    return Exit::no;
  }
  DELTA_TRY(const auto summary, write(invocation, console, merge, nullptr));
  if (invocation.has("json")) {
    DELTA_OK(json_report(invocation, console, merge, summary, target.name));
  } else {
    DELTA_OK(console.print(text_report(summary, target.name, true) + "\n"));
  }
  return pending(merge) > 0 ? Exit::partly : Exit::yes;
}

/// Whether the gate, if there is one, takes the union. Of --into only what LOG lacks is judged.
Result<bool> gate_takes(const Invocation& invocation, Console& console, const Merge& merge, const Target& target) {
  DELTA_TRY(const auto gate, Gate::of(invocation, console));
  if (gate->is_open()) return true;
  DELTA_TRY(const auto log, merge.log());
  std::optional<delta::Log> old;
  if (invocation.has("into")) {
    DELTA_TRY(old, delta::Log::open(std::span(target.logs).first(1)));
  }
  const auto is_new = [&](delta::CommitNo number) {
    const auto& commit = log.commit(number);
    const auto origin = old->catalog().find_origin(log.catalog().origin(commit.origin));
    return !origin || !old->find_commit({*origin, commit.first});
  };
  DELTA_TRY(const bool takes, gate->lets_in(log, old ? std::function<bool(delta::CommitNo)>(is_new)
                                                     : std::function<bool(delta::CommitNo)>()));
  if (!takes) console.error(delta::error(delta::ErrorCode::bad_input, gate->refusal() + "; the logs were not merged"));
  return takes;
}

/// Gives the outputs their names; true if the log's place is taken by another one.
Result<bool> publish(const Target& target, std::vector<delta::OutputFile*> outputs, delta::OutputFile& out,
                     Console& console) {
  bool changed = true;
  if (target.place) {
    DELTA_TRY(changed, target.place->changed_by(out));
  }
  if (changed) outputs.push_back(&out);
  DELTA_OK(commit_outputs(outputs, console));
  return changed;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(const unsigned threads, threads_of(invocation));
  DELTA_TRY(const Target target, target_of(invocation));
  const auto* on_fork = invocation.value("on-fork");
  const bool rename = on_fork != nullptr && *on_fork == "rename";
  DELTA_TRY(
      auto merge,
      Merge::open(target.logs, {.threads = threads, .not_in = invocation.values("not-in"), .rename_forks = rename}));
  warn_of(merge.notices(), console);
  const bool dry = invocation.has("dry-run");
  if (!dry && (!may_replace(invocation, console) ||
               (target.place && !may_replace(invocation, target.place->path(), console)))) {
    return Exit::partly;
  }
  if (merge.empty()) {
    return delta::error(delta::ErrorCode::not_found,
                        "nothing to send: the logs of --not-in have every commit; nothing was written");
  }
  DELTA_TRY(const bool takes, gate_takes(invocation, console, merge, target));
  if (!takes) return Exit::no;
  if (dry) {
    DELTA_TRY(const auto conflicts, Conflicts::find(invocation, console, merge));
    return rehearse(invocation, console, merge, conflicts, target);
  }
  DELTA_TRY(auto out, target.create(invocation));
  DELTA_TRY(auto conflicts, Conflicts::find(invocation, console, merge));
  std::vector<delta::OutputFile*> outputs;
  if (conflicts.file && !conflicts.streams()) outputs.push_back(&*conflicts.file);
  if (invocation.has("fail-on-conflict") && conflicts.any()) {
    console.warn(count_text(conflicts) + "; the logs were not merged");
    DELTA_OK(commit_outputs(outputs, console));
    DELTA_OK(conflicts.write_rest(merge, console));
    return Exit::no;
  }
  if (conflicts.count) console.note(count_text(conflicts));
  if (!outputs.empty()) DELTA_OK(conflicts.file->prepare());
  DELTA_TRY(const auto summary, write(invocation, console, merge, &out));
  DELTA_TRY(const bool changed, publish(target, outputs, out, console));
  if (!changed) console.note(target.name + ": left as it is, since it has every commit of the others");
  console.committed();
  DELTA_OK(conflicts.write_rest(merge, console));
  if (changed) console.note(text_report(summary, target.name, false));
  DELTA_OK(json_report(invocation, console, merge, summary, target.name));
  return pending(merge) > 0 ? Exit::partly : Exit::yes;
}

}  // namespace

Command merge_command() {
  return {
      .name = "merge",
      .summary = "the union of logs, as one",
      .synopsis = "LOG... -o OUT\nLOG... --into LOG",
      .description =
          "Copies every commit of the logs, and loses none: conflicts are decided when reading. Segments are copied as "
          "they are, "
          "those that another one holds are left out, and the bytes do not depend on the order of the logs. Commits "
          "whose "
          "causes are missing are kept; it then exits 4.",
      .operands = {options::kLogs},
      .options =
          options::join({options::output(),
                         {{.name = "into",
                           .value = "LOG",
                           .help = "replace LOG by its union with the others, under its lock",
                           .kind = Kind::file}},
                         options::wait(),
                         {{.name = "not-in",
                           .value = "LOG",
                           .help = "leave out commits that LOG has: makes a bundle to send to it",
                           .repeatable = true,
                           .kind = Kind::file},
                          {.name = "on-fork",
                           .value = "ACTION",
                           .help = "if two writers used one origin name: refuse (default), or rename one of them",
                           .choices = {"refuse", "rename"}},
                          {.name = "conflicts",
                           .value = "FILE",
                           .help = "write conflicting assignments to FILE as NDJSON",
                           .kind = Kind::output},
                          {.name = "fail-on-conflict", .help = "write no OUT and exit 1 if there is any conflict"},
                          {.name = "dry-run", .help = "write nothing, and say what would be written"}},
                         gate_options("merge nothing that breaks the contract in FILE"),
                         options::policy("with --conflicts: decide them by POLICY, not by the logs' own"),
                         options::json(),
                         options::threads(),
                         options::progress(),
                         options::talk(),
                         options::common()}),
      .example =
          "deltalog merge alice.dlog bob.dlog -o both.dlog\n"
          "deltalog merge alice.dlog --not-in bob.dlog -o for-bob.dlog\n"
          "deltalog merge for-bob.dlog --into bob.dlog\n",
      .run = run};
}

}  // namespace deltalog
