// Windows of time over the deltas of a log: views, computed from timestamps alone when they are asked for. The same set
// of deltas gives the same windows, however it lies in files and whenever it arrived.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "delta/effects.hpp"
#include "delta/log.hpp"

namespace delta {

/// How time is cut. A delta's time is its microsecond; what is in a window are whole microseconds, from its begin up to
/// before its end.
struct WindowSpec {
  enum class Kind : std::uint8_t {
    tumbling,  ///< [k * length, (k + 1) * length) since the Unix epoch
    sliding,   ///< [k * step, k * step + length), k >= 0: a delta is in several
    session,   ///< from a delta on until no delta has come for `length`: [first, last + length)
    /// From a delta on. It ends before the first microsecond, other than the last of a delta in it, at which it holds
    /// `count` deltas or more and is `shortest` old; at `length` in any case: [first, first + length), or when it is
    /// full [first, min(first + length, max(first + shortest, last + 1 us))).
    adaptive,
  };
  Kind kind = Kind::tumbling;
  Micros length = 0;        ///< > 0; of a session the gap that ends it, of an adaptive window the longest
  Micros step = 0;          ///< sliding: > 0, at most `length`, at least `length` / 10,000
  std::uint64_t count = 0;  ///< adaptive: > 0
  Micros shortest = 0;      ///< adaptive: at most `length`
};

/// A window that holds deltas; or one that did and is no more.
struct Window {
  Micros begin = 0, end = 0;              ///< half-open; no two windows of a list have one begin
  bool gone = false;                      ///< nothing begins here any more; all below is 0
  std::uint64_t deltas = 0, vectors = 0;  ///< vectors: each once
  std::uint64_t bytes = 0;                ///< as plain rows
  Timestamp first = {}, last = {};        ///< of its deltas
  std::uint64_t conflicts = 0;            ///< deltas that met one that they had not seen (DeltaEffect::conflict)
  std::optional<double> mean_distance =
      {};  ///< of the deltas that have a distance (DeltaEffect::distance); none: no delta has
  friend bool operator==(const Window&, const Window&) = default;
};

struct WindowOptions {
  VectorSet vectors = VectorSet::all();
  std::function<bool(const DeltaEffect&)> takes = {};  ///< empty, or only these deltas; effects are judged among all
  /// Null, or a context (Log::context()): only windows that differ from those of these deltas alone, and those that are
  /// gone. Put in the place of the windows of the same begins, they make what those deltas gave what all deltas give.
  const SeenSeqs* after = nullptr;
};

/// In order of begin. Pending deltas are in none. Errors: usage: the spec is out of the bounds given there; those of
/// effects(). Memory: the state of the chosen vectors, 24 bytes a vector, about 250 bytes a window and a few for each
/// bucket of its length, and of vectors with a delta that has not seen the one before it, all deltas. Adaptive windows,
/// and sessions of some deltas, take as much as effects(), and 8 bytes a delta.
DELTA_EXPORT Result<std::vector<Window>> windows(const Log& log, const WindowSpec& spec,
                                                 const WindowOptions& options = {});

}  // namespace delta
