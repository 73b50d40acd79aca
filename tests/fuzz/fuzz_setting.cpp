// Any text as a setting: refused, or read and written in a form that is read back to the same. Any accuracy in one, on
// any values: rounding keeps finite what is finite, and does nothing more when it is done again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/setting.hpp"
#include "model/accuracy.hpp"

using namespace delta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\n')),
                         rest = text.size() == size ? std::string_view() : all.substr(text.size() + 1);
  const auto setting = Setting::parse(text);
  if (!setting) return 0;
  const std::string written = setting->to_text();
  const auto again = Setting::parse(written);
  if (!again || again->kind != setting->kind || again->text != setting->text || again->at != setting->at ||
      again->name_space != setting->name_space || again->value != setting->value) {
    std::abort();
  }
  if (setting->kind != Setting::Kind::accuracy) return 0;
  const auto accuracy = Accuracy::parse(setting->text);
  if (!accuracy) return 0;
  const auto same = Accuracy::parse(accuracy->to_text());
  if (!same || *same != *accuracy) std::abort();

  std::vector<std::uint32_t> row(std::min<std::size_t>(rest.size() / 4, 1000));
  if (!row.empty()) std::memcpy(row.data(), rest.data(), 4 * row.size());
  const auto given = row;
  const model::Quantizer quantizer(*accuracy);
  if (!quantizer.round(row)) return 0;
  const auto finite = [](std::uint32_t bits) { return (bits & 0x7f800000) != 0x7f800000; };
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (finite(given[i]) ? !finite(row[i]) : row[i] != given[i]) std::abort();
  }
  const auto once = row;
  if (!quantizer.round(row) || row != once) std::abort();
  // With a dead band: the stored value, if it is near enough; else the value without the band.
  auto banded = given;
  const std::vector<std::uint32_t> stored(given.rbegin(), given.rend());
  std::vector<std::uint32_t> scratch;
  if (!quantizer.round_over(banded, stored, scratch)) std::abort();
  for (std::size_t i = 0; i < banded.size(); ++i) {
    const bool ignored = accuracy->ignore_below > 0 && quantizer.ignores(given[i], stored[i]);
    if (banded[i] != (ignored ? stored[i] : once[i])) std::abort();
  }
  return 0;
}
