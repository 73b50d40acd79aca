// What encode's options ask of the library.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/options.hpp"
#include "delta/encode.hpp"

namespace deltalog {

Result<delta::EncodeOptions> encode_options(const Invocation& invocation, Console& console);

/// --set, once for each key, and --element, which goes with matrices alone.
Result<std::vector<PropertyText>> properties_option(const Invocation& invocation, std::size_t matrices);

/// All options of the command.
options::Options encode_option_table();

}  // namespace deltalog
