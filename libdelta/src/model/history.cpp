// Linking: a commit joins when its causes are there, so that a context is always the union of contexts that are known.
// A pending commit waits for one missing cause at a time: in whatever order commits arrive, each cause is looked at
// once.
#include "model/history.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <string>

#include "delta/text.hpp"

namespace delta::model {
namespace {

bool same_commit(const CommitView& a, const CommitView& b) {
  return a.origin == b.origin && a.first == b.first && a.count == b.count && a.parents == b.parents &&
         a.message == b.message && a.tool == b.tool && a.source == b.source && a.trace == b.trace &&
         a.setting == b.setting && a.time == b.time && a.properties == b.properties && a.given == b.given;
}

}  // namespace

std::string dot_text(const Catalog& catalog, Dot dot) {
  return escape(catalog.origin(dot.origin)).append(":").append(std::to_string(dot.seq));
}

std::string commit_text(const Catalog& catalog, const CommitView& commit) {
  return dots_text(escape(catalog.origin(commit.origin)), commit.first, commit.last());
}

Status History::check(const CommitView& c) const {
  const auto bad = [&](std::string what) { return error(ErrorCode::bad_input, std::move(what)); };
  if (index(c.origin) >= catalog_->origins()) return bad("a commit names an unknown origin");
  const auto of_origin = [&] { return "a commit of origin " + quote(catalog_->origin(c.origin)); };
  if (c.count == 0) return bad(of_origin() + " holds no deltas");
  if (c.first == 0) return bad(of_origin() + " begins at seq 0; seqs count from 1");
  if (c.count - 1 > std::numeric_limits<std::uint64_t>::max() - c.first) {
    return bad("the seqs of commit " + dot_text(*catalog_, {c.origin, c.first}) + " go beyond 64 bits");
  }
  for (const Dot& parent : c.parents) {
    const auto who = [&] { return "commit " + commit_text(*catalog_, c); };
    if (index(parent.origin) >= catalog_->origins()) return bad(who() + " has a parent of an unknown origin");
    if (parent.seq == 0) return bad(who() + " has the parent " + dot_text(*catalog_, parent) + "; seqs count from 1");
    if (parent.origin == c.origin && parent.seq >= c.first) {
      return bad(who() + " has the parent " + dot_text(*catalog_, parent) + ", which is not before it");
    }
  }
  return {};
}

Error History::fork(const CommitView& a, const CommitView& b) const {
  const Dot shared{a.origin, std::max(a.first, b.first)};
  return error(ErrorCode::forked, "forked origin: two different commits hold " + dot_text(*catalog_, shared) + ": " +
                                      commit_text(*catalog_, a) + " and " + commit_text(*catalog_, b));
}

std::optional<CommitNo> History::overlapping(const CommitView& commit) const {
  if (const auto holder = find({commit.origin, commit.first})) return holder;
  const auto next = pending_.lower_bound({commit.origin, commit.first});
  if (next == pending_.end() || next->first.origin != commit.origin || next->first.seq > commit.last()) return {};
  return next->second;
}

void History::reserve(std::size_t commits) {
  commits_.reserve(commits);
  links_.reserve(commits);
  linked_.reserve(commits);
}

Result<CommitNo> History::add(const CommitView& commit, std::span<const RecordNo> records) {
  DELTA_OK(check(commit));
  if (const auto other = overlapping(commit)) {
    if (!same_commit(commits_[*other], commit)) return fork(commits_[*other], commit);
    unite(*other, records);
    return *other;
  }
  if (commits_.size() >= kPending) return error(ErrorCode::limit, "more than 2^32 - 1 commits");
  if (origins_.size() < catalog_->origins()) origins_.resize(catalog_->origins());
  const Dot first{commit.origin, commit.first};
  const CommitNo number = commits_.push_back(commit);
  links_.emplace_back();
  if (!commit.setting.empty()) settings_.push_back(number);
  if (records.empty() && waiting_.empty() && link_next(number)) return number;
  pending_.emplace(first, number);
  if (records.empty()) {
    join(number);
  } else {
    links_[number].gated = true;
    unite_records(pruned_[number], records);
  }
  return number;
}

/// Links a commit, and all that waited for it, as far as causes are here.
void History::join(CommitNo number) {
  std::vector<CommitNo> ready{number};
  while (!ready.empty()) {
    const CommitNo next = ready.back();
    ready.pop_back();
    if (links_[next].gated) continue;  // admit_pruned() lets it in
    if (const auto cause = missing_cause(next)) {
      waiting_.emplace(*cause, next);
      continue;
    }
    link(next);
    const CommitView& linked = commits_[next];
    const auto begin = waiting_.lower_bound({linked.origin, 0}),
               end = waiting_.upper_bound({linked.origin, linked.last()});
    for (auto w = begin; w != end; ++w) ready.push_back(w->second);
    waiting_.erase(begin, end);
  }
}

SeenSeqs History::context(std::span<const Dot> dots) const {
  SeenSeqs seen(catalog_->origins());
  Indexed<CommitNo, bool> visited(size());
  std::vector<CommitNo> todo;
  const auto visit = [&](const Dot& cause) {
    const Dot dot = before_loss(cause);
    const auto number = find(dot);
    if (!number) return;
    seen[dot.origin] = std::max(seen[dot.origin], dot.seq);
    if (!visited[*number]) {
      visited[*number] = true;
      todo.push_back(*number);
    }
  };
  for (const Dot& dot : dots) visit(dot);
  while (!todo.empty()) {
    const CommitView& c = commits_[todo.back()];
    todo.pop_back();
    if (c.first > 1) visit({c.origin, c.first - 1});
    for (const Dot& parent : c.parents) visit(parent);
  }
  return seen;
}

/// Those dots of a version vector that no commit it covers has seen: who has seen these has seen it all.
std::vector<Dot> History::tops(const SeenSeqs& seen) const {
  Indexed<OriginNo, bool> under(seen.size());
  for (const CommitNo number : linked_) {
    const CommitView& c = commits_[number];
    if (c.first > seen[c.origin]) continue;
    for (const Dot& parent : c.parents) {
      under[parent.origin] = under[parent.origin] || (parent.origin != c.origin && parent.seq >= seen[parent.origin]);
    }
  }
  std::vector<Dot> out;
  for (const OriginNo origin : seen.numbers()) {
    if (seen[origin] != 0 && !under[origin]) out.push_back({origin, seen[origin]});
  }
  return out;
}

/// The first cause that is not linked yet. Heads only grow, so what was looked at before is not looked at again.
std::optional<Dot> History::missing_cause(CommitNo number) {
  const CommitView& c = commits_[number];
  std::uint32_t& next = links_[number].index;
  for (; next <= c.parents.size(); ++next) {
    const Dot cause = before_loss(next == 0 ? Dot{c.origin, c.first - 1} : c.parents[next - 1]);
    if (cause.seq > head(cause.origin)) return cause;
  }
  return std::nullopt;
}

void History::link(CommitNo number) {
  const CommitView& c = commits_[number];
  look_at_causes(c);
  Link& mine = links_[number];
  mine.chain = choose_chain(c);
  if (mine.chain == chains_.size()) chains_.emplace_back();
  mine.others = all_seen(mine.chain);
  note_ended(c, mine.chain);
  Chain& chain = chains_[mine.chain];
  mine.index = chain.length++;
  chain.tip = number;

  update_heads(number);
  note_linked(number);
  pending_.erase({c.origin, c.first});
}

void History::note_linked(CommitNo number) {
  Link& mine = links_[number];
  mine.linear = heads_.size() == 1;
  Origin& origin = origins_[commits_.origin(number)];
  origin.numbers.push_back(number);
  origin.last = commits_.last(number);
  linked_.push_back(number);
  mine.rank = static_cast<std::uint32_t>(linked_.size());
}

/// The usual case: the commit goes on where its origin stopped, nobody has added anything since, and it has seen no
/// other origin that its last commit had not seen. Then it stands behind that in its chain, and has seen the same of
/// the others. False: it is another case, and nothing is done.
bool History::link_next(CommitNo number) {
  const OriginNo origin = commits_.origin(number);
  const std::uint64_t first = commits_.first(number);
  if (heads_.size() != 1 || first == 1 || head(origin) != first - 1) return false;
  const CommitNo before = heads_.front();
  if (commits_.origin(before) != origin) return false;
  for (const Dot& parent : commits_.parents(number)) {
    if (parent != Dot{origin, first - 1}) return false;
  }
  const Link& last = links_[before];
  Chain& chain = chains_[last.chain];
  Link& mine = links_[number];
  mine.chain = last.chain;
  mine.others = last.others;
  mine.index = chain.length++;
  chain.tip = number;
  heads_.front() = number;
  note_linked(number);
  return true;
}

/// The first of these whose context has those of the others gives its nodes to the result: the own previous commit.
void History::look_at_causes(const CommitView& c) {
  sets_.clear();
  causes_.clear();
  each_cause(c, [this](Dot cause) { see(cause); });
  united_ = contexts_.unite(sets_);
  std::sort(causes_.begin(), causes_.end(),
            [](const Seen& a, const Seen& b) { return a.chain != b.chain ? a.chain < b.chain : b.less_than(a); });
  const auto same_chain = [](const Seen& a, const Seen& b) { return a.chain == b.chain; };
  causes_.erase(std::unique(causes_.begin(), causes_.end(), same_chain), causes_.end());
}

/// Its own chain before it belongs to its context too: that is what being at this index means.
void History::see(Dot cause) {
  if (cause.seq > head(cause.origin)) return;  // only of a commit that is not here
  const CommitNo number = linked_commit(cause);
  const Link& l = links_[number];
  const bool whole = cause.seq == commits_.last(number);
  if (sets_.empty() || sets_.back() != l.others) sets_.push_back(l.others);
  causes_.push_back({l.chain, l.index + whole, whole ? 0 : cause.seq, l.rank});
}

/// `chain`: left out, as what its index says.
Contexts::Set History::all_seen(std::optional<std::uint32_t> chain) {
  if (chain) std::erase_if(causes_, [&](const Seen& seen) { return seen.chain == *chain; });
  if (causes_.empty()) return united_;
  if (united_ != last_united_ || causes_ != last_causes_) {
    last_seen_ = contexts_.raise(united_, causes_);
    last_united_ = united_;
    last_causes_ = causes_;
  }
  return last_seen_;
}

Contexts::Set History::context_of(const CommitView& commit) {
  look_at_causes(commit);
  return all_seen(std::nullopt);
}

bool History::seen_whole(std::uint32_t chain) const {
  const auto cause = std::lower_bound(causes_.begin(), causes_.end(), chain,
                                      [](const Seen& seen, std::uint32_t c) { return seen.chain < c; });
  if (cause != causes_.end() && cause->chain == chain && cause->whole == chains_[chain].length) return true;
  return contexts_.whole(united_, chain) == chains_[chain].length;
}

/// A chain of which everything has been seen: the own previous commit's, a parent's, one of those that ended last; else
/// a new one.
std::uint32_t History::choose_chain(const CommitView& c) {
  constexpr std::size_t kLooked = 8;
  std::optional<std::uint32_t> of_cause;
  each_cause(c, [&](Dot cause) {
    const std::uint32_t chain = links_[linked_commit(cause)].chain;
    if (!of_cause && seen_whole(chain)) of_cause = chain;
  });
  if (of_cause) return *of_cause;
  for (std::size_t i = 0; i < std::min(kLooked, ended_.size()); ++i) {
    const auto place = ended_.end() - 1 - static_cast<std::ptrdiff_t>(i);
    const std::uint32_t chain = *place;
    if (!seen_whole(chain)) continue;
    chains_[chain].ended = false;
    ended_.erase(place);
    return chain;
  }
  return static_cast<std::uint32_t>(chains_.size());
}

/// Others of which this commit has seen the whole, as far as its direct causes show it.
void History::note_ended(const CommitView& c, std::uint32_t mine) {
  const auto note = [&](Dot cause) {
    const CommitNo number = linked_commit(cause);
    Chain& chain = chains_[links_[number].chain];
    if (links_[number].chain == mine || chain.ended || chain.tip != number || cause.seq != commits_.last(number)) {
      return;
    }
    chain.ended = true;
    ended_.push_back(links_[number].chain);
  };
  each_cause(c, note);
}

/// A maximal commit stops being one only as a direct cause: had a cause seen it, it would have stopped before.
void History::update_heads(CommitNo number) {
  const CommitView& c = commits_[number];
  drop_head(c.origin);
  each_cause(c, [this](Dot cause) {
    if (cause.seq == head(cause.origin)) drop_head(cause.origin);
  });
  origins_[c.origin].head = static_cast<std::uint32_t>(heads_.size());
  heads_.push_back(number);
}

void History::drop_head(OriginNo origin) {
  const std::uint32_t place = origins_[origin].head;
  if (place == kNone) return;
  origins_[commits_.origin(heads_.back())].head = place;
  heads_[place] = heads_.back();
  heads_.pop_back();
  origins_[origin].head = kNone;
}

std::vector<Dot> History::heads() const {
  std::vector<Dot> dots;
  dots.reserve(heads_.size());
  for (const CommitNo number : heads_) dots.push_back({commits_.origin(number), commits_.last(number)});
  std::sort(dots.begin(), dots.end(),
            [&](Dot a, Dot b) { return catalog_->origin(a.origin) < catalog_->origin(b.origin); });
  return dots;
}

bool History::are_heads(std::span<const Dot> dots) const {
  const auto is_head = [&](Dot dot) {
    return origins_.contains(dot.origin) && origins_[dot.origin].head != kNone && origins_[dot.origin].last == dot.seq;
  };
  return dots.size() == heads_.size() && std::all_of(dots.begin(), dots.end(), is_head);
}

/// REQUIRES: 1 <= dot.seq <= head(dot.origin). Instead of one that is lost: what its origin wrote before it, or first.
CommitNo History::linked_commit(Dot dot) const {
  const Origin& origin = origins_[dot.origin];
  const auto& numbers = origin.numbers;
  if (commits_.first(numbers.back()) <= dot.seq) return numbers.back();
  const auto after =
      std::upper_bound(numbers.begin(), numbers.end(), dot.seq,
                       [this](std::uint64_t seq, CommitNo number) { return seq < commits_.first(number); });
  return after == numbers.begin() ? *after : *std::prev(after);
}

std::optional<CommitNo> History::find(Dot dot) const {
  if (dot.seq == 0 || (lost_.contains(dot.origin) && has_seq(lost_[dot.origin], dot.seq))) return std::nullopt;
  if (dot.seq <= head(dot.origin)) return linked_commit(dot);
  auto after = pending_.upper_bound(dot);
  if (after == pending_.begin()) return std::nullopt;
  const CommitNo number = (--after)->second;
  const CommitView& c = commits_[number];
  if (c.origin != dot.origin || dot.seq < c.first || dot.seq > c.last()) return std::nullopt;
  return number;
}

std::optional<CommitNo> History::first_pending(OriginNo origin) const {
  const auto first = pending_.lower_bound({origin, 0});
  return first == pending_.end() || first->first.origin != origin ? std::nullopt : std::optional(first->second);
}

std::vector<CommitNo> History::pending() const {
  std::vector<CommitNo> numbers;
  for (const auto& [dot, number] : pending_) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Among few each is asked about each. Among many, what they have seen before themselves is united; of two in one chain
/// the later has seen the other.
std::optional<Dot> History::redundant_parent(std::span<const Dot> parents) {
  constexpr std::size_t kFew = 8;
  if (parents.size() < 2 || are_heads(parents)) return std::nullopt;
  std::vector<Dot> folded;
  std::copy_if(parents.begin(), parents.end(), std::back_inserter(folded),
               [&](Dot dot) { return dot.seq <= head(dot.origin) && find(dot); });
  const auto found = [](auto place, auto end) { return place == end ? std::nullopt : std::optional(*place); };
  if (folded.size() <= kFew) {
    const auto is_seen = [&](Dot dot) {
      return std::any_of(folded.begin(), folded.end(),
                         [&](Dot by) { return context_contains(linked_commit(by), dot); });
    };
    return found(std::find_if(folded.begin(), folded.end(), is_seen), folded.end());
  }
  std::vector<Contexts::Set> sets;
  std::vector<Seen> before;
  for (const Dot dot : folded) {
    const Link& l = links_[linked_commit(dot)];
    sets.push_back(l.others);
    before.push_back({l.chain, l.index, 0, l.rank});
  }
  std::sort(before.begin(), before.end(),
            [](const Seen& a, const Seen& b) { return a.chain != b.chain ? a.chain < b.chain : b.less_than(a); });
  const auto same_chain = [](const Seen& a, const Seen& b) { return a.chain == b.chain; };
  before.erase(std::unique(before.begin(), before.end(), same_chain), before.end());
  const Contexts::Set seen = contexts_.raise(contexts_.unite(sets), before);
  return found(
      std::find_if(folded.begin(), folded.end(), [&](Dot dot) { return in(seen, linked_commit(dot), dot.seq); }),
      folded.end());
}

bool History::context_contains(CommitNo number, Dot of) const {
  const Dot dot = before_loss(of);
  return dot.seq != 0 && dot.seq <= head(dot.origin) && sees(number, linked_commit(dot), dot.seq);
}

}  // namespace delta::model
