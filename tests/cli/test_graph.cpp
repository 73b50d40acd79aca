// Graphs as they look: lanes that part, meet, pass each other, and are too many.
#include <catch2/catch.hpp>

#include "ui/graph.hpp"

using namespace deltalog;

namespace {

/// Each row's parents; the picture, one line a string, ends of lines marked so that none is lost.
std::string picture(const std::vector<std::vector<std::uint32_t>>& rows, std::size_t most = 16) {
  Graph graph(rows.size(), most);
  std::string out = "\n";
  for (const auto& parents : rows) {
    const auto row = graph.next(parents);
    out += row.node + "\n";
    for (const auto& line : row.links) out += line + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a line of commits is one lane, and histories without a common root stand side by side or below") {
  CHECK(picture({}) == "\n");
  CHECK(picture({{1}, {2}, {}}) == R"(
*
*
*
)");
  CHECK(picture({{2}, {3}, {4}, {}, {}}) == R"(
*
| *
* |
| *
*
)");
  CHECK(picture({{}, {2}, {}}) == R"(
*
*
*
)");
}

TEST_CASE("a merge parts, and what it merged meets again") {
  CHECK(picture({{1, 2}, {3}, {3}, {}}) == R"(
*
|\
* |
| *
|/
*
)");
  CHECK(picture({{1, 2, 3, 4}, {5}, {5}, {5}, {5}, {}}) == R"(
*
|\ \ \
* | | |
| * | |
|/  | |
|   * |
|__/  |
|     *
|____/
*
)");
}

TEST_CASE("strokes pass under the lanes between, both ways") {
  CHECK(picture({{3}, {4}, {3}, {5}, {5}, {}}) == R"(
*
| *
| | *
|_|/
* |
| *
|/
*
)");
  CHECK(picture({{3}, {4}, {5}, {5}, {6}, {6}, {}}) == R"(
*
| *
| | *
* | |
|_|/
| *
* |
|/
*
)");
}

TEST_CASE("of several strokes each has its line, and the lane goes on to the last") {
  CHECK(picture({{3}, {4}, {3, 4, 5}, {5}, {5}, {}}) == R"(
*
| *
| | *
|_|/|
| |/|
* | |
|_|/
| *
|/
*
)");
}

TEST_CASE("lanes beyond the limit are counted, and what leads to them is cut off") {
  CHECK(picture({{3}, {4}, {6, 5, 3}, {5}, {5}, {6}, {}}, 2) == R"(
*
| *
| | *+1
|_|/
* | +2
|_|_
| * +1
|/
*   +1
|__/
*
)");
}

TEST_CASE("many lanes are quick and narrow") {
  constexpr std::uint32_t kOrigins = 900, kRows = 30'000;
  Graph graph(kRows);
  std::size_t widest = 0;
  for (std::uint32_t row = 0; row < kRows; ++row) {
    std::vector<std::uint32_t> parents;
    if (row + kOrigins < kRows) parents.push_back(row + kOrigins);
    if (row % 1000 == 0 && row + 1 < kRows) parents.push_back(row + 1);
    const auto drawn = graph.next(parents);
    widest = std::max(widest, drawn.node.size());
    for (const auto& line : drawn.links) widest = std::max(widest, line.size());
  }
  CHECK(widest <= 16 * 2 + 5);
}
