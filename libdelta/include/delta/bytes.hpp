// Where bytes come from and where they go: what the library and the formats read and write through. Files, pipes and
// memory are such; so may be anything that a program brings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/result.hpp"

namespace delta {

/// Where a part of a source goes.
struct ByteRange {
  std::uint64_t offset = 0;
  std::span<std::uint8_t> into;
};

/// Bytes addressed by offset. Their number and what they are do not change while the source lives. Thread-safe.
class DELTA_EXPORT ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual const std::string& name() const = 0;  ///< for messages
  virtual std::uint64_t size() const = 0;
  /// Fills all ranges, or fails: io if one goes beyond the end. Need not fill in the file of an error.
  virtual Status read(std::span<const ByteRange> ranges) const = 0;
  Status read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    const ByteRange range{offset, into};
    return read({&range, 1});
  }
};

/// Bytes read once, from front to back.
class DELTA_EXPORT ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual const std::string& name() const = 0;  ///< for messages
  /// Gives up to into.size() bytes; 0 is the end.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

/// Takes bytes from front to back.
class DELTA_EXPORT ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status write(std::span<const std::uint8_t> bytes) = 0;
};

/// Keeps everything in memory.
struct DELTA_EXPORT BufferSink final : ByteSink {
  Status write(std::span<const std::uint8_t> more) override {
    return or_out_of_memory([&]() -> Status {
      bytes.insert(bytes.end(), more.begin(), more.end());
      return {};
    });
  }
  std::vector<std::uint8_t> bytes;
};

/// Takes everything and keeps nothing. Lives as long as the program.
DELTA_EXPORT ByteSink& null_sink() noexcept;

/// The same bytes from front to back.
DELTA_EXPORT std::unique_ptr<ByteStream> byte_stream(std::unique_ptr<ByteSource> source);

/// Memory as a source or a stream; keeps the reference. A stream gives at most `piece` bytes a read (0: no bound).
DELTA_EXPORT std::unique_ptr<ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes);
DELTA_EXPORT std::unique_ptr<ByteStream> memory_stream(std::string name, std::string_view bytes, std::size_t piece = 0);

}  // namespace delta
