#include "index/checkpoint_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/checksum.hpp"
#include "delta/limits.hpp"
#include "format/wire.hpp"

namespace delta::checkpoint {
namespace {

constexpr std::array<Byte, 8> kMagic = {0x89, 'D', 'L', 'C', 0x0d, 0x0a, 0x1a, 0x0a};
constexpr std::array<Byte, 8> kEndMagic = {0x89, 'D', 'L', 'C', 'E', 'N', 'D', 0x0a};
constexpr std::uint16_t kMajor = 1;
constexpr std::size_t kHeaderBytes = 64, kTrailerBytes = 64, kSealed = 48;  // of the trailer: what its checksum covers
constexpr std::uint64_t kMostChunk = std::uint64_t{1} << 31;
constexpr std::size_t kChunkTarget = 1 << 20;  // bytes; a chunk is closed when it has as many
constexpr Byte kExists = 1, kHasMetadata = 2, kHasOverflows = 4, kAllFlags = 7;

Error damaged(const char* what) { return error(ErrorCode::corrupt, std::string("damaged checkpoints: ") + what); }

Result<Buffer> read_bytes(const ByteSource& file, std::uint64_t offset, std::uint64_t length, std::uint64_t sum,
                          const char* what) {
  Buffer bytes(length);
  DELTA_OK(file.read(offset, bytes));
  if (checksum(bytes) != sum) return damaged(what);
  return bytes;
}

Status check_header(const ByteSource& file) {
  if (file.size() < kHeaderBytes + kTrailerBytes) return damaged("the file is too short");
  Buffer bytes(kHeaderBytes);
  DELTA_OK(file.read(0, bytes));
  format::Reader in(bytes);
  if (!std::ranges::equal(in.raw(kMagic.size()), kMagic)) return damaged("the file is of another kind");
  const auto major = in.fixed<std::uint16_t>();
  if (checksum(ByteView(bytes).first(kHeaderBytes - 8)) != format::load<std::uint64_t>(&bytes[kHeaderBytes - 8])) {
    return damaged("the header");
  }
  if (major != kMajor) return error(ErrorCode::unsupported, "checkpoints of version " + std::to_string(major));
  return {};
}

/// A count of things that take at least `least` bytes each.
std::size_t count_of(format::Reader& in, std::size_t least) { return in.bounded(in.left() / least); }

void read_heads(format::Reader& in, CheckpointDirectory& directory) {
  directory.heads.resize(count_of(in, 34));
  for (CheckpointHead& head : directory.heads) {
    head.origin = in.text(kMaxNameBytes);
    head.last = in.varint();
    const ByteView hash = in.raw(head.hash.size());
    std::ranges::copy(hash, head.hash.begin());
  }
  directory.namespaces.resize(count_of(in, 2));
  for (Namespace& ns : directory.namespaces) {
    ns.name = in.text(kMaxNameBytes);
    ns.dims = static_cast<std::uint32_t>(in.bounded(kMostDims));
    if (ns.dims == 0) in.fail();
  }
}

template <Number No>
No number(format::Reader& in, std::size_t count) {
  const std::uint64_t number = in.varint();
  if (number >= count) in.fail();
  return in.ok() ? nth<No>(number) : No{};
}

CheckpointChunk read_chunk_entry(format::Reader& in, const CheckpointDirectory& directory, std::uint64_t& offset,
                                 std::uint64_t end) {
  CheckpointChunk chunk;
  chunk.kind = static_cast<CheckpointChunk::Kind>(in.bounded(1));
  chunk.name_space = number<FileNamespace>(in, directory.namespaces.size());
  chunk.length = in.bounded(std::min(kMostChunk, end - offset));
  chunk.count = static_cast<std::uint32_t>(in.bounded(chunk.length));
  chunk.checksum = in.fixed<std::uint64_t>();
  chunk.offset = offset;
  offset += chunk.length;
  return chunk;
}

Result<CheckpointDirectory> parse_directory(ByteView bytes, std::uint64_t end) {
  format::Reader in(bytes);
  CheckpointDirectory directory;
  read_heads(in, directory);
  std::uint64_t offset = kHeaderBytes;
  directory.checkpoints.resize(count_of(in, 9));
  for (CheckpointEntry& entry : directory.checkpoints) {
    entry.latest = Timestamp{in.fixed<std::uint64_t>()};
    if (!in.ok() || directory.heads.size() > in.left()) return damaged("the directory");
    entry.seen.resize(directory.heads.size());
    for (const HeadNo head : entry.seen.numbers()) entry.seen[head] = in.bounded(directory.heads[head].last);
    entry.chunks.resize(count_of(in, 12));
    for (CheckpointChunk& chunk : entry.chunks) chunk = read_chunk_entry(in, directory, offset, end);
  }
  const bool rising = std::ranges::is_sorted(directory.checkpoints, {}, &CheckpointEntry::latest);
  if (!in.done() || !rising || offset != end) return damaged("the directory");
  return directory;
}

/// A chunk as it is parsed: column by column.
class ChunkReader {
 public:
  ChunkReader(const CheckpointDirectory& directory, const CheckpointChunk& chunk, ByteView bytes)
      : directory_(directory), dims_(directory.namespaces[chunk.name_space].dims), in_(bytes), vectors_(chunk.count) {}

