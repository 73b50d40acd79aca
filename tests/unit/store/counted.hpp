// A log in memory that counts what is read of it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/compact.hpp"
#include "delta/log.hpp"
#include "sample_log.hpp"

namespace counted {

/// Memory that counts how often it is asked, and for how much.
class Counted final : public delta::ByteSource {
 public:
  explicit Counted(std::span<const std::uint8_t> log) : bytes_(delta::memory_source("memory", log)) {}
  const std::string& name() const override { return bytes_->name(); }
  std::uint64_t size() const override { return bytes_->size(); }
  delta::Status read(std::span<const delta::ByteRange> ranges) const override {
    ++reads;
    for (const delta::ByteRange& range : ranges) bytes += range.into.size();
    return bytes_->read(ranges);
  }
  mutable std::atomic<std::size_t> reads = 0, bytes = 0;

 private:
  std::unique_ptr<delta::ByteSource> bytes_;
};

inline constexpr std::uint32_t kVectors = 30'000, kDims = 16;

/// Of value i of a version: as good as random, so that it takes room.
inline std::uint32_t bits_of(std::size_t i, std::uint32_t version) {
  std::uint64_t z = (std::uint64_t{i} * 4 + version) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  return sample::bits(static_cast<float>((z ^ (z >> 27)) % 1'000'003));
}

/// Two versions of every vector, at 1 s and 2 s, in one segment.
inline void write_fresh(const std::string& path) {
  auto encoder = sample::must(delta::Encoder::create(path, {}, {.threads = 1}));
  std::vector<std::uint32_t> bits(std::size_t{kVectors} * kDims);
  for (std::uint32_t version = 1; version <= 2; ++version) {
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = bits_of(i, version);
    delta::MatrixInput input;
    input.rows = kVectors;
    input.dims = kDims;
    input.bits = bits;
    input.at = version * 1'000'000;
    sample::must(encoder.state(input));
  }
  sample::must(encoder.finish());
}

inline std::vector<std::uint8_t> fresh_log() {
  scratch::Directory dir;
  write_fresh(dir.file("a.dlog"));
  return scratch::read(dir.file("a.dlog"));
}

/// The same, packed.
inline std::vector<std::uint8_t> packed_log() {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog"), packed = dir.file("packed.dlog");
  write_fresh(path);
  const std::string paths[] = {path};
  sample::must(delta::compact(sample::must(delta::Log::open(paths)), packed, {}));
  return scratch::read(packed);
}

inline delta::Log open(const std::shared_ptr<const delta::ByteSource>& source,
                       const delta::OpenOptions& options = {.threads = 1}) {
  return sample::must(delta::Log::open(std::span(&source, 1), options));
}

}  // namespace counted
