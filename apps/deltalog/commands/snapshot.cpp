// The state at a cut, as a file. All outputs are opened before any work, so that one that exists is known at once, and
// put in place when all are durable: the side files (--ids-out, --metadata-out) first, so that whoever sees the matrix
// finds its names.
#include <algorithm>
#include <functional>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/text.hpp"
#include "formats/element.hpp"
#include "formats/format.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::Catalog;
using delta::Element;
using delta::Log;
using delta::NamespaceNo;
using delta::OutputFile;
using delta::State;
using delta::VectorNo;
using delta::formats::Format;
using delta::formats::FormatTraits;
using delta::formats::TableShape;

constexpr std::size_t kChunk = 1 << 20;  // bytes written at once

struct Job {
  const Invocation& invocation;
  const delta::Log& log;
  const delta::CutOptions& cut;
  const State& state;
  std::vector<VectorNo> rows;  // in order of output
};

Status put(OutputFile& file, std::string_view text) {
  return file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// Namespaces by name, their rows by last create (or by id).
std::vector<VectorNo> ordered_rows(const Invocation& invocation, const State& state) {
  const Catalog& catalog = state.catalog();
  std::vector<NamespaceNo> order;
  for (const NamespaceNo ns : delta::numbers<NamespaceNo>(catalog.namespaces())) order.push_back(ns);
  std::ranges::sort(order, {}, [&](NamespaceNo ns) {
    return std::pair(std::string_view(catalog.name_space(ns).name), catalog.name_space(ns).dims);
  });
  const auto* sort = invocation.value("sort");
  std::vector<VectorNo> rows;
  for (const auto ns : order) {
    auto some = delta::or_bad_alloc(state.rows(ns));
    if (sort && *sort == "id") std::ranges::sort(some, {}, [&](VectorNo v) { return catalog.id(v); });
    rows.insert(rows.end(), some.begin(), some.end());
  }
  return rows;
}

// The rows of one namespace of the answer.
struct Part {
  NamespaceNo ns{};
  std::span<const VectorNo> rows;  // of those of the job
};

bool is_asked(const Job& job, NamespaceNo ns) {
  const auto& named = job.invocation.values("namespace");
  return named.empty() || std::ranges::any_of(named, [&](const std::string& text) {
           return std::ranges::count(delta::or_bad_alloc(delta::find_namespaces(job.state.catalog(), text)), ns) > 0;
         });
}

// Those that have rows; where there are none at all, those that are asked for: a table without rows is a state, too.
std::vector<Part> parts_of(const Job& job) {
  const Catalog& catalog = job.state.catalog();
  std::vector<Part> parts;
  const std::span rows(job.rows);
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    const NamespaceNo ns = catalog.namespace_of(rows[begin]);
    while (end < rows.size() && catalog.namespace_of(rows[end]) == ns) ++end;
    parts.push_back({ns, rows.subspan(begin, end - begin)});
  }
  if (!parts.empty()) return parts;
  for (const NamespaceNo ns : delta::numbers<NamespaceNo>(catalog.namespaces())) {
    if (is_asked(job, ns)) parts.push_back({ns, {}});
  }
  return parts;
}

// What is no text has dimensions, and mostly holds one namespace.
Status check_parts(const Job& job, const FormatTraits& traits, const std::vector<Part>& parts) {
  if (parts.empty() && (!traits.text || !traits.several)) {
    return delta::error(delta::ErrorCode::not_found, "the log is empty: a matrix needs its dimension count");
  }
  if (parts.size() <= 1 || traits.several) return {};
  std::string names;
  for (const Part& part : parts) {
    const auto& space = job.state.catalog().name_space(part.ns);
    if (!names.empty()) names += ", ";
    names += (space.name.empty() ? "the default one" : delta::quote(space.name)) + " of " +
             delta::plural(space.dims, "dimension");
  }
  return delta::error(delta::ErrorCode::usage, "a matrix holds one namespace, and this state has several: " + names)
      .with_hint("choose one with --namespace NS, or NS/DIMS, or write --to ndjson");
}

