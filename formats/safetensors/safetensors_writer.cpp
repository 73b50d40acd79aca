// A header in the order of the tensors, padded by spaces to a multiple of 8 bytes, as the format's own writers do.
#include <array>
#include <deque>
#include <limits>
#include <string>

#include "delta/text.hpp"
#include "formats/element.hpp"
#include "formats/json_writer.hpp"
#include "formats/little_endian.hpp"
#include "formats/matrix_sink.hpp"
#include "formats/safetensors/safetensors.hpp"
#include "formats/table_names.hpp"

namespace delta::formats {
namespace {

class SafetensorsSink final : public DatasetSink {
 public:
  SafetensorsSink(ByteSink& out, std::span<const TableShape> tables) {
    for (const TableShape& table : tables) tensors_.emplace_back(out, table.rows, table.dims, table.element);
  }

  Status write(const Rows& rows) override {
    while (tensors_.front().rest() == 0) tensors_.pop_front();
    return tensors_.front().write(rows.bits);
  }
  Status finish() override {
    for (MatrixSink& tensor : tensors_) DELTA_OK(tensor.finish());
    return {};
  }

 private:
  std::deque<MatrixSink> tensors_;
};

std::string header_of(std::span<const TableShape> tables, std::span<const std::string> names) {
  static constexpr std::array<std::string_view, 5> types = {"F32", "F16", "BF16", "I8", "U8"};  // by element
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const TableShape& table = tables[i];
    const std::uint64_t end = at + table.rows * table.dims * element_width(table.element);
    json.key(names[i]).begin_object().member("dtype", types[static_cast<std::size_t>(table.element)]);
    json.key("shape").begin_array().u64(table.rows).u64(table.dims).end_array();
    json.key("data_offsets").begin_array().u64(at).u64(end).end_array().end_object();
    at = end;
  }
  json.end_object();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

Result<std::unique_ptr<DatasetSink>> create_safetensors(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_TRY(const auto names, written_names(tables, kUnnamedTensor));
  const std::string header = header_of(tables, names);
  if (header.size() > kMaxSafetensorsHeader) {
    return error(ErrorCode::limit, plural(tables.size(), "namespace") + " need a header of " +
                                       human_size(header.size()) + ", and at most " +
                                       human_size(kMaxSafetensorsHeader) + " are read");
  }
  std::string start;
  put_little_endian(start, header.size(), 8);
  start += header;
  DELTA_OK(out.write({reinterpret_cast<const std::uint8_t*>(start.data()), start.size()}));
  return std::unique_ptr<DatasetSink>(std::make_unique<SafetensorsSink>(out, tables));
}

}  // namespace delta::formats
