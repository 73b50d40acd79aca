// .safetensors: a header of JSON that says where each tensor stands, and the tensors.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// The tensor that stands for the default namespace, since each tensor has a name.
inline constexpr std::string_view kUnnamedTensor = "vectors";

inline constexpr std::uint64_t kMaxSafetensorsHeader = 8 << 20;  // bytes: more are not believed, and not written

/// True if the first 9 bytes or more may be those of such a file, which has no magic.
bool is_safetensors(std::span<const std::uint8_t> head);

/// Tensors of two dimensions, in the order in which they stand in the file: F64, F32, F16, BF16, I8 to I64, U8 to U64.
/// As the format asks, their bytes fill the file without a gap, and none overlaps another. The header may have 8 MiB.
/// Errors: bad_input with the file's name, for all else; also for a tensor of another shape or type, unless
/// options.name chooses others.
Result<Dataset> open_safetensors(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// Tensors named as their namespaces. bad_input: two of one name. limit: a header that the reader would not believe.
Result<std::unique_ptr<DatasetSink>> create_safetensors(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
