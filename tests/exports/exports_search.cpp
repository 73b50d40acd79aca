// What is nearest.
#include "delta/kept_neighbours.hpp"
#include "delta/search.hpp"
#include "exports.hpp"
#include "sample.hpp"

using namespace delta;
using exports::must;
using exports::open_log;

// delta/metric.hpp
EXPORTED("metric_name") { CALL(metric_name(Metric::cosine)); }
EXPORTED("parse_metric") { CALL(parse_metric("cosine")); }

// delta/search.hpp
EXPORTED("search_exact") {
  const Log log = open_log();
  const State state = must(snapshot(log));
  const VectorNo v2 = must(state.find({"", "v2"}));
  const auto rows = must(state.rows(log.catalog().namespace_of(v2)));
  const SearchQuery query{state.bits(v2)};
  const SearchOptions options{.threads = 2};
  CALL(search_exact(state, rows, {&query, 1}, options));
}

// delta/kept_neighbours.hpp
EXPORTED("kept_neighbours") {
  const Log log = open_log();
  const State before = must(snapshot(log, {.at = 1'000'000})), now = must(snapshot(log));
  const NamespaceNo ns = log.catalog().namespace_of(must(now.find({"", "v2"})));
  CALL(kept_neighbours(before, ns, now, ns));
}
EXPORTED("KeptNeighbours::quantile") {
  KeptNeighbours kept;
  kept.vectors.push_back({"v", 1, 2});
  CALL(kept.quantile(0.5));
}
