// The sink of a file of one table that is made row by row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "formats/dataset.hpp"

namespace delta::formats {

class RowSink : public DatasetSink {
 public:
  RowSink(ByteSink& out, const TableShape& table) : out_(out), table_(table) {}

  Status write(const Rows& rows) final;
  Status finish() final;

 protected:
  /// Appends a row to the bytes that are to be written.
  virtual Status add(std::string& out, std::string_view id, std::span<const std::uint32_t> bits) = 0;
  Status put(std::string_view bytes) {
    return out_.write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  const TableShape& table() const { return table_; }

 private:
  ByteSink& out_;
  TableShape table_;
  std::uint64_t written_ = 0;  // rows
  std::string bytes_;
};

}  // namespace delta::formats
