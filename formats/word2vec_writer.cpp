// As gensim writes them: words and numbers kept apart by one space, no space or line end behind a row's last number.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "delta/text.hpp"
#include "formats/text_number.hpp"
#include "formats/word2vec.hpp"

namespace delta::formats {
namespace {

class WordSink final : public DatasetSink {
 public:
  WordSink(ByteSink& out, const TableShape& table, bool binary) : out_(out), table_(table), binary_(binary) {}

  Status begin() {
    text_ = fmt::format("{} {}\n", table_.rows, table_.dims);
    return flush();
  }
  Status write(const Rows& rows) override {
    DELTA_CHECK(rows.ids.size() <= table_.rows);
    table_.rows -= rows.ids.size();
    for (std::size_t i = 0; i < rows.ids.size(); ++i) {
      if (rows.ids[i].find_first_of(" \t") != std::string_view::npos) {
        return error(ErrorCode::bad_input,
                     "id " + quote(rows.ids[i]) + " holds a space, which ends a word in such a file")
            .with_hint("csv, npy and ndjson take any id");
      }
      text_ += rows.ids[i];
      add(rows.bits.subspan(i * table_.dims, table_.dims));
    }
    return flush();
  }
  Status finish() override {
    DELTA_CHECK(table_.rows == 0);
    return {};
  }

 private:
  void add(std::span<const std::uint32_t> bits) {
    if (binary_) text_ += ' ';
    for (const std::uint32_t b : bits) {
      if (binary_) {
        for (int shift = 0; shift < 32; shift += 8) text_ += static_cast<char>(b >> shift & 0xff);
      } else {
        text_ += ' ';
        write_number(text_, b);
      }
    }
    if (!binary_) text_ += '\n';
  }
  Status flush() {
    DELTA_OK(out_.write({reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()}));
    text_.clear();
    return {};
  }

  ByteSink& out_;
  TableShape table_;  // `rows`: that are still to come
  bool binary_;
  std::string text_;
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
