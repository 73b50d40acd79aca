#include "store/packed_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/block.hpp"
#include "format/loss.hpp"
#include "format/wire.hpp"
#include "store/frames.hpp"

namespace delta::store {
namespace {

// A block is what a point read decodes. Smaller ones compress worse, since each column starts anew: by a percent where
// values are noise, and by a lot where they are not. So blocks are of one piece, and of more where a trial on the first
// pieces shows that it pays.
constexpr std::uint64_t kPieceBytes = 96 << 10;
constexpr std::size_t kPieceDeltas = 16384;
constexpr std::array<std::size_t, 3> kPieces = {1, 4, 16};
constexpr std::size_t kMostPieces = kPieces.back();
static_assert(kMostPieces * kPieceBytes == PackedWriter::kTrialBytes);
constexpr std::size_t kPays = 98;  // percent of the bytes before
constexpr std::size_t kIdsAtOnce = 32 << 10;

}  // namespace

/// A DATA frame, or a piece of one.
struct PackedWriter::Block {
  SegmentBatch batch;        // seqs as places, times as lags
  std::uint64_t number = 0;  // of pieces
  Repeats repeats;           // of pieces before it
  std::uint64_t first_ordinal = 0;
  FrameList out;
  std::vector<SegmentFile::VectorRange> ranges;  // of the frames in it

