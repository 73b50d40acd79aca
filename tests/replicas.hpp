// Logs cut apart by their commits, as replicas that got them one by one would hold them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "delta/file.hpp"
#include "delta/log.hpp"
#include "sample_log.hpp"
#include "store/segment_writer.hpp"

namespace replicas {

/// Takes the commits of a log apart once, and deals them out.
class Deck {
 public:
  explicit Deck(const delta::Log& log) : log_(log), hashes_(sample::must(log.hashes())), deltas_(log.commits()) {
    sample::must(log.each(delta::VectorSet::all(), [&](const delta::DeltaBatch& batch) -> delta::Status {
      for (std::size_t i = 0; i < batch.size(); ++i) deltas_[batch.commits[i]].add(batch[i]);
      return {};
    }));
  }

  /// Writes commits (numbers of the log) as fresh segments: a new one wherever an origin's commits leave a gap.
  void deal(const std::vector<delta::CommitNo>& commits, const std::string& path) const {
    auto file = sample::must(delta::OutputFile::create(path, {.force = true}));
    for (std::size_t begin = 0; begin < commits.size();) {
      delta::store::Heads heads(log_.catalog().origins());
      std::map<delta::OriginNo, std::uint64_t> next;
      std::size_t end = begin;
      for (; end < commits.size(); ++end) {
        const delta::CommitView& c = log_.commit(commits[end]);
        const auto [expected, fresh] = next.try_emplace(c.origin, c.first);
        if (expected->second != c.first) break;
        if (fresh && c.first > 1) heads[c.origin].hash = hashes_[*log_.find_commit({c.origin, c.first - 1})];
        expected->second = c.last() + 1;
      }
      delta::store::SegmentWriter writer(log_.catalog(), heads, {}, file);
      for (std::size_t i = begin; i < end; ++i) write(commits[i], writer);
      sample::must(writer.finish());
      begin = end;
    }
    sample::must(file.commit());
  }

 private:
  void write(delta::CommitNo number, delta::store::SegmentWriter& writer) const {
    const delta::CommitView& commit = log_.commit(number);
    writer.begin(commit.origin, commit.first);
    for (std::size_t i = 0; i < deltas_[number].size(); ++i) sample::must(writer.add(deltas_[number][i]));
    sample::must(writer.end(commit.copy()));
  }

  const delta::Log& log_;
  delta::Indexed<delta::CommitNo, delta::Hash> hashes_;
  delta::Indexed<delta::CommitNo, delta::DeltaBatch> deltas_;  // in order of seq
};

}  // namespace replicas
