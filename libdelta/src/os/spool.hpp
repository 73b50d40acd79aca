// Bytes that are written once and then read, in a temporary file that has a name only until it can be read.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "delta/file.hpp"

namespace delta::os {

class Spool {
 public:
  /// In $TMPDIR, else /tmp.
  static Result<Spool> create();
  Status write(std::span<const std::uint8_t> bytes);
  /// What was written, as an input. Its file has no name any more: the system removes it however the process ends.
  Result<InputFile> finish() &&;

 private:
  explicit Spool(OutputFile file) : file_(std::move(file)) {}

  OutputFile file_;
};

}  // namespace delta::os
