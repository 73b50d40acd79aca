// .npz, as numpy.savez and savez_compressed write it: a zip file of .npy files.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// The array that stands for the default namespace: what NumPy calls the first one without a name.
inline constexpr std::string_view kUnnamedArray = "arr_0";

/// Arrays of two dimensions, in the order in which they stand in the file; what each may be says open_npy(). Errors:
/// those of read_zip(), open_zip_entry() and open_npy(); bad_input for a file inside that is no .npy, unless
/// options.name chooses others.
Result<Dataset> open_npz(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// Stored, not deflated. bad_input: two of one name.
Result<std::unique_ptr<DatasetSink>> create_npz(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
