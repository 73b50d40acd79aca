// How large one zstd -3 frame of some bytes would be: the yardstick of the codec, never stored.
#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// For bytes that come bit by bit; holds about a megabyte of them. Errors: limit: zstd has no memory.
class ZstdSize {
 public:
  ZstdSize();
  ~ZstdSize();

  /// Room for the next bytes, behind those that are there.
  Buffer& bytes() { return bytes_; }
  /// Takes what is in bytes() when that is much.
  Status advance();
  /// Takes the rest, and says the size of the frame. Once.
  Result<std::uint64_t> finish();

 private:
  struct Context;
  Status compress(bool last);

  std::unique_ptr<Context> context_;
  Buffer bytes_, out_;
  std::uint64_t stored_ = 0;
  bool begun_ = false;
};

}  // namespace delta::codec
