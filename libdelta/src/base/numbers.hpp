// Numbers by which a segment calls what it names: its own, in order of appearance. What a catalog calls the same things
// is in delta/numbers.hpp.
#pragma once

#include "delta/delta.hpp"
#include "delta/numbers.hpp"

namespace delta {

enum class SegmentNamespace : std::uint32_t {};  ///< of a namespace that a segment names
enum class SegmentOrigin : std::uint32_t {};     ///< of an origin that a segment names
enum class SegmentVector : std::uint32_t {};     ///< of a vector that a segment names
enum class RowNo : std::uint32_t {};             ///< of a commit in a segment
enum class RecordNo : std::uint32_t {};          ///< of a prune record, in a history or in a table of commits

/// Deltas as a segment holds them.
using SegmentDelta = DeltaOf<SegmentVector, RowNo>;
using SegmentBatch = DeltaBatchOf<SegmentVector, RowNo>;

}  // namespace delta
