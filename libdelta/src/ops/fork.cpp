#include "ops/fork.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "delta/text.hpp"
#include "model/canonical.hpp"
#include "store/log_impl.hpp"

namespace delta::ops {
namespace {

constexpr std::uint64_t kWindow = 1 << 18;

/// One origin's deltas in one segment.
class Copy {
 public:
  static Result<Copy> open(const store::Segment& segment, std::string_view origin) {
    Copy copy;
    copy.segment_ = segment;
    copy.origin_ = origin;
    store::unload_tables(copy.segment_);
    DELTA_OK(store::load_tables(copy.segment_));
    return copy;
  }

  /// Null for a setting, which the row holds.
  using Visit = std::function<void(std::uint64_t seq, const Commit& commit, const Change* change)>;
  Status each(SeqRange range, const Visit& visit) const {
    const auto& rows = segment_.rows();
    std::vector<bool> wanted(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const Commit& c = rows[r].commit;
      wanted[r] = segment_.names.origins[c.origin] == origin_ && c.first <= range.last && c.last() >= range.first;
      if (wanted[r] && !c.setting.empty()) visit(c.first, c, nullptr);
    }
    ChangeBatch batch;
    for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
      const auto& frame = segment_.footer.frames[i];
      if (frame.type != format::FrameType::data || !any(wanted, frame)) continue;
      batch.clear();
      DELTA_OK(store::read_data(segment_, i, true, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) {
        const Change change = batch[d];
        // What is left of a pruned delta tells nothing about the whole.
        if (change.lost != 0 || !wanted[change.commit] || change.seq < range.first || change.seq > range.last) continue;
        visit(change.seq, rows[change.commit].commit, &change);
      }
    }
    return {};
  }

  /// A row may claim any number of deltas; blocks tell how many there are.
  Status can_hold(std::span<const SeqRange> ranges) const {
    std::uint64_t held = segment_.rows().size(), wanted = 0;
    for (const auto& frame : segment_.footer.frames) held += frame.type == format::FrameType::data ? frame.count : 0;
    for (const auto& range : ranges) wanted += range.last - range.first + 1;
    if (wanted <= held) return {};
    return store::damaged(segment_, store::place_name(segment_.number, nullptr), "deltas of commits are missing");
  }

  Hash leaf(const Commit& commit, const Change* change) const {
    if (change) return model::leaf_hash({origin_, name_space(*change).name, segment_.ids[change->vector], name_space(*change).dims}, *change);
    Catalog names;
    Commit setting = commit;
    setting.origin = names.add_origin(origin_);
    setting.parents.clear();
    return model::setting_hash(names, setting);
  }

  /// What stands for the pruned deltas of each commit, by its first seq.
  using Nodes = std::map<std::uint64_t, const std::vector<Hash>*>;
  Nodes nodes() const {
    Nodes out;
    for (const auto& row : segment_.rows()) {
      if (segment_.names.origins[row.commit.origin] == origin_) out.emplace(row.commit.first, &row.nodes);
    }
    return out;
  }

  std::string text(const Commit& commit, const Change* change) const {
    const Timestamp time = change ? change->time : commit.time;
    std::string out = "setting " + quote(commit.setting);
    if (change) {
      const std::string& ns = name_space(*change).name;
      out = std::string(operation_name(change->op)) + " of " + quote(segment_.ids[change->vector]);
      if (!ns.empty()) out += " in namespace " + quote(ns);
    }
    out += " at " + format_time(time.us());
    return time.tick() > 0 ? out + "+" + std::to_string(time.tick()) : out;
  }

 private:
  /// Fresh segments hold a row's deltas together: most blocks are told by their place.
  bool any(const std::vector<bool>& wanted, const format::FrameEntry& frame) const {
    if (segment_.packed()) return true;
    const auto row = std::ranges::upper_bound(segment_.row_ends, frame.first) - segment_.row_ends.begin();
    for (auto r = static_cast<std::size_t>(row); r < wanted.size(); ++r) {
      if (wanted[r]) return true;
      if (segment_.row_ends[r] >= frame.first + frame.count) break;
    }
    return false;
  }
  const Namespace& name_space(const Change& change) const { return segment_.names.namespaces[segment_.owners[change.vector]]; }

