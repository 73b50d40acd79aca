#include "ops/verify_content.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "delta/text.hpp"
#include "format/attestation.hpp"
#include "format/loss.hpp"
#include "model/canonical.hpp"
#include "model/copy_tree.hpp"
#include "model/rules.hpp"
#include "os/worker_pool.hpp"

namespace delta::ops {

using format::FrameType;

std::span<const std::string_view> ContentCheck::names() {
  static constexpr std::string_view kNames[] = {"names",     "attestations", "rules",          "frame times", "closed",
                                                "row times", "order",        "places",         "whole",       "nodes",
                                                "gaps",      "counts",       "trailer counts", "postings",    "footer"};
  return kNames;
}

struct ContentCheck::Block {
  std::size_t entry = 0;
  DeltaBatch batch;
  std::vector<RowNo> rows;  // of its deltas
  std::vector<Hash> leaves;
  std::vector<store::BlockVector> held;  // by the segment's numbers
  std::optional<Error> unreadable;
  std::string broken;  // a rule that a delta breaks; empty: none
};

void ContentCheck::say(Verdict verdict, std::size_t entry, std::string what) {
  format::FrameHeader header;
  header.type = segment_.footer.frames[entry].type;
  header.number = segment_.frame_numbers[entry];
  report_(verdict, segment_.offset + segment_.footer.frames[entry].offset, store::place_name(segment_.number, &header),
          std::move(what));
}

/// Names: valid, and each given once.
void ContentCheck::check_tables() {
  const auto invalid = [&](std::string what) {
    report_(Verdict::invalid, segment_.offset, store::place_name(segment_.number, nullptr), std::move(what));
  };
  std::set<std::pair<std::string_view, std::uint32_t>> namespaces;
  bool twice = false;
  for (const auto& ns : segment_.names.namespaces) {
    if (auto ok = check_namespace(ns.name); !ok) invalid(ok.error().message);
    twice |= !namespaces.emplace(ns.name, ns.dims).second;
  }
  std::set<std::string_view> origins;
  for (const auto& origin : segment_.names.origins) {
    if (auto ok = check_origin(origin); !ok) invalid(ok.error().message);
    twice |= !origins.insert(origin).second;
  }
  for (const auto id : segment_.ids) {
    if (auto ok = check_id(id); !ok) invalid(ok.error().message);
  }
  std::vector<VectorNo> vectors = part_.vectors;  // one number for two ids of the segment: they are one
  if (!std::ranges::is_sorted(vectors)) std::ranges::sort(vectors);
  twice |= std::ranges::adjacent_find(vectors) != vectors.end();
  if (twice) invalid("a namespace, origin or id is named twice");
  for (const auto number : part_.commits) {
    if (auto ok = model::check_commit(log_.catalog, log_.history.commit(number)); !ok) invalid(ok.error().message);
  }
}

namespace {

/// What is wrong with an ATTESTATION or LOSS frame; empty: nothing.
std::string misshapen(FrameType type, ByteView payload) {
  const auto why = [](const auto& read) { return read ? std::string() : read.error().message; };
  return type == FrameType::loss ? why(format::read_loss(payload)) : why(format::read_attestation(payload));
}

}  // namespace

/// Attestations and losses: of the right shape. What they state is not checked here. Frames that are skipped are named.
Status ContentCheck::check_extras() {
  std::map<FrameType, std::uint64_t> passed;
  for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
    const FrameType type = segment_.footer.frames[i].type;
    if (!format::is_extra(type) && type != FrameType::loss) continue;
    if (format::is_ignored(type)) {
      ++passed[type];
      continue;
    }
    format::FrameHeader header;
    const auto payload = store::read_stored(segment_, i, header);
    const auto wrong = payload ? misshapen(type, *payload) : payload.error().message;
    if (!wrong.empty()) say(Verdict::invalid, i, wrong);
  }
  for (const auto& [type, count] : passed) {
    report_(Verdict::ignored, segment_.offset, store::place_name(segment_.number, nullptr),
            plural(count, "frame") + " of " + format::type_name(type) +
                ", which this version does not know: skipped (written by " + segment_.header.writer + ")");
  }
  return {};
}

/// A rule that a delta of the block breaks, or what its frame says of it; empty: none.
std::string ContentCheck::broken_rule(const Block& block) const {
  const format::FrameEntry& entry = segment_.footer.frames[block.entry];
  if (runs("closed") && block.batch.size() != entry.count && scanned_.trailer) return "deltas that no commit closes";
  if (block.batch.empty()) return {};
  const auto [first, last] = std::ranges::minmax(block.batch.times);
  if (runs("frame times") && (first != entry.min_time || last != entry.max_time)) {
    return "the frame's time range is not that of its deltas";
  }
  for (std::size_t i = 0; i < block.batch.size() && runs("rules"); ++i) {
    const Delta delta = block.batch[i];
    const auto ok =
        model::check_delta(delta, log_.catalog.dims(delta.vector), {.allow_nonfinite = true, .reading = true});
    if (ok) continue;
    const std::string& origin = segment_.names.origins[segment_.rows().commits().origin(block.rows[i])];
    return origin + ":" + std::to_string(delta.seq) + ": " + ok.error().message;
  }
  return {};
}

