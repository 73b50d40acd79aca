// The rows of COMMITS frames as they are kept in memory. What only pruned copies say stands apart.
#pragma once

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "base/commit_columns.hpp"
#include "base/numbers.hpp"

namespace delta::format {

/// A row of CommitRows, valid as long as these are not changed. The fields are those of CommitRow.
struct CommitRowView {
  CommitViewOf<SegmentOrigin> commit;
  Hash previous{};
  std::span<const RecordNo> records = {};
  std::span<const Hash> nodes = {};

  CommitRowView() = default;
  CommitRowView(const CommitViewOf<SegmentOrigin>& of, const Hash& before) : commit(of), previous(before) {}
};

class CommitRows {
 public:
  class Iterator {
   public:
    using value_type = CommitRowView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = void;
    using reference = CommitRowView;
    Iterator() = default;
    Iterator(const CommitRows& rows, std::size_t at) : rows_(&rows), at_(at) {}
    CommitRowView operator*() const { return (*rows_)[nth<RowNo>(at_)]; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator operator++(int) { return {*rows_, at_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const CommitRows* rows_ = nullptr;
    std::size_t at_ = 0;
  };

  std::size_t size() const { return commits_.size(); }
  bool empty() const { return commits_.empty(); }
  bool contains(RowNo row) const { return commits_.contains(row); }
  Numbers<RowNo> numbers() const { return commits_.numbers(); }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }
  void reserve(std::size_t size) { commits_.reserve(size); }

  /// Without what only pruned copies say.
  const CommitColumns<RowNo, SegmentOrigin>& commits() const { return commits_; }
  CommitRowView operator[](RowNo row) const {
    CommitRowView view(commits_[row], {});
    if (const More* const more = more_of(row)) {
      view.previous = more->previous;
      view.records = more->records;
      view.nodes = more->nodes;
    }
    return view;
  }
  std::span<const RecordNo> records(RowNo row) const {
    const More* const more = more_of(row);
    return more == nullptr ? std::span<const RecordNo>() : more->records;
  }
  std::span<const Hash> nodes(RowNo row) const {
    const More* const more = more_of(row);
    return more == nullptr ? std::span<const Hash>() : more->nodes;
  }

  /// How many of them are pruned copies.
  std::size_t pruned() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(more_, [](const More& more) { return !more.records.empty(); }));
  }

  void push_back(const CommitViewOf<SegmentOrigin>& commit, const Hash& previous, std::vector<RecordNo> records,
                 std::vector<Hash> nodes) {
    const RowNo row = commits_.push_back(commit);
    if (previous == Hash{} && records.empty() && nodes.empty()) return;
    more_.push_back({row, previous, std::move(records), std::move(nodes)});
  }
  void set_parents(RowNo row, const DotsOf<SegmentOrigin>& parents) { commits_.set_parents(row, parents); }

 private:
  struct More {
    RowNo row{};
    Hash previous{};
    std::vector<RecordNo> records;
    std::vector<Hash> nodes;
  };

  const More* more_of(RowNo row) const {
    const auto place = std::ranges::lower_bound(more_, row, {}, &More::row);
    return place == more_.end() || place->row != row ? nullptr : &*place;
  }

  CommitColumns<RowNo, SegmentOrigin> commits_;
  std::vector<More> more_;  // of the rows that have any of it, ascending
};

}  // namespace delta::format
