#include "formats/word2vec/word2vec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/binary_number.hpp"
#include "formats/lines.hpp"
#include "formats/placed_rows.hpp"
#include "formats/shared_source.hpp"
#include "formats/text_number.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kMaxHeader = 64;  // bytes of the first line
constexpr std::string_view kSpaces = " \t";

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

class TextParser final : public RowParser {
 public:
  Status parse(std::string_view text, std::span<std::uint32_t> bits) override {
    return parse_numbers(text, false, bits);
  }
};

class BinaryParser final : public RowParser {
 public:
  Status parse(std::string_view text, std::span<std::uint32_t> bits) override {
    const BinaryNumber number = BinaryNumber::of(Element::f32);
    to_float32(number, reinterpret_cast<const std::uint8_t*>(text.data()), bits, false);  // all fit
    return {};
  }
};

struct Shape {
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
};

Result<Shape> parse_header(std::string_view line, const ReadOptions& options) {
  const auto refused = [&] {
    return bad("the first line of a file of word2vec is \"rows dimensions\", not " + quote(line, 40))
        .with_hint("a file without that line may be of GloVe: --from glove; one without words: --from raw --dims N");
  };
  Shape shape;
  std::uint64_t dims = 0;
  const char* const end = line.data() + line.size();
  const auto number = [&](const char* p, std::uint64_t& out) { return std::from_chars(p, end, out); };
  const auto first = number(line.data(), shape.rows);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return refused();
  const auto second = number(first.ptr + 1, dims);
  const std::string_view rest(second.ptr, static_cast<std::size_t>(end - second.ptr));
  if (second.ec != std::errc() || rest.find_first_not_of(" \t\r") != std::string_view::npos) return refused();
  DELTA_OK(check_dims(dims, options.max_dims));
  shape.dims = static_cast<std::uint32_t>(dims);
  return shape;
}

/// Where the numbers begin: the last `dims` fields. npos: there are fewer.
std::size_t numbers_of(std::string_view line, std::uint32_t dims) {
  std::size_t at = line.find_last_not_of(kSpaces);
  for (std::uint32_t i = 0; i < dims; ++i) {
    if (at == std::string_view::npos) return at;
    at = line.find_last_of(kSpaces, at);
    if (at == std::string_view::npos) return at;
    if (i + 1 < dims) at = line.find_last_not_of(kSpaces, at);
  }
  return at + 1;
}

/// Every line from here on is a row.
Status read_lines(LineReader& lines, std::optional<std::string_view> line, PlacedRows& rows) {
  for (;;) {
    if (!line) return {};
    const auto here = [&](Error e) { return std::move(e).at(fmt::format("line {}", lines.number())); };
    if (line->find_first_not_of(kSpaces) != std::string_view::npos) {
      const std::size_t begin = numbers_of(*line, rows.dims);
      if (begin == std::string_view::npos) {
        return here(bad(fmt::format("no word and {} behind it", plural(rows.dims, "number"))));
      }
      const std::string_view word = line->substr(0, begin - 1);
      if (auto good = check_id(word); !good) return here(std::move(good).error());
      rows.ids.emplace_back(word);
      rows.add(lines.offset() + begin, line->size() - begin, lines.number());
    }
    DELTA_TRY(line, lines.next());
  }
}

Result<PlacedRows> read_word2vec(LineReader& lines, const ReadOptions& options) {
  DELTA_TRY(auto line, lines.next());
  if (!line) return bad("the file is empty");
  DELTA_TRY(const Shape shape, parse_header(*line, options));
  PlacedRows rows;
  rows.dims = shape.dims;
  DELTA_TRY(line, lines.next());
  DELTA_OK(read_lines(lines, line, rows));
  if (rows.places.size() == shape.rows) return rows;
  return bad(fmt::format("{}, and the first line says {}", plural(rows.places.size(), "word"), shape.rows));
}

Result<PlacedRows> read_glove(LineReader& lines, const ReadOptions& options) {
  DELTA_TRY(auto line, lines.next());
  if (!line) return bad("the file is empty");
  const std::size_t fields = count_numbers(*line, false);
  if (fields == 2 && options.dims == 0 && line->find_first_not_of("0123456789 ") == std::string_view::npos) {
    return bad("the first line is of word2vec: " + quote(*line, 40)).with_hint("--from word2vec reads it");
  }
  PlacedRows rows;
  DELTA_OK(check_dims(options.dims != 0 ? options.dims : std::max<std::size_t>(fields, 1) - 1, options.max_dims));
  rows.dims = options.dims != 0 ? options.dims : static_cast<std::uint32_t>(fields - 1);
  DELTA_OK(read_lines(lines, line, rows));
  return rows;
}

