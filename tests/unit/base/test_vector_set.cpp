#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "delta/vector_set.hpp"

using namespace delta;

TEST_CASE("a set of vectors holds what was put in, and no other number") {
  VectorSet set;
  CHECK(set.empty());
  CHECK_FALSE(set.contains(0));
  CHECK(set.insert(4095));
  CHECK(set.insert(4096));
  CHECK_FALSE(set.insert(4096));
  CHECK(set.size() == 2);
  CHECK(set.contains(4095));
  CHECK_FALSE(set.contains(4094));
  CHECK_FALSE(set.contains(1'000'000));
  CHECK(set.erase(4095));
  CHECK_FALSE(set.erase(4095));
  CHECK_FALSE(set.erase(2'000'000));
  CHECK(set.numbers() == std::vector<std::uint32_t>{4096});
}

TEST_CASE("the set of all vectors holds those that are added later") {
  CHECK(VectorSet::all().is_all());
  CHECK(VectorSet::all().contains(0));
  CHECK(VectorSet::all().contains(~std::uint32_t{0} - 1));
  CHECK_FALSE(VectorSet::all().empty());
  CHECK_FALSE(VectorSet().is_all());
}

TEST_CASE("a set of vectors is what a std::set is, in rising order") {
  std::mt19937 random(7);
  for (const std::uint32_t most : {64u, 5000u, 3'000'000u}) {
    VectorSet set;
    std::set<std::uint32_t> model;
    for (int i = 0; i < 3000; ++i) {
      const std::uint32_t vector = static_cast<std::uint32_t>(random() % most);
      if (random() % 3 == 0) {
        CHECK(set.erase(vector) == (model.erase(vector) == 1));
      } else {
        CHECK(set.insert(vector) == model.insert(vector).second);
      }
    }
    CHECK(set.size() == model.size());
    CHECK(set.numbers() == std::vector<std::uint32_t>(model.begin(), model.end()));
    const VectorSet copy = set;
    set.erase(*model.begin());
    CHECK(copy.contains(*model.begin()));
  }
}
