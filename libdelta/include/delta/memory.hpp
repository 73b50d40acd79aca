// How much memory an operation takes for what grows with a log, where its options do not say so.
#pragma once

#include <cstdint>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// 256 MiB; or a quarter of what the control group of this process may take (memory.max of cgroup v2,
/// memory.limit_in_bytes of v1, or that of a group around it), if that is less. Files of the system that cannot be read
/// limit nothing. Errors: no_memory.
DELTA_EXPORT Result<std::uint64_t> default_memory();

}  // namespace delta
