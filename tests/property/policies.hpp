// The strategies of law 4 and the rules that choose among them, said again without a look at src/model.
#pragma once

#include <string>
#include <vector>

#include "world.hpp"

namespace world {

std::uint32_t max(const std::vector<Branch>& branches);
std::uint32_t min(const std::vector<Branch>& branches);
std::uint32_t average(const std::vector<Branch>& branches);
Strategy weighted(std::map<Name, double> weights);
Strategy priority(std::vector<Name> origins);

/// A policy as text, and what it means.
struct Book {
  std::string text;
  bool mixes = false;  ///< averages, in all dimensions
  Strategies strategies;
};
/// Each strategy for all dimensions, lww first, then mixtures.
const std::vector<Book>& books();
inline constexpr std::size_t kPlainBooks = 6;

}  // namespace world
