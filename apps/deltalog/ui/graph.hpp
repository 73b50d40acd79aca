// A graph of commits beside a list of them, in plain characters.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace deltalog {

/// Draws rows that point to later rows, as `git log --graph` does. Every row that is pointed to and not yet drawn has
/// one lane, whoever points to it, so there are never more lanes than such rows. Of many lanes the first `most` are
/// drawn; behind them "+N" says how many more there are, and "*+N" that the row stands in one of those.
class Graph {
 public:
  /// `rows`: how many there will be.
  explicit Graph(std::size_t rows, std::size_t most = 16) : lane_of_(rows, kNone), most_(most) {}

  struct Row {
    std::string node;                ///< the line of the row itself: "| *"
    std::vector<std::string> links;  ///< lines below it, where lanes part and meet: "|/"
  };
  /// The next row, whose parents are numbers of later rows, each once, the one to draw straight below it first.
  Row next(std::span<const std::uint32_t> parents);

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Link {
    std::uint32_t lane;
    enum {
      old,
      fresh,
      moved
    } kind;  // fresh: the lane begins here; moved: it ends here, and its row is reached by the row's own lane
  };

  std::uint32_t free_lane();
  void release(std::uint32_t lane);
  std::string lines_down() const;
  std::string node_line(std::uint32_t lane) const;
  void draw(std::uint32_t from, std::vector<Link> links, Row& row) const;

  std::vector<std::uint32_t> lane_of_;  // by row: the lane that leads to it
  std::vector<bool> used_;              // by lane
  std::set<std::uint32_t> free_;        // lanes below used_.size() that are not
  std::size_t most_, hidden_ = 0;       // lanes drawn at most; lanes used beyond those
  std::uint32_t drawn_ = 0;
};

}  // namespace deltalog
