// Findings that somebody has looked at and accepted.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "command.hpp"

namespace deltalog::verdicts {

class Baseline {
 public:
  /// Adds the findings of a file that `--report json:FILE` wrote. Errors: those of reading; bad_input: a line that is
  /// no JSON object.
  Status read(const std::string& path);
  bool knows(std::string_view fingerprint) const { return known_.contains(fingerprint); }

 private:
  std::set<std::string, std::less<>> known_;
};

}  // namespace deltalog::verdicts
