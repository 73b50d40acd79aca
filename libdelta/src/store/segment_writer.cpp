#include "store/segment_writer.hpp"

#include <algorithm>

#include "codec/block.hpp"
#include "delta/limits.hpp"
#include "format/wire.hpp"
#include "store/frames.hpp"

namespace delta::store {
namespace {

constexpr std::uint64_t kBlockBytes = 256 << 10;  // of deltas as plain rows: one DATA frame
constexpr std::size_t kBlockDeltas = 65536;
constexpr std::uint64_t kCommitsDeltas = 1 << 20;  // deltas, and rows, that one COMMITS frame closes at most
constexpr std::size_t kCommitsRows = 65536;

}  // namespace

/// What one worker turns into bytes: a DATA frame, and before it the names that it is the first to use.
struct SegmentWriter::Block {
  struct Piece {
    std::size_t begin;   // first delta
    bool opens;          // a commit, rather than going on with one
    std::string origin;  // copies and stable views: the catalog may grow while the worker runs
    std::uint64_t seq;   // of the first delta
  };

  std::uint64_t number = 0;  // of blocks as they were filled
  Repeats repeats;           // of blocks held before it
  SegmentBatch batch;
  std::vector<std::string_view> ids;
  std::vector<const Namespace*> owners;  // of each delta's vector, in the catalog, which never moves it
  std::vector<Piece> pieces;
  format::Props new_props;
  format::Ids new_ids;
  std::uint64_t first_id = 0, first_ordinal = 0;  // set before the work
  Preset preset = Preset::balanced;

  std::vector<Hash> leaves;
  FrameList out;
  std::vector<std::vector<BlockVector>> held;  // of each DATA frame in it

  void reset() {
    batch.clear();
    ids.clear();
    owners.clear();
    pieces.clear();
    new_props = {};
    new_ids = {};
    leaves.clear();
    out.clear();
    held.clear();
    repeats = {};
  }
  void append(const Block& next);
  void hash_leaves();
  void encode();
};

/// The block that comes after this one, as the rest of it. A commit that goes on needs no piece of its own.
void SegmentWriter::Block::append(const Block& next) {
  for (const Piece& piece : next.pieces) {
    if (piece.opens || piece.begin != 0 || batch.empty()) {
      pieces.push_back({batch.size() + piece.begin, piece.opens, piece.origin, piece.seq});
    }
  }
  for (std::size_t i = 0; i < next.batch.size(); ++i) batch.add(next.batch[i]);
  const auto join = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  join(ids, next.ids);
  join(owners, next.owners);
  new_props.namespaces.append(next.new_props.namespaces.begin(), next.new_props.namespaces.end());
  new_props.origins.append(next.new_props.origins.begin(), next.new_props.origins.end());
  new_ids.owners.append(next.new_ids.owners);
  join(new_ids.ids, next.new_ids.ids);
}

void SegmentWriter::Block::hash_leaves() {
  model::LeafHasher hasher(leaves);
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const std::size_t end = p + 1 < pieces.size() ? pieces[p + 1].begin : batch.size();
    for (std::size_t i = pieces[p].begin; i < end; ++i) {
      SegmentDelta delta = batch[i];
      delta.seq = pieces[p].seq + (i - pieces[p].begin);
      const Namespace& ns = *owners[i];
      hasher.add({pieces[p].origin, ns.name, ids[i], ns.dims}, delta);
    }
  }
  hasher.finish();
}

void SegmentWriter::Block::encode() {
  append_props(new_props, preset, out);
  append_ids(new_ids, first_id, preset, out);
  if (batch.empty()) return;
  encode_blocks(batch, codec::Layout::fresh, preset,
                [&](const SegmentBatch& part, std::size_t begin, const Buffer& payload) {
                  format::FrameHeader& frame = out.frames.emplace_back(SegmentFile::frame(format::FrameType::data));
                  const auto [least, greatest] = std::ranges::minmax(part.times);
                  frame.count = static_cast<std::uint32_t>(part.size());
                  frame.first = first_ordinal + begin;
                  frame.min_time = least;
                  frame.max_time = greatest;
                  frame.raw = static_cast<std::uint32_t>(payload.size());
                  append_frame(frame, payload, out.bytes);
                  held.push_back(vectors_of(part));
                });
}

SegmentWriter::SegmentWriter(const Catalog& catalog, Heads heads, Options options, ByteSink& sink)
    : catalog_(catalog),
      heads_(std::move(heads)),
      options_(options),
      file_(options.preset, sink),
      work_(options.threads, options.threads * 4),
      block_(std::make_unique<Block>()) {}

