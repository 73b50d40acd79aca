#include "formats/csv/csv_record.hpp"

#include <algorithm>

#include "delta/text.hpp"
#include "formats/placed_rows.hpp"

namespace delta::formats {
namespace {

bool is_open(std::string_view text) { return std::ranges::count(text, '"') % 2 != 0; }

Error misplaced() {
  return error(ErrorCode::bad_input, "a quote out of place: a field with one stands in quotes, and has it twice");
}

}  // namespace

CsvRecords::CsvRecords(std::unique_ptr<ByteStream> stream) : lines_(std::move(stream), kMaxRowBytes) {}

Result<std::optional<std::string_view>> CsvRecords::next() {
  for (;;) {
    DELTA_TRY(const auto line, lines_.next());
    if (!line) return std::optional<std::string_view>();
    if (line->empty()) continue;
    line_ = lines_.number();
    offset_ = lines_.offset();
    if (!is_open(*line)) return line;
    joined_ = *line;
    break;
  }
  for (bool open = true; open;) {
    DELTA_TRY(const auto line, lines_.next());
    if (!line) {
      return error(ErrorCode::bad_input, "a quoted field does not end").at("line " + std::to_string(line_));
    }
    joined_ += lines_.offset() - offset_ - joined_.size() == 2 ? "\r\n" : "\n";
    joined_ += *line;
    open = !is_open(*line);
    if (joined_.size() > kMaxRowBytes) {
      return error(ErrorCode::limit, "the record is longer than " + human_size(kMaxRowBytes))
          .at("line " + std::to_string(line_));
    }
  }
  return std::optional<std::string_view>(joined_);
}

Result<std::vector<std::string_view>*> CsvFields::split(std::string_view record) {
  fields_.clear();
  std::size_t texts = 0;
  for (std::size_t at = 0;; ++at) {
    if (at == record.size() || record[at] != '"') {
      const std::size_t end = std::min(record.find(',', at), record.size());
      const std::string_view field = record.substr(at, end - at);
      if (field.find('"') != std::string_view::npos) return misplaced();
      fields_.push_back(field);
      at = end;
    } else {
      if (texts == texts_.size()) texts_.push_back(std::make_unique<std::string>());
      std::string& text = *texts_[texts++];
      text.clear();
      for (++at;; at += 2) {  // behind a quote that is text
        const std::size_t quote_at = std::min(record.find('"', at), record.size());
        text += record.substr(at, quote_at - at);
        at = quote_at;
        if (at + 1 >= record.size() || record[at + 1] != '"') break;
        text += '"';
      }
      if (at == record.size()) return misplaced();
      fields_.push_back(text);
      ++at;
    }
    if (at == record.size()) return &fields_;
    if (record[at] != ',') return misplaced();
  }
}

}  // namespace delta::formats
