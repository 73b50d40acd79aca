#include "formats/bin.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "formats/fixed_rows.hpp"
#include "formats/little_endian.hpp"
#include "formats/matrix_sink.hpp"

namespace delta::formats {
namespace {

constexpr std::uint64_t kHeader = 8;  // bytes

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

Result<FixedRows> layout_of(const ByteSource& bytes, Element element, const ReadOptions& options) {
  if (bytes.size() == 0) return bad("the file is empty");
  std::array<std::uint8_t, kHeader> header{};
  if (bytes.size() < kHeader) return bad("the file ends inside its header");
  DELTA_OK(bytes.read(0, header));
  FixedRows layout;
  layout.rows = little_endian(header, 0, 4);
  layout.dims = static_cast<std::uint32_t>(little_endian(header, 4, 4));
  layout.number = BinaryNumber::of(element);
  layout.begin = kHeader;
  DELTA_OK(check_dims(layout.dims, options.max_dims));
  const std::uint64_t wanted = kHeader + layout.rows * layout.stride();  // below 2^57
  if (bytes.size() == wanted) return layout;
  return bad(fmt::format("{}: {} rows of {} dimensions need {} bytes, the file has {}",
                         bytes.size() < wanted ? "the file is cut off" : "there is more after the matrix", layout.rows,
                         layout.dims, wanted, bytes.size()));
}

Result<Dataset> open_bin(std::unique_ptr<ByteSource> bytes, Element element, const ReadOptions& options) {
  auto layout = layout_of(*bytes, element, options);
  if (!layout) return std::move(layout).error().in(bytes->name());
  return Dataset(fixed_rows(std::move(bytes), *std::move(layout), options.lossy));
}

Result<std::unique_ptr<DatasetSink>> create_bin(ByteSink& out, std::span<const TableShape> tables, Element element) {
  DELTA_CHECK(tables.size() == 1);
  const TableShape& table = tables[0];
  if (table.rows > std::numeric_limits<std::uint32_t>::max()) {
    return error(ErrorCode::limit, fmt::format("{} rows: the header counts them in 32 bits", table.rows));
  }
  std::vector<std::uint8_t> header;
  put_little_endian(header, table.rows, 4);
  put_little_endian(header, table.dims, 4);
  DELTA_OK(out.write(header));
  return sink_of(MatrixSink(out, table.rows, table.dims, element));
}

}  // namespace

Result<Dataset> open_fbin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_bin(std::move(bytes), Element::f32, options);
}
Result<Dataset> open_u8bin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_bin(std::move(bytes), Element::u8, options);
}
Result<Dataset> open_i8bin(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_bin(std::move(bytes), Element::i8, options);
}

Result<Dataset> open_raw(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  if (options.dims == 0) {
    return error(ErrorCode::usage, "raw values do not say how many dimensions a row has")
        .in(bytes->name())
        .with_hint("--dims N says so, and --element TYPE what they are, if not f32");
  }
  FixedRows layout;
  layout.dims = options.dims;
  layout.number = BinaryNumber::of(options.element.value_or(Element::f32));
  if (auto good = check_dims(layout.dims, options.max_dims); !good) return std::move(good).error().in(bytes->name());
  auto rows = rows_in(bytes->size(), layout);
  if (!rows) return std::move(rows).error().in(bytes->name());
  layout.rows = *rows;
  return Dataset(fixed_rows(std::move(bytes), std::move(layout), options.lossy));
}

Result<std::unique_ptr<DatasetSink>> create_fbin(ByteSink& out, std::span<const TableShape> tables) {
  return create_bin(out, tables, Element::f32);
}
Result<std::unique_ptr<DatasetSink>> create_u8bin(ByteSink& out, std::span<const TableShape> tables) {
  return create_bin(out, tables, Element::u8);
}
Result<std::unique_ptr<DatasetSink>> create_i8bin(ByteSink& out, std::span<const TableShape> tables) {
  return create_bin(out, tables, Element::i8);
}
Result<std::unique_ptr<DatasetSink>> create_raw(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_CHECK(tables.size() == 1);
  return sink_of(MatrixSink(out, tables[0].rows, tables[0].dims, tables[0].element));
}

}  // namespace delta::formats
