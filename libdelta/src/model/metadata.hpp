// Metadata: JSON merge patches (RFC 7396). The one file that knows a JSON library.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/result.hpp"

namespace delta::model {

/// The one way to write a patch: members sorted by bytes, no spaces, shortest numbers (formats/spec/dlog-1.md, "Metadata").
/// An empty object gives "". Errors: not JSON, not an object, a member twice, a number that float64 cannot hold (integers:
/// that neither 64 bits nor float64 can), nesting over 64, over the size limit.
Result<std::string> canonical_metadata(std::string_view json);

/// True for "" and for what canonical_metadata() returns: for readers, before merge_metadata().
bool is_canonical_metadata(std::string_view text);

/// RFC 7396: `patch` applied to `target`, "" being the empty object. Both must be canonical. Returns canonical text, which
/// may be longer than one patch may be.
std::string merge_metadata(std::string_view target, std::string_view patch);

/// A top-level member of a canonical object: views of its text.
struct MetadataMember {
  std::string_view name;   ///< as escaped, which in canonical JSON is unique
  std::string_view value;  ///< an object if it begins with a brace
};
/// In the order of the text: by the bytes of metadata_name().
std::vector<MetadataMember> metadata_members(std::string_view canonical);
/// What a name means.
std::string metadata_name(std::string_view escaped);
/// The object with these members, which stand in their order; none: "".
std::string metadata_text(std::span<const MetadataMember> members);

}  // namespace delta::model
