// Metadata: JSON merge patches (RFC 7396).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/result.hpp"

namespace delta::model {

/// The one way to write a patch: members sorted by bytes, no spaces, shortest numbers (formats/spec/dlog-1.md,
/// "Metadata"). An empty object gives "". Errors: not JSON, not an object, a member twice, a number that float64 cannot
/// hold (integers: that neither 64 bits nor float64 can), nesting over 64, over the size limit.
Result<std::string> canonical_metadata(std::string_view json);

/// The same of a patch of any size, as one or more that are each within the limit and do the same one after the other;
/// none of an empty object. Errors: as above, and a member over the size limit that holds no others.
Result<std::vector<std::string>> canonical_patches(std::string_view json);

/// True for "" and for what canonical_metadata() returns: for readers, before merge_metadata().
bool is_canonical_metadata(std::string_view text);

/// bad_input: a top-level member of a canonical patch begins with "deltalog.", which is reserved for what a later
/// version may mean by it.
Status check_reserved(std::string_view canonical);

/// RFC 7396: `patch` applied to `target`, "" being the empty object. Both must be canonical. Returns canonical text,
/// which may be longer than one patch may be.
std::string merge_metadata(std::string_view target, std::string_view patch);
/// The same of several, one after the other: the target is read once, and the result is written once.
std::string merge_metadata(std::string_view target, std::span<const std::string_view> patches);

/// A top-level member of a canonical object: views of its text.
struct MetadataMember {
  std::string_view name;   ///< as escaped, which in canonical JSON is unique
  std::string_view value;  ///< an object if it begins with a brace
};
/// In the order of the text: by the bytes of metadata_name().
std::vector<MetadataMember> metadata_members(std::string_view canonical);
/// What a name means.
std::string metadata_name(std::string_view escaped);
/// A string as canonical JSON writes it, quotes included.
std::string metadata_string(std::string_view text);
/// The object with these members, which stand in their order; none: "".
std::string metadata_text(std::span<const MetadataMember> members);

/// Patches that merged one after the other turn `from` into `to`; none if they are equal. Mostly one: several only
/// where one would be over the size limit of a patch, each within it as long as every value of `to` came in such a
/// patch. Both as merge_metadata() returns them.
std::vector<std::string> metadata_patches(std::string_view from, std::string_view to);

/// `now` without what changed from `before` to `after`, by top-level member: one that is still as in `after` gets
/// its value of `before`. Any other that differed stays; if it is not as in `before`, its name goes to `kept`. All
/// as merge_metadata() returns them.
std::string revert_metadata(std::string_view before, std::string_view after, std::string_view now,
                            std::vector<std::string>& kept);

}  // namespace delta::model
