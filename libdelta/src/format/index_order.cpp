#include "format/index_order.hpp"

#include <algorithm>
#include <utility>

#include "base/checksum.hpp"
#include "delta/limits.hpp"
#include "format/table_parts.hpp"

namespace delta::format {
namespace {

constexpr std::uint64_t kListSeed = std::uint64_t{1} << 41, kChunkSeed = kListSeed + 1;  // beside the salt

Error damaged_order(const char* what) { return bad(std::string("index: the ids in order are ") + what); }

std::uint32_t low_half(ByteView bytes, std::uint64_t seed) { return static_cast<std::uint32_t>(checksum(bytes, seed)); }

std::size_t shared_bytes(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

void write_chunk(std::span<const std::string> ids, std::uint64_t seed, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(std::uint32_t{0});
  std::string_view before;
  for (const std::string& id : ids) {
    const std::size_t shared = shared_bytes(before, id);
    to.varint(shared);
    to.text(std::string_view(id).substr(shared));
    before = id;
  }
  store(out.data() + begin, low_half(ByteView(out).subspan(begin + 4), seed));
}

}  // namespace

void write_order(std::span<const std::string> ids, std::uint64_t salt, Buffer& out) {
  Buffer chunks;
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(std::uint64_t{0});
  const std::size_t count = (ids.size() + kIdsOfChunk - 1) / kIdsOfChunk;
  to.varint(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto some = ids.subspan(i * kIdsOfChunk, std::min<std::size_t>(kIdsOfChunk, ids.size() - i * kIdsOfChunk));
    const std::size_t before = chunks.size();
    write_chunk(some, salt + kChunkSeed + i, chunks);
    to.varint(some.size());
    to.varint(chunks.size() - before);
    to.text(some.front());
  }
  store(out.data() + begin + 4, static_cast<std::uint32_t>(out.size() - begin));
  store(out.data() + begin, low_half(ByteView(out).subspan(begin + 4), salt + kListSeed));
  to.raw(chunks);
}

Result<std::uint32_t> order_list_bytes(ByteView start, std::uint64_t size) {
  if (start.size() < kOrderStartBytes) return damaged_order("too short");
  const auto bytes = load<std::uint32_t>(start.data() + 4);
  if (bytes < kOrderStartBytes || bytes > size) return damaged_order("damaged");
  return bytes;
}

Result<std::vector<OrderChunk>> read_order_list(ByteView bytes, std::uint64_t salt, std::uint64_t size) {
  DELTA_TRY(const std::uint32_t stated, order_list_bytes(bytes, size));
  if (stated != bytes.size() || load<std::uint32_t>(bytes.data()) != low_half(bytes.subspan(4), salt + kListSeed)) {
    return damaged_order("damaged");
  }
  Reader in(bytes.subspan(kOrderStartBytes));
  std::vector<OrderChunk> chunks;
  const auto count = in.bounded(in.left() / 4);
  std::uint64_t at = stated;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    OrderChunk chunk;
    chunk.offset = at;
    chunk.ids = static_cast<std::uint32_t>(in.bounded(kIdsOfChunk));
    chunk.bytes = static_cast<std::uint32_t>(in.bounded(size - at));
    chunk.first = in.text(kMaxIdBytes);
    const bool full = chunk.ids == kIdsOfChunk || (chunk.ids > 0 && i + 1 == count);
    const bool rising = chunks.empty() || chunks.back().first < chunk.first;
    if (!full || !rising || chunk.bytes < 4) in.fail();
    at += chunk.bytes;
    chunks.push_back(std::move(chunk));
  }
  if (!in.done() || at != size) return damaged_order("malformed");
  return chunks;
}

void seal_order(std::uint64_t salt, std::span<Byte> order) {
  const auto list = order.first(load<std::uint32_t>(order.data() + 4));
  const auto chunks = read_order_list(list, 0, order.size());
  DELTA_CHECK(chunks);
  store(list.data(), low_half(list.subspan(4), salt + kListSeed));
  for (std::size_t i = 0; i < chunks->size(); ++i) {
    const auto chunk = order.subspan((*chunks)[i].offset, (*chunks)[i].bytes);
    store(chunk.data(), low_half(chunk.subspan(4), salt + kChunkSeed + i));
  }
}

Status read_order_chunk(ByteView bytes, std::uint64_t salt, std::size_t number, const OrderChunk& chunk,
                        std::vector<std::string>& out) {
  if (bytes.size() != chunk.bytes || bytes.size() < 4 ||
      load<std::uint32_t>(bytes.data()) != low_half(bytes.subspan(4), salt + kChunkSeed + number)) {
    return damaged_order("damaged");
  }
  Reader in(bytes.subspan(4));
  std::string id;
  for (std::uint32_t i = 0; i < chunk.ids; ++i) {
    const auto shared = static_cast<std::size_t>(in.bounded(id.size()));
    const std::string_view rest = in.text(kMaxIdBytes - shared);
    std::string next = id.substr(0, shared) + std::string(rest);
    const bool shortest = shared_bytes(id, next) == shared;
    const bool in_order = i == 0 ? next == chunk.first : id < next;
    if (!in.ok() || next.empty() || !shortest || !in_order) return damaged_order("malformed");
    out.push_back(next);
    id = std::move(next);
  }
  return in.done() ? Status() : damaged_order("malformed");
}

Result<std::vector<std::string>> read_order(ByteView bytes, std::uint64_t salt) {
  DELTA_TRY(const std::uint32_t list, order_list_bytes(bytes, bytes.size()));
  DELTA_TRY(const auto chunks, read_order_list(bytes.first(list), salt, bytes.size()));
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!ids.empty() && ids.back() >= chunks[i].first) return damaged_order("malformed");
    DELTA_OK(read_order_chunk(bytes.subspan(chunks[i].offset, chunks[i].bytes), salt, i, chunks[i], ids));
  }
  return ids;
}

}  // namespace delta::format
