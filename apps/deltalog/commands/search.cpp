// What is nearest to a vector. The state is folded once; queries of a file are answered in batches, each of which reads
// the rows once.
#include "delta/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "commands/reindex_ann.hpp"
#include "commands/search_answers.hpp"
#include "commands/search_queries.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/search_log.hpp"
#include "delta/text.hpp"
#include "formats/format.hpp"
#include "logs.hpp"
#include "selection.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::Catalog;
using delta::ErrorCode;
using delta::Log;
using delta::Metric;
using delta::NamespaceNo;
using delta::State;
using delta::VectorNo;

constexpr std::uint64_t kBatchBytes = 64 << 20;  // of the queries and neighbours that are in memory at once
constexpr std::uint64_t kBatch = 4096;           // queries, so that progress shows

/// Which vectors may be neighbours: --id names the query, so the other options choose.
Result<VectorSelection> chosen(const Invocation& invocation) {
  DELTA_TRY(auto selection, vector_selection(invocation));
  selection.ids.erase(selection.ids.begin(), selection.ids.begin() + (invocation.has("id") ? 1 : 0));
  selection.any_id = !invocation.has("id-glob") && !invocation.has("ids-from");
  return selection;
}

/// The query, in the namespaces that are chosen.
VectorSelection query_selection(const Invocation& invocation, const std::string& id) {
  VectorSelection selection = no_vectors();
  selection.ids = {id};
  selection.namespaces = invocation.values("namespace");
  return selection;
}

struct Job {
  const Invocation& invocation;
  const Log& log;
  State state;  // of the vectors that may be neighbours, and of the query; where these are too many, of the query alone
  const Queries& queries;
  const VectorSelection& selection;
  const delta::VectorSet& chosen;  // by name
  NamespaceNo ns{};                // of the queries
  std::optional<VectorNo> self = {};
  std::vector<VectorNo> rows = {};  // that may be neighbours
  delta::SearchOptions options = {};
  const delta::AnnIndex* index = nullptr;  // of the namespace and metric; null: all rows are compared
  std::size_t breadth = 0;                 // --ef; 0: the index knows
  std::uint64_t memory = 1 << 30;          // for values
  bool is_part = false;                    // the values of all that may be neighbours take more: the state lacks them
};

std::string namespaces_text(const Catalog& catalog, const std::vector<NamespaceNo>& some) {
  std::string text;
  for (const NamespaceNo ns : some) {
    const auto& space = catalog.name_space(ns);
    if (!text.empty()) text += ", ";
    text += (space.name.empty() ? "the default one" : delta::quote(space.name, 60)) + fmt::format(" ({})", space.dims);
  }
  return text;
}

/// The namespaces that are chosen.
std::vector<NamespaceNo> chosen_namespaces(const Job& job) {
  const Catalog& catalog = job.state.catalog();
  std::vector<NamespaceNo> some;
  for (const NamespaceNo ns : delta::numbers<NamespaceNo>(catalog.namespaces())) {
    const auto named = [&](const std::string& text) {
      return std::ranges::count(delta::or_bad_alloc(delta::find_namespaces(catalog, text)), ns) > 0;
    };
    const auto& asked = job.invocation.values("namespace");
    if (asked.empty() || std::ranges::any_of(asked, named)) some.push_back(ns);
  }
  return some;
}

/// The one namespace that the query is of: that of the vector, or the one with as many dimensions.
Status find_namespace(Job& job) {
  const Catalog& catalog = job.state.catalog();
  const auto some = chosen_namespaces(job);
  std::vector<NamespaceNo> fit;
  for (const NamespaceNo ns : some) {
    if (job.queries.id() == nullptr) {
      if (catalog.name_space(ns).dims == job.queries.dims()) fit.push_back(ns);
      continue;
    }
    const auto vector = catalog.find_vector(ns, *job.queries.id());
    if (!vector || !job.state.exists(*vector)) continue;
    job.self = vector;
    fit.push_back(ns);
  }
  if (fit.size() > 1) {
    return delta::error(ErrorCode::usage, "the query may be of several namespaces: " + namespaces_text(catalog, fit))
        .with_hint("choose one with --namespace NS, or NS/DIMS");
  }
  if (fit.empty()) {
    return delta::error(ErrorCode::bad_input, "the query has " + delta::plural(job.queries.dims(), "dimension") +
                                                  ", and no namespace has as many: " + namespaces_text(catalog, some));
  }
  job.ns = fit[0];
  return {};
}

