// Numbers by which things are called. Each kind has a type of its own, so that the compiler refuses the number of one
// thing where that of another is meant. They cost as much as the integers that they hold.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "delta/error.hpp"

namespace delta {

enum class NamespaceNo : std::uint32_t {};  ///< of a namespace in a catalog
enum class OriginNo : std::uint32_t {};     ///< of an origin in a catalog
enum class CommitNo : std::uint32_t {};     ///< of a commit in a log
enum class VectorNo : std::uint32_t {};     ///< of a vector in a catalog

/// A number of any kind: an enumeration of 32 bits.
template <class T>
concept Number = std::is_enum_v<T> && std::same_as<std::underlying_type_t<T>, std::uint32_t>;

/// Where the thing stands in a list that has all of its kind. Numbers count from 0.
template <Number No>
constexpr std::size_t index(No no) {
  return static_cast<std::size_t>(no);
}

/// The number of the thing that stands there. REQUIRES: i < 2^32.
template <Number No>
constexpr No nth(std::size_t i) {
  DELTA_CHECK(i <= std::numeric_limits<std::uint32_t>::max());
  return static_cast<No>(i);
}

/// The number of the next one.
template <Number No>
constexpr No successor(No no) {
  return nth<No>(index(no) + 1);
}

/// The numbers from `first` up to before `end`: `for (const OriginNo origin : numbers<OriginNo>(catalog.origins()))`.
template <Number No>
class Numbers {
 public:
  class Iterator {
   public:
    using value_type = No;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const No*;
    using reference = No;

    constexpr Iterator() = default;
    constexpr explicit Iterator(std::size_t at) : at_(at) {}
    constexpr No operator*() const { return static_cast<No>(at_); }
    constexpr Iterator& operator++() {
      ++at_;
      return *this;
    }
    constexpr Iterator operator++(int) { return Iterator(at_++); }
    friend constexpr bool operator==(Iterator, Iterator) = default;

   private:
    std::size_t at_ = 0;
  };

  constexpr Numbers(std::size_t first, std::size_t end) : first_(std::min(first, end)), end_(end) {
    DELTA_CHECK(end <= std::size_t{1} << 32);
  }
  constexpr Iterator begin() const { return Iterator(first_); }
  constexpr Iterator end() const { return Iterator(end_); }

 private:
  std::size_t first_, end_;
};

/// The numbers of the first `count` things, or of those from `first` up to before `count`.
template <Number No>
constexpr Numbers<No> numbers(std::size_t count, std::size_t first = 0) {
  return {first, count};
}

/// One element for each thing of a kind, by its number. What a std::vector offers, and no access by another number.
template <Number No, class T>
class Indexed {
 public:
  using value_type = T;

  Indexed() = default;
  explicit Indexed(std::size_t size) : items_(size) {}
  Indexed(std::size_t size, const T& value) : items_(size, value) {}
  Indexed(std::initializer_list<T> items) : items_(items) {}

  decltype(auto) operator[](No no) { return items_[index(no)]; }
  decltype(auto) operator[](No no) const { return items_[index(no)]; }
  bool contains(No no) const { return index(no) < items_.size(); }
  /// The element of a number that may be beyond the end: the list grows to have it.
  decltype(auto) reach(No no) {
    if (!contains(no)) items_.resize(std::max(index(no) + 1, 2 * items_.size()));
    return items_[index(no)];
  }

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  Numbers<No> numbers() const { return {0, items_.size()}; }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  decltype(auto) front() { return items_.front(); }
  decltype(auto) front() const { return items_.front(); }
  decltype(auto) back() { return items_.back(); }
  decltype(auto) back() const { return items_.back(); }

  /// Adds one more, and returns its number.
  No push_back(T item) {
    const No no = nth<No>(items_.size());
    items_.push_back(std::move(item));
    return no;
  }
  template <class... Arguments>
  decltype(auto) emplace_back(Arguments&&... arguments) {
    return items_.emplace_back(std::forward<Arguments>(arguments)...);
  }
  template <class Iterator>
  void append(Iterator first, Iterator last) {
    items_.insert(items_.end(), first, last);
  }
  void reserve(std::size_t size) { items_.reserve(size); }
  void resize(std::size_t size) { items_.resize(size); }
  void clear() { items_.clear(); }
  friend bool operator==(const Indexed&, const Indexed&) = default;

 private:
  std::vector<T> items_;
};

}  // namespace delta
