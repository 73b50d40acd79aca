// What a directory holds.
#pragma once

#include <string>
#include <vector>

#include "delta/result.hpp"

namespace delta::os {

struct Entry {
  enum class Kind {
    file,     ///< a regular one, after symbolic links
    other,    ///< a directory, pipe, device, ...
    nowhere,  ///< a link that leads nowhere, or in circles
    unknown,  ///< it must not be looked at
  };
  std::string path;  ///< the directory's, and the name
  Kind kind = Kind::unknown;
};

/// False for what is not there, too.
bool is_directory(const std::string& path);

/// All but hidden ones whose names end so, in the order of their names.
Result<std::vector<Entry>> entries(const std::string& directory, const std::string& suffix);

}  // namespace delta::os
