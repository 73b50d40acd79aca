// .fbin, .u8bin and .i8bin, as of the big-ann benchmarks: 32 bits of rows, 32 bits of dimensions, the values; and raw
// values, with nothing before them. All little-endian.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// Errors: bad_input with the file's name, for a header that is cut off, a dimension count that is none, another size
/// than the header says.
Result<Dataset> open_fbin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
Result<Dataset> open_u8bin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
Result<Dataset> open_i8bin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
/// Values of options.element, or float32, in rows of options.dims. Errors: usage without dims; bad_input: the last row
/// is cut off.
Result<Dataset> open_raw(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// limit: more rows than 32 bits count.
Result<std::unique_ptr<DatasetSink>> create_fbin(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_u8bin(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_i8bin(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_raw(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
