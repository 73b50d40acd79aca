#include "formats/vecs.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/fixed_rows.hpp"
#include "formats/matrix_sink.hpp"

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
  layout.dims = count[0] | std::uint32_t{count[1]} << 8 | std::uint32_t{count[2]} << 16 | std::uint32_t{count[3]} << 24;
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
class IvecsSink final : public DatasetSink {
 public:
  IvecsSink(ByteSink& out, const TableShape& table) : out_(out), table_(table) {}

  Status write(const Rows& rows) override {
    DELTA_CHECK(rows.ids.size() <= table_.rows);
    table_.rows -= rows.ids.size();
    bytes_.clear();
    for (std::size_t i = 0; i < rows.bits.size(); ++i) {
      if (i % table_.dims == 0) put(table_.dims);
      const float value = std::bit_cast<float>(rows.bits[i]);
      const bool fits = value >= -0x1p31f && value < 0x1p31f;
      const auto whole = fits ? static_cast<std::int32_t>(value) : 0;
      if (!fits || std::bit_cast<std::uint32_t>(static_cast<float>(whole)) != rows.bits[i]) {
        return bad(fmt::format("vector {}: the value of dimension {} is {}, which int32 does not hold",
                               quote(rows.ids[i / table_.dims]), i % table_.dims, value));
      }
      put(static_cast<std::uint32_t>(whole));
    }
    return out_.write(bytes_);
  }

  Status finish() override {
    DELTA_CHECK(table_.rows == 0);
    return {};
  }

 private:
  void put(std::uint32_t x) {
    for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<std::uint8_t>(x >> shift));
  }

  ByteSink& out_;
  TableShape table_;  // `rows`: that are still to come
  std::vector<std::uint8_t> bytes_;
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