  void encode(const Indexed<RowNo, CatalogRow>& rows, Preset preset) {
    encode_blocks(batch, codec::Layout::packed, preset,
                  [&](const SegmentBatch& part, std::size_t begin, const Buffer& payload) {
                    format::FrameHeader& frame = out.frames.emplace_back(SegmentFile::frame(format::FrameType::data));
                    frame.count = static_cast<std::uint32_t>(part.size());
                    frame.first = first_ordinal + begin;
                    frame.min_time = Timestamp{~std::uint64_t{0}};
                    for (std::size_t i = 0; i < part.size(); ++i) {
                      const Timestamp time{rows[part.commits[i]].commit.time.hlc - part.times[i].hlc};
                      frame.min_time = std::min(frame.min_time, time);
                      frame.max_time = std::max(frame.max_time, time);
                    }
                    frame.raw = static_cast<std::uint32_t>(payload.size());
                    append_frame(frame, payload, out.bytes);
                    ranges.push_back({part.vectors.front(), part.vectors.back()});
                  });
  }
  void append(const Block& piece) {
    for (std::size_t i = 0; i < piece.batch.size(); ++i) batch.add(piece.batch[i]);
  }
};

PackedWriter::PackedWriter(const Catalog& catalog, const Indexed<RowNo, CatalogRow>& rows,
                           std::span<const VectorNo> vectors, const Hash& previous, Options options, ByteSink& sink)
    : catalog_(catalog),
      rows_(rows),
      options_(std::move(options)),
      file_(options_.preset, sink),
      work_(options_.threads, options_.threads * 4),
      order_(vectors),
      block_(std::make_unique<Block>()) {
  const auto id = [&](std::string_view origin, std::uint64_t first, Timestamp time) {
    return segment_id(format::Kind::packed, options_.preset, origin, first, time, previous, options_.identity);
  };
  const Commit* first = rows.empty() ? nullptr : &rows.front().commit;
  file_.keep_compat(options_.compat);
  file_.start(format::Kind::packed,
              first ? id(catalog.origin(first->origin), first->first, first->time) : id("", 0, {}));
}

PackedWriter::~PackedWriter() = default;

SegmentOrigin PackedWriter::local_origin(OriginNo origin) {
  auto& number = origins_.reach(origin);
  if (!number) {
    new_origins_.emplace_back(catalog_.origin(origin));
    number = SegmentOrigin{origin_count_++};
  }
  return *number;
}

/// All names of vectors at the front, where they compress best.
Status PackedWriter::write_names() {
  format::Props props;
  Indexed<NamespaceNo, std::optional<SegmentNamespace>> namespaces(catalog_.namespaces());
  numbers_.resize(catalog_.vectors());
  for (std::size_t i = 0; i < order_.size(); ++i) {
    numbers_[order_[i]] = nth<SegmentVector>(i);
    const NamespaceNo owner = catalog_.namespace_of(order_[i]);
    auto& ns = namespaces[owner];
    if (ns) continue;
    props.namespaces.push_back(catalog_.name_space(owner));
    ns = SegmentNamespace{namespace_count_++};
  }
  for (const NamespaceNo ns : options_.declared) {
    props.namespaces.push_back(catalog_.name_space(ns));
    ++namespace_count_;
  }
  FrameList names;
  append_props(props, options_.preset, names);
  for (std::size_t first = 0; first < order_.size(); first += kIdsAtOnce) {
    const auto some = order_.subspan(first, std::min(kIdsAtOnce, order_.size() - first));
    format::Ids ids;
    for (const VectorNo vector : some) {
      ids.owners.add(*namespaces[catalog_.namespace_of(vector)], 1);
      ids.ids.push_back(catalog_.id(vector));
    }
    append_ids(ids, first, options_.preset, names);
    DELTA_OK(file_.write(names, {}));
    names.clear();
  }
  return names.frames.empty() ? Status() : file_.write(names, {});
}

Status PackedWriter::add(const PackedDelta& delta) {
  if (numbers_.empty()) DELTA_OK(write_names());
  const CommitView& commit = rows_[delta.commit].commit;
  Block& block = *block_;
  SegmentDelta local = delta.numbered(numbers_[delta.vector], delta.commit);
  local.seq = delta.seq - commit.first;
  local.time = Timestamp{commit.time.hlc - delta.time.hlc};
  block.batch.add(local);
  block.repeats += copies_.note(delta, block.number, pieces_.empty() ? block.number : pieces_.front()->number);
  if (block.batch.row_bytes() < kPieceBytes && block.batch.size() < kPieceDeltas) return {};
  end_piece();
  if (grown_ == 0 && pieces_.size() < RepeatDetector::kLookAhead / kPieceBytes) return {};
  if (block_pieces_ == 0) choose_size();
  return write_ready();
}

void PackedWriter::end_piece() {
  if (block_->batch.empty()) return;
  pieces_.push_back(std::move(block_));
  block_ = std::make_unique<Block>();
  block_->number = pieces_.back()->number + 1;
}

/// Looking ahead as far as it is worth: pieces that repeat each other become one block, which grows as long as what
/// follows repeats it.
Status PackedWriter::write_ready() {
  Repeats ahead;
  for (std::size_t i = grown_; i < pieces_.size(); ++i) ahead += pieces_[i]->repeats;
  if (ahead.pay() && fitting(pieces_.size()) == pieces_.size()) return grown_ = pieces_.size(), Status();
  if (grown_ > 0) return write_block(std::exchange(grown_, 0));
  return write_block(block_pieces_);
}

/// How many of the first pieces, up to `most` and at least one, one block may hold.
std::size_t PackedWriter::fitting(std::size_t most) const {
  std::size_t n = 0;
  for (std::uint64_t bytes = 0; n < std::min(most, pieces_.size()); ++n) {
    bytes += pieces_[n]->batch.row_bytes();
    if (bytes > RepeatDetector::kMost) break;
  }
  return std::max<std::size_t>(n, 1);
}

/// By what the first pieces take in blocks of each size.
void PackedWriter::choose_size() {
  std::size_t least = 0;
  for (const std::size_t size : kPieces) {
    std::size_t bytes = 0;
    Buffer payload;
    const std::size_t tried = std::min(pieces_.size(), kMostPieces);
    for (std::size_t first = 0; first < tried; first += size) {
      Block block;
      for (std::size_t i = first; i < std::min(tried, first + size); ++i) block.append(*pieces_[i]);
      if (block.batch.row_bytes() > RepeatDetector::kMost) return;  // larger than a block may be; a single piece is not
      payload.clear();
      codec::encode_block(block.batch, codec::Layout::packed, options_.preset, payload);
      bytes += format::kAlign + format::padded(payload.size());
    }
    if (block_pieces_ != 0 && bytes * 100 > least * kPays) return;
    block_pieces_ = size;
    least = bytes;
    if (size >= pieces_.size()) return;
  }
}

/// The next block out of the first pieces, as many as there are up to `most`.
Status PackedWriter::write_block(std::size_t most) {
  const std::size_t n = fitting(most);
  std::unique_ptr<Block> next = std::move(pieces_.front());
  for (std::size_t i = 1; i < n; ++i) next->append(*pieces_[i]);
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(n));
  next->first_ordinal = std::exchange(ordinal_, ordinal_ + next->batch.size());
  const auto shared = std::shared_ptr<Block>(std::move(next));
  return work_.submit([this, shared]() -> Status { return shared->encode(rows_, options_.preset), Status{}; },
                      [this, shared]() -> Status { return file_.write(shared->out, shared->ranges); });
}

