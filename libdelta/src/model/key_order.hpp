// The key order where many keys are compared: by ranks of origins, so that no names are.
#pragma once

#include <compare>
#include <cstdint>

#include "delta/state.hpp"

namespace delta::model {

/// The rank of each origin's name among all names of a catalog.
using OriginRanks = Indexed<OriginNo, std::uint32_t>;
OriginRanks origin_ranks(const Catalog& catalog);

/// A key that compares as key_less() says. Those of one catalog's ranks compare with each other.
struct RankedKey {
  Timestamp time;
  std::uint32_t rank = 0;  // of its origin
  std::uint64_t seq = 0;

  RankedKey(const OriginRanks& ranks, const Key& key) : time(key.time), rank(ranks[key.origin]), seq(key.seq) {}
  friend bool operator==(const RankedKey&, const RankedKey&) = default;
  friend std::strong_ordering operator<=>(const RankedKey& a, const RankedKey& b) {
    if (a.time != b.time) return a.time.hlc <=> b.time.hlc;
    return a.rank != b.rank ? a.rank <=> b.rank : a.seq <=> b.seq;
  }
};

}  // namespace delta::model
