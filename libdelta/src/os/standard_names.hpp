// Names that stand for a descriptor which the process was started with.
#pragma once

#include <string>

#include "os/fd.hpp"

namespace delta::os {

/// What "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/N" and "/proc/self/fd/N" name: the open descriptor itself,
/// borrowed, with its place in the file. (To open such a name is to open the file behind it anew: at its beginning, and
/// with other rights.) Empty: another name. io: the process was given no such descriptor; what it opened itself is
/// nobody else's.
Result<Fd> named_descriptor(const std::string& path);

}  // namespace delta::os
