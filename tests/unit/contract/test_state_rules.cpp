#include <bit>
#include <catch2/catch.hpp>
#include <limits>

#include "contract/judging.hpp"
#include "must.hpp"
#include "patterns.hpp"

using namespace delta;
using contract::Outcome;
using sample::must;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinite = std::numeric_limits<float>::infinity();

/// Vectors of one namespace, named "v0", "v1", ...
class Vectors {
 public:
  explicit Vectors(std::vector<std::vector<float>> rows) : state_(catalog_) {
    ns_ = catalog_.add_namespace("n", static_cast<std::uint32_t>(rows.empty() ? 2 : rows[0].size()));
    for (const auto& row : rows) add("v" + std::to_string(catalog_.vectors()), row);
  }
  void add(const std::string& id, const std::vector<float>& row, std::string metadata = {}) {
    const VectorNo vector = catalog_.add_vector(ns_, id);
    const auto bits = state_.put(vector);
    for (std::size_t i = 0; i < row.size(); ++i) bits[i] = std::bit_cast<std::uint32_t>(row[i]);
    state_.set_exists(vector, true);
    if (!metadata.empty()) state_.set_metadata(vector, std::move(metadata));
  }
  Outcome judge(const std::string& rule, std::string_view element = {}) const {
    Contract contract;
    REQUIRE(contract.add(rule, occurs));
    return contract::judge_state(contract.impl().rules[0], {&state_, ns_, must(state_.rows(ns_)), element});
  }
  bool keeps(const std::string& rule) const {
    const Outcome outcome = judge(rule);
    CHECK(outcome.what.empty() == (outcome.verdict == RuleVerdict::kept));
    return outcome.verdict == RuleVerdict::kept;
  }

