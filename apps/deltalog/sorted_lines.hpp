// Lines of an output that come in another order than they are to be printed: as many as there are, in bounded memory.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "delta/bytes.hpp"
#include "delta/catalog.hpp"
#include "delta/file.hpp"
#include "delta/state.hpp"

namespace deltalog {

/// Where a line stands among the others: three numbers, the first of which counts most.
struct LineKey {
  std::uint64_t first = 0, second = 0, third = 0;
  friend std::strong_ordering operator<=>(const LineKey&, const LineKey&) = default;
  LineKey reversed() const { return {~first, ~second, ~third}; }
};

/// Keys of deltas in their order.
class KeyOrder {
 public:
  explicit KeyOrder(const delta::Catalog& catalog);
  LineKey of(const delta::Key& key) const { return {key.time.hlc, ranks_[key.origin], key.seq}; }

 private:
  delta::Indexed<delta::OriginNo, std::uint32_t> ranks_;  // by name
};

class SortedLines {
 public:
  /// `memory`: bytes that it may take, about; what is more goes to a temporary file without a name. `most`: how many
  /// lines are wanted, of the least keys.
  explicit SortedLines(std::uint64_t memory, std::uint64_t most = ~std::uint64_t{0});

  /// io: there is no room for the temporary file.
  Status add(const LineKey& key, std::string_view text);
  /// All lines, in order of their keys, and those of one key as they came. To be called once.
  using Visit = std::function<Status(const LineKey& key, std::string_view text)>;
  Status finish(const Visit& visit);

 private:
  struct Line {
    LineKey key;
    std::uint64_t begin = 0, size = 0;  // in the text
  };
  struct Run;  // as it is read
  void sort();
  void keep_least();
  std::string_view text_of(const Line& line) const { return std::string_view(text_).substr(line.begin, line.size); }
  Status spill();
  delta::Error no_room(delta::Error why) const;
  Status merge(const Visit& visit);

  std::uint64_t memory_, most_;
  std::string text_;
  std::vector<Line> lines_;
  std::optional<delta::TemporaryFile> file_;
  std::vector<std::uint64_t> ends_;  // of the runs in the file, each of sorted lines
  std::uint64_t written_ = 0;
};

}  // namespace deltalog
