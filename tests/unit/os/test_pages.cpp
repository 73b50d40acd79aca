// Zeroed memory and the tables in it.
#include <catch2/catch.hpp>
#include <new>

#include "delta/pages.hpp"

using namespace delta;

TEST_CASE("Pages are zero, of any size and kind") {
  for (const std::size_t count : {1, 1000, 40'000, 600'000, 1'500'000}) {
    for (const auto size : {PageSize::usual, PageSize::huge}) {
      const Pages pages = allocate_pages(count, size);
      CHECK(std::all_of(pages.get(), pages.get() + count, [](std::uint32_t word) { return word == 0; }));
      pages[0] = pages[count - 1] = 7;
    }
  }
}

TEST_CASE("A zeroed table grows, keeps what it has, and leaves nothing where it is moved from") {
  struct Row {
    std::uint64_t a;
    std::uint32_t b, c;
  };
  ZeroedTable<std::size_t, Row> table(3);
  table[2].a = 5;
  for (std::size_t size = 4; size < 100'000; size += size / 3) {
    table.resize(size);
    CHECK(table[2].a == 5);
    CHECK(table[size - 1].b == 0);
    table[size - 1].c = 9;
    CHECK(table.size() == size);
  }
  ZeroedTable<std::size_t, Row> moved(std::move(table));
  CHECK(moved[3].c == 9);
  CHECK(table.size() == 0);  // NOLINT: that is the question
  table = std::move(moved);
  CHECK(table[2].a == 5);
}

TEST_CASE("Pages that there is no memory for are an exception as of operator new") {
  for (const auto size : {PageSize::usual, PageSize::huge}) {
    for (const std::size_t count : {std::size_t{1} << 45, std::size_t{1} << 62, ~std::size_t{0}}) {
      CHECK_THROWS_AS(allocate_pages(count, size), std::bad_alloc);
    }
  }
}