// On a worker: decodes, applies the rules for single deltas, hashes.
void ContentCheck::check_block(Block& block) const {
  SegmentBatch read;
  if (auto ok = store::read_data(segment_, block.entry, {store::Values::read}, read); !ok) {
    block.unreadable = std::move(ok).error();
    return;
  }
  block.held = store::vectors_of(read);
  block.rows = read.commits;
  block.batch.take(
      read, [&](SegmentVector vector) { return *part_.number(vector); }, [&](RowNo row) { return part_.commits[row]; });
  block.broken = broken_rule(block);
  if (hashing()) log_.hash_leaves(block.batch, block.leaves);
}

void ContentCheck::find_rows_before() {
  Indexed<SegmentOrigin, std::optional<RowNo>> last(segment_.names.origins.size());
  for (const RowNo row : segment_.rows().numbers()) {
    row_before_.push_back(std::exchange(last[segment_.rows().commits().origin(row)], row));
  }
}

std::optional<Hash> ContentCheck::previous_of(RowNo row) const {
  const auto mine = segment_.rows()[row];
  if (const auto before = row_before_[row]) {
    if (segment_.rows().commits().last(*before) + 1 == mine.commit.first) return rows.hashes[*before];
  }
  if (mine.commit.first > 1 && mine.previous == Hash{}) return std::nullopt;
  return mine.previous;  // zero for the first commit of the origin
}

void ContentCheck::end_row() {
  const auto& row = segment_.rows()[row_];
  if (!row.commit.setting.empty()) {
    rows.first_times[row_] = row_time_ = row.commit.time;
    if (hashing()) tree_.add(model::setting_hash(log_.catalog, log_.history.commit(part_.commits[row_])));
  }
  const bool ends_here =
      !row.commit.setting.empty() || row_end_ == segment_.row_ends[row_];  // else damage took the end
  if (runs("row times") && ends_here && row_time_ != row.commit.time) {
    report_(Verdict::invalid, segment_.offset, store::place_name(segment_.number, nullptr),
            "commit row " + std::to_string(index(row_)) + ": its time is not that of its last delta");
  }
  hash_row(row_, hashing() && tree_.size() == row.commit.count ? std::optional(tree_.root()) : std::nullopt);
  tree_ = {};
  row_deltas_ = 0;
  row_ = successor(row_);
}

void ContentCheck::hash_row(RowNo row, const std::optional<Hash>& root) {
  const auto previous = root && *root != Hash{} ? previous_of(row) : std::nullopt;
  if (!previous) return;
  rows.hashes[row] = model::commit_hash(log_.catalog, log_.history.commit(part_.commits[row]), *root, *previous);
}

/// A row of a packed segment. Its deltas come by place.
struct ContentCheck::PackedRow {
  PackedRow(RowNo row, const format::CommitRowView& from)
      : number(row), tree(from.commit.count, !from.records.empty()) {}

  void take(std::uint64_t place, const Placed& delta) {
    twice = twice || (deltas > 0 && place == last_place);
    backwards = backwards || (deltas > 0 && delta.time < last_time);
    if (place == 0) first_time = Timestamp{delta.time};
    last_place = place;
    last_time = delta.time;
    ++deltas;
    if ((delta.place & 1) != 0) tree.add(place, delta.leaf);
  }

  RowNo number;
  std::uint64_t deltas = 0, last_place = 0, last_time = 0;
  bool twice = false, backwards = false;
  std::optional<Timestamp> first_time;
  model::CopyTree tree;
};

