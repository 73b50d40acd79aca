#include "formats/vecs.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <utility>

#include "delta/text.hpp"
#include "formats/fixed_rows.hpp"
#include "formats/little_endian.hpp"
#include "formats/matrix_sink.hpp"
#include "formats/row_sink.hpp"

namespace delta::formats {
namespace {

using Kind = BinaryNumber::Kind;

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

Result<FixedRows> layout_of(const ByteSource& bytes, Kind kind, const ReadOptions& options) {
  if (bytes.size() == 0) return bad("the file is empty");
  std::array<std::uint8_t, 4> count{};
  if (bytes.size() < count.size()) return bad("the file ends inside the dimension count of its first row");
  DELTA_OK(bytes.read(0, count));
  FixedRows layout;
  layout.number = {kind, std::endian::native == std::endian::big};
  layout.counted = true;
  layout.dims = static_cast<std::uint32_t>(little_endian(count, 0, 4));
  DELTA_OK(check_dims(layout.dims, options.max_dims));
  DELTA_TRY(layout.rows, rows_in(bytes.size(), layout));
  return layout;
}

Result<Dataset> open_vecs(std::unique_ptr<ByteSource> bytes, Kind kind, const ReadOptions& options) {
  auto layout = layout_of(*bytes, kind, options);
  if (!layout) return std::move(layout).error().in(bytes->name());
  return Dataset(fixed_rows(std::move(bytes), *std::move(layout), options.lossy));
}

Status refuse_empty(const TableShape& table) {
  if (table.rows > 0) return {};
  return bad("a file of no rows cannot say that they have " + plural(table.dims, "dimension"))
      .with_hint("npy and fbin can");
}

Result<std::unique_ptr<DatasetSink>> create_vecs(ByteSink& out, std::span<const TableShape> tables, Element element) {
  DELTA_CHECK(tables.size() == 1);
  DELTA_OK(refuse_empty(tables[0]));
  return sink_of(MatrixSink(out, tables[0].rows, tables[0].dims, element, true));
}

/// int32 is no element type of the library: what is written is checked here.
class IvecsSink final : public RowSink {
 public:
  using RowSink::RowSink;

 private:
  Status add(std::string& out, std::string_view id, std::span<const std::uint32_t> bits) override {
    put_little_endian(out, bits.size(), 4);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const float value = std::bit_cast<float>(bits[i]);
      const bool fits = value >= -0x1p31f && value < 0x1p31f;
      const auto whole = fits ? static_cast<std::int32_t>(value) : 0;
      if (!fits || std::bit_cast<std::uint32_t>(static_cast<float>(whole)) != bits[i]) {
        return bad(
            fmt::format("vector {}: the value of dimension {} is {}, which int32 does not hold", quote(id), i, value));
      }
      put_little_endian(out, static_cast<std::uint32_t>(whole), 4);
    }
    return {};
  }
};

}  // namespace

Result<Dataset> open_fvecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_vecs(std::move(bytes), Kind::f32, options);
}
Result<Dataset> open_bvecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_vecs(std::move(bytes), Kind::u8, options);
}
Result<Dataset> open_ivecs(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_vecs(std::move(bytes), Kind::i32, options);
}

Result<std::unique_ptr<DatasetSink>> create_fvecs(ByteSink& out, std::span<const TableShape> tables) {
  return create_vecs(out, tables, Element::f32);
}
Result<std::unique_ptr<DatasetSink>> create_bvecs(ByteSink& out, std::span<const TableShape> tables) {
  return create_vecs(out, tables, Element::u8);
}
Result<std::unique_ptr<DatasetSink>> create_ivecs(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_CHECK(tables.size() == 1);
  DELTA_OK(refuse_empty(tables[0]));
  return std::unique_ptr<DatasetSink>(std::make_unique<IvecsSink>(out, tables[0]));
}

}  // namespace delta::formats
