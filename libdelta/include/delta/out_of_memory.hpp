// Where an exception must not go on: at the end of a thread, in a queue that others wait for.
#pragma once

#include <new>
#include <stdexcept>
#include <type_traits>

#include "delta/result.hpp"

namespace delta {

/// Needs no memory itself: the text fits into the string.
inline Error out_of_memory() { return error(ErrorCode::limit, "out of memory"); }

/// What `work` returns; where it ran out of memory, that as an error.
template <class Work>
std::invoke_result_t<Work> or_out_of_memory(Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {  // more than a container can hold
    return out_of_memory();
  }
}

}  // namespace delta
