#include "ui/table.hpp"

#include <algorithm>

#include "delta/error.hpp"
#include "ui/console.hpp"
#include "ui/width.hpp"

namespace deltalog {

namespace {

/// The cells that a column gets: what its widest cell takes; where that is long, what all but a twentieth of the cells
/// take.
std::size_t column_width(std::vector<std::size_t> cells, std::size_t heading) {
  constexpr std::size_t kLong = 40;
  std::ranges::sort(cells);
  std::size_t width = cells.empty() ? 0 : cells.back();
  const std::size_t apart = std::max<std::size_t>(cells.size() / 20, 1);
  if (width > kLong) width = cells.size() > apart ? cells[cells.size() - 1 - apart] : kLong;
  return std::max(width, heading);
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  DELTA_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::vector<std::size_t> cells;
    for (const auto& row : rows_) cells.push_back(display_width(row[c]));
    widths.push_back(column_width(std::move(cells), columns_[c].heading.size()));
  }
  std::string out;
  const auto line = [&](const auto& cell) {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string_view text = cell(c);
      const std::string pad(widths[c] - std::min(widths[c], display_width(text)), ' ');
      if (c > 0) out += "  ";
      if (columns_[c].align == Align::right) out += pad;
      out += text;
      if (columns_[c].align == Align::left) out += pad;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  line([&](std::size_t c) { return columns_[c].heading; });
  for (const auto& row : rows_) line([&](std::size_t c) { return std::string_view(row[c]); });
  return out;
}

delta::Status TableWriter::add(std::vector<std::string> cells) {
  constexpr std::size_t kBatch = 4096;  // rows whose columns are aligned together
  table_.add(std::move(cells));
  return ++rows_ % kBatch == 0 ? flush() : delta::Status();
}

delta::Status TableWriter::flush() {
  auto text = table_.text();
  if (!first_ || rows_ == 0) text.erase(0, text.find('\n') + 1);
  first_ = false;
  table_ = Table(columns_);
  return console_.print(text);
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out, line;
  const auto end_line = [&] {
    if (!line.empty()) out += std::string(indent, ' ') + line + '\n';
    line.clear();
  };
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    const auto word = text.substr(0, end);
    if (!word.empty()) {
      if (!line.empty() && display_width(line) + 1 + display_width(word) > width - indent) end_line();
      if (!line.empty()) line += ' ';
      line += word;
    }
    if (text.substr(end).starts_with("\n\n")) {
      end_line();
      out += '\n';
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  end_line();
  return out;
}

}  // namespace deltalog
