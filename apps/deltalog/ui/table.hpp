// Aligned columns for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delta/result.hpp"

namespace deltalog {

class Console;

enum class Align : unsigned char { left, right };

/// Rows of cells under a heading, two spaces between columns, no space at a line's end. Cells are already escaped.
/// A few very long cells stand out of their column rather than widen it for all rows.
class Table {
 public:
  struct Column {
    std::string_view heading;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);  ///< as many as columns
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A table of any length: printed in batches of rows, aligned by the batch, with one heading.
class TableWriter {
 public:
  TableWriter(Console& console, std::vector<Table::Column> columns)
      : console_(console), columns_(std::move(columns)), table_(columns_) {}
  delta::Status add(std::vector<std::string> cells);
  delta::Status flush();  ///< the rest; nothing at all, not even the heading, if there were no rows

 private:
  Console& console_;
  std::vector<Table::Column> columns_;
  Table table_;
  std::size_t rows_ = 0;
  bool first_ = true;
};

/// `text` broken at spaces into lines of at most `width`, each after `indent` spaces; paragraphs are kept.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace deltalog
