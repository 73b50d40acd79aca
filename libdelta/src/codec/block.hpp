// A batch of deltas to the bytes of a DATA payload and back: columns, each coded on its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "delta/change.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"
#include "support/bytes.hpp"

namespace delta::codec {

/// Columns of a DATA payload. The high bit marks a column that a reader must know ("critical").
enum class Column : std::uint8_t;

/// Which columns to decode. Positions (op, vector, time, counts) always are: without values, index_ends and bits_ends
/// count what is not there, so that sizes can be told, and batch[i] must not be used. Without metadata its ends are 0.
struct Wanted {
  bool values = true;  ///< indices, bits
  bool metadata = true;
};

struct ColumnSize {
  std::uint8_t column = 0;
  std::uint8_t coder = 0;
  std::uint64_t raw = 0, stored = 0;  // bytes
};

/// Appends the payload of `batch` (commits and seqs are not stored: a fresh segment implies them) to `out`.
/// Deterministic for given inputs and codec libraries. Thread-safe. Precondition: the batch is valid (counts, sorted
/// indices), not empty, and of at most kMaxFrameBytes as rows.
void encode_block(const ChangeBatch& batch, Preset preset, Buffer& out);

/// Decodes a payload that claims `count` deltas onto a cleared `batch`; vectors stay segment ordinals < `vectors`.
/// Every size is checked before it is believed; hostile bytes give ErrorCode::corrupt (or unsupported), with `where`
/// naming the column, and never more than kMaxFrameBytes of output.
Status decode_block(ByteView payload, std::uint32_t count, std::uint32_t vectors, Wanted wanted, ChangeBatch& batch);

/// The column directory alone: for `info`.
Result<std::vector<ColumnSize>> block_columns(ByteView payload);
std::string_view column_name(std::uint8_t column);
std::string_view coder_name(std::uint8_t coder);

}  // namespace delta::codec
