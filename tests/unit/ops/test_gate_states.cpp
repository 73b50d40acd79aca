// A gate judges the new commits by the states that the encoder knows: the same findings as from the log alone.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/contract.hpp"
#include "delta/encode.hpp"
#include "sample_log.hpp"
#include "scratch.hpp"

using namespace delta;
using sample::must;

namespace {

constexpr std::uint32_t kDims = 5;

Contract contract() {
  Contract out;
  for (const char* rule : {"finite=true", "range=[-3,3]", "min-count=3", "max-changed=30%", "max-created=10%",
                           "max-deleted=10%", R"(max-l2-drift={"max":2,"p50":1})", R"(max-cosine-drift={"max":0.5})",
                           "max-norm-shift=2%", "max-centroid-shift=5%", R"(origins="main")",
                           R"(operations=["create","dense","sparse"])", "no-conflicts=true"}) {
    must(out.add(rule));
  }
  return out;
}

/// What was found, in one text. Some numbers are sums in another order, so they are not compared.
std::string text_of(const ContractReport& report) {
  std::string out;
  for (const auto& finding : report.findings) {
    out += finding.rule + " " + finding.name_space + " " + finding.scope + " " +
           std::string(rule_verdict_name(finding.verdict)) + "\n";
  }
  return out + std::to_string(report.judged) + " judged, " + std::to_string(report.exempt) + " exempt";
}

class Rows {
 public:
  explicit Rows(std::uint32_t seed) : random_(seed) {
    while (ids_.size() < 12) create();
  }

  void change() {
    for (float& value : values_) {
      if (random_() % 4 == 0) value = draw();
    }
    if (random_() % 3 == 0) create();
    if (random_() % 3 == 0 && ids_.size() > 4) {
      ids_.erase(ids_.begin());
      values_.erase(values_.begin(), values_.begin() + kDims);
    }
  }

  MatrixInput input(Micros at, std::string name_space) const {
    MatrixInput in;
    in.rows = ids_.size();
    in.dims = kDims;
    in.ids = ids_;
    in.values = values_;
    in.at = at;
    in.name_space = std::move(name_space);
    return in;
  }

 private:
  float draw() { return static_cast<float>(random_() % 700) / 100 - 3.5f; }
  void create() {
    ids_.push_back("v" + std::to_string(next_++));
    for (std::uint32_t dim = 0; dim < kDims; ++dim) values_.push_back(draw());
  }

  std::mt19937 random_;
  std::vector<std::string> ids_;
  std::vector<float> values_;
  int next_ = 0;
};

}  // namespace

TEST_CASE("a gate finds the same with the states that the encoder knows, and without") {
  const scratch::Directory dir;
  const std::uint32_t seed = GENERATE(range(1u, 31u));
  INFO("seed " << seed);
  Rows rows(seed), others(seed + 1000);
  const Contract asked = contract();
  std::size_t asked_with_states = 0, findings = 0;
  const auto gate = [&](const NewCommits& commits) -> Status {
    JudgeOptions options;
    options.is_new = [&](CommitNo number) { return number >= commits.first; };
    const auto without = must(judge(commits.log, asked, options));
    options.states = commits.states;
    const auto with = must(judge(commits.log, asked, options));
    CHECK(text_of(with) == text_of(without));
    asked_with_states += commits.states != nullptr;
    findings += with.findings.size();
    return {};
  };
  const std::string path = dir.file("a.dlog");
  Micros at = 0;
  for (int night = 0; night < 8; ++night) {
    EncodeOptions options{.threads = 1, .gate = gate};
    auto encoder = night == 0 ? must(Encoder::create(path, {}, options)) : must(Encoder::append(path, options));
    for (int matrix = night % 3; matrix >= 0; --matrix) {
      must(encoder.state(rows.input(at += 1'000'000, "one")));
      rows.change();
    }
    if (night > 3) must(encoder.state(others.input(at += 1'000'000, "two")));
    others.change();
    must(encoder.finish());
  }
  CHECK(asked_with_states == 8);
  CHECK(findings > 8);

  // A packed log is not read in the order of its causes.
  const std::string packed = dir.file("packed.dlog");
  must(compact(std::vector{path}, packed, {}));
  const auto fresh = must(judge(must(Log::open(std::vector{path})), asked));
  const auto other = must(judge(must(Log::open(std::vector{packed})), asked));
  CHECK(text_of(fresh) == text_of(other));
}
