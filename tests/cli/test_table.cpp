// What tables look like where ids are of any language and any length.
#include <catch2/catch.hpp>
#include <string>

#include "ui/table.hpp"
#include "ui/width.hpp"

using namespace deltalog;

TEST_CASE("a text takes as many cells as a terminal gives it") {
  const std::pair<const char*, std::size_t> texts[] = {
      {"", 0},
      {"debian", 6},
      {"Zürich", 6},
      {"Zu\xcc\x88rich", 6},  // the same with a mark that joins the u
      {"東京", 4},
      {"한국", 4},
      {"ｆｕｌｌ", 8},
      {"🙂", 2},
      {"👩\u200d👩\u200d👧\u200d👦", 2},  // four people and three joiners, one family
      {"👍🏽", 2},                // with a colour of skin
      {"🇩🇪", 2},                      // a flag is two letters
      {"❤\ufe0f", 2},                 // the wide form of a narrow character
      {"a🙂東", 5},
      {"\x1b[1mbold\x1b[0m", 4},
      {"\x1b[1m", 0},
      {"\xff\xfe", 2},  // not UTF-8
  };
  for (const auto& [text, width] : texts) {
    CAPTURE(text);
    CHECK(display_width(text) == width);
  }
}

TEST_CASE("columns are aligned where ids are wide") {
  Table table({{"vector"}, {"dims", Align::right}});
  table.add({"東京", "4"});
  table.add({"debian", "16"});
  table.add({"🙂", "128"});
  CHECK(table.text() ==
        "vector  dims\n"
        "東京       4\n"
        "debian    16\n"
        "🙂       128\n");
}

TEST_CASE("one long id stands out of its column, and leaves the other rows as they are") {
  const std::string long_id(300, 'x');
  Table table({{"vector"}, {"dims", Align::right}});
  for (int i = 0; i < 3; ++i) table.add({"id" + std::to_string(i), "4"});
  table.add({long_id, "4"});
  CHECK(table.text() == "vector  dims\nid0        4\nid1        4\nid2        4\n" + long_id + "     4\n");

  Table all({{"vector"}, {"dims", Align::right}});
  for (int i = 0; i < 3; ++i) all.add({long_id + std::to_string(i), "4"});
  CHECK(all.text().find("vector" + std::string(295, ' ')) == 0);
}
