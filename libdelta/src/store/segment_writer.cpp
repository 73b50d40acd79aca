#include "store/segment_writer.hpp"

#include <algorithm>

#include "codec/block.hpp"
#include "format/wire.hpp"
#include "store/frames.hpp"
#include "support/digest.hpp"
#include "support/limits.hpp"

namespace delta::store {
namespace {

constexpr std::uint64_t kBlockBytes = 256 << 10;      // of deltas as plain rows: one DATA frame
constexpr std::size_t kBlockDeltas = 65536;
constexpr std::uint64_t kCommitsDeltas = 1 << 20;     // deltas, and rows, that one COMMITS frame closes at most
constexpr std::size_t kCommitsRows = 65536;
constexpr std::string_view kWriterName = "deltalog/" DELTA_VERSION;

template <class T>
T& slot(std::vector<T>& table, std::uint32_t i) {
  if (i >= table.size()) table.resize(std::max<std::size_t>(i + 1, table.size() * 2));
  return table[i];
}

Hash segment_id(format::Kind kind, Preset preset, std::string_view origin, std::uint64_t first, Timestamp time, const Hash& previous) {
  Buffer bytes;
  format::Writer out(bytes);
  out.u8(static_cast<Byte>(kind)), out.u8(static_cast<Byte>(preset));
  out.text(origin), out.fixed(first), out.fixed(time.hlc), out.raw(previous);
  return digest("dlog1 segment", bytes);
}

}  // namespace

/// What one worker turns into bytes: a DATA frame, and before it the names that it is the first to use.
struct SegmentWriter::Block {
  struct Piece {
    std::size_t begin;   // first delta
    bool opens;          // a commit, rather than going on with one
    std::string origin;  // copies and stable views: the catalog may grow while the worker runs
    std::uint64_t seq;   // of the first delta
  };

  ChangeBatch batch;  // vectors by segment number
  std::vector<std::string_view> ids;
  std::vector<std::uint32_t> owners;  // segment namespace of each delta's vector
  std::vector<Namespace> namespaces;
  std::vector<Piece> pieces;
  format::Props new_props;
  format::Ids new_ids;
  std::vector<format::FrameHeader> frames;  // numbers and counts are set before the work
  Preset preset = Preset::balanced;

  std::vector<Hash> leaves;
  Buffer bytes, payload;

  void reset() {
    batch.clear(), ids.clear(), owners.clear(), namespaces.clear(), pieces.clear();
    new_props = {}, new_ids = {};
    frames.clear(), leaves.clear(), bytes.clear();
  }
  void hash_leaves();
  void encode();
};

void SegmentWriter::Block::hash_leaves() {
  leaves.reserve(batch.size());
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const std::size_t end = p + 1 < pieces.size() ? pieces[p + 1].begin : batch.size();
    for (std::size_t i = pieces[p].begin; i < end; ++i) {
      Change change = batch[i];
      change.seq = pieces[p].seq + (i - pieces[p].begin);
      const Namespace& ns = namespaces[owners[i]];
      leaves.push_back(model::leaf_hash({pieces[p].origin, ns.name, ids[i], ns.dims}, change));
    }
  }
}

void SegmentWriter::Block::encode() {
  for (auto& frame : frames) {
    payload.clear();
    if (frame.type == format::FrameType::props) {
      format::write_props(new_props, payload);
      append_table(frame, payload, preset, bytes);
    } else if (frame.type == format::FrameType::ids) {
      format::write_ids(new_ids, payload);
      append_table(frame, payload, preset, bytes);
    } else {
      codec::encode_block(batch, preset, payload);
      frame.raw = static_cast<std::uint32_t>(payload.size());
      append_frame(frame, payload, bytes);
    }
  }
}

SegmentWriter::SegmentWriter(const Catalog& catalog, std::vector<Head> heads, Options options, Sink sink)
    : catalog_(catalog),
      heads_(std::move(heads)),
      options_(options),
      sink_(std::move(sink)),
      work_(options.threads, options.threads * 4),
      block_(std::make_unique<Block>()) {}

SegmentWriter::~SegmentWriter() = default;

std::uint32_t SegmentWriter::local_origin(std::uint32_t origin) {
  auto& number = slot(origins_, origin);
  if (number == 0) {
    origin_order_.push_back(origin);
    number = static_cast<std::uint32_t>(origin_order_.size());
    block_->new_props.origins.emplace_back(catalog_.origin(origin));
  }
  return number - 1;
}

