// Nothing of the header is believed before it is held against the size of the file: first its own length, then each
// tensor's place, then that the places make up the file exactly. Only then are they used.
#define SIMDJSON_EXCEPTIONS 0
#include "formats/safetensors/safetensors.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/fixed_rows.hpp"
#include "formats/little_endian.hpp"
#include "formats/table_names.hpp"

namespace delta::formats {
namespace {

namespace ondemand = simdjson::ondemand;
using Kind = BinaryNumber::Kind;

constexpr std::string_view kMetadata = "__metadata__";

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }
Error no_header(simdjson::error_code code) {
  return bad(fmt::format("the header is not what safetensors writes: {}", simdjson::error_message(code)));
}

struct Tensor {
  std::string name, type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // behind the header
};

// Type codes of one byte order: little-endian.
struct Type {
  std::string_view code;
  Kind kind;
};
constexpr std::array<Type, 12> kTypes = {{{"F64", Kind::f64},
                                          {"F32", Kind::f32},
                                          {"F16", Kind::f16},
                                          {"BF16", Kind::bf16},
                                          {"I64", Kind::i64},
                                          {"I32", Kind::i32},
                                          {"I16", Kind::i16},
                                          {"I8", Kind::i8},
                                          {"U64", Kind::u64},
                                          {"U32", Kind::u32},
                                          {"U16", Kind::u16},
                                          {"U8", Kind::u8}}};

Result<std::string> read_header(const ByteSource& bytes) {
  std::array<std::uint8_t, 8> start{};
  if (bytes.size() == 0) return bad("the file is empty");
  if (bytes.size() < start.size()) return bad("the file ends inside the length of its header");
  DELTA_OK(bytes.read(0, start));
  const std::uint64_t length = little_endian(start, 0, 8);
  if (length > kMaxSafetensorsHeader) {
    return bad(fmt::format("a header of {} bytes: more than {} are not believed", length, kMaxSafetensorsHeader));
  }
  if (length > bytes.size() - start.size()) return bad("the file ends inside its header");
  std::string text(length, '\0');
  DELTA_OK(bytes.read(start.size(), {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

Result<std::vector<std::uint64_t>> read_numbers(ondemand::value& value) {
  std::vector<std::uint64_t> numbers;
  ondemand::array array;
  if (const auto e = value.get_array().get(array)) return no_header(e);
  for (auto item : array) {
    std::uint64_t number = 0;
    if (const auto e = item.get_uint64().get(number)) return no_header(e);
    numbers.push_back(number);
  }
  return numbers;
}

Result<Tensor> read_tensor(std::string name, ondemand::value& value) {
  Tensor tensor;
  tensor.name = std::move(name);
  ondemand::object object;
  if (const auto e = value.get_object().get(object)) return no_header(e);
  unsigned seen = 0;
  for (auto item : object) {
    ondemand::field field;
    std::string_view key, text;
    if (const auto e = std::move(item).get(field)) return no_header(e);
    if (const auto e = field.unescaped_key().get(key)) return no_header(e);
    const unsigned bit = key == "dtype" ? 1 : key == "shape" ? 2 : key == "data_offsets" ? 4 : 0;
    if (bit == 0 || (seen & bit) != 0) {
      return bad(
          fmt::format("tensor {}: the member {} is unknown, or stands twice", quote(tensor.name, 60), quote(key, 60)));
    }
    seen |= bit;
    if (bit == 1) {
      if (const auto e = field.value().get_string().get(text)) return no_header(e);
      tensor.type = text;
    } else if (bit == 2) {
      DELTA_TRY(tensor.shape, read_numbers(field.value()));
    } else {
      DELTA_TRY(const auto offsets, read_numbers(field.value()));
      if (offsets.size() != 2) return bad(fmt::format("tensor {} has no two offsets", quote(tensor.name, 60)));
      tensor.begin = offsets[0];
      tensor.end = offsets[1];
    }
  }
  if (seen != 7) return bad(fmt::format("tensor {} lacks dtype, shape or data_offsets", quote(tensor.name, 60)));
  return tensor;
}

Result<std::vector<Tensor>> read_tensors(std::string_view text) {
  const simdjson::padded_string padded(text);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (const auto e = parser.iterate(padded).get(document)) return no_header(e);
  if (const auto e = document.get_object().get(object)) return no_header(e);
  std::vector<Tensor> tensors;
  std::set<std::string, std::less<>> names;
  for (auto item : object) {
    ondemand::field field;
    std::string_view key;
    if (const auto e = std::move(item).get(field)) return no_header(e);
    if (const auto e = field.unescaped_key().get(key)) return no_header(e);
    if (!names.emplace(key).second) return bad(fmt::format("tensor {} stands twice", quote(key, 60)));
    if (key == kMetadata) continue;  // texts about the file, not about rows
    DELTA_TRY(auto tensor, read_tensor(std::string(key), field.value()));
    tensors.push_back(std::move(tensor));
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
    return bad("more than one object in the header");
  return tensors;
}

/// Sorts them by their places, which make up `size` bytes.
Status check_places(std::vector<Tensor>& tensors, std::uint64_t size) {
  std::ranges::sort(tensors, {}, [](const Tensor& t) { return std::tuple(t.begin, t.end, std::string_view(t.name)); });
  std::uint64_t at = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor.begin < at || tensor.end < tensor.begin) {
      return bad(fmt::format("tensor {} overlaps the one before it, or ends before it begins", quote(tensor.name, 60)));
    }
    if (tensor.begin > at) return bad(fmt::format("a gap before tensor {}", quote(tensor.name, 60)));
    at = tensor.end;
  }
  if (at == size) return {};
  return bad(fmt::format("the tensors take {} bytes, and behind the header there are {}", at, size));
}

Result<FixedRows> layout_of(const Tensor& tensor, std::uint64_t data, const ReadOptions& options) {
  const auto refused = [&](std::string why) { return bad(fmt::format("tensor {}: {}", quote(tensor.name, 60), why)); };
  const auto type = std::ranges::find(kTypes, tensor.type, &Type::code);
  if (type == kTypes.end()) {
    return refused(fmt::format("numbers of type {} are not supported", quote(tensor.type, 20)))
        .with_hint("F64, F32, F16, BF16 and integers are; --namespace NAME reads one tensor alone");
  }
  if (tensor.shape.size() != 2) {
    return refused(fmt::format("{} dimensions in its shape, and a matrix has two", tensor.shape.size()))
        .with_hint("--namespace NAME reads one tensor alone");
  }
  FixedRows layout;
  layout.rows = tensor.shape[0];
  if (auto good = check_dims(tensor.shape[1], options.max_dims); !good) {
    return refused(good.error().message).with_hint(good.error().hint);
  }
  layout.dims = static_cast<std::uint32_t>(tensor.shape[1]);
  layout.number = {type->kind, std::endian::native == std::endian::big};
  layout.begin = data + tensor.begin;
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(layout.rows, layout.stride(), &bytes) || bytes != tensor.end - tensor.begin) {
    return refused(
        fmt::format("its shape ({}, {}) does not take {} bytes", layout.rows, layout.dims, tensor.end - tensor.begin));
  }
  if (tensor.name != kUnnamedTensor) layout.name = tensor.name;
  DELTA_OK(check_namespace(layout.name));
  return layout;
}

Result<std::vector<FixedRows>> read_layouts(const ByteSource& bytes, const ReadOptions& options) {
  DELTA_TRY(const auto header, read_header(bytes));
  DELTA_TRY(auto tensors, read_tensors(header));
  if (tensors.empty()) return bad("no tensor is in the file");
  const std::uint64_t data = 8 + header.size();
  DELTA_OK(check_places(tensors, bytes.size() - data));
  std::vector<FixedRows> layouts;
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) {
    const std::string_view name = tensor.name == kUnnamedTensor ? std::string_view() : tensor.name;
    names.push_back(tensor.name);
    if (!is_chosen(options, name, tensors.size())) continue;
    DELTA_TRY(auto layout, layout_of(tensor, data, options));
    layouts.push_back(std::move(layout));
  }
  if (layouts.empty()) return none_chosen(options, "tensor", names);
  return layouts;
}

}  // namespace

bool is_safetensors(std::span<const std::uint8_t> head) {
  return head.size() >= 9 && head[8] == '{' && little_endian(head, 0, 8) <= kMaxSafetensorsHeader;
}

Result<Dataset> open_safetensors(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  auto layouts = read_layouts(*bytes, options);
  if (!layouts) return std::move(layouts).error().in(bytes->name());
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  Dataset dataset;
  for (FixedRows& layout : *layouts) dataset.tables.push_back(fixed_rows(shared, std::move(layout), options.lossy));
  return dataset;
}

}  // namespace delta::formats
