// How often a test tried something. script/torture adds these lines up.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace torture {

/// Prints "counted: N WHAT".
inline void counted(std::uint64_t n, const std::string& what) {
  std::printf("counted: %llu %s\n", static_cast<unsigned long long>(n), what.c_str());
}

}  // namespace torture
