// One file holds the indexes of all namespaces and metrics. It is made anew from the old ones, and takes the place of
// the old file when it is durable.
#include "commands/reindex_ann.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/values.hpp"
#include "commands/ann_budget.hpp"
#include "commands/ann_report.hpp"
#include "delta/file.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/snapshot.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

using delta::AnnCounts;
using delta::AnnIndex;
using delta::AnnOptions;
using delta::AnnQuality;
using delta::AnnRepair;
using delta::ErrorCode;
using delta::Metric;
using delta::NamespaceNo;
using delta::State;
using delta::VectorNo;

namespace {

Result<double> parse_share(std::string_view text) {
  DELTA_TRY(const double share, parse_distance(text));
  if (share <= 1) return share;
  return delta::error(ErrorCode::usage, delta::quote(text) + " is not a share from 0 to 1");
}

Status check_usage(const Invocation& invocation) {
  if (invocation.has("order") && !invocation.has("budget")) {
    return usage_error(invocation, "--order goes with --budget: without it, everything is repaired");
  }
  if (!invocation.has("check")) return {};
  for (const std::string_view other : {"m", "ef-construction", "min-recall", "rebuild", "order", "budget"}) {
    if (invocation.has(other))
      return usage_error(invocation, fmt::format("--check and --{} exclude each other", other));
  }
  return {};
}

struct Job {
  const Invocation& invocation;
  const delta::Log& log;
  const delta::CutOptions& cut;
  const State& state;
  std::vector<delta::NamespaceProperty> properties;
  std::vector<NamespaceNo> namespaces;
  std::vector<AnnIndex> indexes;
  double least = 0.95;
  delta::AnnRepairOptions repair = {};
  Budget budget = {};
};

struct Done {
  bool built = false;
  bool exact = false;  // more is left than searches by the index allow
  AnnRepair repair;
  AnnQuality quality;
};

std::vector<VectorNo> chosen_rows(const State& state, NamespaceNo ns, const delta::VectorSet& vectors) {
  auto rows = delta::or_bad_alloc(state.rows(ns));
  std::erase_if(rows, [&](VectorNo vector) { return !vectors.contains(vector); });
  return rows;
}

Result<Metric> metric_of(const Job& job, NamespaceNo ns) {
  DELTA_TRY(const auto stated, value_of(job.invocation, "metric", delta::parse_metric));
  const auto recorded = property_named(job.properties, job.state.catalog().name_space(ns).name, delta::kMetricKey);
  if (stated || recorded.empty()) return stated.value_or(Metric::l2);
  auto known = delta::parse_metric(recorded);
  if (known) return *known;
  return std::move(known).error().with_hint("--metric l2, cosine or ip chooses one");
}

Result<AnnOptions> options_of(const Job& job, NamespaceNo ns) {
  AnnOptions options;
  DELTA_TRY(options.metric, metric_of(job, ns));
  DELTA_TRY(const auto links, value_of(job.invocation, "m", parse_max_dims));
  DELTA_TRY(const auto breadth, value_of(job.invocation, "ef-construction", parse_max_dims));
  options.links = links.value_or(options.links);
  options.breadth = breadth.value_or(std::max(options.breadth, options.links));
  return options;
}

/// Null: there is none.
AnnIndex* find_index(Job& job, NamespaceNo ns, Metric metric) {
  const auto& space = job.state.catalog().name_space(ns);
  const auto index = std::ranges::find_if(job.indexes, [&](const AnnIndex& some) {
    return some.name_space() == space.name && some.dims() == space.dims && some.options().metric == metric;
  });
  return index == job.indexes.end() ? nullptr : &*index;
}

/// True: the index that is there is of other parameters than those that are asked for.
bool is_other(const Invocation& invocation, const AnnIndex& index, const AnnOptions& options) {
  return (invocation.has("m") && index.options().links != options.links) ||
         (invocation.has("ef-construction") && index.options().breadth != options.breadth);
}

/// The index anew, of the chosen vectors; of none where a budget bounds what is added.
Status build(Job& job, NamespaceNo ns, const AnnOptions& options, AnnIndex*& index) {
  const auto& vectors = job.budget.given() ? delta::VectorSet() : job.repair.vectors;
  DELTA_TRY(auto made, AnnIndex::build(job.state, ns, options, vectors));
  if (index == nullptr) {
    index = &job.indexes.emplace_back(std::move(made));
  } else {
    *index = std::move(made);
  }
  index->set_time(job.repair.time);
  return {};
}

/// Builds or repairs one index, and measures it; builds it anew if that may help.
Result<Done> bring_up(Job& job, NamespaceNo ns) {
  DELTA_TRY(const auto options, options_of(job, ns));
  Done done;
  AnnIndex* index = find_index(job, ns, options.metric);
  done.built = index == nullptr || job.invocation.has("rebuild") || is_other(job.invocation, *index, options);
  if (done.built) DELTA_OK(build(job, ns, options, index));
  if (!done.built || job.budget.given()) {
    auto bounds = job.repair;
    if (job.budget.given() || !bounds.vectors.is_all()) {
      DELTA_OK(bound_repair(job.log, job.cut, *index, job.budget, bounds));
    }
    DELTA_TRY(done.repair, index->repair(job.state, ns, bounds));
    job.budget.spend(done.repair);
  }
  DELTA_TRY(const auto rows, job.state.rows(ns));
  done.exact = done.repair.left * 100 > rows.size() * 5;
  DELTA_TRY(done.quality, index->measure(job.state, ns, job.least));
  if (static_cast<double>(done.quality.recall) >= job.least) return done;
  if (done.built || done.repair.rebuilt || job.budget.given()) return done;
  auto anew = job.repair;
  anew.anew = true;
  DELTA_OK(index->repair(job.state, ns, anew));
  done.built = true;
  DELTA_TRY(done.quality, index->measure(job.state, ns, job.least));
  return done;
}

std::string title(const Job& job, NamespaceNo ns, Metric metric) {
  const auto& name = job.state.catalog().name_space(ns).name;
  return fmt::format("{}{}", name.empty() ? "" : delta::escape(name) + ", ", metric_name(metric));
}

void put_head(delta::formats::JsonWriter& json, const Job& job, NamespaceNo ns, Metric metric, std::string_view type) {
  json.begin_object().member("type", type).key("v").u64(1);
  json.member("namespace", job.state.catalog().name_space(ns).name).member("metric", metric_name(metric));
}

std::string repair_text(const Done& done) {
  const AnnRepair& repair = done.repair;
  std::string text = fmt::format("{} added, {} overwritten, {} linked anew, {} removed", repair.added,
                                 repair.overwritten, repair.relinked, repair.removed);
  if (done.built || repair.rebuilt) text = "built";
  if (repair.left > 0) text += fmt::format(", {} left", repair.left);
  return text;
}

std::string recall_text(const Done& done) {
  const AnnQuality& quality = done.quality;
  std::string text = fmt::format("recall@10 {:.4f} ({:.4f} to {:.4f}) with ef {}", quality.recall, quality.low,
                                 quality.high, quality.breadth);
  if (quality.queries == 0) text = "too few vectors to measure the recall";
  if (done.exact) text += "; more than 5 % are left, so searches compare all vectors";
  if (done.repair.due) text += "; a repair without --budget is due";
  return text;
}

Status tell(const Job& job, NamespaceNo ns, const AnnIndex& index, const Done& done, Console& console) {
  const Metric metric = index.options().metric;
  const AnnQuality& quality = done.quality;
  const AnnRepair& repair = done.repair;
  std::string out;
  if (job.invocation.has("json")) {
    delta::formats::JsonWriter json(out);
    put_head(json, job, ns, metric, "reindex-ann");
    json.key("vectors").u64(index.size()).key("nodes").u64(index.nodes());
    json.key("built").boolean(done.built || repair.rebuilt).key("added").u64(repair.added);
    json.key("overwritten").u64(repair.overwritten).key("relinked").u64(repair.relinked);
    json.key("removed").u64(repair.removed).key("left").u64(repair.left).key("due").boolean(repair.due);
    json.key("ef").u64(quality.breadth).key("queries").u64(quality.queries);
    json.key("recall").number(static_cast<double>(quality.recall)).key("low").number(static_cast<double>(quality.low));
    json.key("high").number(static_cast<double>(quality.high)).end_object().end_line();
    return console.print(out);
  }
  return console.print(fmt::format("{}: {}, {}; {}\n", title(job, ns, metric), delta::plural(index.size(), "vector"),
                                   repair_text(done), recall_text(done)));
}

/// False: the index is missing, or does not hold the state.
Result<bool> check(Job& job, NamespaceNo ns, Console& console) {
  DELTA_TRY(const auto options, options_of(job, ns));
  const auto index = find_index(job, ns, options.metric);
  AnnCounts counts;
  if (index != nullptr) {
    DELTA_TRY(counts, index->compare(job.state, ns, job.repair));
  } else {
    counts.unindexed = chosen_rows(job.state, ns, job.repair.vectors).size();
  }
  const bool whole = counts.stale + counts.unindexed + counts.removed == 0;
  std::string out;
  if (job.invocation.has("json")) {
    delta::formats::JsonWriter json(out);
    put_head(json, job, ns, options.metric, "reindex-ann-check");
    put_counts(json, counts);
    json.end_object().end_line();
  } else {
    out = fmt::format("{}: {}\n", title(job, ns, options.metric), counts_text(counts));
  }
  DELTA_OK(console.print(out));
  return whole;
}

Status write(const std::string& path, const Job& job, Console& console) {
  // It holds values of the log, so it is as private.
  DELTA_TRY(auto file, delta::OutputFile::create(path, {.force = true, .like = job.invocation.operands()[0]}));
  DELTA_OK(delta::write_ann(job.indexes, file));
  DELTA_OK(file.prepare());
  return commit_outputs({&file}, console);
}

/// The namespaces that have vectors which are chosen. `found`: takes these.
std::vector<NamespaceNo> namespaces_of(const State& state, const delta::VectorSet& vectors, delta::VectorSet& found) {
  std::vector<NamespaceNo> some;
  for (const NamespaceNo ns : delta::numbers<NamespaceNo>(state.catalog().namespaces())) {
    const auto rows = chosen_rows(state, ns, vectors);
    for (const VectorNo vector : rows) found.insert(vector);
    if (!rows.empty()) some.push_back(ns);
  }
  return some;
}

Status read_options(Job& job) {
  DELTA_TRY(const auto least, value_of(job.invocation, "min-recall", parse_share));
  DELTA_TRY(const auto relink, value_of(job.invocation, "relink", parse_distance));
  DELTA_TRY(const auto order, value_of(job.invocation, "order", parse_ann_order));
  DELTA_TRY(const auto budget, value_of(job.invocation, "budget", parse_budget));
  job.least = least.value_or(job.least);
  job.repair.relink = relink.value_or(job.repair.relink);
  job.repair.order = order.value_or(job.repair.order);
  job.repair.time = std::min(time_of_state(job.log, job.cut), delta::kMaxMicros);
  job.budget = budget.value_or(Budget());
  return {};
}

/// False: the recall of one is too low, or --check found that one does not hold the state.
Result<bool> each_namespace(Job& job, Console& console) {
  bool good = true;
  Progress progress(job.invocation, console, "indexing", "namespaces", job.namespaces.size());
  for (const NamespaceNo ns : job.namespaces) {
    if (job.invocation.has("check")) {
      DELTA_TRY(const bool whole, check(job, ns, console));
      good = good && whole;
      continue;
    }
    DELTA_TRY(const auto done, bring_up(job, ns));
    DELTA_TRY(const auto options, options_of(job, ns));
    DELTA_OK(tell(job, ns, *find_index(job, ns, options.metric), done, console));
    good = good && static_cast<double>(done.quality.recall) >= job.least;
    progress.advance(1);
  }
  return good;
}

}  // namespace

