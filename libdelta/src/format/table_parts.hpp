// What the tables of a segment share: bounds on what a list may claim, dots and hashes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/numbers.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"
#include "format/bounds.hpp"
#include "format/layout.hpp"
#include "format/wire.hpp"

namespace delta::format {

inline Error bad(std::string what) { return error(ErrorCode::corrupt, std::move(what)); }

/// Entries cost at least one byte each, so a count beyond the payload is a lie that must not be allocated.
inline bool believable(std::uint64_t count, const Reader& in) { return count <= in.left(); }

/// Counts what lists hold, before any of it is believed.
class Budget {
 public:
  explicit Budget(std::uint64_t most) : left_(most) {}
  bool take(std::uint64_t n) {
    if (n > left_) return false;
    left_ -= n;
    return true;
  }

 private:
  std::uint64_t left_;
};

inline Load most_in(FrameType type, ByteView payload, std::uint64_t stored) {
  return most_of(type, stored == 0 ? payload.size() : stored);
}

inline void write_dot(Writer& out, const DotOf<SegmentOrigin>& dot) {
  out.varint(index(dot.origin));
  out.varint(dot.seq);
}

inline void write_hash(Writer& out, const Hash& hash) { out.raw({hash.data(), hash.size()}); }

inline Hash read_hash(Reader& in) {
  Hash hash{};
  const ByteView bytes = in.raw(hash.size());
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

}  // namespace delta::format
