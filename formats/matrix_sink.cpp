#include "formats/matrix_sink.hpp"

#include <bit>
#include <utility>

#include "formats/element.hpp"
#include "formats/little_endian.hpp"

namespace delta::formats {
namespace {

class OneMatrix final : public DatasetSink {
 public:
  explicit OneMatrix(MatrixSink matrix) : matrix_(std::move(matrix)) {}
  Status write(const Rows& rows) override { return matrix_.write(rows.bits); }
  Status finish() override { return matrix_.finish(); }

 private:
  MatrixSink matrix_;
};

}  // namespace

Status MatrixSink::write(std::span<const std::uint32_t> bits) {
  DELTA_CHECK(bits.size() % dims_ == 0 && bits.size() <= rest_);
  rest_ -= bits.size();
  if (!counted_ && element_ == Element::f32 && std::endian::native == std::endian::little) {
    return out_.write({reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size_bytes()});
  }
  const std::size_t width = element_width(element_);
  bytes_.clear();
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (counted_ && i % dims_ == 0) put_little_endian(bytes_, dims_, 4);
    const auto raw = narrow(element_, bits[i]);
    DELTA_CHECK(raw);
    put_little_endian(bytes_, *raw, width);
  }
  return out_.write(bytes_);
}

Status MatrixSink::finish() {
  DELTA_CHECK(rest_ == 0);
  return {};
}

std::unique_ptr<DatasetSink> sink_of(MatrixSink matrix) { return std::make_unique<OneMatrix>(std::move(matrix)); }

}  // namespace delta::formats
