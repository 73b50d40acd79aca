#include "ops/fork.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "delta/text.hpp"
#include "model/canonical.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

using format::SegmentCommitView;

constexpr std::uint64_t kWindow = 1 << 18;
constexpr std::uint64_t kWindows = 8;

/// A range of one of the origins that are compared.
struct Piece {
  std::size_t origin = 0;
  SeqRange range;
  std::uint64_t size() const { return range.last - range.first + 1; }
};

/// The pieces of `shared` in order, a window at a time: so many deltas that few passes do, whatever their number.
/// `cut`: may a range be cut?
class Windows {
 public:
  Windows(std::span<const Shared> shared, bool cut) : shared_(shared), cut_(cut) {
    std::uint64_t all = 0;
    for (const Shared& s : shared) {
      for (const SeqRange& range : s.ranges) all += range.last - range.first + 1;
    }
    most_ = std::max(kWindow, all / kWindows + 1);
  }

  /// Empty: there are no more.
  std::vector<Piece> next() {
    std::vector<Piece> out;
    for (std::uint64_t room = most_; origin_ < shared_.size();) {
      const auto& ranges = shared_[origin_].ranges;
      if (range_ == ranges.size()) {
        ++origin_;
        range_ = 0;
        done_ = 0;
        continue;
      }
      Piece piece{origin_, {ranges[range_].first + done_, ranges[range_].last}};
      if (piece.size() > room && (room == 0 || (!cut_ && !out.empty()))) break;
      if (piece.size() > room && cut_) piece.range.last = piece.range.first + (room - 1);
      room -= std::min(room, piece.size());
      done_ += piece.size();
      if (piece.range.last == ranges[range_].last) {
        ++range_;
        done_ = 0;
      }
      out.push_back(piece);
    }
    return out;
  }

 private:
  std::span<const Shared> shared_;
  bool cut_;
  std::uint64_t most_;
  std::size_t origin_ = 0, range_ = 0;
  std::uint64_t done_ = 0;  // of the range
};

/// The deltas of some origins in one segment.
class Copy {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  static Result<Copy> open(const store::Segment& segment, std::span<const Shared> shared) {
    Copy copy;
    copy.segment_ = segment;
    copy.shared_ = shared;
    store::unload_tables(copy.segment_);
    DELTA_OK(store::load_tables(copy.segment_));
    std::map<std::string_view, std::size_t> numbers;
    for (std::size_t i = 0; i < shared.size(); ++i) numbers.emplace(shared[i].origin, i);
    for (const std::string& name : copy.segment_.names.origins) {
      const auto number = numbers.find(name);
      copy.number_of_.push_back(number == numbers.end() ? kNone : number->second);
    }
    return copy;
  }

  /// Each whole delta of the pieces, which are in order: of which piece, its commit, and itself. Null for a setting,
  /// which the row holds.
  using Visit = std::function<void(std::size_t piece, std::uint64_t seq, const SegmentCommitView& commit,
                                   const SegmentDelta* delta)>;
  Status each(std::span<const Piece> pieces, const Visit& visit) const {
    const auto& rows = segment_.rows();
    Indexed<RowNo, bool> wanted(rows.size());
    for (const RowNo r : rows.numbers()) {
      const SegmentCommitView& c = rows[r].commit;
      const std::size_t piece = piece_at(pieces, c.origin, c.first);
      wanted[r] = piece < pieces.size() && pieces[piece].origin == number_of_[c.origin] &&
                  pieces[piece].range.first <= c.last();
      if (wanted[r] && !c.setting.empty()) visit(piece, c.first, c, nullptr);
    }
    SegmentBatch batch;
    for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
      const auto& frame = segment_.footer.frames[i];
      if (frame.type != format::FrameType::data || !any(wanted, frame)) continue;
      batch.clear();
      DELTA_OK(store::read_data(segment_, i, {store::Values::read}, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) {
        const SegmentDelta delta = batch[d];
        // What is left of a pruned delta tells nothing about the whole.
        if (delta.lost != 0 || !wanted[delta.commit]) continue;
        const SegmentCommitView& commit = rows[delta.commit].commit;
        const std::size_t piece = piece_at(pieces, commit.origin, delta.seq);
        if (piece == pieces.size() || pieces[piece].origin != number_of_[commit.origin] ||
            delta.seq < pieces[piece].range.first) {
          continue;
        }
        visit(piece, delta.seq, commit, &delta);
      }
    }
    return {};
  }

  /// A row may claim any number of deltas; blocks tell how many there are.
  Status can_hold() const {
    std::uint64_t left = segment_.rows().size();
    for (const auto& frame : segment_.footer.frames) left += frame.type == format::FrameType::data ? frame.count : 0;
    for (const Shared& s : shared_) {
      for (const auto& range : s.ranges) {
        const std::uint64_t more = range.last - range.first;
        if (more >= left) {
          return store::damaged(segment_, store::place_name(segment_.number, nullptr), "deltas of commits are missing");
        }
        left -= more + 1;
      }
    }
    return {};
  }

