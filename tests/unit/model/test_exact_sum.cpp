#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "model/exact_sum.hpp"

using delta::model::ExactSum;

namespace {

double sum_of(const std::vector<double>& numbers) {
  ExactSum sum;
  for (const double number : numbers) sum.add(number);
  return sum.value();
}

}  // namespace

TEST_CASE("an exact sum loses nothing to what is added before") {
  CHECK(sum_of({}) == 0);
  CHECK(sum_of({0.1}) == 0.1);
  CHECK(sum_of({0x1p53, 1, 1}) == 0x1p53 + 2);
  CHECK(sum_of({0x1p53, 1}) == 0x1p53);                // half-way: to the even one
  CHECK(sum_of({0x1p53, 1, 0x1p-900}) == 0x1p53 + 2);  // beyond half-way by the last bit
  CHECK(sum_of(std::vector<double>(10, 0.1)) == 1);
  CHECK(sum_of({5e-324, 5e-324}) == 1e-323);
  CHECK(sum_of({1e-310, 1e300, 5e-324}) == 1e300);
  CHECK(std::isinf(sum_of({1.7e308, 1.7e308})));
}

TEST_CASE("an exact sum is the same in any order, and that of whole numbers where these can tell it") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> numbers;
    std::uint64_t whole = 0;
    for (std::uint64_t i = 0, count = 1 + random() % 40; i < count; ++i) {
      const std::uint64_t number = random() >> (16 + random() % 48);
      whole += number;
      numbers.push_back(std::ldexp(static_cast<double>(number), -30));
    }
    const double sum = sum_of(numbers);
    CHECK(sum == std::ldexp(static_cast<double>(whole), -30));
    std::shuffle(numbers.begin(), numbers.end(), random);
    CHECK(sum_of(numbers) == sum);
  }
}
