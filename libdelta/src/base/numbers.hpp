// Numbers by which a segment calls what it names: its own, in order of appearance. What a catalog calls the same things
// is in delta/numbers.hpp.
#pragma once

#include "delta/numbers.hpp"

namespace delta {

enum class SegmentNamespace : std::uint32_t {};  ///< of a namespace that a segment names
enum class SegmentOrigin : std::uint32_t {};     ///< of an origin that a segment names

}  // namespace delta