  Status read(bool names_alone, const std::function<Status(const ChunkVector&)>& visit) {
    for (ChunkVector& vector : vectors_) {
      vector.id = in_.text(kMaxIdBytes);
      if (vector.id.empty()) in_.fail();
    }
    if (!names_alone) read_columns();
    ByteView values = in_.ok() ? in_.raw(in_.left()) : ByteView();
    if (!in_.ok() || values.size() != (names_alone ? 0 : existing_ * dims_ * sizeof(std::uint32_t))) {
      return damaged("a chunk");
    }
    std::vector<std::uint32_t> row(dims_);
    for (ChunkVector& vector : vectors_) {
      if (vector.exists) {
        std::memcpy(row.data(), values.data(), row.size() * sizeof(std::uint32_t));
        values = values.subspan(row.size() * sizeof(std::uint32_t));
        vector.bits = row;
      }
      DELTA_OK(visit(vector));
    }
    return {};
  }

 private:
  void read_columns() {
    const ByteView flags = in_.raw(vectors_.size());
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] > kAllFlags) in_.fail();
      vectors_[i].exists = (flags[i] & kExists) != 0;
      existing_ += vectors_[i].exists;
    }
    for (ChunkVector& vector : vectors_) vector.last = key();
    for (ChunkVector& vector : vectors_) {
      if (vector.exists) vector.created = key();
    }
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if ((flags[i] & kHasMetadata) != 0) vectors_[i].metadata = in_.text(in_.left());
    }
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if ((flags[i] & kHasOverflows) != 0) vectors_[i].overflows = in_.varint();
    }
  }
  ChunkVector::ChunkKey key() {
    ChunkVector::ChunkKey key;
    key.time = Timestamp{in_.fixed<std::uint64_t>()};
    key.origin = number<HeadNo>(in_, directory_.heads.size());
    key.seq = in_.varint();
    return key;
  }

  const CheckpointDirectory& directory_;
  std::uint32_t dims_;
  format::Reader in_;
  std::vector<ChunkVector> vectors_;
  std::uint64_t existing_ = 0;
};

}  // namespace

std::uint64_t CheckpointEntry::bytes() const {
  return std::accumulate(chunks.begin(), chunks.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const CheckpointChunk& chunk) { return sum + chunk.length; });
}