SegmentWriter::~SegmentWriter() = default;

SegmentOrigin SegmentWriter::local_origin(OriginNo origin) {
  auto& number = origins_.reach(origin);
  if (!number) {
    number = SegmentOrigin{origin_count_++};
    block_->new_props.origins.emplace_back(catalog_.origin(origin));
  }
  return *number;
}

SegmentNamespace SegmentWriter::local_namespace(NamespaceNo owner) {
  auto& ns = namespaces_.reach(owner);
  if (!ns) {
    ns = SegmentNamespace{namespace_count_++};
    block_->new_props.namespaces.push_back(catalog_.name_space(owner));
  }
  return *ns;
}

void SegmentWriter::declare(NamespaceNo ns) { local_namespace(ns); }

SegmentVector SegmentWriter::local_vector(VectorNo vector) {
  auto& number = vectors_.reach(vector);
  if (number == 0) {
    block_->new_ids.owners.add(local_namespace(catalog_.namespace_of(vector)), 1);
    block_->new_ids.ids.push_back(catalog_.id(vector));
    number = ++vector_count_;
  }
  return nth<SegmentVector>(number - 1);
}

void SegmentWriter::begin(OriginNo origin, std::uint64_t first) {
  DELTA_CHECK(!open_origin_);
  open_origin_ = origin;
  open_first_ = first;
  open_deltas_ = 0;
  local_origin(origin);
}

Status SegmentWriter::add(const Delta& delta) {
  DELTA_CHECK(open_origin_);
  if (!file_.started()) start_segment(delta.time);
  Block& block = *block_;
  if (open_deltas_ == 0 || block.batch.empty()) {
    block.pieces.push_back({block.batch.size(), open_deltas_ == 0, std::string(catalog_.origin(*open_origin_)),
                            open_first_ + open_deltas_});
  }
  SegmentDelta local = delta.numbered(local_vector(delta.vector), RowNo{});
  local.seq = 0;
  block.batch.add(local);
  block.repeats += copies_.note(local, block.number, held_.empty() ? block.number : held_.front()->number);
  block.ids.push_back(catalog_.id(delta.vector));
  block.owners.push_back(&catalog_.name_space(catalog_.namespace_of(delta.vector)));
  ++open_deltas_;
  if (block.batch.row_bytes() >= kBlockBytes || block.batch.size() >= kBlockDeltas) return end_block();
  return {};
}

Status SegmentWriter::end(Commit commit) {
  DELTA_CHECK(open_origin_ == commit.origin && commit.first == open_first_ && commit.deltas() == open_deltas_ &&
              commit.count > 0);
  if (!file_.started()) start_segment(commit.time);
  for (const auto& parent : commit.parents) local_origin(parent.origin);
  rows_deltas_ += commit.deltas();
  rows_.push_back(std::move(commit));
  open_origin_.reset();
  ++commits_;
  if (rows_deltas_ >= kCommitsDeltas || rows_.size() >= kCommitsRows) return flush_commits();
  return {};
}

void SegmentWriter::start_segment(Timestamp first) {
  const Hash previous = heads_.contains(*open_origin_) ? heads_[*open_origin_].hash : Hash{};
  file_.start(format::Kind::fresh, segment_id(format::Kind::fresh, options_.preset, catalog_.origin(*open_origin_),
                                              open_first_, first, previous));
}

/// Holds the block back, and takes an empty one. Blocks that repeat each other become one, which grows as long as what
/// follows repeats it.
Status SegmentWriter::end_block() {
  held_.push_back(std::move(block_));
  if (spare_.empty()) {
    block_ = std::make_unique<Block>();
  } else {
    block_ = std::move(spare_.back());
    spare_.pop_back();
  }
  block_->number = held_.back()->number + 1;
  const Repeats ahead = held_repeats();
  if (!has_grown() && ahead.all < RepeatDetector::kLookAhead) return {};
  if (!can_join() || !ahead.pay()) return dispatch_first();
  join_held();
  return {};
}

/// Whether the first block held is one that others have joined.
bool SegmentWriter::has_grown() const { return held_.front()->batch.row_bytes() >= RepeatDetector::kLookAhead; }

/// Of the blocks held, without the first once it has grown: the blocks after it must be worth it by themselves.
Repeats SegmentWriter::held_repeats() const {
  Repeats sum;
  for (std::size_t i = has_grown() ? 1 : 0; i < held_.size(); ++i) sum += held_[i]->repeats;
  return sum;
}

