// A log as NDJSON that `encode` reads back to the same commits, hash for hash. Commits come whole and after all that
// they have seen; of those that could come next, the one of least key. That order is a property of the set, so the dump
// of a union does not depend on the order of its files. Deltas are read once, in the order of the files; lines that
// come before their turn are sorted: none of a log as encode leaves it, and nearly all of a packed one.
#include <utility>

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
#include "sorted_lines.hpp"
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

/// Lines of commits and their deltas, in the causal order of the commits.
class Reorder {
 public:
  Reorder(const Log& log, Sink& sink, std::uint64_t memory)
      : log_(log),
        sink_(sink),
        order_(delta::or_bad_alloc(log.commits_in_causal_order())),
        place_of_(log.commits()),
        early_(memory) {
    for (std::uint32_t place = 0; place < order_.size(); ++place) place_of_[order_[place]] = place;
  }

  /// Lets out what needs no deltas: commits that are settings.
  Status begin() { return pass_whole(); }

  Status add(const Delta& delta) {
    const LineKey key{place_of_[delta.commit], delta.seq};
    Delta plain = delta;
    plain.seq = 0;  // the commit's line says it
    line_.clear();
    delta::formats::write_record(line_, names_of(log_.catalog(), delta.vector), plain);
    return is_next(key) ? write(line_) : early_.add(key, line_);
  }

  /// Lets out what waits. Error: a commit has not come whole.
  Status finish() {
    DELTA_OK(early_.finish([this](const LineKey& key, std::string_view line) -> Status {
      if (is_next(key)) return write(line);
      return missing();
    }));
    return next_ == order_.size() ? Status() : missing();
  }

 private:
  bool is_next(const LineKey& key) const {
    return key.first == next_ && key.second == log_.commit(order_[next_]).first + written_;
  }

  Status write(std::string_view line) {
    if (written_++ == 0) DELTA_OK(sink_.write(head_line(order_[next_])));
    DELTA_OK(sink_.write(line));
    return pass_whole();
  }
  /// To the next commit of which deltas are to come.
  Status pass_whole() {
    for (; next_ < order_.size() && written_ == log_.commit(order_[next_]).deltas(); ++next_) {
      if (std::exchange(written_, 0) == 0) DELTA_OK(sink_.write(head_line(order_[next_])));
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

  delta::Error missing() const {
    return delta::error(
        delta::ErrorCode::corrupt,
        "deltas of commit " + delta::escape(dots_text(log_, log_.commit(order_[next_]))) + " are missing");
  }

  const Log& log_;
  Sink& sink_;
  std::vector<CommitNo> order_;
  Indexed<CommitNo, std::uint32_t> place_of_;
  SortedLines early_;
  std::string line_;
  std::size_t next_ = 0;       // the commit of which deltas are to come
  std::uint64_t written_ = 0;  // of them
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

Status dump_all(const Log& log, std::uint64_t memory, Sink& sink, Progress& progress) {
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    if (!log.pruned(number)) continue;
    return delta::error(delta::ErrorCode::not_kept, "commit " + dots_text(log, log.commit(number)) +
                                                        " is pruned, and cannot be stated whole any more")
        .with_hint("a selection, such as --id-glob '*', dumps what is left");
  }
  DELTA_OK(dump_empty_namespaces(log, sink));
  Reorder reorder(log, sink, memory);
  DELTA_OK(reorder.begin());
  DELTA_OK(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) DELTA_OK(reorder.add(batch[i]));
    progress.advance(batch.size());
    return {};
  }));
  return reorder.finish();
}

// A selection is no history: its lines name their dots and stand alone. Notes in `answered` of which vectors there are
// any.
Status dump_some(const Log& log, const delta::VectorSet& vectors, const delta::DeltaFilter& filter,
                 std::uint64_t memory, Sink& sink, Progress& progress, delta::VectorSet& answered) {
  const auto& catalog = log.catalog();
  const KeyOrder keys(catalog);
  SortedLines lines(memory);
  std::string line;
  DELTA_OK(log.each(vectors, [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta delta = batch[i];
      const auto origin = log.commit_origin(delta.commit);
      if (!vectors.contains(delta.vector) || !filter.takes(delta)) continue;
      auto names = names_of(catalog, delta.vector);
      names.origin = catalog.origin(origin);
      line.clear();
      delta::formats::write_record(line, names, delta);
      DELTA_OK(lines.add(keys.of({delta.time, origin, delta.seq}), line));
      answered.insert(delta.vector);
    }
    progress.advance(batch.size());
    return {};
  }));
  return lines.finish([&](const LineKey&, std::string_view text) { return sink.write(text); });
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(const auto memory, memory_of(invocation));
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
      DELTA_OK(dump_all(log, memory, sink, progress));
      DELTA_OK(sink.commit());
      return Exit::yes;
    }
    DELTA_OK(dump_some(log, named.vectors, filter, memory, sink, progress, answered));
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
      .options = options::join(
          {options::output(),
           options::selection({"id", "id-glob", "ids-from", "namespace", "where", "origin", "op", "since", "until",
                               "property", "grep", "source", "trace", "at", "as-seen-by"}),
           options::memory(), options::threads(), options::progress(), options::quiet(), options::common()}),
      .example = "deltalog dump history.dlog | deltalog encode - -o copy.dlog\n",
      .run = run};
}

}  // namespace deltalog
