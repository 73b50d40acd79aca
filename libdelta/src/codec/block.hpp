// A batch of deltas to the bytes of a DATA payload and back: columns, each coded on its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/numbers.hpp"
#include "delta/delta.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// Columns of a DATA payload. The high bit marks a column that a reader must know ("critical").
enum class Column : std::uint8_t;

/// Which columns to decode. Positions (op, vector, time, counts) always are: without values, index_ends and bits_ends
/// count what is not there, so that sizes can be told, and batch[i] must not be used. Without metadata its ends are 0.
struct Wanted {
  bool values = true;  ///< indices, bits
  bool metadata = true;
  /// If not empty, ascending: only what deltas of these vectors carry. Others may come without, as if they carried
  /// nothing.
  std::span<const SegmentVector> vectors = {};

  bool wants(SegmentVector vector) const { return vectors.empty() || std::ranges::binary_search(vectors, vector); }
};

struct ColumnSize {
  std::uint8_t column = 0;
  std::uint8_t coder = 0;
  std::uint64_t raw = 0, stored = 0;  // bytes
};

/// How the deltas of a segment are laid out.
enum class Layout : std::uint8_t {
  fresh,   ///< in order of their commits, which imply commit and seq: neither is stored
  packed,  ///< in order of their vectors: stored with the row and the place of each, and with what it has lost
};

/// Appends the payload of `batch` to `out`. Packed: `seqs` are places in the commit
/// (from 0), and `times` how much earlier than its commit's time each delta is; fresh: `commits`, `seqs` and `lost` are
/// not looked at. Deterministic for given inputs and codec libraries. Thread-safe. Precondition: the batch is valid
/// (counts, sorted indices), not empty, and of at most kMaxFrameBytes as rows.
void encode_block(const SegmentBatch& batch, Layout layout, Preset preset, Buffer& out);

/// Decodes a payload that claims `count` deltas onto a cleared `batch`; vectors stay segment ordinals < `vectors`.
/// `commits`, `seqs` and `times` come back as they were given; fresh: the first two and `lost` are zeros.
/// Every size is checked before it is believed; hostile bytes give ErrorCode::corrupt (or unsupported), with `where`
/// naming the column, and never more than kMaxFrameBytes of output.
Status decode_block(ByteView payload, Layout layout, std::uint32_t count, std::uint32_t vectors, Wanted wanted,
                    SegmentBatch& batch);

/// How much a payload of so many bytes may hold.
struct BlockBounds {
  std::uint64_t count = 0;  ///< deltas
  std::uint64_t rows = 0;   ///< bytes as plain rows, without the largest delta
};
constexpr BlockBounds bounds_of_block(std::uint64_t payload) {
  return {256 + 16 * payload, (512 << 10) + 1024 * payload};
}

/// The column directory alone: for `info`.
Result<std::vector<ColumnSize>> block_columns(ByteView payload);
std::string_view column_name(std::uint8_t column);
std::string_view coder_name(std::uint8_t coder);

}  // namespace delta::codec
