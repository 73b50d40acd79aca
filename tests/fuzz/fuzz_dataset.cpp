// Any bytes as a file of any format, which the first byte chooses: refused, or read the same as a whole and row by row,
// with as many ids as rows; and what the format writes of it is read back as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "formats/element.hpp"
#include "formats/format.hpp"
#include "formats/unpack.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// All values; none: some are refused.
std::vector<std::uint32_t> values_of(const MatrixSource& table) {
  const std::uint64_t rows = table.rows(), dims = table.dims();
  std::vector<std::uint32_t> whole(rows * dims), row(dims);
  const bool good = static_cast<bool>(table.read(0, whole));
  bool every = true;
  for (std::uint64_t r = 0; r < std::min<std::uint64_t>(rows, 64); ++r) {
    if (!table.read(r, row)) {
      every = false;
    } else if (good) {
      require(std::equal(row.begin(), row.end(), whole.begin() + static_cast<std::ptrdiff_t>(r * dims)));
    }
  }
  require(!good || every);
  return good ? whole : std::vector<std::uint32_t>();
}

void check_metadata(const MatrixSource& table) {
  if (!table.has_metadata()) return;
  for (std::uint64_t r = 0; r < table.rows(); ++r) {
    const auto text = table.metadata(r);
    require(text.empty() || (text.front() == '{' && text.back() == '}'));
  }
}

/// Written, where the format can hold it, it comes back.
void check_round_trip(Format format, const MatrixSource& table, const std::vector<std::uint32_t>& bits,
                      const ReadOptions& options) {
  const Element element =
      traits(format).element.value_or(options.element.value_or(table.element().value_or(Element::f32)));
  if (first_misfit(element, bits)) return;
  std::vector<std::string> numbers;
  for (std::uint64_t r = 0; r < table.rows(); ++r) numbers.push_back(std::to_string(r));
  const auto own = table.ids().empty() ? std::span<const std::string>(numbers) : table.ids();
  const std::vector<std::string_view> ids(own.begin(), own.end()), metadata(ids.size());
  const TableShape shape{std::string(table.name()), table.rows(), table.dims(), element};
  BufferSink out;
  auto sink = create_dataset(format, out, {&shape, 1});
  if (!sink) return;
  if (!(*sink)->write({bits, ids, metadata})) return;
  require(static_cast<bool>((*sink)->finish()));
  ReadOptions again;
  again.dims = table.dims();
  again.element = element;
  auto back = open_dataset(format, memory_source("again", out.bytes), again);
  require(back && back->tables.size() == 1 && back->tables[0]->rows() == table.rows());
  require(values_of(*back->tables[0]) == bits);
  const auto named = back->tables[0]->ids();
  require(named.empty() || std::ranges::equal(named, own));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto names = format_names();
  const Format format = *format_named(names[data[0] % names.size()]);
  const unsigned choice = data[0] / names.size();
  ReadOptions options;
  options.lossy = choice % 2 != 0;
  options.dims = traits(format).dims && choice % 3 != 0 ? 2 : 0;
  if (choice % 4 == 1) options.name = "a";
  if (traits(format).fields && choice % 5 > 1) {
    options.fields.vector = choice % 2 != 0 ? "v" : "/v/0";
    options.fields.keep = {"*"};
  }
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  auto dataset = open_dataset(format, memory_source("fuzz", bytes), options);
  if (!dataset) return 0;
  for (const auto& table : dataset->tables) {
    require(table->dims() >= 1 && table->dims() <= options.max_dims);
    require(table->rows() * table->dims() <= 1100 * size);  // as much as deflate can make of it
    require(table->ids().empty() || table->ids().size() == table->rows());
    check_metadata(*table);
    const auto bits = values_of(*table);
    if (!bits.empty()) check_round_trip(format, *table, bits, options);
  }
  return 0;
}
