// Names are short, so the plain three-row table is enough; what matters is when to stay silent: a far-fetched
// suggestion is worse than none.
#include "formats/suggest.hpp"

#include <algorithm>
#include <vector>

namespace delta::formats {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t delta = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, last[j - 1] + delta});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view typed, std::span<const std::string_view> names) {
  if (typed.size() > 64) return {};
  std::string_view best;
  std::size_t least = typed.size() / 3 + 1;
  for (const auto name : names) {
    const bool begun = typed.size() >= 3 && name.starts_with(typed);
    if (!begun && std::max(name.size(), typed.size()) - std::min(name.size(), typed.size()) >= least) continue;
    const auto distance = begun ? 0 : edit_distance(typed, name);
    if (distance < least) {
      best = name;
      least = distance;
    }
  }
  return best;
}

}  // namespace delta::formats
