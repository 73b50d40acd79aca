// What reading a log found: values, not errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delta/export.hpp"

namespace delta {

/// What a reader says of a file, from good to bad. Each has its own text, exit behaviour and test:
/// share/doc/delta/dlog-1.md.
enum class Verdict : std::uint8_t {
  ok,
  unlinked,  ///< a note: the previous commit of an origin is in none of the files given
  pruned,  ///< a note: what is left of pruned deltas is vouched for by who compacted them, not by their commits' hashes
  ahead,   ///< a note: commits whose time is ahead of the clock
  redundant,     ///< a note: a commit names a parent that another of its parents had seen
  ignored,       ///< a note: frames of types that this version does not know, and may pass over
  lost,          ///< a note: deltas that damage took, of a log that was repaired since
  conflict,      ///< vectors of one namespace exist with several dimension counts
  pending,       ///< commits whose causes are in none of the files given
  unsealed,      ///< clean frame boundary, no footer
  torn,          ///< the file ends inside a frame, or in zero sectors
  empty,         ///< no bytes at all
  trailer,       ///< footer good, trailer bad: no data lost
  damaged_tail,  ///< the last frame is complete and wrong
  unsupported,   ///< intact, with a feature that this version lacks
  invalid,       ///< intact bytes that break a rule of the model: written wrong, not damaged
  late,          ///< a commit that a compaction had assumed not to exist
  forked,        ///< two different deltas under one dot
  corrupt,       ///< damage with anything valid after it
  foreign,       ///< not a delta log
};

/// "ok", "unsealed", "damaged tail", ...
DELTA_EXPORT std::string_view verdict_name(Verdict verdict) noexcept;
/// Says something, and nothing against the log.
constexpr bool is_note(Verdict verdict) { return verdict != Verdict::ok && verdict < Verdict::conflict; }

/// One thing found, with its place. Notes leave the answer good.
struct Finding {
  Verdict verdict = Verdict::ok;
  std::string file;
  std::uint64_t offset = 0;  ///< byte in the file where it starts
  std::string where;         ///< "segment 0, frame 3 (DATA)"; may be empty
  std::string what;
  std::string hint;  ///< what to do; may be empty
};

}  // namespace delta
