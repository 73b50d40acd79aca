// What the index of a log repeats of a segment: see format/index_segment.hpp.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "store/segment.hpp"

namespace delta::store {

enum class TableRule : std::uint8_t {
  where_it_pays,  ///< none that would be large beside the segment and its commits: reading these is as good
  always,         ///< for tests
};
/// The table of a segment whose tables are loaded. Empty: it has none.
Buffer table_of(const Segment& segment, TableRule rule);

}  // namespace delta::store
