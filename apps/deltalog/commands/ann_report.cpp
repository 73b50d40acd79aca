#include "commands/ann_report.hpp"

#include <fmt/format.h>

#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "ui/table.hpp"

namespace deltalog {

using delta::AnnIndex;
using delta::AnnQuality;

std::string ann_text(const std::vector<AnnIndex>& indexes) {
  if (indexes.empty()) return {};
  Table table({{"index of"},
               {"dims", Align::right},
               {"metric"},
               {"vectors", Align::right},
               {"nodes", Align::right},
               {"recall@10", Align::right},
               {"ef", Align::right}});
  for (const AnnIndex& index : indexes) {
    const AnnQuality& quality = index.quality();
    const std::string recall =
        quality.breadth == 0 ? "-"
                             : fmt::format("{:.4f} ({:.4f} to {:.4f})", quality.recall, quality.low, quality.high);
    table.add({index.name_space().empty() ? "(default)" : delta::escape(index.name_space()),
               std::to_string(index.dims()), std::string(metric_name(index.options().metric)),
               std::to_string(index.size()), std::to_string(index.nodes()), recall, std::to_string(quality.breadth)});
  }
  return '\n' + table.text();
}

std::string ann_json(const std::vector<AnnIndex>& indexes) {
  std::string out;
  for (const AnnIndex& index : indexes) {
    const AnnQuality& quality = index.quality();
    delta::formats::JsonWriter json(out);
    json.begin_object().member("type", "ann").key("v").u64(1).member("namespace", index.name_space());
    json.key("dims").u64(index.dims()).member("metric", metric_name(index.options().metric));
    json.key("vectors").u64(index.size()).key("nodes").u64(index.nodes());
    json.key("ef").u64(quality.breadth).key("queries").u64(quality.queries);
    json.key("recall").number(static_cast<double>(quality.recall)).key("low").number(static_cast<double>(quality.low));
    json.key("high").number(static_cast<double>(quality.high)).end_object().end_line();
  }
  return out;
}

}  // namespace deltalog