 private:
  Catalog catalog_;
  State state_;
  NamespaceNo ns_{};
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("dims, counts and required ids") {
  const Vectors vectors({{1, 2}, {3, 4}, {5, 6}});
  CHECK(vectors.keeps("dims=2"));
  CHECK(vectors.judge("dims=3").what == "vectors have 2 dimensions, not 3");
  CHECK(vectors.keeps("min-count=3"));
  CHECK(!vectors.keeps("min-count=4"));
  CHECK(vectors.keeps("max-count=3"));
  CHECK(!vectors.keeps("max-count=2"));
  CHECK(vectors.keeps("required-ids=[\"v0\",\"v2\"]"));
  CHECK(vectors.judge("required-ids=[\"v0\",\"v3\"]").ids == Ids{"v3"});
}

TEST_CASE("finite, and a range, in which no NaN is") {
  const Vectors vectors({{1, kNan}, {3, 4}, {kInfinite, 6}});
  const Outcome outcome = vectors.judge("finite=true");
  CHECK(outcome.what == "2 of 3 vectors have a value that is not finite");
  CHECK(outcome.ids == Ids{"v0", "v2"});
  CHECK(outcome.measured == 2.0);
  CHECK(vectors.judge("range=[null,10]").ids == Ids{"v0", "v2"});
  CHECK(vectors.judge("range=[2,10]").ids == Ids{"v0", "v2"});
  CHECK(vectors.judge("range=[2,5]").ids == Ids{"v0", "v2"});
  CHECK(vectors.judge("range=[3.5,null]").ids == Ids{"v0", "v1"});
  CHECK(Vectors({{1, 2}, {3, 4}}).keeps("range=[1,4]"));
  CHECK(Vectors({{1, 2}, {3, 4}}).keeps("finite=true"));
}

TEST_CASE("lengths, of which zeros have none") {
  CHECK(Vectors({{1, 0}, {0.6f, 0.8f}}).keeps("norm={\"within\":0.001}"));
  CHECK(Vectors({{3, 4}}).keeps("norm={\"is\":5,\"within\":0}"));
  CHECK(Vectors({{1, 0}, {0.6f, 0.9f}}).judge("norm={\"within\":0.01}").ids == Ids{"v1"});
  CHECK(Vectors({{1, 0}, {0, -0.0f}}).judge("norm={\"within\":2}").what ==
        "1 of 2 vectors hold zeros alone, which have no length");
  CHECK(Vectors({{1, kNan}}).judge("norm={\"within\":100}").what == "1 of 1 vector have another length");
  CHECK(Vectors({{2, 0}, {0, 0}}).judge("norm={\"within\":0.5}").what ==
        "1 of 2 vectors have another length, and 1 hold zeros alone, which have no length");
  CHECK(Vectors({{2, 0}, {0, 0}}).keeps("max-zero=1"));
  CHECK(Vectors({{2, 0}, {0, 0}}).keeps("max-zero=50%"));
  CHECK(!Vectors({{2, 0}, {0, 0}}).keeps("max-zero=49%"));
  CHECK(!Vectors({{2, 0}, {0, 0}}).keeps("max-zero=0"));
}

TEST_CASE("elements: what the log says, and what the values are") {
  CHECK(Vectors({{1, 2.5f}}).keeps("element=f32"));
  CHECK(Vectors({{1, 2.5f}}).judge("element=f16").what == "the log says that the elements are f32, not f16");
  const auto fits = [](float x, const std::string& element) {
    return Vectors(std::vector(1, std::vector(1, x))).judge("element=" + element, element).verdict == RuleVerdict::kept;
  };
  CHECK(fits(65504, "f16"));
  CHECK(!fits(65536, "f16"));
  CHECK(!fits(1.0001f, "f16"));
  CHECK(fits(0x1p-24f, "f16"));
  CHECK(!fits(0x1p-25f, "f16"));
  CHECK(fits(0x1.8p-23f, "f16"));
  CHECK(!fits(0x1.8p-24f, "f16"));
  CHECK(fits(0, "f16"));
  CHECK(fits(kInfinite, "f16"));
  CHECK(fits(1.5f, "bf16"));
  CHECK(!fits(1.001f, "bf16"));
  CHECK(fits(-128, "i8"));
  CHECK(!fits(128, "i8"));
  CHECK(!fits(0.5f, "i8"));
  CHECK(!fits(-0.0f, "i8"));
  CHECK(fits(255, "u8"));
  CHECK(!fits(-1, "u8"));
}

TEST_CASE("ids and metadata") {
  Vectors vectors(std::vector<std::vector<float>>{});
  vectors.add("img-1", {1, 2}, R"({"lang":"en","views":3})");
  vectors.add("img-2", {1, 3}, R"({"lang":"de"})");
  vectors.add("doc-1", {1, 4});
  CHECK(vectors.judge("id-pattern=img-").ids == Ids{"doc-1"});
  CHECK(vectors.keeps("id-pattern=-"));
  CHECK(vectors.judge("required-metadata=lang").ids == Ids{"doc-1"});
  CHECK(vectors.judge("required-metadata=[\"lang\",\"views\"]").ids == Ids{"img-2", "doc-1"});
  CHECK(vectors.keeps("metadata-schema={\"properties\":{\"lang\":{\"enum\":[\"en\",\"de\"]}}}"));
  const Outcome outcome =
      vectors.judge("metadata-schema={\"properties\":{\"lang\":{\"pattern\":\"e\"},\"views\":{\"maximum\":2}}}");
  CHECK(outcome.what ==
        "1 of 3 vectors have metadata that break the schema, the first one in this way: /views is greater than 2");
}

TEST_CASE("duplicates and constant dimensions") {
  const Vectors vectors({{1, 2, 0}, {3, 2, 0}, {1, 2, 0}, {1, 2, 0}});
  CHECK(vectors.judge("max-duplicates=1").ids == Ids{"v2", "v3"});
  CHECK(vectors.keeps("max-duplicates=50%"));
  CHECK(!vectors.keeps("max-duplicates=49.9%"));
  CHECK(vectors.keeps("max-constant-dims=2"));
  CHECK(vectors.judge("max-constant-dims=1").what ==
        "2 of 3 dimensions are the same in all vectors, such as dimension 1");
  CHECK(Vectors({{1, 2}}).judge("max-constant-dims=0").verdict == RuleVerdict::exempt);
}
