#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "delta/vector_set.hpp"

using namespace delta;

TEST_CASE("a set of vectors holds what was put in, and no other number") {
  VectorSet set;
  CHECK(set.empty());
  CHECK_FALSE(set.contains(VectorNo{0}));
  CHECK(set.insert(VectorNo{4095}));
  CHECK(set.insert(VectorNo{4096}));
  CHECK_FALSE(set.insert(VectorNo{4096}));
  CHECK(set.size() == 2);
  CHECK(set.contains(VectorNo{4095}));
  CHECK_FALSE(set.contains(VectorNo{4094}));
  CHECK_FALSE(set.contains(VectorNo{1'000'000}));
  CHECK(set.erase(VectorNo{4095}));
  CHECK_FALSE(set.erase(VectorNo{4095}));
  CHECK_FALSE(set.erase(VectorNo{2'000'000}));
  CHECK(set.numbers() == std::vector{VectorNo{4096}});
}

TEST_CASE("the set of all vectors holds those that are added later") {
  CHECK(VectorSet::all().is_all());
  CHECK(VectorSet::all().contains(VectorNo{0}));
  CHECK(VectorSet::all().contains(VectorNo{~std::uint32_t{0} - 1}));
  CHECK_FALSE(VectorSet::all().empty());
  CHECK_FALSE(VectorSet().is_all());
}

TEST_CASE("a set of vectors is what a std::set is, in rising order") {
  std::mt19937 random(7);
  for (const std::uint32_t most : {64u, 5000u, 3'000'000u}) {
    VectorSet set;
    std::set<VectorNo> model;
    for (int i = 0; i < 3000; ++i) {
      const VectorNo vector = nth<VectorNo>(random() % most);
      if (random() % 3 == 0) {
        CHECK(set.erase(vector) == (model.erase(vector) == 1));
      } else {
        CHECK(set.insert(vector) == model.insert(vector).second);
      }
    }
    CHECK(set.size() == model.size());
    CHECK(set.numbers() == std::vector<VectorNo>(model.begin(), model.end()));
    const VectorSet copy = set;
    set.erase(*model.begin());
    CHECK(copy.contains(*model.begin()));
  }
}
