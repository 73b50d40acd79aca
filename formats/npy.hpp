// NumPy's .npy: one array, a Python literal for a header, raw values behind it (NEP 1).
#pragma once

#include <string>
#include <string_view>

#include "formats/dataset.hpp"
#include "formats/matrix_sink.hpp"

namespace delta::formats {

/// What each .npy file begins with.
inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// A matrix of shape (rows, dims) out of an .npy file: header versions 1 to 3; '<f2', '<f4', '<f8', their big-endian
/// forms, 'i1' and 'u1'; 'V2' if options.element is bf16; C and Fortran order. f4 keeps its bits; what is narrower is
/// widened exactly; f8 that does not fit float32 is refused, naming row, column and value, unless options.lossy. The
/// file's size must be exactly what the header says. Errors: `bad_input` with the file's name, for a header that is not
/// one, another element type, another number of dimensions than two, 0 or more than options.max_dims columns, missing
/// or trailing bytes; what reading the file gives.
Result<std::unique_ptr<MatrixSource>> open_npy(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// The header that np.save writes for a C-order little-endian matrix: version 1.0, 128 bytes.
std::string npy_header(std::uint64_t rows, std::uint32_t dims, Element element = Element::f32);

/// Writes what np.save writes: npy_header() and the rows. `file` must outlive the sink.
Result<std::unique_ptr<MatrixSink>> open_npy_sink(ByteSink& out, std::uint64_t rows, std::uint32_t dims,
                                                  Element element);

/// The same as a dataset of one table.
Result<Dataset> open_npy_dataset(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
Result<std::unique_ptr<DatasetSink>> create_npy(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
