// The file of an index: formats/spec/ann-1.md. What is read is checked before it is used: a graph that leads out of
// itself would be followed.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/boundary.hpp"
#include "base/checksum.hpp"
#include "delta/ann.hpp"
#include "delta/limits.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "index/ann_parts.hpp"
#include "model/rules.hpp"

namespace delta {
namespace nearest {
namespace {

constexpr std::string_view kMagic = "DLTANN1\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHead = 32, kSectionHead = 16;

Error damaged(const char* what) { return error(ErrorCode::corrupt, std::string("the index is damaged: ") + what); }

void put_numbers(format::Writer& out, std::span<const std::uint32_t> numbers) {
  for (const std::uint32_t number : numbers) out.fixed(number);
}

/// REQUIRES: the bytes are there.
std::vector<std::uint32_t> read_numbers(format::Reader& in, std::size_t count) {
  const ByteView bytes = in.raw(count * 4);
  std::vector<std::uint32_t> numbers(bytes.size() / 4);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = format::load<std::uint32_t>(bytes.data() + 4 * i);
  return numbers;
}

}  // namespace

/// One section, without its head.
struct AnnSection {
  static void write(const AnnIndex::Parts& parts, Buffer& bytes) {
    format::Writer out(bytes);
    const GraphLinks links = parts.current_links();
    out.text(parts.name_space);
    out.varint(parts.dims);
    out.u8(static_cast<std::uint8_t>(parts.options.metric));
    out.varint(parts.options.links);
    out.varint(parts.options.breadth);
    out.varint(parts.quality.breadth);
    out.varint(parts.quality.queries);
    for (const float share : {parts.quality.recall, parts.quality.low, parts.quality.high}) {
      out.fixed(std::bit_cast<std::uint32_t>(share));
    }
    out.varint(parts.time);
    out.varint(parts.ids.size());
    out.varint(links.entry);
    out.raw(links.levels);
    out.varint(links.lists.size());
    put_numbers(out, links.lists);
    for (const std::string& id : parts.ids) out.text(id);
    for (const float moved : parts.moved) out.fixed(std::bit_cast<std::uint32_t>(moved));
    for (const Micros since : parts.since) out.varint(since + 1);
    put_numbers(out, parts.bits);
  }

  static Result<std::unique_ptr<AnnIndex::Parts>> read(ByteView bytes) {
    format::Reader in(bytes);
    auto parts = std::make_unique<AnnIndex::Parts>();
    DELTA_OK(read_shape(in, *parts));
    DELTA_OK(read_quality(in, parts->quality));
    parts->time = in.bounded(kMaxMicros);
    const auto nodes = static_cast<std::size_t>(in.bounded(in.left()));
    parts->links.entry = static_cast<std::uint32_t>(in.bounded(std::numeric_limits<std::uint32_t>::max()));
    // What a graph takes in memory is bounded by what the section takes in the file.
    const std::uint64_t least = nodes * (std::uint64_t{4} * parts->dims + 11);
    if (!in.ok() || least > in.left() || nodes * 8 * parts->options.links > 4096 + 64 * bytes.size()) {
      return damaged("a section has more nodes than bytes");
    }
    const ByteView levels = in.raw(nodes);
    parts->links.levels.assign(levels.begin(), levels.end());
    parts->links.lists = read_numbers(in, static_cast<std::size_t>(in.bounded(in.left() / 4)));
    DELTA_OK(read_nodes(in, nodes, *parts));
    if (!in.done()) return damaged("a section does not end where it says");
    DELTA_OK(check_links(parts->shape(), nodes, parts->links));
    return parts;
  }