  Hash leaf(const SegmentCommitView& commit, const SegmentDelta* delta) const {
    const std::string_view origin = segment_.names.origins[commit.origin];
    if (delta) {
      return model::leaf_hash(
          {origin, name_space(*delta).name, segment_.ids[index(delta->vector)], name_space(*delta).dims}, *delta);
    }
    Catalog names;
    Commit setting = renumbered(commit, [number = names.add_origin(origin)](SegmentOrigin) { return number; });
    setting.parents.clear();
    return model::setting_hash(names, setting);
  }

  /// What stands for the pruned deltas of each commit, by its first dot; the origin's place in `shared`.
  using Nodes = std::map<std::pair<std::size_t, std::uint64_t>, std::span<const Hash>>;
  Nodes nodes() const {
    Nodes out;
    for (const auto& row : segment_.rows()) {
      if (number_of_[row.commit.origin] != kNone) {
        out.emplace(std::pair(number_of_[row.commit.origin], row.commit.first), row.nodes);
      }
    }
    return out;
  }

  std::string text(const SegmentCommitView& commit, const SegmentDelta* delta) const {
    const Timestamp time = delta ? delta->time : commit.time;
    std::string out = "setting " + quote(commit.setting);
    if (delta) {
      const std::string& ns = name_space(*delta).name;
      out = std::string(operation_name(delta->op)) + " of " + quote(segment_.ids[index(delta->vector)]);
      if (!ns.empty()) out += " in namespace " + quote(ns);
    }
    out += " at " + format_time(time.us());
    return time.tick() > 0 ? out + "+" + std::to_string(time.tick()) : out;
  }

 private:
  /// The first piece that ends at this dot or behind it; of an origin that is not compared, none.
  std::size_t piece_at(std::span<const Piece> pieces, SegmentOrigin origin, std::uint64_t seq) const {
    const std::pair at(number_of_[origin], seq);
    const auto end = [](const Piece& p) { return std::pair(p.origin, p.range.last); };
    return static_cast<std::size_t>(std::ranges::lower_bound(pieces, at, {}, end) - pieces.begin());
  }

  /// Fresh segments hold a row's deltas together: most blocks are told by their place.
  bool any(const Indexed<RowNo, bool>& wanted, const format::FrameEntry& frame) const {
    if (segment_.packed()) return true;
    const auto first = std::ranges::upper_bound(segment_.row_ends, frame.first) - segment_.row_ends.begin();
    for (const RowNo r : numbers<RowNo>(wanted.size(), static_cast<std::size_t>(first))) {
      if (wanted[r]) return true;
      if (segment_.row_ends[r] >= frame.first + frame.count) break;
    }
    return false;
  }
  const Namespace& name_space(const SegmentDelta& delta) const {
    return segment_.names.namespaces[segment_.owners[delta.vector]];
  }

  store::Segment segment_;
  std::span<const Shared> shared_;
  Indexed<SegmentOrigin, std::size_t> number_of_;  // place in shared_
};

/// One for each dot of the pieces.
Result<std::vector<Hash>> leaves(const Copy& copy, std::span<const Piece> pieces) {
  std::vector<std::uint64_t> begins;
  std::uint64_t size = 0;
  for (const Piece& piece : pieces) begins.push_back(std::exchange(size, size + piece.size()));
  std::vector<Hash> out(size);
  DELTA_OK(copy.each(
      pieces, [&](std::size_t piece, std::uint64_t seq, const SegmentCommitView& commit, const SegmentDelta* delta) {
        const SeqRange& range = pieces[piece].range;
        if (seq < range.first || seq > range.last) return;
        out[begins[piece] + (seq - range.first)] = copy.leaf(commit, delta);
      }));
  return out;
}

struct Leaf {
  std::size_t piece = 0;
  std::uint64_t seq = 0;
  Hash hash{};
};

/// The whole deltas of some commits, in order of these and seq.
Result<std::vector<Leaf>> whole_deltas(const Copy& copy, std::span<const Piece> commits) {
  std::vector<Leaf> out;
  DELTA_OK(copy.each(
      commits, [&](std::size_t piece, std::uint64_t seq, const SegmentCommitView& commit, const SegmentDelta* delta) {
        out.push_back({piece, seq, copy.leaf(commit, delta)});
      }));
  std::ranges::sort(out, {}, [](const Leaf& leaf) { return std::pair(leaf.piece, leaf.seq); });
  return out;
}

