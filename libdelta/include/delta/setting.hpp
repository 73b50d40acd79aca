// Settings: deltas of their own kind, which change no vector but say something of the log (Commit::setting).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"

namespace delta {

struct Setting {
  enum class Kind : std::uint8_t {
    policy,    ///< how conflicts are decided from here on: delta/policy.hpp
    tag,       ///< a name for a time
    release,   ///< a name for what was seen: all that some dots contain
    untag,     ///< the name names nothing any more
    accuracy,  ///< how the values of a namespace are rounded from here on: delta/accuracy.hpp
    property,  ///< what a namespace is: delta/property.hpp
    unknown,   ///< of a later version: carried as it is
  };
  Kind kind = Kind::policy;
  std::string_view text;  ///< the rules, the name of a tag, the accuracy, the property's key, or all of an unknown one;
                          ///< views what was parsed
  Micros at = 0;          ///< of a tag: the time that it names
  std::string name_space = {};  ///< of an accuracy or a property: what it is for
  std::string value = {};       ///< of a property; empty: it is removed
  /// Of a release: the maximal dots that it names ("origin:seq"), each once, rising by bytes. None: all that the commit
  /// which sets it had seen.
  std::vector<std::string_view> dots = {};

  /// "policy RULES", "accuracy ACCURACY@NAMESPACE", "property KEY=VALUE@NAMESPACE", "tag MICROSECONDS NAME", "untag
  /// NAME", "release NAME" with each dot behind a line feed, or of a kind that this version does not know: "KIND TEXT".
  /// bad_input: none of them. That the rules are rules is Policy::parse()'s business, and that the accuracy is one
  /// Accuracy::parse()'s.
  DELTA_EXPORT static Result<Setting> parse(std::string_view text);
  /// The text of it, as a commit holds it.
  DELTA_EXPORT std::string to_text() const;
};

}  // namespace delta
