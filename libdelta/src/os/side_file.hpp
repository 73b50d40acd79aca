// Files beside a log. Each of them can be made again from the log, so the index is written without fsync. If a power
// cut damages it, its checksums show that.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "delta/result.hpp"

namespace delta::os {

/// The lookup index of a log: "a.dlog.dlx" of "a.dlog". A symbolic link is followed: all names of a log have one index.
std::string index_path(const std::string& log);
/// Its checkpoints: "a.dlog.dlc".
std::string checkpoints_path(const std::string& log);

/// True when there is something of this name.
bool stands(const std::string& path) noexcept;

/// Puts a file of these bytes in the place of `path`, in one step. Its mode is that of the file `like`, and its owner
/// and group as far as the system permits it. Errors: io; then `path` is as it was.
Status replace_side_file(const std::string& path, const std::string& like, ByteView bytes);

/// Puts the bytes at offset `at` of a file, which ends behind them then. A link is not followed. Errors: io, not_found;
/// then the bytes from `at` on may be anything.
Status extend_side_file(const std::string& path, std::uint64_t at, ByteView bytes);

/// Removes the file at `path` if it begins as an index does. An index that stays is noticed by its readers.
void remove_index(const std::string& path) noexcept;

/// Removes the checkpoints of a log, if there are any. Errors: io.
Status remove_checkpoints(const std::string& log);

}  // namespace delta::os
