// What 2,000 command lines parse to, as it was when the program still had a parser of its own. The lines are kept in
// a file and not drawn anew, so that a new option changes none of them.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "command_lines.hpp"

namespace {

constexpr const char* kGolden = "tests/cli/command-lines.txt";
constexpr std::uint64_t kLines = 2000;

struct Row {
  std::string line, outcome;
};

std::vector<Row> rows() {
  std::vector<Row> rows;
  std::ifstream in(kGolden);
  for (Row row; std::getline(in, row.line) && std::getline(in, row.outcome);) {
    row.line.erase(0, 2);
    rows.push_back(row);
  }
  return rows;
}

void write(std::vector<Row> rows) {
  if (rows.empty()) {
    for (std::uint64_t seed = 0; seed < kLines; ++seed) rows.push_back({to_text(command_lines::drawn(seed)), {}});
  }
  std::ofstream out(kGolden);
  for (const auto& row : rows) {
    out << "$ " << row.line << '\n' << outcome(command_lines::from_text(row.line)) << '\n';
  }
}

}  // namespace

TEST_CASE("Command lines parse to what they always did") {
  const char* wish = std::getenv("DELTA_GOLDEN");
  if (wish != nullptr && std::string_view(wish) == "write") write(rows());
  const auto all = rows();
  REQUIRE(all.size() == kLines);
  for (const auto& row : all) {
    const auto line = command_lines::from_text(row.line);
    INFO(row.line << ": if this was meant to change, run test_cli with DELTA_GOLDEN=write and say why in the commit");
    REQUIRE(line.command != nullptr);
    CHECK(outcome(line) == row.outcome);
  }
}

TEST_CASE("A command line is the same after it was written down") {
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const auto line = command_lines::drawn(seed);
    CHECK(command_lines::from_text(to_text(line)).words == line.words);
  }
}
