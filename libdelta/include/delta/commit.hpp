// Dots and commits: who wrote what, having seen what.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "delta/kept_times.hpp"
#include "delta/numbers.hpp"
#include "delta/timestamp.hpp"

namespace delta {

// Dots and commits are named by the number of an origin in a catalog. Inside of a segment the same stand with the
// segment's own numbers, as another type.

/// A delta's name: its origin, and seq = 1, 2, 3 ... without gaps per origin.
template <class Origin>
struct DotOf {
  Origin origin{};
  std::uint64_t seq = 0;
  friend constexpr auto operator<=>(const DotOf&, const DotOf&) = default;
};
using Dot = DotOf<OriginNo>;

/// A context: of each origin the seqs up to this one.
using SeenSeqs = Indexed<OriginNo, std::uint64_t>;

using Hash = std::array<std::uint8_t, 32>;  ///< BLAKE2b-256

/// What a pruned copy of a commit was pruned under (law 8).
template <class Origin>
struct PruneRecordOf {
  KeptTimes kept = {};
  std::vector<DotOf<Origin>> seen =
      {};  ///< version vector of what was folded then: the last seq of each origin, in order of origin number
  bool closed = false;  ///< it was assumed that no writer exists whose deltas were not there
  std::vector<std::vector<DotOf<Origin>>> releases =
      {};             ///< that were kept: of each the maximal dots, in order of origin number; rising, each once
  bool lost = false;  ///< damage took deltas of the copy, and hashes that would stand for them are not known

  /// The same with other numbers of origins, put in order again.
  template <class Renumber>
  auto renumbered(const Renumber& number) const {
    using Other = std::invoke_result_t<const Renumber&, Origin>;
    PruneRecordOf<Other> record{kept, {}, closed, {}, lost};
    const auto put = [&](const std::vector<DotOf<Origin>>& from, std::vector<DotOf<Other>>& to) {
      for (const auto& dot : from) to.push_back({number(dot.origin), dot.seq});
      std::ranges::sort(to);
    };
    put(seen, record.seen);
    for (const auto& release : releases) put(release, record.releases.emplace_back());
    std::ranges::sort(record.releases);
    return record;
  }
  /// How much there is of it: ranges and dots.
  std::size_t items() const {
    std::size_t n = kept.ranges().size() + seen.size();
    for (const auto& release : releases) n += 1 + release.size();
    return n;
  }
  friend bool operator==(const PruneRecordOf&, const PruneRecordOf&) = default;
};
using PruneRecord = PruneRecordOf<OriginNo>;

/// What one writer added at once: the dots (origin, first) to (origin, first + count - 1).
template <class Origin>
struct CommitOf {
  Origin origin{};
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::vector<DotOf<Origin>>
      parents;  ///< maximal dots seen, in order of origin name; the own previous seq is always seen
  std::string message;
  std::string tool;    ///< the program that wrote it, "deltalog/0.1.0"
  std::string source;  ///< where the data came from, as the user named it
  std::string trace;   ///< W3C traceparent, or empty
  /// Not empty: the commit is one delta of its own kind, which sets something of the log and changes no vector (count
  /// is 1): see delta/setting.hpp.
  std::string setting = {};
  Timestamp time = {};          ///< of its last delta
  std::string properties = {};  ///< the writer's own (delta/properties.hpp); empty: none
  /// The time that was meant for its last delta, where the timestamp is later because what it had seen was ahead of the
  /// clock (delta/clock.hpp).
  std::optional<Micros> given = {};

  std::uint64_t deltas() const { return setting.empty() ? count : 0; }  ///< of vectors
  std::uint64_t last() const { return first + count - 1; }
};
using Commit = CommitOf<OriginNo>;

/// Dots that stand elsewhere; or a single one, which stands here. Copies are views, too.
template <class Origin>
class DotsOf {
 public:
  using value_type = DotOf<Origin>;
  DotsOf() = default;
  DotsOf(const std::vector<value_type>& dots) : DotsOf(dots.data(), dots.size()) {}
  DotsOf(const value_type* dots, std::size_t size) : dots_(dots), size_(size) {}
  explicit DotsOf(const value_type& one) : one_(one), size_(1) {}

  const value_type* begin() const { return dots_ == nullptr ? &one_ : dots_; }
  const value_type* end() const { return begin() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const value_type& operator[](std::size_t i) const { return begin()[i]; }
  const value_type& front() const { return begin()[0]; }
  const value_type& back() const { return begin()[size_ - 1]; }
  friend bool operator==(const DotsOf& a, const DotsOf& b) { return std::ranges::equal(a, b); }

 private:
  value_type one_{};
  const value_type* dots_ = nullptr;
  std::size_t size_ = 0;
};

/// A commit that is kept elsewhere: what it says of texts and parents is valid as long as that is. The fields are those
/// of CommitOf.
template <class Origin>
struct CommitViewOf {
  Origin origin{};
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  DotsOf<Origin> parents = {};
  std::string_view message = {}, tool = {}, source = {}, trace = {}, setting = {};
  Timestamp time = {};
  std::string_view properties = {};
  std::optional<Micros> given = {};

  CommitViewOf() = default;
  CommitViewOf(const CommitOf<Origin>& commit)
      : origin(commit.origin),
        first(commit.first),
        count(commit.count),
        parents(commit.parents),
        message(commit.message),
        tool(commit.tool),
        source(commit.source),
        trace(commit.trace),
        setting(commit.setting),
        time(commit.time),
        properties(commit.properties),
        given(commit.given) {}

  /// A copy that lives by itself.
  CommitOf<Origin> copy() const {
    return {origin,
            first,
            count,
            {parents.begin(), parents.end()},
            std::string(message),
            std::string(tool),
            std::string(source),
            std::string(trace),
            std::string(setting),
            time,
            std::string(properties),
            given};
  }
  std::uint64_t deltas() const { return setting.empty() ? count : 0; }  ///< of vectors
  std::uint64_t last() const { return first + count - 1; }
};
using CommitView = CommitViewOf<OriginNo>;

/// The same commit with other numbers of origins: a CommitOf, copied or moved from, or a view of one, and what gives
/// the new numbers.
template <class From, class Renumber>
auto renumbered(From&& commit, const Renumber& number) {
  CommitOf<std::invoke_result_t<const Renumber&, decltype(commit.origin)>> out;
  out.origin = number(commit.origin);
  out.first = commit.first;
  out.count = commit.count;
  out.parents.reserve(commit.parents.size());
  for (const auto& parent : commit.parents) out.parents.push_back({number(parent.origin), parent.seq});
  out.message = std::forward<From>(commit).message;
  out.tool = std::forward<From>(commit).tool;
  out.source = std::forward<From>(commit).source;
  out.trace = std::forward<From>(commit).trace;
  out.setting = std::forward<From>(commit).setting;
  out.time = commit.time;
  out.properties = std::forward<From>(commit).properties;
  out.given = commit.given;
  return out;
}

}  // namespace delta
