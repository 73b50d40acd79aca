#include "store/index_level.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "delta/out_of_memory.hpp"

namespace delta::store {

using format::FrameType;

LevelBuilder::LevelBuilder(std::span<const format::LevelNames> names, std::uint64_t segments, std::uint64_t commits)
    : commits_(commits) {
  level_.first_segment = segments;
  for (const format::LevelNames& level : names) {
    for (const auto& head : level.heads) known_[head.origin] = {head.seq, head.hash};
    if (level.heads.empty()) continue;
    last_ = level.heads[level.last].origin;
    last_time_ = level.heads[level.last].time;
  }
}

/// The commit has seen the one before it, and with it all before that; its own dots are new, and so is its time.
bool LevelBuilder::continues(const Segment& segment, const format::CommitRowView& row) const {
  const auto& origins = segment.names.origins;
  const auto seq = [&](SegmentOrigin origin) {
    const auto known = known_.find(origins[origin]);
    return known == known_.end() ? 0 : known->second.seq;
  };
  const auto is_last = [&](const format::SegmentDot& dot) {
    return origins[dot.origin] == last_ && dot.seq == seq(dot.origin);
  };
  const auto& commit = row.commit;
  if (!row.records.empty() || commit.first != seq(commit.origin) + 1) return false;
  if (std::ranges::any_of(commit.parents, [&](const auto& dot) { return dot.seq > seq(dot.origin); })) return false;
  if (last_.empty()) return true;
  if (origins[commit.origin] == last_) return commit.time >= last_time_;
  return commit.time > last_time_ && std::ranges::any_of(commit.parents, is_last);
}

void LevelBuilder::add_commits(const Segment& segment) {
  bool settings = false;
  const auto is_loss = [](const format::FrameEntry& frame) { return frame.type == format::FrameType::loss; };
  level_.linear =
      level_.linear && std::ranges::none_of(segment.footer.frames, is_loss);  // whoever reads it must say so
  for (const auto& row : segment.rows()) {
    const std::string& origin = segment.names.origins[row.commit.origin];
    level_.linear = level_.linear && continues(segment, row);
    known_[origin].seq = row.commit.last();
    last_ = origin;
    last_time_ = row.commit.time;
    settings = settings || !row.commit.setting.empty();
  }
  if (settings) level_.names.with_settings.push_back(static_cast<std::uint32_t>(level_.segments.size()));
}

void LevelBuilder::add_head(const Segment& segment, const format::HeadEntry& head) {
  const std::string& origin = segment.names.origins[head.origin];
  auto& heads = level_.names.heads;
  Standing& standing = known_[origin];
  if (standing.seq != 0 && head.previous != Hash{} && standing.hash != head.previous) level_.linear = false;
  standing.hash = head.hash;
  if (!standing.head) standing.head = heads.size();
  if (*standing.head == heads.size()) heads.push_back({origin, 0, {}, {}});
  heads[*standing.head] = {origin, head.last, head.time, head.hash};
}

namespace {

/// What a DATA frame holds of them. False: it cannot be read.
bool note_lifecycles(const Segment& segment, std::size_t entry, std::vector<bool>& out) {
  SegmentBatch batch;
  if (!unless_out_of_memory(read_data(segment, entry, {Values::skipped, {}}, batch))) return false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (is_lifecycle(batch.ops[i])) out[index(batch.vectors[i])] = true;
  }
  return true;
}

/// What a POSTINGS frame says of them.
bool note_postings(const Segment& segment, std::size_t entry, std::uint32_t data_frames, std::vector<bool>& out) {
  const format::FrameEntry& frame = segment.footer.frames[entry];
  format::Postings postings;
  const auto payload = unless_out_of_memory(read_frame(segment, entry));
  if (!payload || !format::read_postings(*payload, frame.count, data_frames, postings)) return false;
  if (frame.first + frame.count > out.size()) return false;
  for (std::uint32_t place = 0, at = 0; place < frame.count; ++place) {
    bool any = false;
    for (; at < postings.ends[place]; ++at) any = any || postings.list[at].lifecycle;
    if (any) out[frame.first + place] = true;
  }
  return true;
}

/// Which vectors of a segment may have a create or delete there. What cannot be read may hold any.
std::vector<bool> lifecycles_of(const Segment& segment) {
  std::vector<bool> out(segment.vectors(), segment.packed());
  if (segment.packed()) return out;
  const auto& frames = segment.footer.frames;
  const auto of = [&](FrameType type) {
    return static_cast<std::uint32_t>(std::ranges::count(frames, type, &format::FrameEntry::type));
  };
  const FrameType type = of(FrameType::postings) > 0 ? FrameType::postings : FrameType::data;
  std::uint64_t known = 0;  // vectors that POSTINGS have told of
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].type != type) continue;
    const bool read = type == FrameType::data
                          ? note_lifecycles(segment, i, out)
                          : frames[i].first == known && note_postings(segment, i, of(FrameType::data), out);
    if (!read) return std::vector<bool>(segment.vectors(), true);
    known += frames[i].count;
  }
  if (type == FrameType::postings && known != out.size()) out.assign(out.size(), true);
  return out;
}

}  // namespace