Result<CheckpointDirectory> read_checkpoint_directory(const ByteSource& file) {
  DELTA_OK(check_header(file));
  Buffer bytes(kTrailerBytes);
  DELTA_OK(file.read(file.size() - kTrailerBytes, bytes));
  format::Reader in(bytes);
  const auto offset = in.fixed<std::uint64_t>(), length = in.fixed<std::uint64_t>();
  const auto sum = in.fixed<std::uint64_t>(), size = in.fixed<std::uint64_t>();
  const std::uint64_t end = file.size() - kTrailerBytes;
  if (checksum(ByteView(bytes).first(kSealed)) != format::load<std::uint64_t>(&bytes[kSealed]) ||
      !std::equal(kEndMagic.begin(), kEndMagic.end(), bytes.end() - kEndMagic.size()) || size != file.size() ||
      offset < kHeaderBytes || offset > end || length != end - offset) {
    return damaged("the trailer");
  }
  DELTA_TRY(const Buffer directory, read_bytes(file, offset, length, sum, "the directory"));
  return parse_directory(directory, offset);
}

Status read_checkpoint_chunk(const ByteSource& file, const CheckpointDirectory& directory, const CheckpointChunk& chunk,
                             const std::function<Status(const ChunkVector&)>& visit) {
  DELTA_TRY(const Buffer bytes, read_bytes(file, chunk.offset, chunk.length, chunk.checksum, "a chunk"));
  ChunkReader reader(directory, chunk, bytes);
  return reader.read(chunk.kind == CheckpointChunk::Kind::unresolved, visit);
}

/// Column by column, as ChunkReader reads them.
struct CheckpointWriter::Open {
  CheckpointChunk chunk;
  Buffer ids, flags, last, created, metadata, overflows, values;
  std::size_t size() const { return ids.size() + last.size() + metadata.size() + values.size(); }
};

CheckpointWriter::~CheckpointWriter() = default;
CheckpointWriter::CheckpointWriter(const Catalog& catalog, Indexed<HeadNo, CheckpointHead> heads, ByteSink& sink)
    : catalog_(catalog), sink_(sink) {
  directory_.heads = std::move(heads);
  for (const NamespaceNo ns : numbers<NamespaceNo>(catalog.namespaces())) {
    directory_.namespaces.push_back(catalog.name_space(ns));
    for (const auto kind : {CheckpointChunk::Kind::vectors, CheckpointChunk::Kind::unresolved}) {
      open_.push_back(std::make_unique<Open>());
      open_.back()->chunk.kind = kind;
      open_.back()->chunk.name_space = nth<FileNamespace>(index(ns));
    }
  }
}

Status CheckpointWriter::write(ByteView bytes) {
  if (!std::exchange(begun_, true)) {
    Buffer header(kMagic.begin(), kMagic.end());
    format::Writer(header).fixed<std::uint16_t>(kMajor);
    header.resize(kHeaderBytes - 8);
    format::Writer(header).fixed(checksum(header));
    DELTA_OK(sink_.write(header));
    bytes_ = header.size();
  }
  bytes_ += bytes.size();
  return sink_.write(bytes);
}

namespace {

void put_key(const Key& key, Buffer& out) {
  format::Writer to(out);
  to.fixed(key.time.hlc);
  to.varint(index(key.origin));
  to.varint(key.seq);
}

}  // namespace

Status CheckpointWriter::add(const model::FoldedVector& vector) {
  Open& open = *open_[2 * index(catalog_.namespace_of(vector.vector))];
  format::Writer(open.ids).text(catalog_.id(vector.vector));
  open.flags.push_back(static_cast<Byte>((vector.exists ? kExists : 0) | (vector.metadata.empty() ? 0 : kHasMetadata) |
                                         (vector.overflows == 0 ? 0 : kHasOverflows)));
  put_key(vector.last, open.last);
  if (vector.exists) put_key(vector.created, open.created);
  if (!vector.metadata.empty()) format::Writer(open.metadata).text(vector.metadata);
  if (vector.overflows != 0) format::Writer(open.overflows).varint(vector.overflows);
  if (vector.exists) {
    const auto* from = reinterpret_cast<const Byte*>(vector.bits.data());
    open.values.insert(open.values.end(), from, from + vector.bits.size_bytes());
  }
  ++open.chunk.count;
  return open.size() < kChunkTarget ? Status() : flush(open);
}

