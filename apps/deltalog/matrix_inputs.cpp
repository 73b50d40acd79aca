#include "matrix_inputs.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "formats/shared_source.hpp"
#include "formats/unpack.hpp"

namespace deltalog {

using delta::formats::Format;

namespace {

using Bytes = std::shared_ptr<const delta::ByteSource>;

/// The first bytes, which say of what kind a file is; of a packed one those of what was packed.
Result<std::vector<std::uint8_t>> head_of(const Bytes& bytes) {
  std::vector<std::uint8_t> head(16);
  const auto stream = delta::formats::unpacked_if_packed(delta::formats::shared_stream(bytes));
  std::size_t size = 0;
  while (size < head.size()) {
    auto n = stream->read(std::span(head).subspan(size));
    if (!n) return std::move(n).error().in(bytes->name());
    if (*n == 0) break;
    size += *n;
  }
  head.resize(size);
  return head;
}

}  // namespace

Result<Format> format_of(const Invocation& invocation, const std::string& path, const Bytes& bytes) {
  if (const auto* name = invocation.value("from")) return delta::formats::format_named(*name);
  DELTA_TRY(const auto head, head_of(bytes));
  auto detected = delta::formats::detect_format(delta::formats::unpacked_name(path), head);
  if (!detected) return std::move(detected).error().in(path);
  return detected;
}

Result<std::unique_ptr<delta::ByteSource>> unpacked(const Bytes& bytes) {
  std::vector<std::uint8_t> head(std::min<std::uint64_t>(4, bytes->size()));
  DELTA_OK(bytes->read(0, head));
  std::unique_ptr<delta::ByteSource> source = std::make_unique<delta::formats::SharedSource>(bytes);
  const auto packing = delta::formats::packing_of(head);
  if (!packing) return source;
  return delta::formats::unpack_all(std::move(source), *packing, delta::formats::most_unpacked(bytes->size()));
}

}  // namespace deltalog
