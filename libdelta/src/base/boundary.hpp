// Where memory that ran out becomes an error. Inside the library std::bad_alloc flies; the exported function that was
// called from outside returns it as an error. One that another function of the library calls lets it fly on: the other
// one may take an error for an answer, such as that a name is malformed.
#pragma once

#include <new>
#include <stdexcept>

#include "delta/out_of_memory.hpp"

namespace delta {

/// Stands in each exported function that returns a Result, in front of what may throw:
///
///   Result<State> snapshot(...) try {
///     const Boundary boundary;
///     ...
///   } catch (...) {
///     return caught();
///   }
class Boundary {
 public:
  Boundary() noexcept { ++depth_; }
  ~Boundary() { --depth_; }
  Boundary(const Boundary&) = delete;
  Boundary& operator=(const Boundary&) = delete;

  /// This thread is inside of an exported function.
  static bool inside() noexcept { return depth_ > 0; }

 private:
  inline static thread_local int depth_ = 0;
};

/// For the handler of such a function: the lack of memory as an error. Any other exception is thrown on, and all of
/// them are where the library itself is the caller.
inline Error caught() {
  if (Boundary::inside()) throw;
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {  // more than a container can hold
    return out_of_memory();
  }
}

}  // namespace delta
