// Rows that stand close to each other are read together.
#include "formats/placed_rows.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "delta/text.hpp"

namespace delta::formats {
namespace {

constexpr std::uint64_t kTogether = 1 << 20;  // bytes read at once, if no row is longer
constexpr std::uint64_t kGap = 4096;          // bytes between two rows that are read for nothing

class PlacedRowsSource final : public MatrixSource {
 public:
  PlacedRowsSource(std::shared_ptr<const ByteSource> bytes, PlacedRows rows)
      : bytes_(std::move(bytes)), rows_(std::move(rows)) {}

  std::uint64_t rows() const override { return rows_.places.size(); }
  std::uint32_t dims() const override { return rows_.dims; }
  std::optional<Element> element() const override { return rows_.element; }
  std::string_view name() const override { return rows_.name; }
  std::span<const std::string> ids() const override { return rows_.ids; }
  bool has_metadata() const override { return rows_.metadata.size() > 0; }
  std::string_view metadata(std::uint64_t place) const override {
    return has_metadata() ? rows_.metadata[place] : std::string_view();
  }

  Status read(std::uint64_t first, std::span<std::uint32_t> bits) const override {
    const std::uint64_t count = bits.size() / rows_.dims;
    DELTA_CHECK(bits.size() % rows_.dims == 0 && first <= rows() && count <= rows() - first);
    const auto parser = rows_.parser();
    std::vector<std::uint8_t> buffer;
    for (auto places = std::span(rows_.places).subspan(first, count); !places.empty();) {
      const std::size_t run = run_of(places);
      const std::uint64_t begin = places[0].begin, end = places[run - 1].begin + places[run - 1].length;
      buffer.resize(end - begin + kRowPadding);
      std::memset(buffer.data() + (end - begin), 0, kRowPadding);
      DELTA_OK(bytes_->read(begin, std::span(buffer).first(end - begin)));
      for (const auto& place : places.first(run)) {
        const std::string_view text(reinterpret_cast<const char*>(buffer.data()) + (place.begin - begin), place.length);
        if (auto parsed = parser->parse(text, bits.first(rows_.dims)); !parsed) {
          return placed(std::move(parsed).error(), place);
        }
        bits = bits.subspan(rows_.dims);
      }
      places = places.subspan(run);
    }
    return {};
  }

 private:
  /// How many of them are read together: at least one.
  static std::size_t run_of(std::span<const PlacedRows::Place> places) {
    std::size_t run = 1;
    for (; run < places.size(); ++run) {
      const std::uint64_t last = places[run - 1].begin + places[run - 1].length;
      const auto& next = places[run];
      if (next.begin < last || next.begin - last > kGap) break;
      if (next.begin + next.length - places[0].begin > kTogether) break;
    }
    return run;
  }

  Error placed(Error e, const PlacedRows::Place& place) const {
    const auto number = static_cast<std::uint64_t>(&place - rows_.places.data());
    return std::move(e)
        .in(bytes_->name())
        .at(place.line != 0 ? fmt::format("line {}", place.line) : fmt::format("row {}", number));
  }

  std::shared_ptr<const ByteSource> bytes_;
  PlacedRows rows_;
};

}  // namespace

std::unique_ptr<MatrixSource> placed_rows(std::shared_ptr<const ByteSource> bytes, PlacedRows rows) {
  return std::make_unique<PlacedRowsSource>(std::move(bytes), std::move(rows));
}

}  // namespace delta::formats
