// DATA payloads: whatever decodes is valid, bounded, and survives another round.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "codec/block.hpp"
#include "codec/block_rows.hpp"
#include "delta/limits.hpp"

/// Input: count (2 bytes), vectors (1 byte), wanted columns and layout (1 byte), payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace delta;
  if (size < 4) return 0;
  const std::uint32_t count = data[0] | std::uint32_t{data[1]} << 8, vectors = data[2];
  const codec::Wanted wanted{(data[3] & 1) == 0, (data[3] & 2) == 0};
  const auto layout = (data[3] & 4) == 0 ? codec::Layout::fresh : codec::Layout::packed;
  const ByteView payload(data + 4, size - 4);
  static_cast<void>(codec::block_columns(payload));
  std::vector<RowNo> rows;
  if (const auto read = codec::decode_rows(payload, count, vectors)) rows.assign(read->begin(), read->end());
  SegmentBatch batch;
  if (!codec::decode_block(payload, layout, count, vectors, wanted, batch) || !wanted.values || !wanted.metadata) {
    return 0;
  }
  DELTA_CHECK(batch.size() == count);
  DELTA_CHECK(layout == codec::Layout::fresh || rows == batch.commits);
  DELTA_CHECK(batch.row_bytes() <= kMaxFrameBytes);
  const SegmentVector some[] = {batch.vectors[0]};
  SegmentBatch part;
  DELTA_CHECK(codec::decode_block(payload, layout, count, vectors, {true, true, some}, part));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch.vectors[i] == some[0]) DELTA_CHECK(std::ranges::equal(batch[i].bits, part[i].bits));
  }
  Buffer again;
  codec::encode_block(batch, layout, Preset::fastest, again);
  SegmentBatch back;
  DELTA_CHECK(codec::decode_block(again, layout, count, vectors, {}, back));
  DELTA_CHECK(back.ops == batch.ops && back.vectors == batch.vectors && back.times == batch.times);
  DELTA_CHECK(back.indices == batch.indices && back.index_ends == batch.index_ends);
  DELTA_CHECK(back.bits == batch.bits && back.bits_ends == batch.bits_ends && back.metadata == batch.metadata);
  DELTA_CHECK(back.commits == batch.commits && back.seqs == batch.seqs && back.lost == batch.lost);
  return 0;
}
