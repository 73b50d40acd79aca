#include "policies.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace world {
namespace {

double number(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

std::uint32_t rounded(double x) {
  if (std::isnan(x)) return 0x7fc00000;
  const auto f = static_cast<float>(x);
  std::uint32_t bits;
  std::memcpy(&bits, &f, 4);
  return bits;
}

/// Place in the total order: below zero for what has its sign set.
std::int64_t place(const Branch& b) {
  const std::int64_t magnitude = b.bits & 0x7fffffff;
  return b.bits >> 31 ? -1 - magnitude : magnitude;
}

Strategies everywhere(const Strategy& strategy) {
  return [strategy](std::uint32_t) { return strategy; };
}

}  // namespace

std::uint32_t max(const std::vector<Branch>& branches) {
  return std::max_element(branches.begin(), branches.end(),
                          [](const Branch& a, const Branch& b) { return place(a) < place(b); })
      ->bits;
}

std::uint32_t min(const std::vector<Branch>& branches) {
  return std::min_element(branches.begin(), branches.end(),
                          [](const Branch& a, const Branch& b) { return place(a) < place(b); })
      ->bits;
}

std::uint32_t average(const std::vector<Branch>& branches) { return weighted({})(branches); }

Strategy weighted(std::map<Name, double> weights) {
  return [weights](const std::vector<Branch>& branches) {
    volatile double sum = 0, total = 0;
    bool first = true;
    for (const Branch& b : branches) {
      const auto found = weights.find(b.origin());
      const double w = found == weights.end() ? 1 : found->second;
      volatile double term = w * number(b.bits);
      sum = first ? term : sum + term;
      total = first ? w : total + w;
      first = false;
    }
    return rounded(sum / total);
  };
}

Strategy priority(std::vector<Name> origins) {
  return [origins](const std::vector<Branch>& branches) {
    for (const Name& name : origins) {
      for (std::size_t i = branches.size(); i-- > 0;) {
        if (branches[i].origin() == name) return branches[i].bits;
      }
    }
    return branches.back().bits;
  };
}

const std::vector<Book>& books() {
  static const std::vector<Book> all = {
      {"lww", false, everywhere(lww)},
      {"max", false, everywhere(max)},
      {"min", false, everywhere(min)},
      {"average", true, everywhere(average)},
      {"weighted:a=3,m=0.1,z=1e-320", true, everywhere(weighted({{"a", 3}, {"m", 0.1}, {"z", 1e-320}}))},
      {"priority:m,z,a", false, everywhere(priority({"m", "z", "a"}))},
      {"min;average@/0,2;max@other;priority:a@%/1;lww@/1", false,
       [](std::uint32_t dim) { return dim == 1   ? priority({"a"})
                                      : dim == 3 ? Strategy(min)
                                                 : Strategy(average); }},
  };
  return all;
}

}  // namespace world
