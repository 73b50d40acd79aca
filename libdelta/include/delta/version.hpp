// What this library is made of: all that may change the bytes of an output file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

/// A thing with a version, or a list of names in its place.
struct Component {
  std::string name, version;
};

/// "0.1.0", of the library.
DELTA_EXPORT std::string_view version() noexcept;

/// The file format's version ("dlog"), the codecs that it may use ("coders"), and the libraries in use, as they are
/// loaded.
DELTA_EXPORT Result<std::vector<Component>> components();

}  // namespace delta
