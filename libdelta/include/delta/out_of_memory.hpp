// Lack of memory as an error, and back. No exception leaves a function of the library that returns a Result: where
// memory runs out, the error has the code `no_memory`. Any exception that a callback throws goes on to the caller;
// where a callback itself calls the library and memory runs out, the call throws std::bad_alloc, and the outer one
// returns it.
#pragma once

#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "delta/result.hpp"

namespace delta {

/// Needs no memory itself: the text fits into the string.
inline Error out_of_memory() { return error(ErrorCode::no_memory, "out of memory"); }

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

/// The same result; where memory ran out, std::bad_alloc. For a caller that takes an error for an answer, such as that
/// a text is not a number, or that handles a lack of memory in one place.
template <class T>
Result<T> unless_out_of_memory(Result<T> result) {
  if (!result && result.error().code == ErrorCode::no_memory) throw std::bad_alloc();
  return result;
}

/// The value of a result that fails for lack of memory alone; then std::bad_alloc. REQUIRES: no other error.
template <class T>
T or_bad_alloc(Result<T> result) {
  return unless_out_of_memory(std::move(result)).value();
}

}  // namespace delta
