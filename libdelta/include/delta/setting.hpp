// Settings: deltas of their own kind, which change no vector but say something of the log (Commit::setting).
#pragma once

#include <string>
#include <string_view>

#include "delta/export.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"

namespace delta {

struct Setting {
  enum class Kind : std::uint8_t {
    policy,  ///< how conflicts are decided from here on: delta/policy.hpp
    tag,     ///< a name for a time
  };
  Kind kind = Kind::policy;
  std::string_view text;  ///< the rules, or the tag's name; views what was parsed
  Micros at = 0;          ///< of a tag: the time that it names

  /// "policy RULES" or "tag MICROSECONDS NAME". bad_input: neither. That the rules are rules is Policy::parse()'s business.
  DELTA_EXPORT static Result<Setting> parse(std::string_view text);
  /// The text of it, as a commit holds it.
  DELTA_EXPORT std::string to_text() const;
};

}  // namespace delta