Status LevelBuilder::add_ids(const Segment& segment) {
  const auto number = static_cast<std::uint32_t>(level_.segments.size());
  std::vector<format::IdHash> hashes(segment.ids.size());
  format::id_hashes(segment.ids, hashes);
  const std::vector<bool> lifecycles = lifecycles_of(segment);
  std::vector<format::IndexEntry> own;
  own.reserve(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const SegmentVector vector = segment.vector_of(i);
    own.push_back({hashes[i], number, vector, segment.owners[vector], lifecycles[index(vector)]});
  }
  std::ranges::sort(own);
  for (std::size_t i = 1; i < own.size(); ++i) {
    const bool same =
        own[i].hash == own[i - 1].hash && segment.ids[index(own[i].vector)] != segment.ids[index(own[i - 1].vector)];
    if (same) return error(ErrorCode::unsupported, "two ids of the log have one hash: there can be no index of it");
  }
  add_names(segment, own);
  level_.entries.insert(level_.entries.end(), own.begin(), own.end());
  return {};
}

/// Those that the level has not got yet. `own`: all of the segment, by hash.
void LevelBuilder::add_names(const Segment& segment, std::span<const format::IndexEntry> own) {
  if (!level_.ids) level_.ids.emplace();
  const std::size_t before = hashes_.size();
  if (before == 0) {  // in the order of the segment: that is quicker than by hash
    level_.ids->assign(segment.ids.begin(), segment.ids.end());
    hashes_.reserve(own.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i == 0 || own[i - 1].hash != own[i].hash) hashes_.push_back(own[i].hash);
    }
    return;
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const format::IdHash& hash = own[i].hash;
    while (known < before && hashes_[known] < hash) ++known;
    if ((known < before && hashes_[known] == hash) || (i > 0 && own[i - 1].hash == hash)) continue;
    hashes_.push_back(hash);
    level_.ids->emplace_back(segment.ids[index(own[i].vector)]);
  }
  std::inplace_merge(hashes_.begin(), hashes_.begin() + static_cast<std::ptrdiff_t>(before), hashes_.end());
}

Status LevelBuilder::add(const Segment& segment) {
  DELTA_OK(add_ids(segment));
  for (const Namespace& ns : segment.names.namespaces) {
    if (namespaces_.emplace(ns.name, ns.dims).second) level_.names.namespaces.push_back(ns);
  }
  for (const auto& head : segment.footer.heads) {
    if (!segment.names.origins.contains(head.origin)) return damaged(segment, "", "the footer names an unknown origin");
    add_head(segment, head);
  }
  level_.linear = level_.linear && segment.sealed && (segment.rows().empty() || !segment.footer.heads.empty());
  add_commits(segment);
  format::IndexedSegment mine;
  mine.offset = segment.offset;
  mine.length = segment.length;
  mine.digest = segment.trailer.digest;
  mine.commits = static_cast<std::uint32_t>(segment.rows().size());
  mine.before = commits_;
  level_.segments.push_back(mine);
  level_.tables.push_back(table_of(segment, rule_));
  commits_ += mine.commits;
  return {};
}

namespace {

struct IdKey {
  std::uint64_t bytes = 0;
  std::string* id = nullptr;
};

/// By one byte after the other, from the last on. Bytes that all keys share are skipped.
void sort_by_bytes(std::vector<IdKey>& keys) {
  std::vector<IdKey> sorted(keys.size());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    std::array<std::size_t, 257> begins{};
    for (const IdKey& key : keys) ++begins[(key.bytes >> shift & 0xff) + 1];
    if (std::ranges::find(begins, keys.size()) != begins.end()) continue;
    for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    for (const IdKey& key : keys) sorted[begins[key.bytes >> shift & 0xff]++] = key;
    keys.swap(sorted);
  }
}

