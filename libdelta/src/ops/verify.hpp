// The checks of verify by name, so that a test can leave one out and see what nobody else finds.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/verify.hpp"

namespace delta::ops {

/// Which checks run: all, or all but one.
class Checks {
 public:
  Checks() = default;
  /// REQUIRES: one of names().
  static Checks all_but(std::string_view name);
  bool runs(std::string_view name) const { return name != without_; }
  static std::vector<std::string_view> names();

 private:
  std::string_view without_ = {};
};

/// delta::verify() of some checks. For tests.
Result<VerifyReport> verify(std::span<const std::string> paths, const VerifyOptions& options, const Checks& checks);

}  // namespace delta::ops
