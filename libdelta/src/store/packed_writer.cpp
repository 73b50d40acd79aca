#include "store/packed_writer.hpp"

#include <algorithm>

#include "codec/block.hpp"
#include "store/frames.hpp"

namespace delta::store {
namespace {

// A block is what a point read decodes. Smaller ones compress worse: each column starts anew.
constexpr std::uint64_t kBlockBytes = 64 << 10;
constexpr std::size_t kBlockDeltas = 16384;
constexpr std::size_t kCommitsRows = 1 << 20;

template <class T>
T& slot(std::vector<T>& table, std::uint32_t i) {
  if (i >= table.size()) table.resize(std::max<std::size_t>(i + 1, table.size() * 2));
  return table[i];
}

}  // namespace

/// A DATA frame, and before it the names that it is the first to use.
struct PackedWriter::Block {
  ChangeBatch batch;  // vectors by segment number, commits by row, seqs as places, times as lags
  Timestamp least{~std::uint64_t{0}}, greatest{};
  format::Props new_props;
  format::Ids new_ids;
  std::vector<format::FrameHeader> frames;
  Preset preset = Preset::balanced;
  Buffer bytes;

  void encode() {
    Buffer payload;
    for (auto& frame : frames) {
      payload.clear();
      if (frame.type == format::FrameType::data) {
        codec::encode_block(batch, codec::Layout::packed, preset, payload);
        frame.raw = static_cast<std::uint32_t>(payload.size());
        append_frame(frame, payload, bytes);
        continue;
      }
      frame.type == format::FrameType::props ? format::write_props(new_props, payload) : format::write_ids(new_ids, payload);
      append_table(frame, payload, preset, bytes);
    }
  }
};

PackedWriter::PackedWriter(const Catalog& catalog, const std::vector<format::CommitRow>& rows, const Hash& previous, Options options,
                           SegmentFile::Sink sink)
    : catalog_(catalog), rows_(rows), options_(std::move(options)), file_(options_.preset, std::move(sink)),
      work_(options_.threads, options_.threads * 4), block_(std::make_unique<Block>()) {
  const auto id = [&](std::string_view origin, std::uint64_t first, Timestamp time) {
    return segment_id(format::Kind::packed, options_.preset, origin, first, time, previous, options_.identity);
  };
  const Commit* first = rows.empty() ? nullptr : &rows.front().commit;
  file_.start(format::Kind::packed, first ? id(catalog.origin(first->origin), first->first, first->time) : id("", 0, {}));
}

PackedWriter::~PackedWriter() = default;

std::uint32_t PackedWriter::local_origin(std::uint32_t origin) {
  auto& number = slot(origins_, origin);
  if (number == 0) {
    block_->new_props.origins.emplace_back(catalog_.origin(origin));
    number = ++origin_count_;
  }
  return number - 1;
}

std::uint32_t PackedWriter::local_vector(std::uint32_t vector) {
  auto& number = slot(vectors_, vector);
  if (number == 0) {
    const std::uint32_t owner = catalog_.namespace_of(vector);
    auto& ns = slot(namespaces_, owner);
    if (ns == 0) {
      block_->new_props.namespaces.push_back(catalog_.name_space(owner));
      ns = ++namespace_count_;
    }
    block_->new_ids.namespaces.push_back(ns - 1);
    block_->new_ids.ids.push_back(catalog_.id(vector));
    number = ++vector_count_;
  }
  return number - 1;
}

Status PackedWriter::add(const Change& change) {
  const Commit& commit = rows_[change.commit].commit;
  Block& block = *block_;
  Change local = change;
  local.vector = local_vector(change.vector);
  local.seq = change.seq - commit.first;
  local.time = Timestamp{commit.time.hlc - change.time.hlc};
  block.batch.add(local);
  block.least = std::min(block.least, change.time);
  block.greatest = std::max(block.greatest, change.time);
  if (block.batch.row_bytes() >= kBlockBytes || block.batch.size() >= kBlockDeltas) return flush_block();
  return {};
}

Status PackedWriter::flush_block() {
  Block& block = *block_;
  const std::size_t names = block.new_props.namespaces.size() + block.new_props.origins.size();
  if (block.batch.empty() && names == 0) return {};
  const auto frame = [&](format::FrameType type, std::size_t count) -> format::FrameHeader& {
    block.frames.push_back(file_.frame(type));
    block.frames.back().count = static_cast<std::uint32_t>(count);
    return block.frames.back();
  };
  if (names != 0) frame(format::FrameType::props, names);
  if (const auto n = block.new_ids.ids.size(); n > 0) frame(format::FrameType::ids, n).first = vector_count_ - n;
  if (!block.batch.empty()) {
    auto& data = frame(format::FrameType::data, block.batch.size());
    data.first = ordinal_;
    data.min_time = block.least, data.max_time = block.greatest;
    ordinal_ += block.batch.size();
  }
  block.preset = options_.preset;
  const auto shared = std::shared_ptr<Block>(std::move(block_));
  block_ = std::make_unique<Block>();
  return work_.submit([shared]() -> Status { return shared->encode(), Status{}; },
                      [this, shared]() -> Status {
                        SegmentFile::VectorRange range;
                        if (!shared->batch.empty()) range = {shared->batch.vectors.front(), shared->batch.vectors.back()};
                        return file_.write(shared->frames, shared->bytes, {&range, 1});
                      });
}

/// Rows [first, end), by the segment's numbers, with the records that they use.
Status PackedWriter::write_commits(format::CommitTable& table, std::size_t first, std::size_t end) {
  format::CommitTable part;
  std::vector<std::uint32_t> numbers(table.records.size());  // + 1
  for (std::size_t r = first; r < end; ++r) {
    for (const auto record : table.rows[r].records) numbers[record] = 1;
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == 0) continue;
    part.records.push_back(table.records[i]);
    for (auto& dot : part.records.back().seen) dot.origin = local_origin(dot.origin);
    std::ranges::sort(part.records.back().seen);
    numbers[i] = static_cast<std::uint32_t>(part.records.size());
  }
  for (std::size_t r = first; r < end; ++r) {
    format::CommitRow& row = part.rows.emplace_back(std::move(table.rows[r]));
    row.commit.origin = local_origin(row.commit.origin);
    for (auto& parent : row.commit.parents) parent.origin = local_origin(parent.origin);
    for (auto& record : row.records) record = numbers[record] - 1;
  }
  DELTA_OK(flush_block());  // names
  DELTA_OK(work_.finish());
  Buffer raw;
  format::write_commits(part, format::Kind::packed, raw);
  format::FrameHeader frame = file_.frame(format::FrameType::commits);
  frame.first = first;
  frame.count = static_cast<std::uint32_t>(part.rows.size());
  return file_.write_table(frame, raw);
}

Status PackedWriter::finish(format::CommitTable& table, std::span<const Hash> hashes) {
  DELTA_CHECK(&table.rows == &rows_ && hashes.size() == rows_.size());
  DELTA_OK(flush_block());
  const std::size_t commits = table.rows.size();
  for (std::size_t r = 0; r < commits; ++r) {
    const Commit& commit = table.rows[r].commit;
    format::CommitRow head;
    head.commit.origin = local_origin(commit.origin), head.commit.first = commit.first, head.commit.count = commit.count;
    head.commit.time = commit.time, head.previous = table.rows[r].previous;
    file_.note_head(head, hashes[r]);
  }
  for (std::size_t first = 0; first < commits; first += kCommitsRows) {
    DELTA_OK(write_commits(table, first, std::min(commits, first + kCommitsRows)));
  }
  DELTA_OK(work_.finish());
  return file_.finish({vector_count_, namespace_count_, origin_count_, static_cast<std::uint32_t>(commits), ordinal_});
}

}  // namespace delta::store
