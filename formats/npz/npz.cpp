#include "formats/npz/npz.hpp"

#include <string>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/element.hpp"
#include "formats/npy.hpp"
#include "formats/npz/zip_reader.hpp"
#include "formats/npz/zip_writer.hpp"
#include "formats/table_names.hpp"

namespace delta::formats {
namespace {

constexpr std::string_view kSuffix = ".npy";

/// A matrix under the name that it has in the file.
class NamedMatrix final : public MatrixSource {
 public:
  NamedMatrix(std::unique_ptr<MatrixSource> matrix, std::string name)
      : matrix_(std::move(matrix)), name_(std::move(name)) {}
  std::uint64_t rows() const override { return matrix_->rows(); }
  std::uint32_t dims() const override { return matrix_->dims(); }
  std::optional<Element> element() const override { return matrix_->element(); }
  std::string_view name() const override { return name_; }
  Status read(std::uint64_t first, std::span<std::uint32_t> bits) const override { return matrix_->read(first, bits); }

 private:
  std::unique_ptr<MatrixSource> matrix_;
  std::string name_;
};

Result<std::unique_ptr<MatrixSource>> open_array(const std::shared_ptr<const ByteSource>& bytes, const ZipEntry& entry,
                                                 std::string name, const ReadOptions& options) {
  const std::string place = bytes->name() + ", " + quote(entry.name, 60);
  if (!entry.name.ends_with(kSuffix)) {
    return error(ErrorCode::bad_input, "is no .npy file").in(place).with_hint("--namespace NAME reads one array alone");
  }
  if (auto good = check_namespace(name); !good) return std::move(good).error().in(place);
  DELTA_TRY(auto source, open_zip_entry(bytes, entry, place));
  DELTA_TRY(auto matrix, open_npy(std::move(source), options));
  return std::unique_ptr<MatrixSource>(std::make_unique<NamedMatrix>(std::move(matrix), std::move(name)));
}

Result<Dataset> open_arrays(const std::shared_ptr<const ByteSource>& bytes, const ReadOptions& options) {
  DELTA_TRY(const auto entries, read_zip(*bytes));
  if (entries.empty()) return error(ErrorCode::bad_input, "no array is in the file");
  Dataset dataset;
  std::vector<std::string> names;
  for (const ZipEntry& entry : entries) {
    const bool array = entry.name.ends_with(kSuffix);
    names.push_back(array ? entry.name.substr(0, entry.name.size() - kSuffix.size()) : entry.name);
    const std::string name = names.back() == kUnnamedArray ? std::string() : names.back();
    if (!is_chosen(options, name, entries.size())) continue;
    DELTA_TRY(auto matrix, open_array(bytes, entry, name, options));
    dataset.tables.push_back(std::move(matrix));
  }
  if (dataset.tables.empty()) return none_chosen(options, "array", names);
  return dataset;
}

class NpzSink final : public DatasetSink {
 public:
  NpzSink(ByteSink& out, std::span<const TableShape> tables, std::vector<std::string> names)
      : zip_(out), tables_(tables.begin(), tables.end()), names_(std::move(names)) {}

  Status write(const Rows& rows) override {
    while (!matrix_ || matrix_->rest() == 0) DELTA_OK(next());
    return matrix_->write(rows.bits);
  }
  Status finish() override {
    while (table_ < tables_.size()) DELTA_OK(next());
    DELTA_OK(end());
    return zip_.finish();
  }

 private:
  Status end() {
    if (!matrix_) return {};
    DELTA_OK(matrix_->finish());
    return zip_.end();
  }
  Status next() {
    DELTA_OK(end());
    const TableShape& table = tables_.at(table_);
    const std::string header = npy_header(table.rows, table.dims, table.element);
    const std::uint64_t size = header.size() + table.rows * table.dims * element_width(table.element);
    DELTA_OK(zip_.begin(names_[table_] + std::string(kSuffix), size));
    DELTA_OK(zip_.write({reinterpret_cast<const std::uint8_t*>(header.data()), header.size()}));
    matrix_.emplace(zip_, table.rows, table.dims, table.element);
    ++table_;
    return {};
  }

  ZipWriter zip_;
  std::vector<TableShape> tables_;
  std::vector<std::string> names_;
  std::size_t table_ = 0;             // the next one
  std::optional<MatrixSink> matrix_;  // the one that is written
};

}  // namespace

Result<Dataset> open_npz(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  auto dataset = open_arrays(shared, options);
  if (!dataset) return std::move(dataset).error().in(shared->name());
  return dataset;
}

Result<std::unique_ptr<DatasetSink>> create_npz(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_TRY(auto names, written_names(tables, kUnnamedArray));
  return std::unique_ptr<DatasetSink>(std::make_unique<NpzSink>(out, tables, std::move(names)));
}

}  // namespace delta::formats