std::uint32_t SegmentWriter::local_vector(std::uint32_t vector) {
  auto& number = slot(vectors_, vector);
  if (number == 0) {
    const std::uint32_t owner = catalog_.namespace_of(vector);
    auto& ns = slot(namespaces_, owner);
    if (ns == 0) {
      local_namespaces_.push_back(catalog_.name_space(owner));
      ns = static_cast<std::uint32_t>(local_namespaces_.size());
      block_->new_props.namespaces.push_back(local_namespaces_.back());
    }
    block_->new_ids.namespaces.push_back(ns - 1);
    block_->new_ids.ids.push_back(catalog_.id(vector));
    number = ++vector_count_;
  }
  return number - 1;
}

void SegmentWriter::begin(std::uint32_t origin, std::uint64_t first) {
  DELTA_CHECK(!open_origin_);
  open_origin_ = origin;
  open_first_ = first;
  open_deltas_ = 0;
  local_origin(origin);
}

Status SegmentWriter::add(const Change& change) {
  DELTA_CHECK(open_origin_);
  if (!header_) start_segment(change.time);
  Block& block = *block_;
  if (open_deltas_ == 0 || block.batch.empty()) {
    block.pieces.push_back({block.batch.size(), open_deltas_ == 0, std::string(catalog_.origin(*open_origin_)), open_first_ + open_deltas_});
  }
  Change local = change;
  local.vector = local_vector(change.vector);
  local.commit = 0, local.seq = 0;
  block.batch.add(local);
  block.ids.push_back(catalog_.id(change.vector));
  block.owners.push_back(namespaces_[catalog_.namespace_of(change.vector)] - 1);
  ++open_deltas_;
  if (block.batch.row_bytes() >= kBlockBytes || block.batch.size() >= kBlockDeltas) return flush_block();
  return {};
}

Status SegmentWriter::end(Commit commit) {
  DELTA_CHECK(open_origin_ == commit.origin && commit.first == open_first_ && commit.deltas() == open_deltas_ && commit.count > 0);
  if (!header_) start_segment(commit.time);
  for (const auto& parent : commit.parents) local_origin(parent.origin);
  rows_deltas_ += commit.deltas();
  rows_.push_back({std::move(commit), {}});
  open_origin_.reset();
  ++commits_;
  if (rows_deltas_ >= kCommitsDeltas || rows_.size() >= kCommitsRows) return flush_commits();
  return {};
}

void SegmentWriter::start_segment(Timestamp first) {
  header_.emplace();
  header_->writer = kWriterName;
  const Hash previous = open_origin_ && *open_origin_ < heads_.size() ? heads_[*open_origin_].hash : Hash{};
  header_->segment_id = segment_id(header_->kind, options_.preset, catalog_.origin(*open_origin_), open_first_, first, previous);
}

Status SegmentWriter::write_segment_header() {
  if (bytes_ > 0) return {};
  if (!header_) {  // nothing was ever added
    header_.emplace();
    header_->writer = kWriterName;
    header_->segment_id = segment_id(header_->kind, options_.preset, "", 0, {}, {});
  }
  Buffer bytes(format::kHeaderBytes);
  format::write_header(*header_, bytes.data());
  digest_.add(bytes);
  return write_out(bytes);
}

// Settles the frame numbers, hands the block to a worker, and takes an empty one.
Status SegmentWriter::flush_block() {
  Block& block = *block_;
  const bool names = !block.new_props.namespaces.empty() || !block.new_props.origins.empty();
  if (block.batch.empty() && !names) return {};
  if (!header_) return {};
  DELTA_OK(write_segment_header());
  const auto frame = [&](format::FrameType type, std::size_t count) -> format::FrameHeader& {
    format::FrameHeader f;
    f.type = type;
    f.salt = header_->salt();
    f.number = frame_number_++;
    f.count = static_cast<std::uint32_t>(count);
    return block.frames.emplace_back(f);
  };
  if (names) frame(format::FrameType::props, block.new_props.namespaces.size() + block.new_props.origins.size());
  if (const auto n = block.new_ids.ids.size(); n > 0) frame(format::FrameType::ids, n).first = vector_count_ - n;
  if (!block.batch.empty()) {
    auto& data = frame(format::FrameType::data, block.batch.size());
    data.first = ordinal_;
    const auto [lo, hi] = std::ranges::minmax(block.batch.times);
    data.min_time = lo, data.max_time = hi;
    ordinal_ += block.batch.size();
  }
  block.namespaces = local_namespaces_;
  block.preset = options_.preset;
  // The queue owns the block until done() puts it back among the spare ones.
  auto shared = std::shared_ptr<Block>(std::move(block_));
  if (spare_.empty()) {
    block_ = std::make_unique<Block>();
  } else {
    block_ = std::move(spare_.back());
    spare_.pop_back();
  }
  Block* raw = shared.get();
  return work_.submit([raw]() -> Status { raw->hash_leaves(); raw->encode(); return {}; },
                      [this, shared]() -> Status { return write_block(*shared); });
}

