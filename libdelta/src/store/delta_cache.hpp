// The deltas of single vectors that were asked for, decoded, so that asking again reads and decodes nothing. What it
// holds is bounded by bytes; what was not asked for the longest goes first. Thread-safe: a thread holds a lock only
// while it looks at one part of the cache, never while it reads or decodes.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "delta/delta.hpp"
#include "os/mutex.hpp"

namespace delta::store {

class DeltaCache {
 public:
  using Deltas = std::shared_ptr<const DeltaBatch>;

  /// Holds at most so many bytes, of what the deltas take in memory.
  explicit DeltaCache(std::uint64_t bytes) : most_(bytes / kParts) {}

  /// Bytes of the deltas of one vector that it may hold.
  std::uint64_t most() const { return most_; }

  /// All deltas of a vector; null: they are not here.
  Deltas find(VectorNo vector) const;
  /// Takes all deltas of a vector. One with more than a part has room for is not kept.
  void add(VectorNo vector, Deltas deltas) const;

 private:
  static constexpr std::size_t kParts = 16;
  struct Entry {
    VectorNo vector;
    Deltas deltas;
    std::uint64_t bytes;
  };
  struct Part {
    os::Mutex mutex;
    std::list<Entry> entries;  // the one asked for last at the front
    std::unordered_map<VectorNo, std::list<Entry>::iterator> places;
    std::uint64_t bytes = 0;
  };
  Part& part_of(VectorNo vector) const { return parts_[index(vector) % kParts]; }

  std::uint64_t most_;  // bytes of a part
  mutable std::array<Part, kParts> parts_;
};

}  // namespace delta::store
