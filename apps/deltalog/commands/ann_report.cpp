#include "commands/ann_report.hpp"

#include <fmt/format.h>

#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/table.hpp"

namespace deltalog {

using delta::AnnIndex;
using delta::AnnQuality;

using delta::AnnCounts;

namespace {

std::string name_of(const AnnIndex& index) {
  return index.name_space().empty() ? "(default)" : delta::escape(index.name_space());
}

std::string drift_table(const std::vector<IndexFacts>& indexes) {
  Table table({{"drift of"},
               {"dims", Align::right},
               {"metric"},
               {"rows", Align::right},
               {"synchronised", Align::right},
               {"stale", Align::right},
               {"need repair", Align::right},
               {"unindexed", Align::right},
               {"removed", Align::right},
               {"mean", Align::right},
               {"largest", Align::right}});
  bool any = false;
  for (const auto& [index, counts] : indexes) {
    if (!counts) continue;
    any = true;
    table.add({name_of(*index), std::to_string(index->dims()), std::string(metric_name(index->options().metric)),
               std::to_string(counts->rows()), std::to_string(counts->synchronised), std::to_string(counts->stale),
               std::to_string(counts->drifted), std::to_string(counts->unindexed), std::to_string(counts->removed),
               fmt::format("{:.4f}", counts->mean_drift), fmt::format("{:.4f}", counts->largest_drift)});
  }
  return any ? '\n' + table.text() : "";
}

}  // namespace

std::string counts_text(const AnnCounts& counts) {
  std::string text = fmt::format("{} synchronised, {} stale, {} unindexed, {} removed", counts.synchronised,
                                 counts.stale, counts.unindexed, counts.removed);
  if (counts.stale == 0) return text;
  return text + fmt::format("; stale ones moved by {:.4f} of their length on average, {:.4f} at most, {} {} repair",
                            counts.mean_drift, counts.largest_drift, counts.drifted,
                            counts.drifted == 1 ? "needs" : "need");
}

void put_counts(delta::formats::JsonWriter& json, const AnnCounts& counts) {
  json.key("rows").u64(counts.rows());
  json.key("synchronised").u64(counts.synchronised).key("stale").u64(counts.stale);
  json.key("need_repair").u64(counts.drifted).key("unindexed").u64(counts.unindexed);
  json.key("removed").u64(counts.removed).key("mean_drift").number(counts.mean_drift);
  json.key("largest_drift").number(counts.largest_drift);
}

std::string ann_text(const std::vector<IndexFacts>& indexes) {
  if (indexes.empty()) return {};
  Table table({{"index of"},
               {"dims", Align::right},
               {"metric"},
               {"vectors", Align::right},
               {"nodes", Align::right},
               {"recall@10", Align::right},
               {"ef", Align::right}});
  for (const IndexFacts& facts : indexes) {
    const AnnIndex& index = *facts.index;
    const AnnQuality& quality = index.quality();
    const std::string recall =
        quality.breadth == 0 ? "-"
                             : fmt::format("{:.4f} ({:.4f} to {:.4f})", quality.recall, quality.low, quality.high);
    table.add({name_of(index), std::to_string(index.dims()), std::string(metric_name(index.options().metric)),
               std::to_string(index.size()), std::to_string(index.nodes()), recall, std::to_string(quality.breadth)});
  }
  return '\n' + table.text() + drift_table(indexes);
}

std::string ann_json(const std::vector<IndexFacts>& indexes) {
  std::string out;
  for (const IndexFacts& facts : indexes) {
    const AnnIndex& index = *facts.index;
    const AnnQuality& quality = index.quality();
    delta::formats::JsonWriter json(out);
    json.begin_object().member("type", "ann").key("v").u64(1).member("namespace", index.name_space());
    json.key("dims").u64(index.dims()).member("metric", metric_name(index.options().metric));
    json.key("vectors").u64(index.size()).key("nodes").u64(index.nodes());
    json.key("ef").u64(quality.breadth).key("queries").u64(quality.queries);
    json.key("recall").number(static_cast<double>(quality.recall)).key("low").number(static_cast<double>(quality.low));
    json.key("high").number(static_cast<double>(quality.high));
    if (facts.counts) put_counts(json, *facts.counts);
    json.end_object().end_line();
  }
  return out;
}

}  // namespace deltalog