  store::Segment segment_;
  std::string_view origin_;
};

Result<std::vector<Hash>> leaves(const Copy& copy, SeqRange range) {
  std::vector<Hash> out(range.last - range.first + 1);
  DELTA_OK(copy.each(range, [&](std::uint64_t seq, const Commit& commit, const Change* change) {
    if (seq >= range.first && seq <= range.last) out[seq - range.first] = copy.leaf(commit, change);
  }));
  return out;
}

struct Leaf {
  std::uint64_t seq = 0;
  Hash hash{};
};

/// The whole deltas of some commits, in order of seq.
Result<std::vector<Leaf>> whole_deltas(const Copy& copy, SeqRange range) {
  std::vector<Leaf> out;
  DELTA_OK(copy.each(range, [&](std::uint64_t seq, const Commit& commit, const Change* change) {
    out.push_back({seq, copy.leaf(commit, change)});
  }));
  std::ranges::sort(out, {}, &Leaf::seq);
  return out;
}

std::span<const Leaf> leaves_of(const std::vector<Leaf>& all, SeqRange commit) {
  const auto begin = std::ranges::lower_bound(all, commit.first, {}, &Leaf::seq), end = std::ranges::upper_bound(all, commit.last, {}, &Leaf::seq);
  return {begin, end};
}

/// Of its whole deltas and of what stands for the others; none: they do not fit.
std::optional<Hash> root_of(const Copy::Nodes& all_nodes, std::span<const Leaf> leaves, SeqRange commit) {
  model::PartialTree tree(commit.last - commit.first + 1);
  std::vector<std::uint64_t> places;
  for (const Leaf& leaf : leaves) {
    tree.add(leaf.seq - commit.first, leaf.hash);
    places.push_back(leaf.seq - commit.first);
  }
  const auto nodes = all_nodes.find(commit.first);
  if (nodes == all_nodes.end() || !tree.add_copy(places, *nodes->second)) return std::nullopt;
  return tree.root();
}

Result<std::string> text_at(const Copy& copy, std::uint64_t seq) {
  std::string text;
  DELTA_OK(copy.each({seq, seq}, [&](std::uint64_t, const Commit& commit, const Change* change) { text = copy.text(commit, change); }));
  return text;
}

}  // namespace

Result<std::optional<Difference>> first_difference(const store::Segment& a, const store::Segment& b, std::string_view origin,
                                                   std::span<const SeqRange> ranges) {
  DELTA_TRY(const Copy in_a, Copy::open(a, origin));
  DELTA_TRY(const Copy in_b, Copy::open(b, origin));
  DELTA_OK(in_a.can_hold(ranges));
  DELTA_OK(in_b.can_hold(ranges));
  for (const SeqRange& range : ranges) {
    for (std::uint64_t first = range.first; first <= range.last; first += kWindow) {
      const SeqRange window{first, std::min(range.last, first + (kWindow - 1))};
      DELTA_TRY(const auto x, leaves(in_a, window));
      DELTA_TRY(const auto y, leaves(in_b, window));
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] == y[i] || x[i] == Hash{} || y[i] == Hash{}) continue;
        Difference out;
        out.seq = first + i;
        DELTA_TRY(out.a, text_at(in_a, out.seq));
        DELTA_TRY(out.b, text_at(in_b, out.seq));
        return std::optional(std::move(out));
      }
    }
  }
  return std::optional<Difference>();
}

Result<std::optional<Difference>> first_other_root(const store::Segment& a, const store::Segment& b, std::string_view origin,
                                                   std::span<const SeqRange> commits) {
  DELTA_TRY(const Copy in_a, Copy::open(a, origin));
  DELTA_TRY(const Copy in_b, Copy::open(b, origin));
  const auto nodes_a = in_a.nodes(), nodes_b = in_b.nodes();
  for (std::size_t begin = 0; begin < commits.size();) {
    std::size_t end = begin + 1;
    while (end < commits.size() && commits[end].last - commits[begin].first < kWindow) ++end;
    const SeqRange window{commits[begin].first, commits[end - 1].last};
    DELTA_TRY(const auto x, whole_deltas(in_a, window));
    DELTA_TRY(const auto y, whole_deltas(in_b, window));
    for (; begin < end; ++begin) {
      const SeqRange& commit = commits[begin];
      const auto in_x = leaves_of(x, commit), in_y = leaves_of(y, commit);
      const auto root_a = root_of(nodes_a, in_x, commit), root_b = root_of(nodes_b, in_y, commit);
      if (root_a && root_a == root_b) continue;
      Difference out{commit.first, {}, {}};
      for (std::size_t i = 0, k = 0; i < in_x.size() && k < in_y.size();) {
        const std::uint64_t seq = in_x[i].seq;
        if (seq != in_y[k].seq) {
          seq < in_y[k].seq ? ++i : ++k;
        } else if (in_x[i++].hash != in_y[k++].hash) {
          out.seq = seq;
          DELTA_TRY(out.a, text_at(in_a, seq));
          DELTA_TRY(out.b, text_at(in_b, seq));
          break;
        }
      }
      return std::optional(std::move(out));
    }
  }
  return std::optional<Difference>();
}

}  // namespace delta::ops
