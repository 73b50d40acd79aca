// Segments of a part of a file, by their footers alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "store/segment.hpp"

namespace delta::store {

/// All segments from offset `from` on, as if the file began there: none where their footers are not in order. An Error
/// only for I/O.
Result<std::optional<std::vector<Segment>>> footered_segments_after(const std::shared_ptr<const ByteSource>& file,
                                                                    std::uint64_t from);
/// The segment that should be at [offset, offset + length), as its trailer and footer say; none where these are not in
/// order. Its number is 0. A small one is read at once, and nothing before it: there may be many.
Result<std::optional<Segment>> footered_segment(const std::shared_ptr<const ByteSource>& file, std::uint64_t offset,
                                                std::uint64_t length);

}  // namespace delta::store
