// How far somebody has read a log, in a form that outlives the log's files: they may be appended to, merged and packed
// in between.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// Of each origin, by name, the last seq that was read. What a log folds of one origin has no gaps, so that is enough.
class DELTA_EXPORT Cursor {
 public:
  using Seqs = std::map<std::string, std::uint64_t, std::less<>>;

  Cursor() = default;  ///< nothing was read
  explicit Cursor(Seqs seqs) : seqs_(std::move(seqs)) {}
  /// `{"alice":3,"main":12}`, as text() writes it. bad_input: no such object, or a seq that is none.
  static Result<Cursor> parse(std::string_view json);
  std::string text() const;  ///< JSON on one line, origins in order of their bytes

  std::uint64_t seq(std::string_view origin) const noexcept;  ///< 0: nothing of it was read
  const Seqs& seqs() const { return seqs_; }                  ///< none is 0
  friend bool operator==(const Cursor&, const Cursor&) = default;

  // For the library itself.
  DELTA_HIDDEN void advance(std::string_view origin, std::uint64_t seq);  ///< to `seq`, if that is further

 private:
  Seqs seqs_;
};

}  // namespace delta