/// By the eight bytes behind the beginning that all share, which mostly tell them apart.
void sort_ids(std::vector<std::string>& ids) {
  if (ids.empty()) return;
  std::size_t shared = ids.front().size();
  for (const std::string& id : ids) {
    shared = std::min(shared, static_cast<std::size_t>(std::ranges::mismatch(id, ids.front()).in1 - id.begin()));
  }
  std::vector<IdKey> keys;
  keys.reserve(ids.size());
  for (std::string& id : ids) {
    IdKey key{0, &id};
    for (std::size_t i = 0; i < 8; ++i) {
      key.bytes = key.bytes << 8 | (shared + i < id.size() ? static_cast<unsigned char>(id[shared + i]) : 0);
    }
    keys.push_back(key);
  }
  sort_by_bytes(keys);
  for (auto begin = keys.begin(); begin != keys.end();) {
    const auto end = std::find_if(begin, keys.end(), [&](const IdKey& key) { return key.bytes != begin->bytes; });
    if (end - begin > 1) std::sort(begin, end, [](const IdKey& a, const IdKey& b) { return *a.id < *b.id; });
    begin = end;
  }
  std::vector<std::string> sorted;
  sorted.reserve(ids.size());
  for (const IdKey& key : keys) {
    if (sorted.empty() || sorted.back() != *key.id) sorted.push_back(std::move(*key.id));  // of several namespaces
  }
  ids = std::move(sorted);
}

}  // namespace

format::IndexLevel LevelBuilder::finish() && {
  if (!std::ranges::is_sorted(level_.entries)) std::ranges::sort(level_.entries);  // as those of one segment are
  if (level_.ids) sort_ids(*level_.ids);
  const auto last = known_.find(last_);
  const bool here = last != known_.end() && last->second.head;
  level_.names.last = here ? static_cast<std::uint32_t>(*last->second.head) : 0;
  return std::move(level_);
}

namespace {

using SortedIds = std::optional<std::vector<std::string>>;

SortedIds united(const SortedIds& a, const SortedIds& b) {
  if (!a || !b) return std::nullopt;
  std::vector<std::string> out;
  out.reserve(a->size() + b->size());
  std::set_union(a->begin(), a->end(), b->begin(), b->end(), std::back_inserter(out));
  return out;
}

/// Puts each of `newer` in the place of what has the same key, or behind all; returns where each stands.
template <class T, class Key>
std::vector<std::size_t> unite(std::vector<T>& all, const std::vector<T>& newer, const Key& key) {
  std::map<decltype(key(newer[0])), std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) places.emplace(key(all[i]), i);
  std::vector<std::size_t> out;
  for (const T& item : newer) {
    const auto place = places.try_emplace(key(item), all.size()).first->second;
    if (place == all.size()) all.push_back(item);
    all[place] = item;
    out.push_back(place);
  }
  return out;
}

}  // namespace

format::IndexLevel merged(format::IndexLevel older, const format::IndexLevel& newer) {
  const auto before = static_cast<std::uint32_t>(older.segments.size());
  older.linear = older.linear && newer.linear;
  older.segments.insert(older.segments.end(), newer.segments.begin(), newer.segments.end());
  older.tables.insert(older.tables.end(), newer.tables.begin(), newer.tables.end());
  const auto middle = static_cast<std::ptrdiff_t>(older.entries.size());
  for (format::IndexEntry e : newer.entries) {
    e.segment += before;
    older.entries.push_back(e);
  }
  std::inplace_merge(older.entries.begin(), older.entries.begin() + middle, older.entries.end());
  older.ids = united(older.ids, newer.ids);
  format::LevelNames& names = older.names;
  for (const std::uint32_t segment : newer.names.with_settings) names.with_settings.push_back(before + segment);
  unite(names.namespaces, newer.names.namespaces, [](const Namespace& ns) { return std::pair(ns.name, ns.dims); });
  const auto places =
      unite(names.heads, newer.names.heads, [](const format::IndexedHead& head) { return head.origin; });
  if (!places.empty()) names.last = static_cast<std::uint32_t>(places[newer.names.last]);
  return older;
}

}  // namespace delta::store
