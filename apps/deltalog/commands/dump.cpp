// A log as NDJSON that `encode` reads back to the same commits, hash for hash. Commits come whole and after all that
// they have seen; of those that could come next, the one of least key. That order is a property of the set, so the dump
// of a union does not depend on the order of its files. Deltas are read once, in the order of the files; lines that
// come before their turn wait in memory: next to none for a log as encode and merge leave it.
#include <algorithm>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/file.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "formats/ndjson.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::CommitNo;
using delta::Delta;
using delta::Indexed;
using delta::Log;

/// Where the lines go: stdout, or a new file.
class Sink {
 public:
  static Result<Sink> open(const Invocation& invocation, Console& console) {
    Sink sink(console);
    const auto* path = invocation.value("output");
    if (path == nullptr || *path == "-") return sink;
    DELTA_TRY(auto file, delta::OutputFile::create(*path, {.force = invocation.has("force"), .binary = false}));
    sink.file_ = std::make_shared<delta::OutputFile>(std::move(file));
    return sink;
  }
  Status write(std::string_view text) {
    if (!file_) return console_->print(text);
    return file_->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  Status commit() { return file_ ? commit_outputs({file_.get()}, *console_) : Status(); }

 private:
  explicit Sink(Console& console) : console_(&console) {}
  Console* console_;
  std::shared_ptr<delta::OutputFile> file_;
};

/// The names that a line says. Dimensions only where the name of the namespace is that of several.
delta::formats::RecordNames names_of(const delta::Catalog& catalog, delta::VectorNo vector) {
  const auto& space = catalog.name_space(catalog.namespace_of(vector));
  return {space.name, catalog.id(vector), {}, is_ambiguous(catalog, space.name) ? space.dims : 0};
}

/// Lines of commits, let out in the causal order.
class Reorder {
 public:
  Reorder(const Log& log, Sink& sink)
      : log_(log), sink_(sink), order_(delta::or_bad_alloc(log.commits_in_causal_order())), waiting_(log.commits()) {}

  Status add(const Delta& delta) {
    auto& lines = waiting_[delta.commit];
    lines.starts.emplace_back(delta.seq, lines.text.size());
    Delta plain = delta;
    plain.seq = 0;  // the commit's line says it
    delta::formats::write_record(lines.text, names_of(log_.catalog(), delta.vector), plain);
    return release();
  }

  /// Lets out what needs no deltas: commits that are settings.
  Status finish() { return release(); }
  /// Whether every commit came whole.
  bool complete() const { return next_ == order_.size(); }
  CommitNo stuck_at() const { return order_[next_]; }

 private:
  struct Lines {
    std::string text;
    std::vector<std::pair<std::uint64_t, std::size_t>> starts;  // seq, place in text
  };

  Status release() {
    while (next_ < order_.size()) {
      const auto number = order_[next_];
      auto& lines = waiting_[number];
      if (lines.starts.size() < log_.commit(number).deltas()) return {};
      DELTA_OK(sink_.write(head_line(number)));
      DELTA_OK(write_in_order(lines));
      lines = {};
      ++next_;
    }
    return {};
  }

  std::string head_line(CommitNo number) const {
    const auto& commit = log_.commit(number);
    std::vector<delta::formats::Record::Parent> parents;
    for (const auto& parent : commit.parents) parents.push_back({log_.catalog().origin(parent.origin), parent.seq});
    std::string line;
    delta::formats::write_record(line, log_.catalog().origin(commit.origin), parents, commit);
    return line;
  }

  Status write_in_order(Lines& lines) {
    if (std::ranges::is_sorted(lines.starts)) return sink_.write(lines.text);
    std::vector<std::size_t> ends;
    for (std::size_t i = 1; i < lines.starts.size(); ++i) ends.push_back(lines.starts[i].second);
    ends.push_back(lines.text.size());
    std::vector<std::size_t> order(ends.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return lines.starts[i].first; });
    for (const auto i : order) {
      const auto begin = lines.starts[i].second;
      DELTA_OK(sink_.write(std::string_view(lines.text).substr(begin, ends[i] - begin)));
    }
    return {};
  }

  const Log& log_;
  Sink& sink_;
  std::vector<CommitNo> order_;
  Indexed<CommitNo, Lines> waiting_;
  std::size_t next_ = 0;
};

/// No delta names a namespace without vectors. One that shares its name with another stays out: its line would be
/// refused.
Status dump_empty_namespaces(const Log& log, Sink& sink) {
  const auto& catalog = log.catalog();
  DELTA_TRY(const auto empty, catalog.empty_namespaces());
  for (const auto ns : empty) {
    const auto& space = catalog.name_space(ns);
    if (is_ambiguous(catalog, space.name)) continue;
    std::string line;
    delta::formats::write_namespace(line, space.name, space.dims);
    DELTA_OK(sink.write(line));
  }
  return {};
}

