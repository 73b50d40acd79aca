// Metadata: JSON merge patches (RFC 7396). The one file that knows a JSON library.
#pragma once

#include <string>
#include <string_view>

#include "delta/result.hpp"

namespace delta::model {

/// The one way to write a patch: members sorted by bytes, no spaces, shortest numbers. An empty object gives "".
/// Errors: not JSON, not an object, a number that float64 cannot hold, nesting over 64, over the size limit.
Result<std::string> canonical_metadata(std::string_view json);

/// RFC 7396: `patch` applied to `target`; both canonical, "" is the empty object. Returns canonical text.
std::string merge_metadata(std::string_view target, std::string_view patch);

}  // namespace delta::model
