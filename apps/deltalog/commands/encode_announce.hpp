// A few updates of a large log: their ids are read before the log is, so that only what they need is read of it.
#pragma once

#include "cli/parse.hpp"
#include "command.hpp"
#include "commands/encode_inputs.hpp"
#include "delta/encode.hpp"

namespace deltalog {

/// Sets `options.ids`, if all of `inputs` is one short input of updates that is appended, and they can be announced.
/// What was read of the input is in its stream.
Status announce_ids(const Invocation& invocation, std::vector<Input>& inputs, delta::EncodeOptions& options);
/// The bytes of an input of updates.
Result<std::unique_ptr<delta::ByteStream>> stream_of(Input& input);

}  // namespace deltalog
