// Functions that read a log: its tables, its states, and questions about them.
#include "delta/baselines.hpp"
#include "delta/blame.hpp"
#include "delta/compare.hpp"
#include "delta/contract.hpp"
#include "delta/diff.hpp"
#include "delta/effects.hpp"
#include "delta/feed.hpp"
#include "delta/log.hpp"
#include "delta/lookup.hpp"
#include "delta/name_vectors.hpp"
#include "delta/reindex.hpp"
#include "delta/selection.hpp"
#include "delta/snapshot.hpp"
#include "delta/two_states.hpp"
#include "delta/verify.hpp"
#include "delta/windows.hpp"
#include "exports.hpp"
#include "sample.hpp"

using namespace delta;
using exports::kText;
using exports::must;
using exports::open_log;
using exports::paths;

namespace {

const Dot kFirst{OriginNo{0}, 1};

State state_of(const Log& log) { return must(snapshot(log)); }

std::vector<std::shared_ptr<const ByteSource>> sources() {
  std::vector<std::shared_ptr<const ByteSource>> all;
  for (const std::string& path : paths()) all.push_back(std::make_shared<InputFile>(must(InputFile::open(path))));
  return all;
}

Contract sample_contract() {
  Contract contract;
  for (const std::string_view rule :
       {"finite=true", "max-duplicates=0", "max-changed=0", "required-ids=a longer name of a vector",
        "max-outliers={\"k\":1,\"last\":5}", "max-l2-drift=0.1", "no-conflicts=true"}) {
    must(contract.add(rule));
  }
  return contract;
}

}  // namespace

// delta/log.hpp
EXPORTED("Log::open") {
  const OpenOptions options{.threads = 2};
  const auto& all = paths();
  CALL(Log::open(all, options));
}
EXPORTED("Log::open") {
  const OpenOptions options{.threads = 2};
  const auto all = sources();
  CALL(Log::open(all, options));
}
// delta/lookup.hpp
EXPORTED("log_files") {
  const std::vector<std::string> all = {paths()[0], exports::file("")};
  std::vector<Finding> notices;
  CALL(log_files(all, notices));
}
EXPORTED("has_index") { CALL(has_index(paths()[0])); }
EXPORTED("open_for_state") {
  const std::vector<std::string> copy = {exports::copy_of_log()};
  must(reindex(copy[0]));
  const OpenOptions options{.threads = 2, .ids = {{"v1"}}};
  CALL(open_for_state(copy, options));
}
EXPORTED("open_for_state") {  // by patterns
  const std::vector<std::string> copy = {exports::copy_of_log()};
  must(reindex(copy[0]));
  const OpenOptions options{.threads = 2, .ids = {{"v1"}}};
  const std::vector<std::string> globs = {"v*"};
  CALL(open_for_state(copy, options, globs));
}
EXPORTED("open_for_vectors") {
  const std::vector<std::string> copies = {exports::copy_of_log(), paths()[0]};
  must(reindex(copies[0]));
  const OpenOptions options{.threads = 2, .ids = {{"v1"}}};
  CALL(open_for_vectors(copies, options));
}
EXPORTED("open_for_commits") {
  const std::vector<std::string> copy = {exports::copy_of_log()};
  must(reindex(copy[0]));
  const OpenOptions options{.threads = 2};
  const CommitsWanted wanted{.last = 1};
  CALL(open_for_commits(copy, options, wanted));
}
// delta/log.hpp
EXPORTED("Log::refresh") {
  const std::vector<std::string> copy = {exports::copy_of_log()};
  Log log = must(Log::open(copy));
  auto encoder = must(Encoder::append(copy[0], exports::options()));
  must(encoder.delta({.id = "v1", .values = exports::values()}));
  must(encoder.finish());
  const Cursor cursor = must(log.cursor());
  CALL(log.refresh(cursor));
}
EXPORTED("Log::Log") {
  Log log = open_log();
  CALL(Log(std::move(log)));
}
EXPORTED("Log::operator=") {
  Log log = open_log(), other = open_log();
  CALL(log = std::move(other));
}
// One of a log that needs nothing else.
#define OF_A_LOG(name, expression) \
  EXPORTED(name) {                 \
    const Log log = open_log();    \
    CALL(expression);              \
  }