/// What is held is no larger together than a block may be.
bool SegmentWriter::can_join() const {
  std::uint64_t bytes = 0;
  for (const auto& block : held_) bytes += block->batch.row_bytes();
  return bytes <= RepeatDetector::kMost;
}

void SegmentWriter::join_held() {
  for (std::size_t i = 1; i < held_.size(); ++i) held_.front()->append(*held_[i]);
  held_.resize(1);
}

Status SegmentWriter::flush_blocks() {
  const Block& block = *block_;
  if (!file_.started()) return {};
  if (!block.batch.empty() || !block.new_props.namespaces.empty() || !block.new_props.origins.empty()) {
    DELTA_OK(end_block());
  }
  if (held_.size() > 1 && can_join() && held_repeats().pay()) join_held();
  while (!held_.empty()) DELTA_OK(dispatch_first());
  return {};
}

// Settles what its deltas and names count from, and hands the block to a worker.
Status SegmentWriter::dispatch_first() {
  // The queue owns the block until done() puts it back among the spare ones.
  const auto shared = std::shared_ptr<Block>(std::move(held_.front()));
  held_.pop_front();
  Block& block = *shared;
  block.first_id = std::exchange(named_, named_ + block.new_ids.ids.size());
  block.first_ordinal = std::exchange(ordinal_, ordinal_ + block.batch.size());
  block.preset = options_.preset;
  Block* raw = shared.get();
  return work_.submit(
      [raw]() -> Status {
        raw->hash_leaves();
        raw->encode();
        return {};
      },
      [this, shared]() -> Status { return write_block(*shared); });
}

Status SegmentWriter::write_block(Block& block) {
  std::vector<SegmentFile::VectorRange> ranges;
  for (const auto& held : block.held) {
    ranges.push_back({held.front().vector, held.back().vector});
    DELTA_OK(postings_.add(held));
  }
  DELTA_OK(file_.write(block.out, ranges));
  absorb_leaves(block);
  if (block.batch.row_bytes() >= RepeatDetector::kLookAhead) return {};  // too large to be kept
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
  DELTA_OK(flush_blocks());
  DELTA_OK(work_.finish());
  if (tree_.size() > 0) {
    roots_.push_back(tree_.root());
    tree_ = {};
  }
  format::CommitTable table;
  for (Commit& commit : std::exchange(rows_, {})) {
    format::CommitRow& row = table.rows.emplace_back();
    Head& head = heads_.reach(commit.origin);
    row.previous = head.hash;
    Hash root;
    if (commit.setting.empty()) {
      root = roots_.front();
      roots_.pop_front();
    } else {
      root = model::setting_hash(catalog_, commit);
    }
    const bool known = commit.first == 1 || head.hash != Hash{};  // else damage took what it goes on from
    const Hash hash = known ? model::commit_hash(catalog_, commit, root, head.hash) : Hash{};
    head = {commit.last(), commit.time, hash};
    row.commit = renumbered(std::move(commit), [this](OriginNo origin) { return local_origin(origin); });
    file_.note_head(row.commit, row.previous, hash);
  }
  DELTA_CHECK(roots_.empty());
  std::uint64_t first = ordinal_ - std::exchange(rows_deltas_, 0);
  FrameList out;
  const auto first_of = [&](const format::CommitTable& part) {
    const std::uint64_t before = first;
    for (const auto& row : part.rows) first += row.commit.deltas();
    return before;
  };
  DELTA_OK(append_commits(std::move(table), format::Kind::fresh, options_.preset, first_of, {}, out));
  return file_.write(out, {});
}

Status SegmentWriter::finish() {
  DELTA_CHECK(!open_origin_);
  DELTA_OK(flush_commits());
  DELTA_OK(work_.finish());
  if (!file_.started()) {
    file_.start(format::Kind::fresh,
                segment_id(format::Kind::fresh, options_.preset, "", 0, {}, {}));  // nothing was added
  }
  DELTA_OK(flush_blocks());  // namespaces that were declared alone
  DELTA_OK(work_.finish());
  if (options_.barrier) DELTA_OK(options_.barrier());
  DELTA_OK(file_.sync());
  DELTA_OK(postings_.each([&](SegmentVector first, std::uint32_t count, const Buffer& payload) {
    format::FrameHeader frame = file_.frame(format::FrameType::postings);
    frame.first = index(first);
    frame.count = count;
    return file_.write_table(frame, payload);
  }));
  return file_.finish({vector_count_, namespace_count_, origin_count_, static_cast<std::uint32_t>(commits_), ordinal_},
                      options_.barrier);
}

}  // namespace delta::store
