// Files of vectors that a command reads: of which format each is, and what was packed.
#pragma once

#include <memory>
#include <string>

#include "cli/parse.hpp"
#include "delta/bytes.hpp"
#include "formats/format.hpp"

namespace deltalog {

/// By --from, else by the first bytes and the name. usage, unsupported: see formats::detect_format(), with the path.
Result<delta::formats::Format> format_of(const Invocation& invocation, const std::string& path,
                                         const std::shared_ptr<const delta::ByteSource>& bytes);
/// All of it as it was before it was packed.
Result<std::unique_ptr<delta::ByteSource>> unpacked(const std::shared_ptr<const delta::ByteSource>& bytes);

}  // namespace deltalog
