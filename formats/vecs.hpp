// .fvecs, .bvecs and .ivecs, as TEXMEX has them: rows of float32, uint8 or int32, each behind its dimension count; all
// little-endian.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// Errors: bad_input with the file's name, for an empty file, a dimension count that is none, a last row that is cut
/// off; with the row, when it is read, for one of another dimension count, and for an int32 that does not fit float32.
Result<Dataset> open_fvecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
Result<Dataset> open_bvecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
Result<Dataset> open_ivecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// bad_input: no rows, since these files cannot say how many dimensions none has; ivecs: a value that is no int32.
Result<std::unique_ptr<DatasetSink>> create_fvecs(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_bvecs(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_ivecs(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