Status dump_all(const Log& log, Sink& sink, Progress& progress) {
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    if (!log.pruned(number)) continue;
    return delta::error(delta::ErrorCode::not_kept, "commit " + dots_text(log, log.commit(number)) +
                                                        " is pruned, and cannot be stated whole any more")
        .with_hint("a selection, such as --id-glob '*', dumps what is left");
  }
  DELTA_OK(dump_empty_namespaces(log, sink));
  Reorder reorder(log, sink);
  DELTA_OK(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) DELTA_OK(reorder.add(batch[i]));
    progress.advance(batch.size());
    return {};
  }));
  DELTA_OK(reorder.finish());
  if (reorder.complete()) return {};
  return delta::error(
      delta::ErrorCode::corrupt,
      "deltas of commit " + delta::escape(dots_text(log, log.commit(reorder.stuck_at()))) + " are missing");
}

// A selection is no history: its lines name their dots and stand alone. Notes in `answered` of which vectors there are
// any.
Status dump_some(const Log& log, const delta::VectorSet& vectors, const delta::DeltaFilter& filter, Sink& sink,
                 Progress& progress, delta::VectorSet& answered) {
  const auto& catalog = log.catalog();
  std::vector<std::pair<delta::Key, std::string>> lines;
  DELTA_OK(log.each(vectors, [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta delta = batch[i];
      const auto origin = log.commit_origin(delta.commit);
      if (!vectors.contains(delta.vector) || !filter.takes(delta)) continue;
      lines.emplace_back(delta::Key{delta.time, origin, delta.seq}, std::string());
      auto names = names_of(catalog, delta.vector);
      names.origin = catalog.origin(origin);
      delta::formats::write_record(lines.back().second, names, delta);
      answered.insert(delta.vector);
    }
    progress.advance(batch.size());
    return {};
  }));
  std::ranges::sort(lines, [&](const auto& a, const auto& b) { return delta::key_less(catalog, a.first, b.first); });
  for (const auto& line : lines) DELTA_OK(sink.write(line.second));
  return {};
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(auto sink, Sink::open(invocation, console));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console, &selection));
  if (!may_replace(invocation, console)) return Exit::partly;
  DELTA_TRY(const auto cut, cut_of(invocation, log));
  DELTA_TRY(const auto deltas_selected, delta_selection(invocation, log));
  DELTA_TRY(const auto filter, delta::DeltaFilter::make(log, deltas_selected, cut));
  DELTA_TRY(auto named, named_vectors(selection, log.catalog()));
  DELTA_TRY(const bool any, keep_meeting(log, cut, selection, named));
  if (!any) {
    report_none_meets(console);
    return Exit::no;
  }
  delta::VectorSet answered;
  std::uint64_t deltas = 0;
  for (const auto i : delta::numbers<delta::CommitNo>(log.commits())) deltas += log.commit(i).deltas();
  {
    Progress progress(invocation, console, "dumping", "deltas", deltas);
    if (named.vectors.is_all() && filter.takes_all()) {
      DELTA_OK(dump_all(log, sink, progress));
      DELTA_OK(sink.commit());
      return Exit::yes;
    }
    DELTA_OK(dump_some(log, named.vectors, filter, sink, progress, answered));
  }
  const bool shorter =
      report_absent(invocation, selection, named, log.catalog(), answered, "among these deltas", console);
  if (answered.empty()) return Exit::no;
  DELTA_OK(sink.commit());
  return shorter ? Exit::no : Exit::yes;
}

}  // namespace

Command dump_command() {
  return {
      .name = "dump",
      .summary = "a log as NDJSON, for encode to read back",
      .synopsis = "LOG... [-o OUT]",
      .description =
          "Writes every commit as a line, followed by a line for each of its deltas. encode turns them into the same "
          "commits again, with the same hashes. With a selection, only the deltas chosen, in key order, each naming "
          "its dot.",
      .operands = {options::kLogs},
      .options =
          options::join({options::output(),
                         options::selection({"id", "id-glob", "ids-from", "namespace", "where", "origin", "op", "since",
                                             "until", "property", "grep", "source", "trace", "at", "as-seen-by"}),
                         options::threads(), options::progress(), options::quiet(), options::common()}),
      .example = "deltalog dump history.dlog | deltalog encode - -o copy.dlog\n",
      .run = run};
}

}  // namespace deltalog
