// What is nearest.
#include "delta/ann.hpp"
#include "delta/kept_neighbours.hpp"
#include "delta/search.hpp"
#include "delta/search_log.hpp"
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

// delta/search_log.hpp
EXPORTED("search_log") {
  const Log log = open_log();
  const State state = must(snapshot(log));
  const VectorNo v2 = must(state.find({"", "v2"}));
  const SearchQuery query{state.bits(v2), v2};
  CALL(search_log(log, {}, log.catalog().namespace_of(v2), VectorSet::all(), {&query, 1},
                  {.search = {.threads = 1}, .memory = 100}));
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

// delta/ann.hpp
namespace {

/// A state of the log, and an index of one of its namespaces.
struct WithIndex {
  Log log = open_log();
  State state = must(snapshot(log));
  NamespaceNo ns = log.catalog().namespace_of(must(state.find({"", "v2"})));
  AnnIndex index = must(AnnIndex::build(state, ns));
  std::vector<std::uint8_t> bytes() const {
    BufferSink sink;
    must(write_ann({&index, 1}, sink));
    return sink.bytes;
  }
};

}  // namespace

EXPORTED("AnnIndex::build") {
  const Log log = open_log();
  const State state = must(snapshot(log));
  const NamespaceNo ns = log.catalog().namespace_of(must(state.find({"", "v2"})));
  CALL(AnnIndex::build(state, ns));
}
#define OF_AN_INDEX(name, expression) \
  EXPORTED(name) {                    \
    const WithIndex of;               \
    CALL(expression);                 \
  }
OF_AN_INDEX("AnnIndex::name_space", of.index.name_space())
OF_AN_INDEX("AnnIndex::dims", of.index.dims())
OF_AN_INDEX("AnnIndex::options", of.index.options())
OF_AN_INDEX("AnnIndex::nodes", of.index.nodes())
OF_AN_INDEX("AnnIndex::size", of.index.size())
OF_AN_INDEX("AnnIndex::time", of.index.time())
EXPORTED("AnnIndex::set_time") {
  WithIndex of;
  CALL(of.index.set_time(1));
}
OF_AN_INDEX("AnnIndex::compare", of.index.compare(of.state, of.ns))
EXPORTED("AnnIndex::AnnIndex") {
  WithIndex of;
  CALL(AnnIndex(std::move(of.index)));
}
EXPORTED("AnnIndex::operator=") {
  WithIndex of, other;
  CALL(of.index = std::move(other.index));
}
EXPORTED("AnnIndex::repair") {
  WithIndex of;
  const State before = must(snapshot(of.log, {.at = 1'000'000}));
  CALL(of.index.repair(before, of.ns, {.relink = 0, .order = AnnOrder::oldest, .most = 1}));
}
EXPORTED("AnnIndex::search") {
  const WithIndex of;
  const auto rows = must(of.state.rows(of.ns));
  const SearchQuery query{of.state.bits(rows[0])};
  CALL(of.index.search(of.state, rows, {&query, 1}));
}
EXPORTED("AnnSearch::make") {
  const WithIndex of;
  const auto rows = must(of.state.rows(of.ns));
  CALL(AnnSearch::make(of.index, of.state, rows));
}
EXPORTED("AnnSearch::run") {
  const WithIndex of;
  const auto rows = must(of.state.rows(of.ns));
  const auto search = must(AnnSearch::make(of.index, of.state, rows));
  const SearchQuery query{of.state.bits(rows[0])};
  CALL(search.run({&query, 1}));
}
EXPORTED("AnnSearch::AnnSearch") {
  const WithIndex of;
  auto search = must(AnnSearch::make(of.index, of.state, {}));
  CALL(AnnSearch(std::move(search)));
}
EXPORTED("AnnSearch::operator=") {
  const WithIndex of;
  auto search = must(AnnSearch::make(of.index, of.state, {})), other = must(AnnSearch::make(of.index, of.state, {}));
  CALL(search = std::move(other));
}
EXPORTED("write_ann") {
  const WithIndex of;
  CALL(write_ann({&of.index, 1}, null_sink()));
}
EXPORTED("read_ann") {
  const auto bytes = WithIndex().bytes();
  const auto source = memory_source("file", bytes);
  CALL(read_ann(*source));
}
OF_AN_INDEX("AnnIndex::quality", of.index.quality())
EXPORTED("AnnIndex::measure") {
  WithIndex of;
  CALL(of.index.measure(of.state, of.ns));
}
