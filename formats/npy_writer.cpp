// What np.save writes, byte for byte: a matrix that went in comes out as it was.
#include <fmt/format.h>

#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "formats/element.hpp"
#include "formats/npy.hpp"

namespace delta::formats {
namespace {

class NpySink final : public MatrixSink {
 public:
  NpySink(ByteSink& out, std::uint64_t rows, std::uint32_t dims, Element element)
      : out_(out), rest_(rows * dims), dims_(dims), element_(element) {}

  Status write(std::span<const std::uint32_t> bits) override {
    DELTA_CHECK(bits.size() % dims_ == 0 && bits.size() <= rest_);
    rest_ -= bits.size();
    if (element_ == Element::f32 && std::endian::native == std::endian::little) {
      return out_.write({reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size_bytes()});
    }
    const std::size_t width = element_width(element_);
    bytes_.resize(bits.size() * width);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const auto raw = narrow(element_, bits[i]);
      DELTA_CHECK(raw);
      for (std::size_t b = 0; b < width; ++b) bytes_[i * width + b] = static_cast<std::uint8_t>(*raw >> 8 * b);
    }
    return out_.write(bytes_);
  }

  Status finish() override {
    DELTA_CHECK(rest_ == 0);
    return {};
  }

 private:
  ByteSink& out_;
  std::uint64_t rest_;  // values still to come
  std::uint32_t dims_;
  Element element_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

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
  return std::unique_ptr<MatrixSink>(std::make_unique<NpySink>(out, rows, dims, element));
}

}  // namespace delta::formats