OF_A_LOG("Log::cursor", log.cursor())
OF_A_LOG("Log::catalog", log.catalog())
OF_A_LOG("Log::notices", log.notices())
OF_A_LOG("Log::lost", log.lost())
OF_A_LOG("Log::segments", log.segments())
OF_A_LOG("Log::columns", log.columns())
OF_A_LOG("Log::commits", log.commits())
OF_A_LOG("Log::commit", log.commit(CommitNo{0}))
OF_A_LOG("Log::commit_origin", log.commit_origin(CommitNo{0}))
OF_A_LOG("Log::commit_time", log.commit_time(CommitNo{0}))
OF_A_LOG("Log::pending", log.pending(CommitNo{0}))
OF_A_LOG("Log::pruned", log.pruned(CommitNo{0}))
OF_A_LOG("Log::readable_times", log.readable_times())
OF_A_LOG("Log::commits_in_key_order", log.commits_in_key_order())
OF_A_LOG("Log::commits_in_causal_order", log.commits_in_causal_order())
OF_A_LOG("Log::find_commit", log.find_commit(kFirst))
OF_A_LOG("Log::sees", log.sees(CommitNo{1}, kFirst))
OF_A_LOG("Log::context", log.context({&kFirst, 1}))
OF_A_LOG("Log::heads", log.heads())
OF_A_LOG("Log::hashes", log.hashes())
OF_A_LOG("Log::parse_dot", log.parse_dot("main:1"))
OF_A_LOG("Log::tags", log.tags())
OF_A_LOG("Log::tag", log.tag("v1.0"))
OF_A_LOG("Log::accuracies", log.accuracies())
THROWS("Log::dot_text", kText) {
  const Log log = open_log();
  const Dot far{OriginNo{0}, 12'345'678'901'234'567'890u};
  CALL(log.dot_text(far));
}
EXPORTED("Log::each") {
  const Log log = open_log();
  const std::function<Status(const DeltaBatch&)> visit = [](const DeltaBatch&) -> Status { return {}; };
  CALL(log.each(VectorSet::all(), visit));
}

// delta/catalog.hpp
OF_A_LOG("Catalog::find_namespace", log.catalog().find_namespace(std::string_view("words"), 1))
OF_A_LOG("Catalog::namespaces_named", log.catalog().namespaces_named(std::string_view("words")))
OF_A_LOG("Catalog::empty_namespaces", log.catalog().empty_namespaces())
OF_A_LOG("Catalog::find_origin", log.catalog().find_origin(std::string_view("second")))
OF_A_LOG("Catalog::find_vector", log.catalog().find_vector(NamespaceNo{0}, std::string_view("v1")))
OF_A_LOG("Catalog::find", log.catalog().find({"words", "v1"}))

// delta/state.hpp, delta/snapshot.hpp
OF_A_LOG("snapshot", snapshot(log))
OF_A_LOG("snapshot_vector", snapshot_vector(log, {"words", "v1"}))
OF_A_LOG("two_snapshots", two_snapshots(log, {.at = 1'000'000}, {}))
OF_A_LOG("check_cut", check_cut(log, {.at = 2'000'000}))
// One of a state that needs nothing else.
#define OF_A_STATE(name, expression)                  \
  EXPORTED(name) {                                    \
    const Log log = open_log();                       \
    const State state = state_of(log);                \
    const VectorNo v2 = must(state.find({"", "v2"})); \
    static_cast<void>(v2);                            \
    CALL(expression);                                 \
  }
OF_A_STATE("State::existing", state.existing())
OF_A_STATE("State::rows", state.rows(NamespaceNo{0}))
OF_A_STATE("State::part", state.part(VectorSet::all()))
OF_A_STATE("State::find", state.find({"", "v2"}))
OF_A_STATE("State::values", state.values({"", "v2"}))
OF_A_STATE("State::metadata", state.metadata(v2))
EXPORTED("key_less") {
  const Log log = open_log();
  const Key a{Timestamp::of(1), OriginNo{0}, 1}, b{Timestamp::of(1), OriginNo{1}, 1};
  CALL(key_less(log.catalog(), a, b));
}

// delta/blame.hpp, delta/diff.hpp, delta/effects.hpp, delta/windows.hpp, delta/baselines.hpp
OF_A_STATE("blame", blame(log, v2))
OF_A_STATE("blame", blame(log, VectorName{"words", "v1"}))
EXPORTED("blame_each") {
  const Log log = open_log();
  const std::function<Status(const Blame&)> visit = [](const Blame&) -> Status { return {}; };
  CALL(blame_each(log, VectorSet::all(), {}, visit));
}
EXPORTED("diff") {
  const Log log = open_log();
  const State before = must(snapshot(log, {.at = 1'000'000})), now = state_of(log);
  const std::function<Status(const VectorDiff&)> visit = [](const VectorDiff&) -> Status { return {}; };
  CALL(diff(before, now, visit));
}
OF_A_LOG("effects", effects(log))
OF_A_LOG("windows", windows(log, {.kind = WindowSpec::Kind::tumbling, .length = 1'000'000}))
OF_A_LOG("baselines", baselines(log))

