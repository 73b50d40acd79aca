// What is in the files: names and counts from the footers; sizes by column from the directories of the blocks.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/ann_report.hpp"
#include "commands/commands.hpp"
#include "commands/info_metrics.hpp"
#include "commands/options.hpp"
#include "commands/reindex_ann.hpp"
#include "delta/baselines.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/snapshot.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "logs.hpp"
#include "texts.hpp"
#include "ui/console.hpp"
#include "ui/table.hpp"

namespace deltalog {

namespace {

using delta::ColumnUse;
using delta::Log;
using delta::SegmentInfo;
using delta::formats::JsonWriter;

/// Everything that is said, gathered before anything is printed.
struct Facts {
  std::vector<SegmentInfo> segments;
  std::vector<ColumnUse> columns;
  std::map<std::string, std::string> accuracies;  // of namespaces, where one is recorded
  std::vector<delta::NamespaceProperty> properties;
  std::optional<delta::Baselines> baselines;
  std::uint64_t bytes = 0, commits = 0, deltas = 0, pending = 0, attestations = 0, unknown_frames = 0;
  delta::Timestamp first, last;
};

Result<Facts> gather(const Invocation& invocation, const Log& log) {
  Facts facts;
  DELTA_TRY(facts.segments, log.segments());
  facts.commits = log.commits();
  for (const auto i : delta::numbers<delta::CommitNo>(log.commits())) {
    facts.deltas += log.commit(i).deltas();
    facts.pending += log.pending(i) ? 1 : 0;
  }
  for (const auto& segment : facts.segments) {
    facts.bytes += segment.length;
    facts.attestations += segment.attestations;
    facts.unknown_frames += segment.unknown_frames;
    if (segment.deltas == 0) continue;
    if (facts.last == delta::Timestamp{} || segment.first < facts.first) facts.first = segment.first;
    facts.last = std::max(facts.last, segment.last);
  }
  DELTA_TRY(const auto accuracies, log.accuracies());
  for (const auto& recorded : accuracies) facts.accuracies[recorded.name_space] = recorded.text;
  DELTA_TRY(facts.properties, delta::properties_of(log));
  if (invocation.has("columns")) {
    DELTA_TRY(facts.columns, log.columns());
  }
  if (invocation.has("baselines")) {
    DELTA_TRY(facts.baselines, delta::baselines(log));
  }
  return facts;
}

using Fact = std::pair<std::string_view, std::string>;

// What --get knows, and the head of the text.
std::vector<Fact> facts_by_name(const Log& log, const Facts& facts) {
  const bool any = facts.deltas > 0;
  return {{"bytes", std::to_string(facts.bytes)},
          {"segments", std::to_string(facts.segments.size())},
          {"commits", std::to_string(facts.commits)},
          {"pending", std::to_string(facts.pending)},
          {"deltas", std::to_string(facts.deltas)},
          {"origins", std::to_string(log.catalog().origins())},
          {"namespaces", std::to_string(log.catalog().namespaces())},
          {"vectors", std::to_string(log.catalog().vectors())},
          {"first", any ? time_text(facts.first) : ""},
          {"last", any ? time_text(facts.last) : ""},
          {"answers", delta::to_text(delta::or_bad_alloc(log.readable_times()))},
          {"attestations", std::to_string(facts.attestations)},
          {"unknown-frames", std::to_string(facts.unknown_frames)}};
}

std::string segments_text(const Facts& facts) {
  Table table({{"segment"},
               {"kind"},
               {"bytes", Align::right},
               {"frames", Align::right},
               {"commits", Align::right},
               {"deltas", Align::right},
               {"vectors", Align::right},
               {"first"},
               {"last"},
               {"writer"}});
  for (const auto& s : facts.segments) {
    table.add({fmt::format("{} at {}", delta::escape(s.file, 4096), s.offset), s.kind + (s.sealed ? "" : " (unsealed)"),
               std::to_string(s.length), std::to_string(s.frames), std::to_string(s.commits), std::to_string(s.deltas),
               std::to_string(s.vectors), s.deltas > 0 ? time_text(s.first) : "", s.deltas > 0 ? time_text(s.last) : "",
               delta::escape(s.writer)});
  }
  std::string out = '\n' + table.text();
  for (const auto& s : facts.segments) {
    if (s.unknown_features.empty()) continue;
    out += fmt::format("{} at {}: features that this version does not know: {}\n", delta::escape(s.file, 4096),
                       s.offset, s.unknown_features);
  }
  return out;
}

/// "element=f16 metric=cosine"
std::string properties_text(const Facts& facts, std::string_view name_space) {
  std::string out;
  for (const auto& p : facts.properties) {
    if (p.name_space == name_space) {
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", p.key, delta::escape(p.value, 200));
    }
  }
  return out;
}

std::string namespaces_text(const Log& log, const Facts& facts) {
  delta::Indexed<delta::NamespaceNo, std::uint64_t> vectors(log.catalog().namespaces(), 0);
  for (const delta::VectorNo v : delta::numbers<delta::VectorNo>(log.catalog().vectors()))
    ++vectors[log.catalog().namespace_of(v)];
  const bool properties = !facts.properties.empty();
  std::vector<Table::Column> columns = {{"namespace"}, {"dims", Align::right}, {"vectors", Align::right}, {"accuracy"}};
  if (properties) columns.push_back({"properties"});
  Table table(std::move(columns));
  for (const auto ns : vectors.numbers()) {
    const auto& space = log.catalog().name_space(ns);
    const auto accuracy = facts.accuracies.find(space.name);
    std::vector<std::string> row = {
        space.name.empty() ? "(default)" : delta::escape(space.name), std::to_string(space.dims),
        std::to_string(vectors[ns]),
        accuracy == facts.accuracies.end() ? "exact" : delta::escape(accuracy->second, 200)};
    if (properties) row.push_back(properties_text(facts, space.name));
    table.add(std::move(row));
  }
  return '\n' + table.text();
}

/// Is what a tag names still answered? Pruning may have let it go, or not all of a release is here.
bool answered(const Log& log, const delta::Tag& tag) {
  return tag.missing.empty() && delta::check_cut(log, {.at = tag.at, .as_seen_by = tag.heads});
}

std::string tags_text(const Log& log) {
  Table table({{"tag"}, {"names"}, {"answered"}});
  const auto tags = delta::or_bad_alloc(log.tags());
  for (const auto& tag : tags) {
    table.add({delta::escape(tag.name, 200),
               tag.at ? delta::format_time(*tag.at) : "the release of " + dots_text(log, tag.heads),
               answered(log, tag) ? "yes" : "no"});
  }
  return tags.empty() ? "" : '\n' + table.text();
}

std::string columns_text(const Facts& facts) {
  Table table({{"frame"},
               {"column"},
               {"coder"},
               {"raw", Align::right},
               {"stored", Align::right},
               {"share", Align::right},
               {"ratio", Align::right}});
  for (const auto& c : facts.columns) {
    const auto share =
        100.0 * static_cast<double>(c.stored) / static_cast<double>(std::max<std::uint64_t>(facts.bytes, 1));
    const auto ratio = static_cast<double>(c.raw) / static_cast<double>(std::max<std::uint64_t>(c.stored, 1));
    table.add({c.frame, c.column, c.coder, std::to_string(c.raw), std::to_string(c.stored),
               fmt::format("{:.1f}%", share), fmt::format("{:.2f}", ratio)});
  }
  return '\n' + table.text();
}

std::string baselines_text(const Facts& facts) {
  Table table({{"the same deltas"}, {"bytes", Align::right}, {"of the log", Align::right}});
  const auto add = [&](std::string_view what, std::uint64_t bytes) {
    const auto ratio = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(facts.bytes, 1));
    table.add({std::string(what), std::to_string(bytes), fmt::format("{:.2f} x", ratio)});
  };
  add("as whole vectors", facts.baselines->dense);
  add("as pairs of index and value", facts.baselines->pairs);
  add("as rows, zstd -3", facts.baselines->rows_zstd);
  return '\n' + table.text();
}

std::string text_report(const Invocation& invocation, const Log& log, const Facts& facts) {
  std::string out;
  const std::size_t width = facts.attestations + facts.unknown_frames > 0 ? 16 : 12;
  for (const auto& [name, value] : facts_by_name(log, facts)) {
    if ((name == "attestations" || name == "unknown-frames") && value == "0") continue;
    out += fmt::format("{:<{}}{}{}\n", name, width, value,
                       name == "bytes" ? " (" + delta::human_size(facts.bytes) + ")" : "");
  }
  out += namespaces_text(log, facts) + tags_text(log) + segments_text(facts);
  if (facts.baselines) out += baselines_text(facts);
  return invocation.has("columns") ? out + columns_text(facts) : out;
}

void json_properties(JsonWriter& json, const Facts& facts, std::string_view name_space) {
  bool any = false;
  for (const auto& p : facts.properties) {
    if (p.name_space != name_space) continue;
    if (!any) json.key("properties").begin_array();
    any = true;
    json.begin_object().member("key", p.key).member("value", p.value).end_object();
  }
  if (any) json.end_array();
}

void json_segment(std::string& out, const SegmentInfo& s) {
  JsonWriter json(out);
  json.begin_object().member("type", "segment").key("v").u64(1).member("file", s.file).key("offset").u64(s.offset);
  json.key("bytes").u64(s.length).member("id", s.id).member("kind", s.kind).member("writer", s.writer);
  json.key("sealed").boolean(s.sealed).key("frames").u64(s.frames).key("commits").u64(s.commits).key("deltas").u64(
      s.deltas);
  json.key("vectors").u64(s.vectors);
  json.key("unknown_frames")
      .u64(s.unknown_frames)
      .key("attestations")
      .u64(s.attestations)
      .member("unknown_features", s.unknown_features);
  if (s.deltas > 0) {
    json.member("first", delta::format_time(s.first.us())).member("last", delta::format_time(s.last.us()));
  }
  json.end_object().end_line();
}

void json_namespaces(JsonWriter& json, const Log& log, const Facts& facts) {
  json.key("namespaces").begin_array();
  for (const auto ns : delta::numbers<delta::NamespaceNo>(log.catalog().namespaces())) {
    const auto& space = log.catalog().name_space(ns);
    json.begin_object().member("name", space.name).key("dims").u64(space.dims);
    if (const auto accuracy = facts.accuracies.find(space.name); accuracy != facts.accuracies.end()) {
      json.member("accuracy", accuracy->second);
    }
    json_properties(json, facts, space.name);
    json.end_object();
  }
  json.end_array();
}

void json_answers(JsonWriter& json, const Log& log) {
  json.key("answers").begin_array();
  const auto times = delta::or_bad_alloc(log.readable_times());
  for (const auto& range : times.ranges()) {
    json.begin_object().member("first", delta::format_time(range.first));
    json.member("last", delta::format_time(range.last)).end_object();
  }
  json.end_array().key("tags").begin_array();
  for (const auto& tag : delta::or_bad_alloc(log.tags())) {
    json.begin_object().member("name", tag.name).key("answered").boolean(answered(log, tag)).end_object();
  }
  json.end_array();
}

void json_baselines(std::string& out, const Facts& facts) {
  JsonWriter json(out);
  json.begin_object().member("type", "baselines").key("v").u64(1).key("bytes").u64(facts.bytes);
  json.key("dense").u64(facts.baselines->dense).key("pairs").u64(facts.baselines->pairs);
  json.key("rows_zstd").u64(facts.baselines->rows_zstd).end_object().end_line();
}

std::string json_report(const Log& log, const Facts& facts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("type", "info").key("v").u64(1).key("bytes").u64(facts.bytes);
  json.key("segments").u64(facts.segments.size()).key("commits").u64(facts.commits).key("pending").u64(facts.pending);
  json.key("deltas").u64(facts.deltas).key("origins").begin_array();
  for (const auto origin : delta::numbers<delta::OriginNo>(log.catalog().origins())) {
    json.string(log.catalog().origin(origin));
  }
  json.end_array();
  json_namespaces(json, log, facts);
  json.key("vectors").u64(log.catalog().vectors());
  if (facts.deltas > 0) {
    json.member("first", delta::format_time(facts.first.us())).member("last", delta::format_time(facts.last.us()));
  }
  json_answers(json, log);
  json.end_object().end_line();
  if (facts.baselines) json_baselines(out, facts);
  for (const auto& segment : facts.segments) json_segment(out, segment);
  for (const auto& c : facts.columns) {
    JsonWriter row(out);
    row.begin_object().member("type", "column").key("v").u64(1).member("frame", c.frame).member("column", c.column);
    row.member("coder", c.coder).key("raw").u64(c.raw).key("stored").u64(c.stored).end_object().end_line();
  }
  return out;
}

/// With --drift, compared with the state now.
Result<std::vector<IndexFacts>> facts_of(const Invocation& invocation, const Log& log,
                                         const std::vector<delta::AnnIndex>& indexes) {
  std::vector<IndexFacts> all;
  for (const delta::AnnIndex& index : indexes) all.push_back({&index});
  if (!invocation.has("drift") || all.empty()) return all;
  DELTA_TRY(const auto state, delta::snapshot(log));
  for (IndexFacts& facts : all) {
    for (const auto ns : delta::numbers<delta::NamespaceNo>(log.catalog().namespaces())) {
      const auto& space = log.catalog().name_space(ns);
      if (space.name != facts.index->name_space() || space.dims != facts.index->dims()) continue;
      DELTA_TRY(facts.counts, facts.index->compare(state, ns));
    }
  }
  return all;
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  if (invocation.has("metrics") || invocation.has("metrics-out")) return write_metrics(invocation, console);
  DELTA_TRY(const auto log, open_logs(invocation, invocation.operands(), console));
  DELTA_TRY(const auto facts, gather(invocation, log));
  if (const auto* key = invocation.value("get")) {
    for (const auto& [name, value] : facts_by_name(log, facts)) {
      if (name == *key) DELTA_OK(console.print(value + "\n"));
    }
    return Exit::yes;
  }
  DELTA_OK(console.print(invocation.has("json") ? json_report(log, facts) : text_report(invocation, log, facts)));
  const auto indexes = read_indexes(ann_beside(invocation.operands()[0]), console);
  DELTA_TRY(const auto beside, facts_of(invocation, log, indexes));
  DELTA_OK(console.print(invocation.has("json") ? ann_json(beside) : ann_text(beside)));
  return Exit::yes;
}

}  // namespace

Command info_command() {
  return {
      .name = "info",
      .summary = "what is in the files",
      .synopsis = "LOG...",
      .description =
          "Prints counts, namespaces and segments; with --columns, where the bytes are; with --baselines, what the "
          "same deltas "
          "would take elsewhere.",
      .operands = {options::kLogs},
      .options = options::join(
          {{{.name = "columns", .help = "sizes by column; reads the directory of every block"},
            {.name = "baselines",
             .help =
                 "sizes of the same deltas as whole vectors, as pairs, and as rows under zstd -3; reads everything"},
            {.name = "drift",
             .help = "how far an index of near neighbours is from the log, by namespace; folds the log"},
            {.name = "get",
             .value = "KEY",
             .help = "print only this value",
             .choices = {"bytes", "segments", "commits", "pending", "deltas", "origins", "namespaces", "vectors",
                         "first", "last", "answers", "attestations", "unknown-frames"}}},
           metrics_options(),
           options::json(),
           options::threads(),
           options::progress(),
           options::quiet(),
           options::common()}),
      .example =
          "deltalog info history.dlog --columns\n"
          "deltalog info history.dlog --metrics-out /var/lib/node_exporter/history.prom\n",
      .run = run};
}

}  // namespace deltalog
