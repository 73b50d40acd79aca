// What np.save writes, byte for byte: a matrix that went in comes out as it was.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/npy.hpp"

namespace delta::formats {
std::string npy_header(std::uint64_t rows, std::uint32_t dims, Element element) {
  static constexpr std::array<std::string_view, 5> descr = {"<f4", "<f2", "|V2", "|i1", "|u1"};  // by element
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}",
                                 descr[static_cast<std::size_t>(element)], rows, dims);
  constexpr std::size_t start = 10, total = 128;  // the data begins at a multiple of 64; no shape needs more
  DELTA_CHECK(dict.size() < total - start);
  dict.resize(total - start - 1, ' ');
  std::string header(kNpyMagic);
  header += {1, 0, static_cast<char>(total - start), 0};
  return header + dict + '\n';
}

Result<std::unique_ptr<MatrixSink>> open_npy_sink(ByteSink& out, std::uint64_t rows, std::uint32_t dims,
                                                  Element element) {
  DELTA_CHECK(dims >= 1 && dims <= kMostDims && rows <= std::numeric_limits<std::uint64_t>::max() / 4 / dims);
  const std::string header = npy_header(rows, dims, element);
  DELTA_OK(out.write({reinterpret_cast<const std::uint8_t*>(header.data()), header.size()}));
  return std::make_unique<MatrixSink>(out, rows, dims, element);
}

Result<std::unique_ptr<DatasetSink>> create_npy(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_CHECK(tables.size() == 1);
  DELTA_TRY(const auto matrix, open_npy_sink(out, tables[0].rows, tables[0].dims, tables[0].element));
  return sink_of(*matrix);
}

}  // namespace delta::formats