// delta/selection.hpp
EXPORTED("VectorSelection::only_ids") {
  const VectorSelection selection{.any_id = false, .ids = {"an id of more bytes than a string holds itself"}};
  CALL(selection.only_ids());
}
EXPORTED("VectorSelection::meets") {
  const Log log = open_log();
  const State state = state_of(log);
  const VectorNo v2 = must(state.find({"", "v2"}));
  const VectorSelection selection{.where = {must(Expression::parse("kind = a"))}};
  CALL(selection.meets(state, v2));
}
EXPORTED("find_vectors") {
  const Log log = open_log();
  const VectorSelection selection{.any_id = false, .ids = {"v1", "none"}, .globs = {"v*"}, .namespaces = {"words"}};
  CALL(find_vectors(log.catalog(), selection));
}
OF_A_LOG("find_namespaces", find_namespaces(log.catalog(), "words/1"))
EXPORTED("DeltaFilter::make") {
  const Log log = open_log();
  const DeltaSelection selection{.origins = {"main"}, .properties = {{"run", "7"}}};
  const CutOptions cut{.as_seen_by = {kFirst}};
  CALL(DeltaFilter::make(log, selection, cut));
}
EXPORTED("DeltaFilter::of_commit") {
  const Log log = open_log();
  CALL(DeltaFilter::of_commit(log, CommitNo{0}, 1));
}
EXPORTED("DeltaFilter::may_take") {
  const Log log = open_log();
  const auto filter = must(DeltaFilter::make(log, {.origins = {"main"}}));
  CALL(filter.may_take(CommitNo{0}));
}
EXPORTED("each_delta") {
  const Log log = open_log();
  const auto filter = must(DeltaFilter::of_commit(log, CommitNo{0}));
  const std::function<Status(const DeltaBatch&)> visit = [](const DeltaBatch&) -> Status { return {}; };
  CALL(each_delta(log, VectorSet::all(), filter, visit));
}
// delta/name_vectors.hpp
EXPORTED("name_vectors") {
  Log log = must(Log::open(paths(), {.threads = 2, .ids = std::vector<std::string>()}));
  const auto filter = must(DeltaFilter::of_commit(log, CommitNo{0}));
  CALL(name_vectors(log, filter));
}
EXPORTED("DeltaFilter::takes_commit") {
  const Log log = open_log();
  const auto filter = must(DeltaFilter::make(log, {.origins = {"main"}}));
  CALL(filter.takes_commit(CommitNo{0}));
}

// delta/feed.hpp
EXPORTED("Feed::after") {
  const Log log = open_log();
  CALL(Feed::after(log, Cursor()));
}
EXPORTED("Feed::next") {
  const Log log = open_log();
  Feed feed = must(Feed::after(log, {}));
  FeedBatch batch;
  CALL(feed.next(batch));
}
EXPORTED("Feed::cursor") {
  const Log log = open_log();
  const Feed feed = must(Feed::after(log, {}));
  CALL(feed.cursor());
}
EXPORTED("Feed::Feed") {
  const Log log = open_log();
  Feed feed = must(Feed::after(log, {}));
  CALL(Feed(std::move(feed)));
}
EXPORTED("Feed::operator=") {
  const Log log = open_log();
  Feed feed = must(Feed::after(log, {})), other = must(Feed::after(log, {}));
  CALL(feed = std::move(other));
}

// delta/contract.hpp
EXPORTED("severity_name") { CALL(severity_name(Severity::error)); }
EXPORTED("rule_verdict_name") { CALL(rule_verdict_name(RuleVerdict::broken)); }
EXPORTED("Contract::Contract") { CALL(Contract()); }
EXPORTED("Contract::size") {
  const Contract contract;
  CALL(contract.size());
}
EXPORTED("Contract::parse") {
  CALL(Contract::parse(
      R"({"contract":1,"rules":[{"rule":"max-l2-drift","value":{"p50":1},"scope":"since:a longer name"}]})"));
}
EXPORTED("Contract::add") {
  Contract contract;
  CALL(contract.add(R"(metadata-schema={"properties":{"a longer name of a member":{"enum":[1,"x"]}}})"));
}
EXPORTED("Contract::explain") {
  const Contract contract = sample_contract();
  CALL(contract.explain());
}
EXPORTED("Contract::text") {
  const Contract contract = sample_contract();
  CALL(contract.text());
}
EXPORTED("judge") {
  const Log log = open_log();
  const Contract contract = sample_contract();
  CALL(judge(log, contract));
}

EXPORTED("propose_contract") {
  const Log log = open_log();
  CALL(propose_contract(log));
}

// delta/compare.hpp
EXPORTED("compare") {
  const Log log = open_log();
  CALL(compare(log, log));
}
EXPORTED("relation_name") { CALL(relation_name(Relation::prefix)); }

// delta/dot_ranges.hpp
THROWS("dots_text", kText) {
  const DotRanges dots = {{"an origin with a longer name", {{1, 3}, {5, 5}}}};
  CALL(dots_text(dots, 1));
}

// delta/verify.hpp
EXPORTED("verify") {
  const auto& all = paths();
  CALL(verify(all, {.threads = 2}));
}
EXPORTED("verify") {
  const auto all = sources();
  CALL(verify(all, {.threads = 2}));
}