 private:
  static Status read_shape(format::Reader& in, AnnIndex::Parts& parts) {
    parts.name_space = in.text(kMaxNameBytes);
    parts.dims = static_cast<std::uint32_t>(in.bounded(kMostDims));
    const std::uint8_t metric = in.u8();
    parts.options.links = static_cast<std::uint32_t>(in.bounded(256));
    parts.options.breadth = static_cast<std::uint32_t>(in.bounded(65'536));
    if (!in.ok() || parts.dims == 0 || metric > static_cast<std::uint8_t>(Metric::ip) || parts.options.links < 2 ||
        parts.options.breadth < parts.options.links) {
      return damaged("a section has an impossible shape");
    }
    parts.options.metric = static_cast<Metric>(metric);
    return {};
  }

  static Status read_quality(format::Reader& in, AnnQuality& quality) {
    quality.breadth = static_cast<std::uint32_t>(in.bounded(65'536));
    quality.queries = static_cast<std::uint32_t>(in.bounded(1 << 20));
    for (float* const share : {&quality.recall, &quality.low, &quality.high}) {
      *share = std::bit_cast<float>(in.fixed<std::uint32_t>());
      if (!in.ok() || !(*share >= 0 && *share <= 1)) return damaged("a section has an impossible quality");
    }
    return {};
  }

  static Status read_nodes(format::Reader& in, std::size_t nodes, AnnIndex::Parts& parts) {
    std::set<std::string_view> ids;
    for (std::size_t node = 0; node < nodes && in.ok(); ++node) {
      const std::string_view id = in.text(kMaxIdBytes);
      parts.ids.emplace_back(id);
      if (id.empty()) continue;
      ++parts.live;
      if (!ids.insert(id).second) return damaged("two nodes have one id");
    }
    for (std::size_t node = 0; node < nodes && in.ok(); ++node) {
      parts.moved.push_back(std::bit_cast<float>(in.fixed<std::uint32_t>()));
      if (!(parts.moved.back() >= 0) || !std::isfinite(parts.moved.back())) return damaged("a node moved by no number");
    }
    for (std::size_t node = 0; node < nodes && in.ok(); ++node) parts.since.push_back(in.bounded(kMaxMicros + 1) - 1);
    parts.bits = read_numbers(in, nodes * parts.dims);
    if (!in.ok()) return damaged("a section ends too early");
    return model::all_finite(parts.bits) ? Status() : damaged("a value is not finite");
  }
};

namespace {

/// Cuts the bytes into sections. Their checksums hold.
Result<std::vector<ByteView>> sections_of(ByteView bytes) {
  if (bytes.size() < kHead || text_of(bytes.first(kMagic.size())) != kMagic) return damaged("it does not begin as one");
  format::Reader in(bytes.subspan(kMagic.size()));
  const auto version = in.fixed<std::uint32_t>(), count = in.fixed<std::uint32_t>();
  const auto length = in.fixed<std::uint64_t>(), sum = in.fixed<std::uint64_t>();
  if (checksum(bytes.first(kHead - 8)) != sum) return damaged("the checksum of its head does not hold");
  if (version != kVersion) {
    return error(ErrorCode::unsupported, "an index of version " + std::to_string(version) + " is not read");
  }
  if (length != bytes.size()) return damaged("it is not as long as it says");
  std::vector<ByteView> sections;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto size = in.fixed<std::uint64_t>(), of_section = in.fixed<std::uint64_t>();
    if (!in.ok() || size > in.left()) return damaged("a section goes beyond its end");
    const ByteView section = in.raw(static_cast<std::size_t>(size));
    if (checksum(section) != of_section) return damaged("the checksum of a section does not hold");
    sections.push_back(section);
  }
  if (!in.done()) return damaged("something stands behind its sections");
  return sections;
}

}  // namespace
}  // namespace nearest

Status write_ann(std::span<const AnnIndex> indexes, ByteSink& out) try {
  const Boundary boundary;
  std::vector<Buffer> sections(indexes.size());
  std::uint64_t length = nearest::kHead;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    nearest::AnnSection::write(*indexes[i].parts_, sections[i]);
    length += nearest::kSectionHead + sections[i].size();
  }
  Buffer head;
  format::Writer writer(head);
  writer.raw(bytes_of(nearest::kMagic));
  writer.fixed(nearest::kVersion);
  writer.fixed(static_cast<std::uint32_t>(indexes.size()));
  writer.fixed(length);
  writer.fixed(checksum(head));
  DELTA_OK(out.write(head));
  for (const Buffer& section : sections) {
    head.clear();
    writer.fixed(static_cast<std::uint64_t>(section.size()));
    writer.fixed(checksum(section));
    DELTA_OK(out.write(head));
    DELTA_OK(out.write(section));
  }
  return {};
} catch (...) {
  return caught();
}

Result<std::vector<AnnIndex>> read_ann(const ByteSource& bytes) try {
  const Boundary boundary;
  Buffer all(static_cast<std::size_t>(bytes.size()));
  if (auto read = bytes.read(0, all); !read) return std::move(read).error().in(bytes.name());
  const auto sections = nearest::sections_of(all);
  if (!sections) return Error(sections.error()).in(bytes.name());
  std::vector<AnnIndex> indexes;
  std::set<std::tuple<std::string_view, std::uint32_t, Metric>> names;
  for (const ByteView section : *sections) {
    auto parts = nearest::AnnSection::read(section);
    if (!parts) return std::move(parts).error().in(bytes.name());
    indexes.push_back(AnnIndex(*std::move(parts)));
    const AnnIndex& index = indexes.back();
    if (names.emplace(index.name_space(), index.dims(), index.options().metric).second) continue;
    return nearest::damaged("two sections are of one namespace and metric").in(bytes.name());
  }
  return indexes;
} catch (...) {
  return caught();
}

}  // namespace delta