Status CheckpointWriter::add_unresolved(VectorNo vector) {
  Open& open = *open_[2 * index(catalog_.namespace_of(vector)) + 1];
  format::Writer(open.ids).text(catalog_.id(vector));
  ++open.chunk.count;
  return open.size() < kChunkTarget ? Status() : flush(open);
}

Status CheckpointWriter::flush(Open& open) {
  if (open.chunk.count == 0) return {};
  Buffer bytes;
  for (const Buffer* part : {&open.ids, &open.flags, &open.last, &open.created, &open.metadata, &open.overflows}) {
    bytes.insert(bytes.end(), part->begin(), part->end());
  }
  bytes.insert(bytes.end(), open.values.begin(), open.values.end());
  open.chunk.length = bytes.size();
  open.chunk.checksum = checksum(bytes);
  entry_.chunks.push_back(open.chunk);
  DELTA_OK(write(bytes));
  const CheckpointChunk next{open.chunk.kind, open.chunk.name_space, 0, 0, 0, 0};
  open = Open{};
  open.chunk = next;
  return {};
}

Status CheckpointWriter::finish_checkpoint(Timestamp latest, const SeenSeqs& seen) {
  for (const auto& open : open_) DELTA_OK(flush(*open));
  entry_.latest = latest;
  add_entry(std::exchange(entry_, {}), seen);
  return {};
}

void CheckpointWriter::add_entry(CheckpointEntry entry, const SeenSeqs& seen) {
  entry.seen.clear();
  entry.seen.resize(directory_.heads.size());
  for (const OriginNo origin : seen.numbers()) entry.seen[nth<HeadNo>(index(origin))] = seen[origin];
  directory_.checkpoints.push_back(std::move(entry));
}

Status CheckpointWriter::copy(const ByteSource& file, const CheckpointEntry& entry, const SeenSeqs& seen) {
  for (const CheckpointChunk& chunk : entry.chunks) {
    DELTA_TRY(const Buffer bytes, read_bytes(file, chunk.offset, chunk.length, chunk.checksum, "a chunk"));
    DELTA_OK(write(bytes));
  }
  add_entry(entry, seen);
  return {};
}

Status CheckpointWriter::finish() {
  DELTA_OK(write({}));  // the header, where there is nothing else
  Buffer bytes;
  format::Writer out(bytes);
  out.varint(directory_.heads.size());
  for (const CheckpointHead& head : directory_.heads) {
    out.text(head.origin);
    out.varint(head.last);
    out.raw(head.hash);
  }
  out.varint(directory_.namespaces.size());
  for (const Namespace& ns : directory_.namespaces) {
    out.text(ns.name);
    out.varint(ns.dims);
  }
  out.varint(directory_.checkpoints.size());
  for (const CheckpointEntry& entry : directory_.checkpoints) {
    out.fixed(entry.latest.hlc);
    for (const std::uint64_t seq : entry.seen) out.varint(seq);
    out.varint(entry.chunks.size());
    for (const CheckpointChunk& chunk : entry.chunks) {
      out.varint(static_cast<std::uint64_t>(chunk.kind));
      out.varint(index(chunk.name_space));
      out.varint(chunk.length);
      out.varint(chunk.count);
      out.fixed(chunk.checksum);
    }
  }
  Buffer trailer;
  format::Writer end(trailer);
  end.fixed<std::uint64_t>(bytes_);
  end.fixed<std::uint64_t>(bytes.size());
  end.fixed(checksum(bytes));
  end.fixed<std::uint64_t>(bytes_ + bytes.size() + kTrailerBytes);
  trailer.resize(kSealed);
  end.fixed(checksum(trailer));
  end.raw(kEndMagic);
  DELTA_OK(write(bytes));
  return write(trailer);
}

}  // namespace delta::checkpoint
