// What a test expects to succeed.
#pragma once

#include <catch2/catch.hpp>
#include <utility>

#include "delta/result.hpp"

namespace sample {

template <class T>
T must(delta::Result<T> result) {
  if (!result) FAIL(result.error().text() + " (" + result.error().hint + ")");
  return std::move(result).value();
}

template <>
inline void must<void>(delta::Result<void> result) {
  if (!result) FAIL(result.error().text() + " (" + result.error().hint + ")");
}

}  // namespace sample