// That of the format, of --element, or of the namespace at the cut. Before anything is written every value is known to
// be of it.
Result<Element> element_of(const Job& job, const FormatTraits& traits, const Part& part) {
  if (!traits.typed) return Element::f32;
  DELTA_TRY(const auto stated, value_of(job.invocation, "element", delta::parse_element));
  Element element = traits.element.value_or(stated.value_or(Element::f32));
  if (!stated && !traits.element) {
    const std::string& name_space = job.state.catalog().name_space(part.ns).name;
    DELTA_TRY(const auto properties, delta::properties_of(job.log, job.cut));
    const auto recorded = property_named(properties, name_space, delta::kElementKey);
    auto known = recorded.empty() ? Result(element) : delta::parse_element(recorded);
    if (!known) return std::move(known).error().with_hint("--element f32 writes every value as it is");
    element = *known;
  }
  for (const auto v : part.rows) {
    const auto bits = job.state.bits(v);
    const auto misfit = delta::formats::first_misfit(element, bits);
    if (!misfit) continue;
    return delta::error(delta::ErrorCode::bad_input, "vector " + delta::quote(job.state.catalog().id(v)) +
                                                         ": the value of dimension " + std::to_string(*misfit) +
                                                         " is " + float_text(bits[*misfit]) + ", which " +
                                                         std::string(element_name(element)) + " does not hold")
        .with_hint(traits.element ? "npy and safetensors hold every value"
                                  : "--element f32 writes every value as it is");
  }
  return element;
}

Result<std::vector<TableShape>> shapes_of(const Job& job, const FormatTraits& traits, const std::vector<Part>& parts) {
  std::vector<TableShape> shapes;
  for (const Part& part : parts) {
    const auto& space = job.state.catalog().name_space(part.ns);
    DELTA_TRY(const Element element, element_of(job, traits, part));
    shapes.push_back({space.name, part.rows.size(), space.dims, element});
  }
  return shapes;
}

// Rows of one namespace, handed on in pieces of about a chunk.
class RowWriter {
 public:
  RowWriter(const Job& job, delta::formats::DatasetSink& sink, Progress& progress)
      : job_(job), sink_(sink), progress_(progress) {}

  Status write(std::span<const VectorNo> rows) {
    for (const auto v : rows) {
      const auto bits = job_.state.bits(v);
      bits_.insert(bits_.end(), bits.begin(), bits.end());
      ids_.push_back(job_.state.catalog().id(v));
      metadata_.push_back(job_.state.metadata(v));
      if (bits_.size() * sizeof(std::uint32_t) >= kChunk) DELTA_OK(flush());
    }
    return ids_.empty() ? Status() : flush();
  }

 private:
  Status flush() {
    DELTA_OK(sink_.write({bits_, ids_, metadata_}));
    progress_.advance(ids_.size());
    bits_.clear();
    ids_.clear();
    metadata_.clear();
    return {};
  }

  const Job& job_;
  delta::formats::DatasetSink& sink_;
  Progress& progress_;
  std::vector<std::uint32_t> bits_;
  std::vector<std::string_view> ids_, metadata_;
};

Status write_state(const Job& job, Format format, OutputFile& file, Progress& progress) {
  const FormatTraits& traits = delta::formats::traits(format);
  const auto parts = parts_of(job);
  DELTA_OK(check_parts(job, traits, parts));
  DELTA_TRY(const auto shapes, shapes_of(job, traits, parts));
  DELTA_TRY(const auto sink, delta::formats::create_dataset(format, file, shapes));
  RowWriter writer(job, *sink, progress);
  for (const Part& part : parts) DELTA_OK(writer.write(part.rows));
  return sink->finish();
}

// One text line a row, in pieces of about a chunk.
template <class Line>
Status write_lines(const Job& job, OutputFile& file, Progress& progress, Line line) {
  std::string text;
  std::uint64_t pending = 0;
  const auto flush = [&]() -> Status {
    DELTA_OK(put(file, text));
    progress.advance(pending);
    text.clear();
    pending = 0;
    return {};
  };
  for (const auto v : job.rows) {
    line(text, v);
    ++pending;
    if (text.size() >= kChunk) DELTA_OK(flush());
  }
  return flush();
}

Status write_ids(const Job& job, OutputFile& file, Progress& progress) {
  return write_lines(job, file, progress, [&](std::string& out, VectorNo v) {
    out += job.state.catalog().id(v);
    out += '\n';
  });
}