/// --metric, else that of the namespace at the cut, else l2.
Result<Metric> metric_of(const Job& job, const delta::CutOptions& cut) {
  DELTA_TRY(const auto stated, value_of(job.invocation, "metric", delta::parse_metric));
  if (stated) return *stated;
  DELTA_TRY(const auto properties, delta::properties_of(job.log, cut));
  const auto recorded = property_named(properties, job.state.catalog().name_space(job.ns).name, delta::kMetricKey);
  if (recorded.empty()) return Metric::l2;
  auto known = delta::parse_metric(recorded);
  if (known) return *known;
  known.error().message = "the metric of the namespace: " + known.error().message;
  return std::move(known).error().with_hint("--metric l2, cosine or ip chooses one");
}

void find_rows(Job& job) {
  job.rows = delta::or_bad_alloc(job.state.rows(job.ns));
  std::erase_if(job.rows, [&](VectorNo v) {
    return !job.chosen.contains(v) || !delta::or_bad_alloc(job.selection.meets(job.state, v));
  });
}

std::uint64_t batch_of(const Job& job) {
  const std::uint64_t dims = job.state.catalog().name_space(job.ns).dims;
  const std::uint64_t bytes = 4 * dims + sizeof(delta::Neighbour) * std::min(job.options.k, job.rows.size());
  return std::clamp<std::uint64_t>(kBatchBytes / bytes, 1, kBatch);
}

/// `near`: null, or the index beside the rows.
Result<std::vector<delta::AnnAnswer>> answers_of(const Job& job, const delta::AnnSearch* near,
                                                 std::span<const delta::SearchQuery> queries) {
  if (near != nullptr) return near->run(queries, {.search = job.options, .breadth = job.breadth});
  DELTA_TRY(auto found, delta::search_exact(job.state, job.rows, queries, job.options));
  std::vector<delta::AnnAnswer> answers;
  for (auto& neighbours : found) answers.push_back({std::move(neighbours), true, 0});
  return answers;
}

/// The one of these that is of the namespace and the metric; null: there is none, or --exact was said.
const delta::AnnIndex* find_index(const Job& job, const std::vector<delta::AnnIndex>& indexes) {
  if (job.invocation.has("exact")) return nullptr;
  const auto& space = job.state.catalog().name_space(job.ns);
  const auto index = std::ranges::find_if(indexes, [&](const delta::AnnIndex& some) {
    return some.name_space() == space.name && some.dims() == space.dims && some.options().metric == job.options.metric;
  });
  return index == indexes.end() ? nullptr : &*index;
}

/// Some queries, one after the other.
struct Batch {
  std::vector<std::uint32_t> bits;
  std::vector<delta::SearchQuery> queries;
};

Result<Batch> read_batch(const Job& job, std::uint64_t first, std::size_t count) {
  Batch batch;
  if (job.self) {
    batch.queries.push_back({job.state.bits(*job.self), job.self});
    return batch;
  }
  const std::size_t dims = job.state.catalog().name_space(job.ns).dims;
  batch.bits.resize(count * dims);
  DELTA_OK(job.queries.read(first, batch.bits));
  for (std::size_t i = 0; i < count; ++i) batch.queries.push_back({std::span(batch.bits).subspan(i * dims, dims)});
  return batch;
}

Status answer(const Job& job, AnswerWriter& writer, Console& console) {
  trace::Span span("delta.search");
  span.set("delta.queries", job.queries.size()).set("delta.vectors", std::uint64_t{job.rows.size()});
  const std::uint64_t total = job.queries.size();
  const std::uint64_t batch = batch_of(job);
  const Searched searched{job.state, job.ns, job.options.metric, job.rows.size()};
  std::optional<delta::AnnSearch> near;
  if (job.index != nullptr) {
    DELTA_TRY(near, delta::AnnSearch::make(*job.index, job.state, job.rows));
  }
  Progress progress(job.invocation, console, "searching", "queries", total);
  for (std::uint64_t first = 0; first < total; first += batch) {
    const auto count = static_cast<std::size_t>(std::min(batch, total - first));
    DELTA_TRY(const auto some, read_batch(job, first, count));
    DELTA_TRY(const auto found, answers_of(job, near ? &*near : nullptr, some.queries));
    for (std::size_t i = 0; i < count; ++i) {
      DELTA_OK(writer.add(searched, job.queries.name(first + i), found[i]));
    }
    progress.advance(count);
  }
  return writer.finish();
}

/// True, and said: the vector of --id is not there.
Result<bool> query_is_missing(const Job& job, const delta::NamedVectors& query, Console& console) {
  if (job.queries.id() == nullptr) return false;
  delta::VectorSet there;
  for (const VectorNo vector : query.vectors.numbers()) {
    if (job.state.exists(vector)) there.insert(vector);
  }
  if (!there.empty()) return false;
  return report_absent(job.invocation, query_selection(job.invocation, *job.queries.id()), query, job.state.catalog(),
                       there, "in this state", console);
}

