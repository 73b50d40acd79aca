// Histories whose payloads are held against what anyone would write in an afternoon: the deltas as plain rows (ordinal,
// seq, time, count, indices, values, metadata) in one zstd -3 frame.
#pragma once

#include <zstd.h>

#include <catch2/catch.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "codec/block.hpp"
#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "format/layout.hpp"
#include "format/wire.hpp"
#include "scratch.hpp"
#include "unit/codec/codec_batches.hpp"

namespace delta::test {

using Row = std::vector<std::uint32_t>;

inline constexpr std::uint64_t kBlockBytes = 256 << 10;  // as rows

/// Blocks of deltas, and the same deltas as rows.
struct Corpus {
  std::vector<SegmentBatch> blocks = std::vector<SegmentBatch>(1);
  std::unordered_map<std::string, SegmentVector> ordinals;
  std::vector<std::string> ids;
  std::string rows;
  std::uint64_t seq = 0;

  SegmentVector ordinal(const std::string& id) {
    const auto [at, fresh] = ordinals.emplace(id, nth<SegmentVector>(ordinals.size()));
    if (fresh) ids.push_back(id);
    return at->second;
  }
  void add(const SegmentDelta& delta) {
    if (blocks.back().row_bytes() >= kBlockBytes) blocks.emplace_back();
    blocks.back().add(delta);
    ++seq;
    const auto count = static_cast<std::uint32_t>(delta.bits.size());
    const auto put = [this](const void* from, std::size_t n) { rows.append(static_cast<const char*>(from), n); };
    put(&delta.vector, 4);
    put(&seq, 8);
    put(&delta.time.hlc, 8);
    put(&count, 4);
    put(delta.indices.data(), delta.indices.size_bytes());
    put(delta.bits.data(), delta.bits.size_bytes());
    put(delta.metadata.data(), delta.metadata.size());
  }
  std::size_t zstd_bytes() const {
    std::string frame(ZSTD_compressBound(rows.size()), '\0');
    return ZSTD_compress(frame.data(), frame.size(), rows.data(), rows.size(), 3);
  }
};

/// Bytes of all payloads, after having read them back.
inline std::size_t payload_bytes(const Corpus& corpus, Preset preset) {
  std::size_t total = 0;
  for (const SegmentBatch& block : corpus.blocks) {
    Buffer payload;
    codec::encode_block(block, codec::Layout::fresh, preset, payload);
    SegmentBatch back;
    REQUIRE(codec::decode_block(payload, codec::Layout::fresh, static_cast<std::uint32_t>(block.size()),
                                static_cast<std::uint32_t>(corpus.ordinals.size()), {}, back));
    REQUIRE(same(block, back));
    total += payload.size();
  }
  return total;
}

/// Bytes of all DATA payloads of a log of one segment.
inline std::size_t data_bytes(const std::string& path) {
  const auto bytes = scratch::read(path);
  std::size_t total = 0, at = format::kHeaderBytes;
  for (; bytes[at + 4] != static_cast<Byte>(format::FrameType::footer);) {
    const auto stored = format::load<std::uint32_t>(bytes.data() + at + 16);
    if (bytes[at + 4] == static_cast<Byte>(format::FrameType::data)) total += stored;
    at += format::kFrameBytes + format::padded(stored);
  }
  return total;
}

struct LogSizes {
  std::size_t fresh = 0, packed = 0;            // DATA payloads
  std::size_t fresh_file = 0, packed_file = 0;  // all
};

/// What a corpus takes as a log, and compacted.
inline LogSizes log_sizes(const Corpus& corpus, Preset preset) {
  const scratch::Directory dir;
  const std::string fresh = dir.file("fresh.dlog"), packed = dir.file("packed.dlog");
  EncodeOptions options;
  options.preset = preset;
  options.threads = 1;
  options.allow_nonfinite = true;
  auto encoder = Encoder::create(fresh, {}, options);
  REQUIRE(encoder);
  for (const SegmentBatch& block : corpus.blocks) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const SegmentDelta c = block[i];
      DeltaInput input;
      input.id = corpus.ids[index(c.vector)];
      input.op = c.op;
      input.bits = c.bits;
      input.indices = c.indices;
      input.metadata = c.metadata;
      input.at = c.time.us();
      const Status status = encoder->delta(input);
      if (!status) FAIL(status.error().text());
    }
  }
  REQUIRE(encoder->finish());
  const std::string inputs[] = {fresh};
  CompactOptions how;
  how.preset = preset;
  how.threads = 1;
  const auto done = compact(inputs, packed, how);
  if (!done) FAIL(done.error().text());
  return {data_bytes(fresh), data_bytes(packed), scratch::read(fresh).size(), scratch::read(packed).size()};
}

}  // namespace delta::test
