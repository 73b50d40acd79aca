#include "formats/row_sink.hpp"

namespace delta::formats {

Status RowSink::write(const Rows& rows) {
  DELTA_CHECK(rows.ids.size() <= table_.rows - written_ && rows.bits.size() == rows.ids.size() * table_.dims);
  written_ += rows.ids.size();
  bytes_.clear();
  for (std::size_t i = 0; i < rows.ids.size(); ++i) {
    DELTA_OK(add(bytes_, rows.ids[i], rows.bits.subspan(i * table_.dims, table_.dims)));
  }
  return put(bytes_);
}

Status RowSink::finish() {
  DELTA_CHECK(written_ == table_.rows);
  return {};
}

}  // namespace delta::formats
