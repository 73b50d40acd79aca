#include "ui/width.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "delta/code_point.hpp"

namespace deltalog {
namespace {

constexpr std::uint32_t kEmojiForm = 0xfe0f;  // asks for the wide form of the character before it

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0, cluster = 0;  // of the clusters before, of the one at hand
  utf8proc_int32_t state = 0;
  std::uint32_t before = 0;
  while (!text.empty()) {
    if (text[0] == '\x1b') {
      text.remove_prefix(std::min(text.find('m'), text.size() - 1) + 1);
      continue;
    }
    // What is not UTF-8 is escaped before it comes here; else it is counted byte by byte.
    const auto [code, bytes] =
        is_ascii(text[0]) ? delta::CodePoint{static_cast<unsigned char>(text[0]), 1} : delta::first_code_point(text);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
    const bool fresh = before == 0 || utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                                                       static_cast<utf8proc_int32_t>(code), &state);
    if (fresh) width += std::exchange(cluster, 0);
    const auto cells =
        bytes == 0 ? 1 : static_cast<std::size_t>(utf8proc_charwidth(static_cast<utf8proc_int32_t>(code)));
    cluster = code == kEmojiForm ? 2 : std::min<std::size_t>(cluster + cells, 2);
    before = code;
  }
  return width + cluster;
}

}  // namespace deltalog
