// What the control groups of the process let it take.
#pragma once

#include <cstdint>
#include <string>

namespace delta::os {

/// The least limit of the control groups that the process is in, in bytes; ~0: there is none that can be read. `root`:
/// the directory in which proc and sys stand, empty for that of the system.
std::uint64_t memory_limit(const std::string& root);

}  // namespace delta::os
