// read_one LOG NAMESPACE ID: reads one vector at a thousand moments, from the first commit of the log to the last, and
// prints how often it changed on the way. The log is opened once, for this id alone: of a large log only
// the deltas of this vector are then read.
#include <algorithm>
#include <cstdio>
#include <delta/log.hpp>
#include <delta/snapshot.hpp>
#include <string>
#include <vector>

namespace {

constexpr delta::Micros kMoments = 1000;

struct Answer {
  int changes = 0;
  float last = 0;
};

delta::Result<Answer> read(const std::string& path, delta::VectorName name) {
  const std::string paths[] = {path};
  const delta::OpenOptions options{.ids = std::vector{std::string(name.id)}};
  DELTA_TRY(const auto log, delta::Log::open(paths, options));
  DELTA_TRY(const delta::VectorNo vector, log.catalog().find(name));  // asked by name once, by number from here on

  delta::Micros first = delta::kMaxMicros, last = 0;
  for (const auto commit : delta::numbers<delta::CommitNo>(log.commits())) {
    first = std::min(first, log.commit_time(commit).us());
    last = std::max(last, log.commit_time(commit).us());
  }

  Answer answer;
  std::vector<std::uint32_t> before;
  for (delta::Micros i = 0; i < kMoments; ++i) {
    const delta::CutOptions cut{.at = first + (last - first) * i / (kMoments - 1)};
    DELTA_TRY(const auto state, delta::snapshot(log, cut, {vector}));
    const auto bits = state.bits(vector);  // empty while the vector does not exist; no copy
    if (i > 0 && !std::ranges::equal(bits, before)) ++answer.changes;
    before.assign(bits.begin(), bits.end());
    if (i + 1 < kMoments) continue;
    DELTA_TRY(const auto values, state.values(name));
    answer.last = values[0];
  }
  return answer;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return 2;
  const auto answer = read(words[1], {words[2], words[3]});
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().text().c_str());
    return 1;
  }
  std::printf("it changed %d times, and begins with %g\n", answer->changes, answer->last);
}
