// Many commits in little memory. A log may have a million, and nearly all of them are alike: written by one origin with
// one program, each having seen the one before. Such a commit takes 32 bytes. Texts that neighbours share stand once,
// and only what is rare in a commit takes room of its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delta/commit.hpp"

namespace delta {

/// Texts of commits: message, tool, source, trace, setting, properties. Equal ones mostly stand once.
class CommitTexts {
 public:
  using Texts = std::array<std::string_view, 6>;
  CommitTexts() { all_.emplace_back(); }  // number 0: none of them
  CommitTexts(CommitTexts&&) noexcept = default;
  CommitTexts& operator=(CommitTexts&&) noexcept = default;
  ~CommitTexts() = default;
  /// Copies share the bytes that are there. Only the former goes on in the last chunk.
  CommitTexts(const CommitTexts& other)
      : all_(other.all_), numbers_(other.numbers_), chunks_(other.chunks_), last_(other.last_) {}
  CommitTexts& operator=(const CommitTexts& other) { return *this = CommitTexts(other); }

  /// Their number; what it stands for is valid as long as this is, also after it was moved.
  std::uint32_t add(const Texts& texts) {
    if (texts == all_[last_]) return last_;
    const auto [place, fresh] = numbers_.try_emplace(hash_of(texts), static_cast<std::uint32_t>(all_.size()));
    if (!fresh && all_[place->second] == texts) return last_ = place->second;
    Texts kept;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      kept[i] = texts[i] == all_[last_][i] ? all_[last_][i] : keep(texts[i]);
    }
    all_.push_back(kept);
    return last_ = static_cast<std::uint32_t>(all_.size() - 1);
  }
  const Texts& operator[](std::uint32_t number) const { return all_[number]; }

 private:
  static constexpr std::size_t kChunk = 64 << 10;

  static std::uint64_t hash_of(const Texts& texts) {
    std::uint64_t hash = 0;
    for (const std::string_view text : texts) hash = hash * 0x9e3779b97f4a7c15 + std::hash<std::string_view>{}(text);
    return hash;
  }
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) {
      left_ = std::max(kChunk, text.size());
      chunks_.push_back(std::shared_ptr<char[]>(new char[left_]));
      next_ = chunks_.back().get();
    }
    std::memcpy(next_, text.data(), text.size());
    const std::string_view kept(next_, text.size());
    next_ += text.size();
    left_ -= text.size();
    return kept;
  }

  std::vector<Texts> all_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_ = {
      {hash_of({}), 0}};  // by hash; of two with one, the first
  std::vector<std::shared_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::uint32_t last_ = 0;
};

/// The same commit with other numbers of origins. `room`: receives its parents, if it has several.
template <class To, class From, class Renumber>
CommitViewOf<To> renumbered(const CommitViewOf<From>& commit, const Renumber& number, std::vector<DotOf<To>>& room) {
  CommitViewOf<To> out;
  out.origin = number(commit.origin);
  out.first = commit.first;
  out.count = commit.count;
  if (commit.parents.size() == 1) {
    out.parents = DotsOf<To>({number(commit.parents[0].origin), commit.parents[0].seq});
  } else if (!commit.parents.empty()) {
    room.clear();
    for (const auto& parent : commit.parents) room.push_back({number(parent.origin), parent.seq});
    out.parents = room;
  }
  out.message = commit.message;
  out.tool = commit.tool;
  out.source = commit.source;
  out.trace = commit.trace;
  out.setting = commit.setting;
  out.time = commit.time;
  out.properties = commit.properties;
  out.given = commit.given;
  return out;
}

/// Commits by their numbers. Views that it gives are valid until the next change.
template <class No, class Origin>
class CommitColumns {
 public:
  using View = CommitViewOf<Origin>;
  using Dot = DotOf<Origin>;

  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  bool contains(No number) const { return rows_.contains(number); }
  Numbers<No> numbers() const { return rows_.numbers(); }
  void reserve(std::size_t size) { rows_.reserve(size); }

  Origin origin(No number) const { return rows_[number].origin; }
  Timestamp time(No number) const { return rows_[number].time; }
  std::uint64_t first(No number) const { return rows_[number].first; }
  std::uint64_t count(No number) const {
    const Row& row = rows_[number];
    return row.count == 0 ? rare_.find(number)->second.count : row.count;
  }
  std::uint64_t last(No number) const { return first(number) + count(number) - 1; }
  std::string_view setting(No number) const { return texts_[rows_[number].texts][4]; }
  std::string_view properties(No number) const { return texts_[rows_[number].texts][5]; }
  std::uint64_t deltas(No number) const { return setting(number).empty() ? count(number) : 0; }
  DotsOf<Origin> parents(No number) const {
    const Row& row = rows_[number];
    if (row.parents == kNone) return {};
    if (row.parents == kBefore) return DotsOf<Origin>(dot_before(number));
    if (row.parents == kOwn) return DotsOf<Origin>(Dot{row.origin, row.first - 1});
    return lists_[row.parents - kLists];
  }

  View operator[](No number) const {
    const Row& row = rows_[number];
    View out;
    out.origin = row.origin;
    out.first = row.first;
    out.count = row.count;
    out.parents = parents(number);
    const auto& texts = texts_[row.texts];
    out.message = texts[0];
    out.tool = texts[1];
    out.source = texts[2];
    out.trace = texts[3];
    out.setting = texts[4];
    out.properties = texts[5];
    out.time = row.time;
    if (row.count == 0) {
      const Rare& rare = rare_.find(number)->second;
      out.count = rare.count;
      out.given = rare.given;
    }
    return out;
  }

  No push_back(const View& commit) {
    Row row{commit.first, commit.time, commit.origin, static_cast<std::uint32_t>(commit.count), 0, kNone};
    row.texts =
        texts_.add({commit.message, commit.tool, commit.source, commit.trace, commit.setting, commit.properties});
    if (commit.given || row.count != commit.count || commit.count == 0) {
      rare_.emplace(nth<No>(size()), Rare{commit.count, commit.given});
      row.count = 0;
    }
    const No number = rows_.push_back(row);
    set_parents(number, commit.parents);
    return number;
  }
  void set_parents(No number, const DotsOf<Origin>& parents) {
    Row& row = rows_[number];
    if (parents.empty()) {
      row.parents = kNone;
    } else if (parents.size() == 1 && parents[0] == Dot{row.origin, row.first - 1}) {
      row.parents = kOwn;
    } else if (parents.size() == 1 && index(number) > 0 && parents[0] == dot_before(number)) {
      row.parents = kBefore;
    } else {
      row.parents = static_cast<std::uint32_t>(kLists + lists_.size());
      lists_.emplace_back(parents.begin(), parents.end());
    }
  }

 private:
  /// What `parents` of a row says: none, the last dot of the row before, the own one before the first, or a list.
  enum : std::uint32_t { kNone, kBefore, kOwn, kLists };
  struct Row {
    std::uint64_t first = 0;
    Timestamp time;
    Origin origin{};
    std::uint32_t count = 0;  // 0: as `rare_` says
    std::uint32_t texts = 0;
    std::uint32_t parents = kNone;
  };
  static_assert(sizeof(Row) == 32);
  struct Rare {
    std::uint64_t count = 0;
    std::optional<Micros> given;
  };

  Dot dot_before(No number) const {
    const No before = nth<No>(index(number) - 1);
    return {origin(before), last(before)};
  }

  Indexed<No, Row> rows_;
  CommitTexts texts_;
  std::vector<std::vector<Dot>> lists_;
  std::unordered_map<No, Rare> rare_;
};

}  // namespace delta
