// strategy NAMESPACE ID LOG...: prints a vector as the policy of the logs decides its conflicts, and as a strategy of
// our own does: of the values that writers set without having seen each other, the one nearest to zero counts.
#include <bit>
#include <cmath>
#include <cstdio>
#include <delta/log.hpp>
#include <delta/policy.hpp>
#include <delta/snapshot.hpp>
#include <memory>
#include <string>
#include <vector>

namespace {

/// A strategy is a function of the set of candidates: no state, no clock, nothing random. Then all copies of a log
/// agree. Candidates come in key order; of two that are equally near the later one is taken.
class NearestToZero final : public delta::Strategy {
 public:
  delta::Resolution resolve(std::span<const delta::Candidate> candidates, const delta::Catalog&) const override {
    std::size_t best = 0;
    const auto distance = [&](std::size_t i) { return std::abs(std::bit_cast<float>(candidates[i].bits)); };
    for (std::size_t i = 1; i < candidates.size(); ++i) {
      if (distance(i) <= distance(best)) best = i;
    }
    return {candidates[best].bits, best};
  }
};

delta::Status print(const delta::Log& log, delta::VectorName name, const char* title, const delta::Policy* policy) {
  DELTA_TRY(const auto state, delta::snapshot_vector(log, name, {.policy = policy}));
  DELTA_TRY(const auto values, state.values(name));
  std::printf("%s:", title);
  for (const float value : values) std::printf(" %g", value);
  std::printf("\n");
  return {};
}

delta::Status run(delta::VectorName name, const std::vector<std::string>& paths) {
  DELTA_TRY(const auto log, delta::Log::open(paths));
  delta::Policy policy;
  DELTA_OK(policy.add({.name_space = std::string(name.name_space),
                       .dims = {},  // all of them
                       .strategy = std::make_shared<NearestToZero>(),
                       .text = "nearest-to-zero"}));
  DELTA_OK(print(log, name, "by the log", nullptr));
  return print(log, name, policy.text().c_str(), &policy);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const auto done = run({words[1], words[2]}, {words + 3, words + count});
  if (!done) std::fprintf(stderr, "%s\n", done.error().text().c_str());
  return done ? 0 : 1;
}