void ContentCheck::check_row(PackedRow& packed) {
  const RowNo number = packed.number;
  const auto row = segment_.rows()[number];
  const auto invalid = [&](const std::string& what) {
    report_(Verdict::invalid, segment_.offset, store::place_name(segment_.number, nullptr),
            "commit row " + std::to_string(index(number)) + ": " + what);
  };
  if (runs("places") && packed.twice) return invalid("a delta stands twice");
  if (runs("order") && packed.backwards) invalid("the clock runs backwards inside a commit");
  if (packed.first_time) rows.first_times[number] = packed.first_time;
  if (runs("row times") && packed.deltas > 0 && packed.last_place + 1 == row.commit.count &&
      Timestamp{packed.last_time} != row.commit.time) {
    invalid("its time is not that of its last delta");
  }
  if (row.records.empty() && packed.deltas < row.commit.deltas()) {
    if (runs("whole") && scanned_.whole) invalid("deltas of a whole commit are missing");
    return;
  }
  if (!hashing()) return;
  if (!row.commit.setting.empty()) {
    rows.first_times[number] = row.commit.time;
    return hash_row(number, model::setting_hash(log_.catalog, log_.history.commit(part_.commits[number])));
  }
  const auto root = packed.tree.root(row.nodes);
  if (!root && runs("nodes")) return invalid("its hashes are not those that its pruned deltas need");
  hash_row(number, root);
}

void ContentCheck::begin_packed() {
  std::uint64_t deltas = 0;
  for (const auto& row : segment_.rows()) {
    starts_.push_back(deltas);
    deltas += row.commit.count;
    if (deltas > std::uint64_t{1} << 62) {
      report_(Verdict::invalid, segment_.offset, store::place_name(segment_.number, nullptr),
              "its commits claim more deltas than there can be");
      return;
    }
  }
  std::uint64_t stored = 0;
  for (const auto& frame : segment_.footer.frames) stored += frame.type == FrameType::data ? frame.count : 0;
  placed_.emplace(options_.memory, stored);
}

Status ContentCheck::end_packed() {
  if (!placed_) return {};
  const auto& all = segment_.rows();
  std::optional<PackedRow> row;
  const auto begin = [&](RowNo number) { row.emplace(number, all[number]); };
  if (!all.empty()) begin(RowNo{0});
  const auto next = [&] {
    check_row(*row);
    const RowNo following = successor(row->number);
    row.reset();
    if (all.contains(following)) begin(following);
  };
  DELTA_OK(placed_->finish([&](const Placed& delta) -> Status {
    const std::uint64_t place = delta.place >> 1;
    while (place >= starts_[row->number] + all[row->number].commit.count) next();
    row->take(place - starts_[row->number], delta);
    return {};
  }));
  while (row) next();
  return {};
}

Status ContentCheck::take_packed(const Block& block) {
  if (!placed_) return {};
  for (std::size_t i = 0; i < block.batch.size(); ++i) {
    const RowNo row = block.rows[i];
    const bool whole = block.batch.lost[i] == 0;
    rows.partial += !whole;
    const std::uint64_t place = starts_[row] + (block.batch.seqs[i] - segment_.rows().commits().first(row));
    DELTA_OK(placed_->add({place << 1 | std::uint64_t{whole}, block.batch.times[i].hlc,
                           block.leaves.empty() ? Hash{} : block.leaves[i]}));
  }
  return {};
}

void ContentCheck::take_fresh(const Block& block) {
  for (std::size_t i = 0; i < block.batch.size(); ++i) {
    while (row_ < block.rows[i]) end_row();
    if (row_deltas_++ == 0) {
      rows.first_times[row_] = block.batch.times[i];
    } else if (runs("order") && block.batch.times[i] < row_time_) {
      say(Verdict::invalid, block.entry, "the clock runs backwards inside a commit");
    }
    row_time_ = block.batch.times[i];
    row_end_ = segment_.footer.frames[block.entry].first + i + 1;
    if (!block.leaves.empty()) tree_.add(block.leaves[i]);
  }
}

Status ContentCheck::take_block(Block& block, const Visit& visit) {
  const format::FrameEntry& entry = segment_.footer.frames[block.entry];
  if (block.unreadable) {
    const bool unsupported = block.unreadable->code == ErrorCode::unsupported;
    met_unknown_ = met_unknown_ || unsupported;
    if (unsupported) {
      say(Verdict::unsupported, block.entry, block.unreadable->message);
    } else if (scanned_.whole) {  // the checksum was right, so nobody damaged it: it was written wrong
      say(Verdict::invalid, block.entry, block.unreadable->message);
    } else if (!choice_) {  // of a sample, the frames that are damaged were named before
      say(Verdict::corrupt, block.entry, "not damaged, but unreadable without a frame that is");
    }
    return {};
  }
  if (!block.broken.empty()) say(Verdict::invalid, block.entry, block.broken);
  if (met_unknown_ || choice_) return {};
  if (runs("gaps") && entry.first != next_ordinal_ && scanned_.whole) {
    say(Verdict::invalid, block.entry, "deltas are missing before this frame");
  }
  next_ordinal_ = entry.first + entry.count;
  if (segment_.packed()) {
    DELTA_OK(take_packed(block));
  } else {
    take_fresh(block);
  }
  if (!block.held.empty()) {
    format::FrameEntry& frame = footer_.frames[block.entry];
    frame.min_vector = block.held.front().vector;
    frame.max_vector = block.held.back().vector;
  }
  if (!segment_.packed()) DELTA_OK(postings_.add(block.held));
  visit(block.batch);
  return {};
}