options::Options ann_options() {
  return {
      {.name = "metric",
       .value = "METRIC",
       .help = "l2, cosine or ip (default: that of the namespace, else l2)",
       .choices = {"l2", "cosine", "ip"}},
      {.name = "m", .value = "N", .help = "links of a vector in the graph, 2 to 256 (default: 16)"},
      {.name = "ef-construction", .value = "N", .help = "candidates while a vector is linked (default: 200)"},
      {.name = "relink", .value = "PART", .help = "link a vector anew that moved by PART of its length (default: 0.5)"},
      {.name = "budget",
       .value = "N|DURATION",
       .help = "stop after N vectors, or after a time such as 2s; what is left stays stale"},
      {.name = "order",
       .value = "ORDER",
       .help = "with --budget: begin with those that changed most, or are stale longest (default: changed)",
       .choices = {"changed", "oldest"}},
      {.name = "min-recall",
       .value = "SHARE",
       .help = "build anew below this recall, exit 1 if it stays below (default: 0.95)"}};
}

std::string ann_path(const Invocation& invocation) {
  if (const auto* path = invocation.value("index")) return *path;
  return ann_beside(invocation.operands()[0]);
}

std::string ann_beside(const std::string& log) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(log, ignored) ? log + ".ann" : std::string();
}