Status SegmentWriter::write_block(Block& block) {
  DELTA_OK(write_out(block.bytes));
  std::size_t at = 0;
  for (const auto& frame : block.frames) {
    digest_.add(ByteView(block.bytes).subspan(at, format::kFrameBytes));
    at += frame.extent();
    format::FrameEntry entry{frame.type, frame.stored, frame.count, frame.first, frame.min_time, frame.max_time, 0, 0, 0};
    if (frame.type == format::FrameType::data) {
      const auto [lo, hi] = std::ranges::minmax(block.batch.vectors);
      entry.min_vector = lo, entry.max_vector = hi;
    }
    footer_.frames.push_back(entry);
  }
  absorb_leaves(block);
  auto spare = std::make_unique<Block>(std::move(block));
  spare->reset();
  spare_.push_back(std::move(spare));
  return {};
}

void SegmentWriter::absorb_leaves(const Block& block) {
  for (std::size_t p = 0; p < block.pieces.size(); ++p) {
    if (block.pieces[p].opens && tree_.size() > 0) {
      roots_.push_back(tree_.root());
      tree_ = {};
    }
    const std::size_t end = p + 1 < block.pieces.size() ? block.pieces[p + 1].begin : block.leaves.size();
    for (std::size_t i = block.pieces[p].begin; i < end; ++i) tree_.add(block.leaves[i]);
  }
}

// Closes every commit so far: hashes are chained here, in order, once all their leaves are in.
Status SegmentWriter::flush_commits() {
  if (rows_.empty()) return {};
  DELTA_OK(flush_block());
  DELTA_OK(work_.finish());
  if (tree_.size() > 0) {
    roots_.push_back(tree_.root());
    tree_ = {};
  }
  for (auto& row : rows_) {
    Commit& commit = row.commit;
    Head& head = slot(heads_, commit.origin);
    row.previous = head.hash;
    Hash root;
    if (commit.setting.empty()) {
      root = roots_.front();
      roots_.pop_front();
    } else {
      root = model::setting_hash(catalog_, commit);
    }
    const Hash hash = model::commit_hash(catalog_, commit, root, head.hash);
    head = {commit.last(), commit.time, hash};
    commit.origin = local_origin(commit.origin);
    for (auto& parent : commit.parents) parent.origin = local_origin(parent.origin);
    format::note_head(footer_, row, hash);
  }
  DELTA_CHECK(roots_.empty());
  Buffer raw;
  format::write_commits(rows_, raw);
  format::FrameHeader frame;
  frame.type = format::FrameType::commits;
  frame.first = ordinal_ - rows_deltas_;
  frame.count = static_cast<std::uint32_t>(rows_.size());
  rows_.clear();
  rows_deltas_ = 0;
  return write_table(frame, raw);
}

Status SegmentWriter::write_table(format::FrameHeader frame, const Buffer& raw) {
  frame.salt = header_->salt();
  frame.number = frame_number_++;
  Buffer bytes;
  append_table(frame, raw, options_.preset, bytes);
  digest_.add(ByteView(bytes).first(format::kFrameBytes));
  if (frame.type != format::FrameType::footer) {
    footer_.frames.push_back({frame.type, frame.stored, frame.count, frame.first, {}, {}, 0, 0, 0});
  }
  return write_out(bytes);
}

Status SegmentWriter::write_out(ByteView bytes) {
  bytes_ += bytes.size();
  return sink_(bytes);
}

Status SegmentWriter::finish() {
  DELTA_CHECK(!open_origin_);
  DELTA_OK(flush_commits());
  DELTA_OK(write_segment_header());
  DELTA_OK(work_.finish());
  format::FrameHeader sync;
  sync.type = format::FrameType::sync;
  DELTA_OK(write_table(sync, {}));
  return write_footer();
}

Status SegmentWriter::write_footer() {
  footer_.vectors = vector_count_;
  footer_.namespaces = static_cast<std::uint32_t>(local_namespaces_.size());
  footer_.origins = static_cast<std::uint32_t>(origin_order_.size());
  Buffer raw;
  format::write_footer(footer_, raw);
  format::Trailer trailer;
  trailer.footer_offset = bytes_;
  format::FrameHeader frame;
  frame.type = format::FrameType::footer;
  frame.count = static_cast<std::uint32_t>(footer_.frames.size());
  DELTA_OK(write_table(frame, raw));
  trailer.length = bytes_ + format::kTrailerBytes;
  trailer.deltas = ordinal_;
  trailer.commits = static_cast<std::uint32_t>(commits_);
  trailer.frames = frame_number_;
  trailer.digest = digest_.value();
  trailer.salt = header_->salt();
  Buffer bytes(format::kTrailerBytes);
  format::write_trailer(trailer, bytes.data());
  return write_out(bytes);
}

}  // namespace delta::store