Status ContentCheck::run(const Visit& visit) {
  rows.hashes.resize(segment_.rows().size());
  rows.first_times.resize(segment_.rows().size());
  footer_.frames = segment_.footer.frames;
  find_rows_before();
  if (segment_.packed()) begin_packed();
  if (runs("names")) check_tables();
  if (runs("attestations")) DELTA_OK(check_extras());
  OrderedWork work(worth_threads(segment_.length, options_.threads), options_.threads * 4);
  for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
    if (segment_.footer.frames[i].type != FrameType::data || (choice_ && !choice_())) continue;
    auto block = std::make_shared<Block>();
    block->entry = i;
    DELTA_OK(work.submit([this, block] { return check_block(*block), Status{}; },
                         [this, block, &visit] { return take_block(*block, visit); }));
  }
  DELTA_OK(work.finish());
  if (met_unknown_ || choice_) return {};  // without its deltas nothing can be said of the rest
  if (segment_.packed()) DELTA_OK(end_packed());
  while (!segment_.packed() && segment_.rows().contains(row_) &&
         (row_deltas_ > 0 || !segment_.rows().commits().setting(row_).empty())) {
    end_row();
  }
  return check_end();
}

Status ContentCheck::check_end() {
  if (!scanned_.whole) return {};
  const std::string where = store::place_name(segment_.number, nullptr);
  const auto invalid = [&](std::string what) { report_(Verdict::invalid, segment_.offset, where, std::move(what)); };
  if (runs("counts") && next_ordinal_ < segment_.committed()) invalid("commits close more deltas than there are");
  if (!scanned_.trailer) return {};
  if (runs("trailer counts") &&
      (scanned_.trailer->deltas != segment_.committed() || scanned_.trailer->commits != segment_.rows().size())) {
    invalid("the trailer's counts are not those of the segment");
  }
  if (runs("postings")) DELTA_OK(check_postings());
  if (runs("footer")) check_footer();
  return {};
}

/// A cache as well, and one that a point read believes.
Status ContentCheck::check_postings() {
  std::vector<std::size_t> stored;
  for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
    if (segment_.footer.frames[i].type == FrameType::postings) stored.push_back(i);
  }
  std::size_t same = 0;
  std::size_t due = 0;
  const auto compare = [&](SegmentVector first, std::uint32_t count, const Buffer& payload) -> Status {
    if (due++ >= stored.size()) return {};
    const std::size_t entry = stored[due - 1];
    const auto read = store::read_frame(segment_, entry);
    const auto& frame = segment_.footer.frames[entry];
    same += read && *read == payload && frame.first == index(first) && frame.count == count;
    return {};
  };
  DELTA_OK(postings_.each(compare));
  if (same == due && due == stored.size()) return {};
  report_(Verdict::invalid, segment_.offset, store::place_name(segment_.number, nullptr),
          "the postings are not what the frames say");
  return {};
}

/// The footer is a cache: what it says must be what was found.
void ContentCheck::check_footer() {
  footer_.vectors = segment_.vectors();
  footer_.namespaces = static_cast<std::uint32_t>(segment_.names.namespaces.size());
  footer_.origins = static_cast<std::uint32_t>(segment_.names.origins.size());
  bool hashed = hashing();
  for (const RowNo r : segment_.rows().numbers()) {
    const auto row = segment_.rows()[r];
    format::note_head(footer_, row.commit, row.previous, rows.hashes[r].value_or(Hash{}));
    hashed = hashed && rows.hashes[r];
  }
  const std::uint64_t at = scanned_.frames.back().offset;
  const std::string where = store::place_name(segment_.number, &scanned_.frames.back().header);
  store::Segment self = store::from_scan(segment_.file, segment_.number, scanned_);  // with a directory of one entry
  const auto& header = scanned_.frames.back().header;
  self.footer.frames = {format::entry_of(header, at - segment_.offset)};
  self.frame_numbers = {header.number};
  const auto payload = store::read_frame(self, 0);
  format::Footer stored;
  if (!payload || !format::read_footer(*payload, header.count, stored, header.stored)) {
    report_(Verdict::invalid, at, where, payload ? "the footer is malformed" : payload.error().message);
    return;
  }
  format::fit_heads(footer_);
  if (!hashed) {
    for (auto* footer : {&stored, &footer_}) {
      for (auto& head : footer->heads) head.hash = {};
    }
  }
  if (stored != footer_) report_(Verdict::invalid, at, where, "the footer is not what the frames say");
}

}  // namespace delta::ops