std::vector<AnnIndex> read_indexes(const std::string& path, Console& console) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  auto file = delta::unless_out_of_memory(delta::InputFile::open(path));
  auto indexes = file ? delta::unless_out_of_memory(delta::read_ann(*file)) : std::move(file).error();
  if (indexes) return *std::move(indexes);
  console.warn(indexes.error().text() + "; it is not used");
  return {};
}

Result<Exit> reindex_ann(const Invocation& invocation, Console& console) {
  const std::string path = ann_path(invocation);
  if (path.empty()) return usage_error(invocation, "the log is not a file: --index FILE says where its index is");
  DELTA_OK(check_usage(invocation));
  DELTA_TRY(const auto selection, vector_selection(invocation));
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  DELTA_TRY(const auto cut, cut_of(invocation, log));
  DELTA_TRY(const auto named, named_vectors(selection, log.catalog()));
  VectorSelection beside;  // vectors that are not chosen stay in the index, so their values are needed, too
  beside.namespaces = selection.namespaces;
  DELTA_TRY(const auto folded, named_vectors(beside, log.catalog()));
  DELTA_TRY(const auto state, delta::snapshot(log, cut, folded.vectors));
  DELTA_TRY(auto properties, delta::properties_of(log, cut));
  delta::VectorSet found;
  const auto chosen = selection.where.empty() ? named.vectors : meeting(selection, named.vectors, {&state});
  Job job{invocation,
          log,
          cut,
          state,
          std::move(properties),
          namespaces_of(state, chosen, found),
          read_indexes(path, console)};
  job.repair.vectors = chosen;
  DELTA_OK(read_options(job));
  const bool shorter =
      !selection.any_id && report_absent(invocation, selection, named, log.catalog(), found, "in this state", console);
  if (job.namespaces.empty()) {
    if (!selection.where.empty() && state.size() > 0) {
      report_none_meets(console);
    } else if (!shorter) {
      console.error(delta::error(ErrorCode::not_found, "there is no vector to index"));
    }
    return exit_with(log, Exit::no);
  }
  DELTA_TRY(const bool good, each_namespace(job, console));
  if (!invocation.has("check")) DELTA_OK(write(path, job, console));
  return exit_with(log, good && !shorter ? Exit::yes : Exit::no);
}

}  // namespace deltalog