Status write_metadata(const Job& job, OutputFile& file, Progress& progress) {
  const Catalog& catalog = job.state.catalog();
  return write_lines(job, file, progress, [&](std::string& out, VectorNo v) {
    const auto metadata = job.state.metadata(v);
    if (metadata.empty()) return;
    delta::formats::JsonWriter json(out);
    json.begin_object();
    const auto& name = catalog.name_space(catalog.namespace_of(v)).name;
    if (!name.empty()) json.member("namespace", name);
    json.member("id", catalog.id(v)).key("metadata").raw(metadata).end_object().end_line();
  });
}

/// Whether the log says anything at the cut: no state of it is before the beginning, and none is of commits that wait
/// for their causes. Asked where the state is empty; reads every delta, if no commit ends before the cut.
Result<bool> has_begun(const Log& log, const delta::CutOptions& cut) {
  if (log.commits() == 0) return true;
  bool any = false, begun = false;
  for (const auto number : delta::numbers<delta::CommitNo>(log.commits())) {
    if (log.pending(number)) continue;
    any = true;
    begun = begun || (cut.at && log.commit_time(number).us() <= *cut.at);
  }
  if (!any || !cut.at || begun) return any;
  DELTA_OK(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      begun = begun || (!log.pending(batch.commits[i]) && batch.times[i].us() <= *cut.at);
    }
    return {};
  }));
  return begun;
}

/// Of an empty answer no file is made, but of one that is a state: a namespace that is there, without rows. True: said
/// that it is none.
Result<bool> report_nothing(const Invocation& invocation, const VectorSelection& selection, const NamedVectors& named,
                            const Log& log, const delta::CutOptions& cut, Console& console) {
  if (!selection.any_id)
    return report_absent(invocation, selection, named, log.catalog(), {}, "in this state", console);
  DELTA_TRY(const bool begun, has_begun(log, cut));
  if (begun) return false;
  console.error(delta::error(delta::ErrorCode::not_found, cut.at
                                                              ? "there is nothing yet at " + delta::format_time(*cut.at)
                                                              : "nothing of the log is part of any state"));
  return true;
}

/// The ids that were asked for, and are not in the state.
bool report_shorter(const Invocation& invocation, const VectorSelection& selection, const NamedVectors& named,
                    const Job& job, Console& console) {
  if (selection.any_id) return false;
  return report_absent(invocation, selection, named, job.state.catalog(), delta::or_bad_alloc(job.state.existing()),
                       "in this state", console);
}

Result<Format> output_format(const Invocation& invocation, const std::string& path) {
  if (const auto* name = invocation.value("to")) return delta::formats::format_named(*name);
  auto format = delta::formats::detect_format(path, {});
  if (!format) {
    return delta::error(delta::ErrorCode::usage, "no format is known by the name " + delta::quote(path))
        .with_hint("name the format with --to: " + delta::formats::known_formats());
  }
  return format;
}

struct Outputs {
  Format format;
  OutputFile state;
  std::optional<OutputFile> ids, metadata;

  static Result<Outputs> create(const Invocation& invocation) {
    const auto* path = invocation.value("output");
    if (path == nullptr) return usage_error(invocation, "where to? --output OUT is missing");
    DELTA_TRY(const Format format, output_format(invocation, *path));
    const OutputFile::Options text{.force = invocation.has("force"), .binary = false};
    const OutputFile::Options main{.force = text.force, .binary = !delta::formats::traits(format).text};
    DELTA_TRY(auto state, OutputFile::create(*path, main));
    Outputs out{format, std::move(state), {}, {}};
    for (auto [option, file] : {std::pair("ids-out", &out.ids), std::pair("metadata-out", &out.metadata)}) {
      const auto* side = invocation.value(option);
      if (side == nullptr) continue;
      DELTA_TRY(auto made, OutputFile::create(*side, text));
      *file = std::move(made);
    }
    return out;
  }

  Status write(const Job& job, Console& console) {
    Progress progress(job.invocation, console, "writing", "vectors",
                      job.rows.size() * (1u + (ids ? 1 : 0) + (metadata ? 1 : 0)));
    struct Side {
      OutputFile* file;
      std::function<Status()> write;
    };
    std::vector<Side> parts;
    if (ids) parts.push_back({&*ids, [&] { return write_ids(job, *ids, progress); }});
    if (metadata) parts.push_back({&*metadata, [&] { return write_metadata(job, *metadata, progress); }});
    parts.push_back({&state, [&] { return write_state(job, format, state, progress); }});
    // What goes to a stream cannot be taken back: it is written when the files are durable.
    std::stable_partition(parts.begin(), parts.end(), [](const Side& part) { return !part.file->written_through(); });
    std::vector<OutputFile*> files;
    for (const Side& part : parts) {
      DELTA_OK(part.write());
      DELTA_OK(part.file->prepare());
      files.push_back(part.file);
    }
    return commit_outputs(files, console);
  }
};