/// What is to be said of the rows that were found, and of those that were not. A result: there is nothing to search.
struct Said {
  bool shorter = false;
  std::optional<Exit> exit = {};
};

Said say_what_is_there(const Job& job, const delta::NamedVectors& named, const delta::VectorSet& found,
                       std::uint64_t rows, Console& console) {
  if (!job.selection.where.empty() && found.empty()) {
    report_none_meets(console);
    return {false, exit_with(job.log, Exit::no)};
  }
  const bool shorter = !job.selection.any_id && report_absent(job.invocation, job.selection, named, job.state.catalog(),
                                                              found, "in this state", console);
  const bool only_itself = rows == 1 && job.self && found.contains(*job.self);
  if (rows > 0 && !only_itself) return {shorter, {}};
  if (!shorter) console.error(delta::error(ErrorCode::not_found, "there is no vector that could be near"));
  return {shorter, exit_with(job.log, Exit::no)};
}

Exit exit_of(const Job& job, const Said& said) { return exit_with(job.log, said.shorter ? Exit::no : Exit::yes); }

Result<Exit> search_state(Job& job, const delta::NamedVectors& named, AnswerWriter& writer, Console& console) {
  find_rows(job);
  delta::VectorSet found;
  for (const VectorNo v : job.rows) found.insert(v);
  const Said said = say_what_is_there(job, named, found, job.rows.size(), console);
  if (said.exit) return *said.exit;
  DELTA_OK(answer(job, writer, console));
  return exit_of(job, said);
}

/// The log is folded for some vectors at a time, once for each batch of queries.
Result<Exit> search_parts(const Job& job, const delta::CutOptions& cut, const delta::NamedVectors& named,
                          AnswerWriter& writer, Console& console) {
  trace::Span span("delta.search");
  span.set("delta.queries", job.queries.size());
  delta::VectorSet found;
  const delta::LogSearchOptions options{job.options, job.memory, [&](const State& state, VectorNo v) {
                                          if (!delta::or_bad_alloc(job.selection.meets(state, v))) return false;
                                          found.insert(v);
                                          return true;
                                        }};
  const std::uint64_t total = job.queries.size();
  const std::uint64_t batch = std::clamp<std::uint64_t>(kBatchBytes / (64 * job.options.k), 1, kBatch);
  Progress progress(job.invocation, console, "searching", "queries", total);
  Said said;
  for (std::uint64_t first = 0; first < total; first += batch) {
    const auto count = static_cast<std::size_t>(std::min(batch, total - first));
    DELTA_TRY(const auto some, read_batch(job, first, count));
    DELTA_TRY(auto near, delta::search_log(job.log, cut, job.ns, job.chosen, some.queries, options));
    if (first == 0) said = say_what_is_there(job, named, found, near.rows, console);
    if (said.exit) return *said.exit;
    const Searched searched{job.state, job.ns, job.options.metric, static_cast<std::size_t>(near.rows)};
    for (std::size_t i = 0; i < count; ++i) {
      DELTA_OK(writer.add(searched, job.queries.name(first + i), {std::move(near.of[i]), true, 0}));
    }
    progress.advance(count);
  }
  DELTA_OK(writer.finish());
  return exit_of(job, said);
}

/// The values of these vectors take more than --memory.
bool are_too_many(const Job& job, const delta::VectorSet& vectors) {
  const Catalog& catalog = job.log.catalog();
  std::uint64_t bytes = 0;
  for (const VectorNo vector : delta::numbers<VectorNo>(catalog.vectors())) {
    if (vectors.contains(vector)) bytes += std::uint64_t{4} * catalog.name_space(catalog.namespace_of(vector)).dims;
  }
  return bytes > job.memory;
}

/// The state of these vectors.
Status fold(Job& job, delta::CutOptions cut, const delta::VectorSet& vectors, Console& console) {
  std::vector<delta::Finding> notices;
  cut.notices = &notices;
  DELTA_TRY(job.state, composed(job.log, cut, vectors));
  warn_of(notices, console);
  return {};
}

/// `folded`: the vectors that may be neighbours, and the query.
Result<Exit> search(Job& job, const delta::CutOptions& cut, const delta::NamedVectors& named,
                    const delta::VectorSet& folded, AnswerWriter& writer, Console& console) {
  DELTA_OK(find_namespace(job));
  DELTA_TRY(job.options.metric, metric_of(job, cut));
  const auto indexes =
      job.invocation.has("exact") ? std::vector<delta::AnnIndex>() : read_indexes(ann_path(job.invocation), console);
  job.index = find_index(job, indexes);
  if (job.is_part && job.index == nullptr) return search_parts(job, cut, named, writer, console);
  if (job.is_part) {
    DELTA_TRY(job.state, composed(job.log, cut, folded));
  }
  return search_state(job, named, writer, console);
}

