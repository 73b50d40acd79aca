// zstd allocates too, and what it says then must not be taken for something about the data.
#pragma once

#include <zstd.h>
#include <zstd_errors.h>

#include <cstddef>
#include <new>

namespace delta::codec {

/// ZSTD_isError(), except that a lack of memory is thrown.
inline bool zstd_failed(std::size_t result) {
  if (ZSTD_isError(result) == 0) return false;
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  return true;
}

}  // namespace delta::codec
