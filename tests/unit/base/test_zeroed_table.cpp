// A table that lists the few elements which are written, and one that has a place for each: the same to whoever asks.
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <utility>

#include "delta/pages.hpp"

using delta::ZeroedTable;

TEST_CASE("a table for few elements is a table like any other, also when they become many") {
  using Table = ZeroedTable<std::uint32_t, std::uint64_t>;
  std::mt19937 generator(20261201);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  for (int round = 0; round < 200; ++round) {
    auto table = random() % 4 == 0 ? Table(1000) : Table::for_few(1000);
    std::map<std::uint32_t, std::uint64_t> expected;
    const std::uint32_t most = 1 + random() % 20;  // elements
    for (int step = 0; step < 100; ++step) {
      const std::uint32_t at = random() % most * 50;
      if (random() % 20 == 0) table = std::exchange(table, Table());
      if (random() % 30 == 0) table.spread();
      if (random() % 30 == 0) table.resize(table.size() + 100);
      if (random() % 2 == 0) table[at] = expected[at] = random();
      const Table& read = table;
      for (std::uint32_t i = 0; i < 1000; i += 25) {
        REQUIRE(read[i] == (expected.contains(i) ? expected[i] : 0));
      }
    }
  }
}