Status read_options(Job& job) {
  DELTA_TRY(const auto k, value_of(job.invocation, "neighbours", parse_neighbours));
  DELTA_TRY(const auto breadth, value_of(job.invocation, "ef", parse_neighbours));
  DELTA_TRY(const auto memory, value_of(job.invocation, "memory", parse_size));
  DELTA_TRY(job.options.threads, threads_of(job.invocation));
  job.options.k = k.value_or(job.options.k);
  job.breadth = breadth.value_or(0);
  job.memory = memory.value_or(job.memory);
  return {};
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(const auto queries, Queries::open(invocation));
  DELTA_TRY(auto writer, AnswerWriter::create(invocation, console));
  DELTA_TRY(const auto selection, chosen(invocation));
  VectorSelection needed = selection;
  if (queries.id() != nullptr && !needed.any_id) needed.ids.push_back(*queries.id());
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console, &needed));
  if (!may_replace(invocation, console)) return Exit::partly;
  DELTA_TRY(const auto policy, policy_option(invocation));
  DELTA_TRY(auto cut, cut_of(invocation, log));
  override_policy(cut, policy ? &*policy : nullptr, log, console);
  DELTA_TRY(const auto named, named_vectors(selection, log.catalog()));
  delta::NamedVectors query;
  query.vectors = {};
  delta::VectorSet folded = named.vectors;
  if (queries.id() != nullptr) {
    DELTA_TRY(query, delta::find_vectors(log.catalog(), query_selection(invocation, *queries.id())));
    if (!folded.is_all()) query.vectors.each([&](VectorNo v) { folded.insert(v); });
  }
  Job job{invocation, log, State(log.catalog(), 0), queries, selection, named.vectors};
  DELTA_OK(read_options(job));
  job.is_part = are_too_many(job, folded);
  DELTA_OK(fold(job, cut, job.is_part ? query.vectors : folded, console));
  DELTA_TRY(const bool missing, query_is_missing(job, query, console));
  if (missing) return exit_with(log, Exit::no);
  return search(job, cut, named, folded, writer, console);
}

}  // namespace

Command search_command() {
  return {.name = "search",
          .summary = "the vectors that are nearest to others",
          .synopsis = "LOG... --id ID [-k K]\nLOG... --vector FILE [-k K]",
          .description =
              "Compares the query with every chosen vector of its namespace, as they are or were at a time, and lists "
              "the nearest ones. The query is a vector of the log, or each vector of a file.",
          .operands = {options::kLogs},
          .options = options::join(
              {{{.name = "id", .value = "ID", .help = "the query: the vector ID of the state"},
                {.name = "vector",
                 .value = "FILE",
                 .help = "the queries: each vector of FILE; - is stdin",
                 .kind = Kind::file},
                {.name = "from",
                 .value = "FORMAT",
                 .help = "format of FILE (default: by its first bytes, then its suffix)",
                 .choices = delta::formats::format_names()},
                {.name = "neighbours", .letter = 'k', .value = "K", .help = "list the K nearest (default: 10)"},
                {.name = "metric",
                 .value = "METRIC",
                 .help = "l2, cosine or ip (default: that of the namespace, else l2)",
                 .choices = {"l2", "cosine", "ip"}}},
               {{.name = "exact", .help = "compare all vectors, even if there is an index"},
                {.name = "ef",
                 .value = "N",
                 .help = "vectors that the index offers; more find more (default: as measured)"},
                {.name = "index",
                 .value = "FILE",
                 .help = "index of near neighbours (default: the first LOG and .ann, if it is there)",
                 .kind = Kind::file}},
               {{.name = "memory",
                 .value = "SIZE",
                 .help = "without an index: fold at most SIZE of values at a time (default: 1G)"}},
               options::policy("decide conflicts by POLICY, not by the log's own"),
               options::json(),
               options::output(),
               {{.name = "to",
                 .value = "FORMAT",
                 .help = "what OUT is: table, ndjson or ivecs (default: by its suffix)",
                 .choices = {"table", "ndjson", "ivecs"}}},
               options::selection({"id-glob", "ids-from", "namespace", "where", "at", "as-seen-by"}),
               options::threads(),
               options::progress(),
               options::quiet(),
               options::common()}),
          .example = "deltalog search history.dlog --id king -k 5\n",
          .run = run};
}

}  // namespace deltalog
