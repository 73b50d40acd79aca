#include <bit>
#include <catch2/catch.hpp>
#include <cmath>

#include "contract/judging.hpp"
#include "patterns.hpp"

using namespace delta;
using contract::ChangeFacts;
using contract::Measures;
using contract::Meter;
using contract::Outcome;

namespace {

std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> out;
  for (const float x : values) out.push_back(std::bit_cast<std::uint32_t>(x));
  return out;
}

Outcome judge(const std::string& text, const ChangeFacts& facts, std::span<const Measures> history = {}) {
  Contract contract;
  REQUIRE(contract.add(text, occurs));
  return contract::judge_change(contract.impl().rules[0], facts, history);
}

bool keeps(const std::string& text, const ChangeFacts& facts, std::span<const Measures> history = {}) {
  return judge(text, facts, history).verdict == RuleVerdict::kept;
}

/// Of four vectors one is changed, one deleted, one created.
ChangeFacts sample() {
  Meter meter(2);
  for (const auto& row : {bits({3, 4}), bits({1, 0}), bits({0, 2}), bits({0, 2})}) meter.start(row);
  meter.begin();
  meter.change("same", bits({3, 4}), bits({3, 4}));
  meter.change("gone", bits({0, 2}), {});
  meter.change("new", {}, bits({5, 0}));
  meter.change("other", bits({1, 0}), bits({0, 1}));
  meter.change("never", {}, {});
  ChangeFacts facts = meter.end();
  facts.origins = {"alice", "bob"};
  facts.operations = 1u << static_cast<unsigned>(Operation::create) | 1u << static_cast<unsigned>(Operation::sparse);
  return facts;
}

}  // namespace

TEST_CASE("a meter adds up what a scope changed") {
  const ChangeFacts facts = sample();
  CHECK(facts.before == 4);
  CHECK(facts.after == 4);
  CHECK(facts.created_ids == std::vector<std::string>{"new"});
  CHECK(facts.deleted_ids == std::vector<std::string>{"gone"});
  CHECK(facts.changed_ids == std::vector<std::string>{"other"});
  CHECK(facts.l2 == std::vector{std::sqrt(2.0)});
  CHECK(facts.cosine == std::vector{1.0});
  CHECK(*facts.norm_before == Approx(2.5));
  CHECK(*facts.norm_after == Approx(3.25));
  // Means: (1, 2) before, (2, 1.75) after.
  CHECK(*facts.centroid_shift == Approx(std::sqrt(1 + 0.0625)));
}

TEST_CASE("a meter goes on from scope to scope, and leaves out what is not finite") {
  Meter meter(1);
  meter.start(bits({2}));
  meter.begin();
  meter.change("a", bits({2}), bits({NAN}));
  ChangeFacts facts = meter.end();
  CHECK(!facts.norm_after);
  CHECK(!facts.centroid_shift);
  CHECK(std::isinf(facts.l2[0]));
  CHECK(std::isinf(facts.cosine[0]));
  CHECK(!keeps("max-l2-drift=1000", facts));
  meter.begin();
  meter.change("a", bits({NAN}), bits({4}));
  facts = meter.end();
  CHECK(facts.before == 1);
  CHECK(!facts.norm_before);
  CHECK(facts.norm_after == 4.0);
  CHECK(judge("max-norm-shift=1%", facts).verdict == RuleVerdict::exempt);
}

TEST_CASE("shares are of what existed before") {
  const ChangeFacts facts = sample();
  for (const std::string rule : {"max-changed", "max-created", "max-deleted"}) {
    CHECK(keeps(rule + "=25%", facts));
    CHECK(!keeps(rule + "=24.9%", facts));
    CHECK(keeps(rule + "=1", facts));
    CHECK(!keeps(rule + "=0", facts));
  }
  CHECK(judge("max-deleted=10%", facts).what == "deleted 1 vector where there were 4 (25 %), more than 10%");
  Meter meter(1);
  meter.begin();
  meter.change("a", {}, bits({1}));
  const ChangeFacts first = meter.end();
  CHECK(!keeps("max-created=500%", first));
  CHECK(keeps("max-changed=0%", first));
}