/// Rows [first, end), by the segment's numbers, with the records that they use.
Status PackedWriter::write_commits(CatalogTable& table, std::size_t first, std::size_t end, const Link& link) {
  const auto local = [this](OriginNo origin) { return local_origin(origin); };
  format::CommitTable part;
  Indexed<RecordNo, std::optional<RecordNo>> in_part(table.records.size());
  for (const RowNo row : numbers<RowNo>(end, first)) {
    for (const RecordNo record : table.rows[row].records) in_part[record] = RecordNo{};
  }
  for (const RecordNo record : in_part.numbers()) {
    if (in_part[record]) in_part[record] = part.records.push_back(table.records[record].renumbered(local));
  }
  for (const RowNo row : numbers<RowNo>(end, first)) {
    auto& [commit, previous, records, nodes] = table.rows[row];
    for (RecordNo& record : records) record = *in_part[record];
    part.rows.push_back({renumbered(std::move(commit), local), previous, std::move(records), std::move(nodes)});
  }
  FrameList out;
  append_props({{}, std::exchange(new_origins_, {})}, options_.preset, out);
  std::uint64_t next = first;
  const auto first_of = [&](const format::CommitTable& some) { return std::exchange(next, next + some.rows.size()); };
  const auto link_part = [&](format::CommitTable& some, std::size_t place) -> Status {
    if (link) DELTA_OK(link());
    for (const RowNo row : some.rows.numbers()) {
      some.rows[row].previous = table.rows[nth<RowNo>(first + place + index(row))].previous;
    }
    return {};
  };
  if (part.rows.size() < table.rows.size() && !format::is_linked(part)) DELTA_OK(link_part(part, 0));
  DELTA_OK(append_commits(std::move(part), format::Kind::packed, options_.preset, first_of, link_part, out));
  return file_.write(out, {});
}

/// In as many frames as it takes.
Status PackedWriter::write_lost() {
  constexpr std::size_t kRanges = 1 << 16;  // in one
  DotRanges some;
  std::size_t ranges = 0;
  FrameList out;
  const auto flush = [&] {
    if (std::exchange(ranges, 0) == 0) return;
    Buffer payload;
    format::write_loss(std::exchange(some, {}), payload);
    format::FrameHeader& frame = out.frames.emplace_back(SegmentFile::frame(format::FrameType::loss));
    frame.raw = static_cast<std::uint32_t>(payload.size());
    append_frame(frame, payload, out.bytes);
  };
  for (const auto& [origin, all] : options_.lost) {
    for (const SeqRange& range : all) {
      add_dots(some, origin, range);
      if (++ranges == kRanges) flush();
    }
  }
  flush();
  return out.frames.empty() ? Status() : file_.write(out, {});
}

Status PackedWriter::finish(CatalogTable& table, const Indexed<RowNo, Hash>& hashes, const Link& link) {
  DELTA_CHECK(&table.rows == &rows_ && hashes.size() == rows_.size());
  if (numbers_.empty()) DELTA_OK(write_names());
  end_piece();
  if (block_pieces_ == 0) choose_size();
  if (!pieces_.empty()) DELTA_OK(write_ready());
  while (!pieces_.empty()) DELTA_OK(write_block(grown_ > 0 ? std::exchange(grown_, 0) : block_pieces_));
  DELTA_OK(work_.finish());
  const std::size_t commits = table.rows.size();
  for (const RowNo row : table.rows.numbers()) {
    const CommitView& commit = table.rows[row].commit;
    format::SegmentCommitView head;
    head.origin = local_origin(commit.origin);
    head.first = commit.first;
    head.count = commit.count;
    head.time = commit.time;
    file_.note_head(head, table.rows[row].previous, hashes[row]);
  }
  for (std::size_t first = 0; first < commits; first += kRowsAtOnce) {
    DELTA_OK(write_commits(table, first, std::min(commits, first + kRowsAtOnce), link));
  }
  for (const Extra& extra : options_.extras) {
    FrameList frame;
    DELTA_OK(append_extra(extra, frame));
    DELTA_OK(file_.write(frame, {}));
  }
  DELTA_OK(write_lost());
  DELTA_OK(file_.sync());
  return file_.finish({static_cast<std::uint32_t>(order_.size()), namespace_count_, origin_count_,
                       static_cast<std::uint32_t>(commits), ordinal_});
}

}  // namespace delta::store
