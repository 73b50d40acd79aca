// Little-endian float32 is read straight into the caller's rows; all else goes through a buffer.
#include "formats/fixed_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/little_endian.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kBuffer = 256 << 10;  // bytes: about what a cache holds beside the rows

class FixedRowsSource final : public MatrixSource {
 public:
  FixedRowsSource(std::shared_ptr<const ByteSource> bytes, FixedRows layout, bool lossy)
      : bytes_(std::move(bytes)), layout_(std::move(layout)), lossy_(lossy) {}

  std::uint64_t rows() const override { return layout_.rows; }
  std::uint32_t dims() const override { return layout_.dims; }
  std::optional<Element> element() const override { return layout_.number.element(); }
  std::string_view name() const override { return layout_.name; }

  Status read(std::uint64_t first, std::span<std::uint32_t> bits) const override {
    const std::uint64_t count = bits.size() / layout_.dims;
    DELTA_CHECK(bits.size() % layout_.dims == 0 && first <= layout_.rows && count <= layout_.rows - first);
    Status done =
        layout_.counted || layout_.number.kind != BinaryNumber::Kind::f32 ? convert(first, bits) : copy(first, bits);
    if (!done) return std::move(done).error().in(shown_name());
    return {};
  }

 private:
  std::string shown_name() const {
    return layout_.name.empty() ? bytes_->name() : bytes_->name() + ", " + quote(layout_.name, 60);
  }
  std::uint64_t offset(std::uint64_t place) const { return layout_.begin + place * layout_.stride(); }

  Status copy(std::uint64_t first, std::span<std::uint32_t> bits) const {
    const auto raw = std::span(reinterpret_cast<std::uint8_t*>(bits.data()), bits.size_bytes());
    if (raw.empty()) return {};
    DELTA_OK(bytes_->read(offset(first), raw));
    if (layout_.number.swap) to_float32(layout_.number, raw.data(), bits, lossy_);  // in place: all fit
    return {};
  }

  Status convert(std::uint64_t first, std::span<std::uint32_t> bits) const {
    const std::uint64_t stride = layout_.stride(), at_once = std::max<std::uint64_t>(1, kBuffer / stride);
    std::vector<std::uint8_t> buffer(std::min(at_once, bits.size() / layout_.dims) * stride);
    while (!bits.empty()) {
      const std::uint64_t count = std::min(at_once, bits.size() / layout_.dims);
      DELTA_OK(bytes_->read(offset(first), std::span(buffer).first(count * stride)));
      for (std::uint64_t i = 0; i < count; ++i) {
        DELTA_OK(convert_row(first + i, buffer.data() + i * stride, bits.subspan(i * layout_.dims, layout_.dims)));
      }
      first += count;
      bits = bits.subspan(count * layout_.dims);
    }
    return {};
  }

  Status convert_row(std::uint64_t place, const std::uint8_t* from, std::span<std::uint32_t> to) const {
    const std::uint64_t count = layout_.counted ? little_endian({from, 4}, 0, 4) : layout_.dims;
    if (count != layout_.dims) {
      return error(ErrorCode::bad_input,
                   fmt::format("it has {}, and the first row has {}", plural(count, "dimension"), layout_.dims))
          .at(fmt::format("row {}", place));
    }
    const std::uint8_t* const numbers = from + (layout_.counted ? 4 : 0);
    const auto misfit = to_float32(layout_.number, numbers, to, lossy_);
    if (!misfit) return {};
    return not_float32(layout_.number, numbers + *misfit * layout_.number.width(), place, *misfit);
  }

  std::shared_ptr<const ByteSource> bytes_;
  FixedRows layout_;
  bool lossy_;
};

}  // namespace

Result<std::uint64_t> rows_in(std::uint64_t bytes, const FixedRows& layout) {
  const std::uint64_t rest = bytes % layout.stride();
  if (rest == 0) return bytes / layout.stride();
  return error(ErrorCode::bad_input, fmt::format("the file is cut off: of row {} there are {} of {} bytes",
                                                 bytes / layout.stride(), rest, layout.stride()));
}

std::unique_ptr<MatrixSource> fixed_rows(std::shared_ptr<const ByteSource> bytes, FixedRows layout, bool lossy) {
  return std::make_unique<FixedRowsSource>(std::move(bytes), std::move(layout), lossy);
}

}  // namespace delta::formats