Status check_element(const Invocation& invocation, Format format) {
  DELTA_TRY(const auto stated, value_of(invocation, "element", delta::parse_element));
  const FormatTraits& traits = delta::formats::traits(format);
  if (!stated) return {};
  if (!traits.typed) return usage_error(invocation, "--element goes with a matrix");
  if (!traits.element || *traits.element == *stated) return {};
  return usage_error(invocation, "--element: " + std::string(traits.name) + " holds " +
                                     std::string(element_name(*traits.element)) + " alone");
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(auto outputs, Outputs::create(invocation));
  DELTA_OK(check_element(invocation, outputs.format));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(const auto log, open_logs_for_state(invocation, console, selection));
  if (!may_replace(invocation, console)) return Exit::partly;
  DELTA_TRY(const auto policy, policy_option(invocation));
  DELTA_TRY(auto cut, cut_of(invocation, log));
  override_policy(cut, policy ? &*policy : nullptr, log, console);
  DELTA_TRY(const auto named, named_vectors(selection, log.catalog()));
  std::vector<delta::Finding> notices;
  cut.notices = &notices;
  DELTA_TRY(const auto state, composed(log, cut, named.vectors));
  warn_of(notices, console);
  Job job{invocation, log, cut, state, ordered_rows(invocation, state)};
  if (!selection.where.empty()) {
    std::erase_if(job.rows, [&](VectorNo v) { return !delta::or_bad_alloc(selection.meets(state, v)); });
  }
  if (job.rows.empty() && state.size() > 0) {
    report_shorter(invocation, selection, named, job, console);
    report_none_meets(console);
    return exit_with(log, Exit::no);
  }
  if (job.rows.empty()) {
    DELTA_TRY(const bool nothing, report_nothing(invocation, selection, named, log, cut, console));
    if (nothing) return exit_with(log, Exit::no);
  }
  DELTA_OK(outputs.write(job, console));
  console.committed();
  if (state.overflows > 0) console.warn("transforms overflowed to infinity " + delta::plural(state.overflows, "time"));
  console.note("wrote " + outputs.state.name() + ": " + delta::plural(job.rows.size(), "vector"));
  return exit_with(log, report_shorter(invocation, selection, named, job, console) ? Exit::no : Exit::yes);
}

}  // namespace

Command snapshot_command() {
  return {
      .name = "snapshot",
      .summary = "the state at a moment, as a file",
      .synopsis = "LOG... -o OUT",
      .description =
          "Writes the vectors as they are, or were at a time, or as the author of a delta saw them. Rows stand in the "
          "order of their last create, so a matrix that was encoded comes out byte for byte.",
      .operands = {options::kLogs},
      .options = options::join(
          {options::output(),
           {{.name = "to",
             .value = "FORMAT",
             .help = "format of OUT (default: by its suffix)",
             .choices = delta::formats::format_names()},
            {.name = "element",
             .value = "TYPE",
             .help = "type of a matrix's elements (default: that of the namespace, else f32); nothing is rounded",
             .choices = options::kElements},
            {.name = "ids-out", .value = "FILE", .help = "write the rows' ids, one a line", .kind = Kind::output},
            {.name = "metadata-out", .value = "FILE", .help = "write metadata as NDJSON", .kind = Kind::output},
            {.name = "sort", .value = "ORDER", .help = "created (default) or id", .choices = {"created", "id"}}},
           options::policy("decide conflicts by POLICY, not by the log's own"),
           options::selection({"at", "as-seen-by", "id", "id-glob", "ids-from", "namespace", "where"}),
           options::threads(),
           options::progress(),
           options::talk(),
           options::common()}),
      .example = "deltalog snapshot history.dlog --at 2026-11-10 -o tue.npy --ids-out ids.txt\n",
      .run = run};
}

}  // namespace deltalog
