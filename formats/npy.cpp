// The header is a Python literal, but only a dict of three keys is ever written there, so this parses that one shape by
// hand: strict about what it means, tolerant about order, spacing and trailing commas.
//
// The common file, little-endian f4 in C order, is read by pread straight into the caller's rows. Everything else goes
// through a buffer of at most 1 MiB: converted in chunks, or for Fortran order gathered from a stripe of columns and
// turned there. A file's size is held against its header before anything is allocated, so no length is believed.
#include "formats/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "delta/text.hpp"
#include "formats/binary_number.hpp"
#include "formats/npy_header.hpp"

namespace delta::formats {

using npy::bad;
using npy::Header;
using npy::HeaderParser;

namespace {

constexpr std::size_t kMaxHeader = 65536;    // NumPy itself refuses to parse more than 10,000 bytes
constexpr std::size_t kBuffer = 1 << 20;     // bytes: gathered or converted at once
constexpr std::uint64_t kNarrowRead = 4096;  // bytes of one column: below this a Fortran stripe is cached
constexpr std::uint64_t kStripe = 8 << 20;   // bytes of such a stripe, as float32

struct Layout {
  BinaryNumber number;
  bool fortran = false;  // columns are contiguous
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
  std::uint64_t data = 0;  // offset of the first value
  std::uint64_t width() const { return number.width(); }
};

// ---- the header ----

struct Type {
  BinaryNumber::Kind kind;
  std::array<std::string_view, 2> codes, names;
};
constexpr std::array<Type, 5> kTypes = {{{BinaryNumber::Kind::f16, {"f2", "e"}, {"float16", "half"}},
                                         {BinaryNumber::Kind::f32, {"f4", "f"}, {"float32", "single"}},
                                         {BinaryNumber::Kind::f64, {"f8", "d"}, {"float64", "double"}},
                                         {BinaryNumber::Kind::i8, {"i1", "b"}, {"int8", "byte"}},
                                         {BinaryNumber::Kind::u8, {"u1", "B"}, {"uint8", "ubyte"}}}};
constexpr std::string_view kNameless = "V2";  // what NumPy writes for bfloat16, and for any other two bytes

// What NumPy's dtype() takes for a number. Before a code, but not before a name, the order of the bytes may stand.
// Null: none of these.
const Type* type_named(std::string_view type, bool ordered) {
  for (const Type& one : kTypes) {
    const auto is = [&](std::string_view name) { return name == type; };
    if (std::ranges::any_of(one.codes, is) || (!ordered && std::ranges::any_of(one.names, is))) return &one;
  }
  return nullptr;
}

// What makes float32 of elements that are none. Only of numbers does astype() do.
std::string conversion_of(std::string_view type) {
  const char kind = type.empty() ? '\0' : type[0];
  if (type == kNameless) {
    return "NumPy writes bfloat16 so: --element bf16 takes it as that; or convert it: numpy.save(file, "
           "a.view(ml_dtypes.bfloat16).astype('float32'))";
  }
  if (kind == 'O') return "if they are rows of numbers: numpy.save(file, numpy.array(a.tolist(), 'float32'))";
  if (std::string_view("biufgh").find(kind) != std::string_view::npos) {
    return "convert them: numpy.save(file, a.astype('float32'))";
  }
  return {};
}

Status set_element(std::string_view descr, const ReadOptions& options, Layout& layout) {
  const bool ordered = !descr.empty() && std::string_view("<>=|").find(descr[0]) != std::string_view::npos;
  const std::string_view type = descr.substr(ordered ? 1 : 0);
  const bool bf16 = type == kNameless && options.element == Element::bf16;
  const Type* const known = type_named(type, ordered);
  if (!known && !bf16) {
    return bad("elements of type " + quote(descr, 40) + " are not supported: f2, f4, f8, i1 and u1 are")
        .with_hint(conversion_of(type));
  }
  // '=', '|' and no order mean "as the writer's machine": little-endian, as every machine that could have written it
  // here.
  const bool big = ordered && descr[0] == '>';
  layout.number = {bf16 ? BinaryNumber::Kind::bf16 : known->kind, big != (std::endian::native == std::endian::big)};
  return {};
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  return shape.size() == 1 ? fmt::format("({},)", shape[0]) : fmt::format("({})", fmt::join(shape, ", "));
}

Status set_shape(const std::vector<std::uint64_t>& shape, std::uint32_t most, Layout& layout) {
  if (shape.size() != 2) {
    auto e = bad(fmt::format("an array of shape {} is not a matrix: shape (rows, dimensions) is needed",
                             shape.size() > 8 ? fmt::format("of {} dimensions", shape.size()) : shape_text(shape)));
    return shape.size() == 1 ? std::move(e).with_hint("one vector is a.reshape(1, -1), a column a.reshape(-1, 1)") : e;
  }
  if (shape[1] == 0 || shape[1] > most) {
    auto e =
        bad(fmt::format("{} columns in shape {}: a vector has 1 to {} dimensions", shape[1], shape_text(shape), most));
    return shape[1] > most && shape[1] <= kMostDims
               ? std::move(e).with_hint(fmt::format("--max-dims allows up to {}", kMostDims))
               : e;
  }
  layout.rows = shape[0];
  layout.dims = static_cast<std::uint32_t>(shape[1]);
  return {};
}

// The header's text and the place of the data behind it.
Result<std::pair<std::string, std::uint64_t>> read_header(const ByteSource& bytes) {
  std::array<std::uint8_t, 12> start{};
  const std::uint64_t size = bytes.size();
  if (size == 0) return bad("the file is empty");
  const auto have = static_cast<std::size_t>(std::min<std::uint64_t>(size, start.size()));
  DELTA_OK(bytes.read(0, std::span(start).first(have)));
  if (have < kNpyMagic.size() || std::memcmp(start.data(), kNpyMagic.data(), kNpyMagic.size()) != 0) {
    return bad("not an .npy file: its first bytes are not \\x93NUMPY");
  }
  if (have < 10) return bad("the file ends inside its header");
  const unsigned major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0) {
    return error(ErrorCode::unsupported,
                 fmt::format("version {}.{} of .npy is not known: 1.0, 2.0 and 3.0 are", major, minor));
  }
  std::uint64_t length = start[8] | start[9] << 8;
  const std::uint64_t begin = major == 1 ? 10 : 12;
  if (have < begin) return bad("the file ends inside its header");
  if (major > 1) length |= static_cast<std::uint64_t>(start[10]) << 16 | static_cast<std::uint64_t>(start[11]) << 24;
  if (length > kMaxHeader) {
    return bad(fmt::format("a header of {} bytes: more than {} are not believed", length, kMaxHeader));
  }
  if (length > size - begin) return bad("the file ends inside its header");
  std::string text(length, '\0');
  DELTA_OK(bytes.read(begin, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return std::pair(std::move(text), begin + length);
}

// The size that the header promises is exactly the file's.
Status check_size(const Layout& layout, std::uint64_t size) {
  std::uint64_t row = layout.dims * layout.width(), wanted = 0;  // at most 2^23
  if (__builtin_mul_overflow(row, layout.rows, &wanted) || __builtin_add_overflow(wanted, layout.data, &wanted)) {
    return bad(fmt::format("the header promises {} rows of {} bytes: more than a file can hold", layout.rows, row));
  }
  if (size < wanted) {
    return bad(fmt::format("the file is cut off: shape ({}, {}) needs {} bytes, it has {}", layout.rows, layout.dims,
                           wanted, size));
  }
  if (size > wanted) {
    return bad(fmt::format("{} after the matrix: shape ({}, {}) needs {} bytes, the file has {}",
                           plural(size - wanted, "byte"), layout.rows, layout.dims, wanted, size));
  }
  return {};
}

Result<Layout> read_layout(const ByteSource& bytes, const ReadOptions& options) {
  Layout layout;
  DELTA_TRY(const auto header, read_header(bytes));
  layout.data = header.second;
  DELTA_TRY(const Header fields, HeaderParser(header.first).parse());
  layout.fortran = *fields.fortran;
  DELTA_OK(set_element(*fields.descr, options, layout));
  DELTA_OK(set_shape(*fields.shape, options.max_dims, layout));
  DELTA_OK(check_size(layout, bytes.size()));
  return layout;
}

// ---- values ----

class NpySource final : public MatrixSource {
 public:
  NpySource(std::unique_ptr<ByteSource> bytes, const Layout& layout, const ReadOptions& options)
      : bytes_(std::move(bytes)), layout_(layout), options_(options) {}

  std::uint64_t rows() const override { return layout_.rows; }
  std::uint32_t dims() const override { return layout_.dims; }
  std::optional<Element> element() const override { return layout_.number.element(); }

  Status read(std::uint64_t first, std::span<std::uint32_t> bits) const override {
    const std::uint64_t count = bits.size() / layout_.dims;
    DELTA_CHECK(bits.size() % layout_.dims == 0 && first <= layout_.rows && count <= layout_.rows - first);
    if (bits.empty()) return {};
    const bool narrow_read = count < layout_.rows && count * layout_.width() < kNarrowRead;
    Status done = !layout_.fortran ? read_c(first, bits)
                  : narrow_read    ? read_cached(first, bits)
                                   : read_fortran(first, bits);
    if (!done) return std::move(done).error().in(bytes_->name());
    return {};
  }

 private:
  Status read_c(std::uint64_t first, std::span<std::uint32_t> bits) const {
    std::uint64_t value = first * layout_.dims;
    if (layout_.width() == 4) {
      const auto raw = std::span(reinterpret_cast<std::uint8_t*>(bits.data()), bits.size_bytes());
      DELTA_OK(bytes_->read(layout_.data + value * 4, raw));
      if (layout_.number.swap) to_float32(layout_.number, raw.data(), bits, false);  // in place: all fit
      return {};
    }
    std::vector<std::uint8_t> buffer(std::min<std::uint64_t>(kBuffer, bits.size() * layout_.width()));
    while (!bits.empty()) {
      const auto n = std::min<std::uint64_t>(bits.size(), buffer.size() / layout_.width());
      DELTA_OK(bytes_->read(layout_.data + value * layout_.width(), std::span(buffer).first(n * layout_.width())));
      DELTA_OK(convert(buffer.data(), bits.first(n), [&](std::uint64_t i) { return value + i; }));
      bits = bits.subspan(n);
      value += n;
    }
    return {};
  }

  // to.size() values in the file's type to float32. `place` says which value of the matrix, in C order, the i-th is.
  template <class Place>
  Status convert(const std::uint8_t* from, std::span<std::uint32_t> to, Place place) const {
    const auto misfit = to_float32(layout_.number, from, to, options_.lossy);
    if (!misfit) return {};
    const std::uint64_t value = place(*misfit);
    return not_float32(layout_.number, from + *misfit * layout_.width(), value / layout_.dims, value % layout_.dims);
  }

  // Few rows of many columns would be a tiny read per column and again for the next rows: read a stripe and keep it.
  Status read_cached(std::uint64_t first, std::span<std::uint32_t> bits) const {
    const std::uint64_t dims = layout_.dims;
    const std::uint64_t height = std::max<std::uint64_t>(1, kStripe / (4 * dims));
    const std::lock_guard lock(mutex_);
    while (!bits.empty()) {
      const std::uint64_t begin = first / height * height, end = std::min(begin + height, layout_.rows);
      if (stripe_.empty() || stripe_first_ != begin) {
        stripe_.resize((end - begin) * dims);
        stripe_first_ = begin;
        if (auto s = read_fortran(begin, stripe_); !s) {
          stripe_.clear();
          return s;
        }
      }
      const std::uint64_t n = std::min<std::uint64_t>(bits.size(), (end - first) * dims);
      std::copy_n(stripe_.begin() + static_cast<std::ptrdiff_t>((first - begin) * dims), n, bits.begin());
      bits = bits.subspan(n);
      first += n / dims;
    }
    return {};
  }

  // Tiles of at most kBuffer bytes: a group of columns (so that rows are written in runs) by a run of rows.
  Status read_fortran(std::uint64_t first, std::span<std::uint32_t> bits) const {
    const std::uint64_t dims = layout_.dims, count = bits.size() / dims, width = layout_.width();
    const bool whole = count == layout_.rows;  // columns follow each other without a gap: one read a tile
    const std::uint64_t height = whole && count * width <= kBuffer ? count : std::min(count, kBuffer / (16 * width));
    const std::uint64_t columns = std::min(dims, std::max<std::uint64_t>(1, kBuffer / (height * width)));
    std::vector<std::uint8_t> buffer(columns * height * width);
    std::vector<std::uint32_t> values(columns * height);
    for (std::uint64_t r = 0; r < count; r += height) {
      const std::uint64_t tall = std::min(height, count - r);
      for (std::uint64_t c = 0; c < dims; c += columns) {
        const std::uint64_t wide = std::min(columns, dims - c), row = first + r;
        DELTA_OK(gather(row, tall, c, wide, buffer));
        DELTA_OK(convert(buffer.data(), std::span(values).first(tall * wide),
                         [&](std::uint64_t i) { return (row + i % tall) * dims + c + i / tall; }));
        for (std::uint64_t y = 0; y < tall; ++y) {
          for (std::uint64_t x = 0; x < wide; ++x) bits[(r + y) * dims + c + x] = values[x * tall + y];
        }
      }
    }
    return {};
  }

  // Rows [row, row + tall) of columns [c, c + wide), column by column, into `buffer`.
  Status gather(std::uint64_t row, std::uint64_t tall, std::uint64_t c, std::uint64_t wide,
                std::span<std::uint8_t> buffer) const {
    const std::uint64_t width = layout_.width();
    const auto offset = [&](std::uint64_t column) { return layout_.data + (column * layout_.rows + row) * width; };
    if (tall == layout_.rows) return bytes_->read(offset(c), buffer.first(tall * wide * width));
    for (std::uint64_t x = 0; x < wide; ++x) {
      DELTA_OK(bytes_->read(offset(c + x), buffer.subspan(x * tall * width, tall * width)));
    }
    return {};
  }

  std::unique_ptr<ByteSource> bytes_;
  Layout layout_;
  ReadOptions options_;
  mutable std::mutex mutex_;
  mutable std::vector<std::uint32_t> stripe_;  // of a Fortran file: rows from stripe_first_ on
  mutable std::uint64_t stripe_first_ = 0;
};

}  // namespace

Result<std::unique_ptr<MatrixSource>> open_npy(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  auto layout = read_layout(*bytes, options);
  if (!layout) return std::move(layout).error().in(bytes->name());
  return std::unique_ptr<MatrixSource>(std::make_unique<NpySource>(std::move(bytes), *layout, options));
}

Result<Dataset> open_npy_dataset(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  DELTA_TRY(auto source, open_npy(std::move(bytes), options));
  return Dataset(std::move(source));
}

}  // namespace delta::formats
