#include "ops/fork.hpp"

#include <algorithm>
#include <functional>
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

}  // namespace delta::ops