TEST_CASE("drift, by its maximum and by quantiles") {
  ChangeFacts facts;
  for (int i = 1; i <= 100; ++i) facts.l2.push_back(i);
  CHECK(keeps("max-l2-drift=100", facts));
  CHECK(!keeps("max-l2-drift=99", facts));
  CHECK(keeps("max-l2-drift={\"p50\":50}", facts));
  CHECK(!keeps("max-l2-drift={\"p50\":49}", facts));
  CHECK(keeps("max-l2-drift={\"p99\":99}", facts));
  CHECK(judge("max-l2-drift={\"p99\":98,\"max\":1000}", facts).measured == 99.0);
  CHECK(keeps("max-cosine-drift=0", facts));
}

TEST_CASE("shifts of the mean") {
  const ChangeFacts facts = sample();
  CHECK(keeps("max-norm-shift=31%", facts));
  CHECK(!keeps("max-norm-shift=29%", facts));
  CHECK(keeps("max-centroid-shift=42%", facts));
  CHECK(!keeps("max-centroid-shift=41%", facts));
}

TEST_CASE("an outlier is far from the median of the scopes before, in their median deviation") {
  std::vector<Measures> history;
  for (const double x : {0.10, 0.12, 0.11, 0.13, 0.09, 0.11}) history.push_back({x, 0.0, 0.0, {}, 1.0, {}});
  ChangeFacts facts;
  facts.before = 100;
  facts.changed = 14;
  facts.norm_after = 1.0;
  // The median is 0.11, and so is 0.01 of deviation.
  CHECK(keeps("max-outliers={\"k\":4,\"last\":6}", facts, history));
  CHECK(!keeps("max-outliers={\"k\":2,\"last\":6}", facts, history));
  facts.changed = 11;
  facts.deleted = 40;
  CHECK(judge("max-outliers={\"k\":6,\"last\":6}", facts, history).what.starts_with("deleted is 0.4, "));
  CHECK(keeps("max-outliers={\"k\":6,\"last\":6,\"of\":\"changed\"}", facts, history));
  facts.deleted = 0;
  facts.norm_after = 1.5;
  CHECK(judge("max-outliers={\"k\":6,\"last\":6}", facts, history).what.starts_with("mean-norm is 1.5, "));
  CHECK(judge("max-outliers={\"k\":6,\"last\":6}", facts, std::span(history).first(4)).verdict == RuleVerdict::exempt);
}

TEST_CASE("origins and operations") {
  const ChangeFacts facts = sample();
  CHECK(keeps("origins=[\"alice\",\"bob\",\"carol\"]", facts));
  CHECK(judge("origins=alice", facts).what == "deltas are of origins that the contract does not know: 'bob'");
  CHECK(keeps("operations=[\"create\",\"sparse\"]", facts));
  CHECK(judge("operations=[\"create\",\"delete\"]", facts).what ==
        "there are deltas of operations that the contract does not allow: sparse");
}

TEST_CASE("a bucket takes bursts, and fills with time") {
  Contract contract;
  REQUIRE(contract.add("max-rate={\"deltas\":10,\"per\":\"1s\",\"burst\":20}", occurs));
  const auto& rule = contract.impl().rules[0];
  contract::RateBucket bucket;
  constexpr Micros kSecond = 1'000'000;
  CHECK(bucket.take(rule, {{5 * kSecond, 20}}).verdict == RuleVerdict::kept);
  CHECK(bucket.take(rule, {{6 * kSecond, 10}}).verdict == RuleVerdict::kept);
  const Outcome outcome = bucket.take(rule, {{6 * kSecond, 1}});
  CHECK(outcome.verdict == RuleVerdict::broken);
  CHECK(outcome.measured == 1.0);
  CHECK(bucket.take(rule, {{100 * kSecond, 21}}).verdict == RuleVerdict::broken);
  CHECK(bucket.take(rule, {{102 * kSecond, 20}}).verdict == RuleVerdict::kept);
}