template <class Read>
Result<Dataset> open_text(std::unique_ptr<ByteSource> bytes, const ReadOptions& options, Read read) {
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  LineReader lines(shared_stream(shared), kMaxRowBytes);
  auto rows = read(lines, options);
  if (!rows) return std::move(rows).error().in(shared->name());
  rows->parser = [] { return std::make_unique<TextParser>(); };
  return Dataset(placed_rows(shared, *std::move(rows)));
}

/// Bytes from front to back, some of which can be looked at before they are taken.
class Cursor {
 public:
  explicit Cursor(const ByteSource& bytes) : bytes_(bytes) {}

  std::uint64_t place() const { return begin_ + at_; }
  std::uint64_t left() const { return bytes_.size() - place(); }
  void skip(std::uint64_t count) {
    if (count <= buffer_.size() - at_) {
      at_ += count;
    } else {
      begin_ = place() + count;
      buffer_.clear();
      at_ = 0;
    }
  }
  /// Up to `most` of the next bytes: fewer only at the end. Valid until the next call.
  Result<std::string_view> look(std::size_t most) {
    if (buffer_.size() - at_ < most && place() + (buffer_.size() - at_) < bytes_.size()) {
      begin_ = place();
      at_ = 0;
      buffer_.resize(std::min<std::uint64_t>(std::max<std::size_t>(most, 256 << 10), bytes_.size() - begin_));
      DELTA_OK(bytes_.read(begin_, buffer_));
    }
    const auto* const from = reinterpret_cast<const char*>(buffer_.data()) + at_;
    return std::string_view(from, std::min(most, buffer_.size() - at_));
  }

 private:
  const ByteSource& bytes_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t begin_ = 0;  // of the buffer
  std::size_t at_ = 0;       // in it
};

Result<std::string> read_word(Cursor& cursor) {
  DELTA_TRY(const auto first, cursor.look(1));
  if (first == "\n") cursor.skip(1);
  DELTA_TRY(const auto text, cursor.look(kMaxIdBytes + 1));
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return text.size() <= kMaxIdBytes ? bad("the file is cut off") : bad("a word of more than 1024 bytes");
  }
  std::string word(text.substr(0, space));
  DELTA_OK(check_id(word));
  cursor.skip(space + 1);
  return word;
}

Result<PlacedRows> read_binary(const ByteSource& bytes, const ReadOptions& options) {
  if (bytes.size() == 0) return bad("the file is empty");
  Cursor cursor(bytes);
  DELTA_TRY(const auto head, cursor.look(kMaxHeader));
  const std::string_view line = head.substr(0, head.find('\n'));
  DELTA_TRY(const Shape shape, parse_header(line, options));
  cursor.skip(std::min<std::uint64_t>(line.size() + 1, cursor.left()));
  PlacedRows rows;
  rows.dims = shape.dims;
  const std::uint64_t length = 4 * std::uint64_t{shape.dims};
  if (shape.rows > cursor.left() / (length + 2)) {
    return bad(fmt::format("the file is cut off: {} of {} dimensions do not fit in {} bytes",
                           plural(shape.rows, "word"), shape.dims, cursor.left()));
  }
  rows.ids.reserve(shape.rows);
  rows.places.reserve(shape.rows);
  for (std::uint64_t i = 0; i < shape.rows; ++i) {
    auto word = read_word(cursor);
    if (!word) return std::move(word).error().at(fmt::format("row {}", i));
    if (cursor.left() < length) return bad("the file is cut off").at(fmt::format("row {}", i));
    rows.ids.push_back(*std::move(word));
    rows.add(cursor.place(), length, 0);
    cursor.skip(length);
  }
  DELTA_TRY(const auto last, cursor.look(1));
  if (last == "\n") cursor.skip(1);
  if (cursor.left() == 0) return rows;
  return bad(fmt::format("{} behind the last word", plural(cursor.left(), "byte")));
}

}  // namespace

Result<Dataset> open_word2vec(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_text(std::move(bytes), options, read_word2vec);
}
Result<Dataset> open_glove(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  return open_text(std::move(bytes), options, read_glove);
}

Result<Dataset> open_word2vec_binary(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  auto rows = read_binary(*shared, options);
  if (!rows) return std::move(rows).error().in(shared->name());
  rows->element = Element::f32;
  rows->parser = [] { return std::make_unique<BinaryParser>(); };
  return Dataset(placed_rows(shared, *std::move(rows)));
}

}  // namespace delta::formats
