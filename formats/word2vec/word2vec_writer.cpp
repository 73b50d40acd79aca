// As gensim writes them: words and numbers kept apart by one space, no space or line end behind a row's last number.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "delta/text.hpp"
#include "formats/little_endian.hpp"
#include "formats/row_sink.hpp"
#include "formats/text_number.hpp"
#include "formats/word2vec/word2vec.hpp"

namespace delta::formats {
namespace {

class WordSink final : public RowSink {
 public:
  WordSink(ByteSink& out, const TableShape& table, bool binary) : RowSink(out, table), binary_(binary) {}

  Status begin() { return put(fmt::format("{} {}\n", table().rows, table().dims)); }

 private:
  Status add(std::string& out, std::string_view id, std::span<const std::uint32_t> bits) override {
    if (id.find_first_of(" \t") != std::string_view::npos) {
      return error(ErrorCode::bad_input, "id " + quote(id) + " holds a space, which ends a word in such a file")
          .with_hint("csv, npy and ndjson take any id");
    }
    out += id;
    if (binary_) out += ' ';
    for (const std::uint32_t b : bits) {
      if (binary_) {
        put_little_endian(out, b, 4);
      } else {
        out += ' ';
        write_number(out, b);
      }
    }
    if (!binary_) out += '\n';
    return {};
  }

  bool binary_;
};

Result<std::unique_ptr<DatasetSink>> create(ByteSink& out, std::span<const TableShape> tables, bool binary) {
  DELTA_CHECK(tables.size() == 1);
  auto sink = std::make_unique<WordSink>(out, tables[0], binary);
  DELTA_OK(sink->begin());
  return std::unique_ptr<DatasetSink>(std::move(sink));
}

}  // namespace

Result<std::unique_ptr<DatasetSink>> create_word2vec(ByteSink& out, std::span<const TableShape> tables) {
  return create(out, tables, false);
}
Result<std::unique_ptr<DatasetSink>> create_word2vec_binary(ByteSink& out, std::span<const TableShape> tables) {
  return create(out, tables, true);
}
Result<std::unique_ptr<DatasetSink>> create_glove(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_CHECK(tables.size() == 1);
  if (tables[0].rows == 0) {
    return error(ErrorCode::bad_input,
                 "a file of no rows cannot say that they have " + plural(tables[0].dims, "dimension"));
  }
  return std::unique_ptr<DatasetSink>(std::make_unique<WordSink>(out, tables[0], false));
}

}  // namespace delta::formats
