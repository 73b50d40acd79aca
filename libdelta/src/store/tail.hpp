// The end of a log before more is appended: what a stopped writer left is set aside, and the last segment sealed.
#pragma once

#include <string>
#include <vector>

#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "os/append_file.hpp"

namespace delta::store {

/// Validates the file's end. Torn, unsealed or without a good trailer: everything after the last whole COMMITS frame is
/// saved as PATH.torn-OFFSET, cut, and the segment sealed (durably). Each such act is a notice. Other damage is an
/// error.
Status recover_tail(const std::string& path, os::AppendFile& file, std::vector<Finding>& notices);

}  // namespace delta::store