std::span<const Leaf> leaves_of(const std::vector<Leaf>& all, std::size_t commit) {
  const auto first = std::ranges::lower_bound(all, commit, {}, &Leaf::piece),
             end = std::ranges::upper_bound(all, commit, {}, &Leaf::piece);
  return {first, end};  // clang 14 does not compile equal_range()
}

/// Of its whole deltas and of what stands for the others; none: they do not fit.
std::optional<Hash> root_of(const Copy::Nodes& all_nodes, std::span<const Leaf> leaves, const Piece& commit) {
  model::PartialTree tree(commit.size());
  std::vector<std::uint64_t> places;
  for (const Leaf& leaf : leaves) {
    tree.add(leaf.seq - commit.range.first, leaf.hash);
    places.push_back(leaf.seq - commit.range.first);
  }
  const auto nodes = all_nodes.find({commit.origin, commit.range.first});
  if (nodes == all_nodes.end() || !tree.add_copy(places, nodes->second)) return std::nullopt;
  return tree.root();
}

Result<std::string> text_at(const Copy& copy, std::size_t origin, std::uint64_t seq) {
  std::string text;
  const Piece at{origin, {seq, seq}};
  DELTA_OK(copy.each({&at, 1}, [&](std::size_t, std::uint64_t, const SegmentCommitView& commit,
                                   const SegmentDelta* delta) { text = copy.text(commit, delta); }));
  return text;
}

struct Copies {
  Copy a, b;
  std::span<const Shared> shared;

  Result<Difference> difference_at(const Piece& piece, std::uint64_t seq) const {
    Difference out{shared[piece.origin].origin, seq, {}, {}};
    DELTA_TRY(out.a, text_at(a, piece.origin, seq));
    DELTA_TRY(out.b, text_at(b, piece.origin, seq));
    return out;
  }
};

Result<Copies> open_both(const store::Segment& a, const store::Segment& b, std::span<const Shared> shared) {
  DELTA_TRY(Copy in_a, Copy::open(a, shared));
  DELTA_TRY(Copy in_b, Copy::open(b, shared));
  return Copies{std::move(in_a), std::move(in_b), shared};
}

}  // namespace

Result<std::optional<Difference>> first_difference(const store::Segment& a, const store::Segment& b,
                                                   std::span<const Shared> shared) {
  DELTA_TRY(const Copies both, open_both(a, b, shared));
  DELTA_OK(both.a.can_hold());
  DELTA_OK(both.b.can_hold());
  Windows windows(shared, true);
  for (auto pieces = windows.next(); !pieces.empty(); pieces = windows.next()) {
    DELTA_TRY(const auto x, leaves(both.a, pieces));
    DELTA_TRY(const auto y, leaves(both.b, pieces));
    std::size_t i = 0;
    for (const Piece& piece : pieces) {
      for (std::uint64_t seq = piece.range.first; seq <= piece.range.last; ++seq, ++i) {
        if (x[i] == y[i] || x[i] == Hash{} || y[i] == Hash{}) continue;
        DELTA_TRY(Difference out, both.difference_at(piece, seq));
        return std::optional(std::move(out));
      }
    }
  }
  return std::optional<Difference>();
}

Result<std::optional<Difference>> first_other_root(const store::Segment& a, const store::Segment& b,
                                                   std::span<const Shared> shared) {
  DELTA_TRY(const Copies both, open_both(a, b, shared));
  const auto nodes_a = both.a.nodes(), nodes_b = both.b.nodes();
  Windows windows(shared, false);
  for (auto commits = windows.next(); !commits.empty(); commits = windows.next()) {
    DELTA_TRY(const auto x, whole_deltas(both.a, commits));
    DELTA_TRY(const auto y, whole_deltas(both.b, commits));
    for (std::size_t c = 0; c < commits.size(); ++c) {
      const auto in_x = leaves_of(x, c), in_y = leaves_of(y, c);
      const auto root_a = root_of(nodes_a, in_x, commits[c]), root_b = root_of(nodes_b, in_y, commits[c]);
      if (root_a && root_a == root_b) continue;
      for (std::size_t i = 0, k = 0; i < in_x.size() && k < in_y.size();) {
        const std::uint64_t seq = in_x[i].seq;
        if (seq != in_y[k].seq) {
          seq < in_y[k].seq ? ++i : ++k;
        } else if (in_x[i++].hash != in_y[k++].hash) {
          DELTA_TRY(Difference out, both.difference_at(commits[c], seq));
          return std::optional(std::move(out));
        }
      }
      if (root_a == Hash{} || root_b == Hash{}) continue;  // damage took what would tell
      return std::optional(Difference{shared[commits[c].origin].origin, commits[c].range.first, {}, {}});
    }
  }
  return std::optional<Difference>();
}

}  // namespace delta::ops
