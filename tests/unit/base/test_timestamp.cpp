// Times and durations as people write them: what is taken, what is refused, and that printing and parsing agree.
#include <catch2/catch.hpp>

#include "delta/timestamp.hpp"

using namespace delta;

namespace {

constexpr Micros kNow = Micros{1'794'492'629} * 1'000'000;  // 2026-11-12T14:10:29Z

Micros time_of(std::string_view text) {
  const auto result = parse_time(text, kNow);
  INFO(text << ": " << (result ? "taken" : result.error().message));
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("RFC 3339 times are read with any offset") {
  CHECK(time_of("1970-01-01T00:00:00Z") == 0);
  CHECK(time_of("2026-11-12T14:10:29Z") == 1794492629000000);
  CHECK(time_of("2026-11-12T14:10Z") == time_of("2026-11-12T14:10:00Z"));
  CHECK(time_of("2026-11-12 15:10+01:00") == time_of("2026-11-12T14:10:00Z"));
  CHECK(time_of("2026-11-12t14:10:29z") == 1794492629000000);
  CHECK(time_of("2026-11-12 14:10:29Z") == 1794492629000000);
  CHECK(time_of("2026-11-12T15:10:29+01:00") == 1794492629000000);
  CHECK(time_of("2026-11-12T08:40:29-05:30") == 1794492629000000);
  CHECK(time_of("2026-11-12T14:10:29-00:00") == 1794492629000000);
  CHECK(time_of("1969-12-31T23:00:00-01:00") == 0);
  CHECK(time_of("2000-02-29T23:59:59.999999Z") == 951868799999999);
  CHECK(time_of("2026-11-12T14:10:29.5Z") == 1794492629500000);
  CHECK(time_of("2112-09-17T23:53:47.370495Z") == kMaxMicros);
  CHECK(time_of("2026-11-12T14:10:29.500000000Z") == 1794492629500000);  // Go, Java, pandas: nine digits
  CHECK(time_of("2026-11-12T14:10:29.000001000000+00:00") == 1794492629000001);
  CHECK(time_of("@1794492629.000001000") == 1794492629000001);
}

TEST_CASE("a timestamp is taken back as it is printed, with its counter") {
  const auto written = parse_written_time("2026-11-12T14:10:29.500Z+3", kNow);
  REQUIRE(written);
  CHECK(written->us == 1794492629500000);
  CHECK(written->tick == 3u);
  CHECK(parse_written_time("2026-11-12T14:10:29Z+4095", kNow)->tick == kMaxTick);
  CHECK_FALSE(parse_written_time("2026-11-12T14:10:29Z", kNow)->tick);
  CHECK(time_of("2026-11-12T14:10:29Z+1") == 1794492629000000);
  for (const std::string_view text :
       {"2026-11-12T14:10:29Z+", "2026-11-12T14:10:29Z+4096", "2026-11-12T14:10:29Z+01", "2026-11-12T14:10:29Z+-1",
        "2026-11-12T14:10:29Z+1 ", "2026-11-12T14:10:29Z1", "2026-11-12T14:10:29+01:00+1", "2026-11-12+1",
        "2026-11-12T14:10:29Z+1:00", "@1794492629+1", "2026-11-12T14:10:29Z+99999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_written_time(text, kNow));
  }
}

TEST_CASE("dates, @seconds and 'ago' are read as well") {
  CHECK(time_of("2026-11-12") == 1794441600000000);
  CHECK(time_of("@0") == 0);
  CHECK(time_of("@1794492629.000001") == 1794492629000001);
  CHECK(time_of("3d ago") == kNow - Micros{3} * 86'400'000'000);
  CHECK(time_of("0us ago") == kNow);
}

TEST_CASE("words and spelled units count back from now") {
  constexpr Micros kDay = 86'400'000'000;
  CHECK(time_of("now") == kNow);
  CHECK(time_of("today") == time_of("2026-11-12"));
  CHECK(time_of("yesterday") == time_of("2026-11-11"));
  CHECK(time_of("2 weeks ago") == kNow - 14 * kDay);
  CHECK(time_of("2w ago") == kNow - 14 * kDay);
  CHECK(time_of("1 day ago") == kNow - kDay);
  CHECK(time_of("90 minutes ago") == time_of("90m ago"));
  CHECK(time_of("1 second ago") == kNow - 1'000'000);
  CHECK_FALSE(parse_time("yesterday", 0));
  CHECK_FALSE(parse_time("1 hour ago", 1));
}

TEST_CASE("anything else is not a time") {
  for (const std::string_view text : {"",
                                      "Now",
                                      "now ",
                                      "tomorrow",
                                      "2026",
                                      "2026-11",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-11-00",
                                      "2026-11-31",
                                      "2026-02-29",
                                      "2100-02-29",
                                      "26-11-12",
                                      "2026-1-12",
                                      "2026-11-12T",
                                      "2026-11-12T14",
                                      "2026-11-12T14:10",
                                      "2026-11-12T14:10.5Z",
                                      "2026-11-12T14:10:Z",
                                      "2026-11-12T14:10:29",
                                      "2026-11-12T24:00:00Z",
                                      "2026-11-12T14:60:00Z",
                                      "2026-12-31T23:59:60Z",
                                      "2026-11-12T14:10:29.Z",
                                      "2026-11-12T14:10:29.1234567Z",
                                      "2026-11-12T14:10:29.123456001Z",
                                      "2026-11-12T14:10:29,5Z",
                                      "2026-11-12T14:10:29+0100",
                                      "2026-11-12T14:10:29+24:00",
                                      "2026-11-12T14:10:29+01:60",
                                      "2026-11-12T14:10:29ZZ",
                                      " 2026-11-12",
                                      "2026-11-12 ",
                                      "+026-11-12",
                                      "2026-11-12  14:10:29Z",
                                      "@",
                                      "@-1",
                                      "@+1",
                                      "@1.",
                                      "@1.1234567",
                                      "@1s",
                                      "@ 1",
                                      "@4503599628",
                                      "@99999999999999999999",
                                      "1794492629",
                                      "1969-12-31T23:59:59Z",
                                      "1970-01-01T00:00:00+00:01",
                                      "2112-09-18",
                                      "2112-09-17T23:53:47.370496Z",
                                      "9999-12-31",
                                      "ago",
                                      " ago",
                                      "3 ago",
                                      "3d  ago",
                                      "-3d ago",
                                      "3dago",
                                      "100000d ago",
                                      "3x ago",
                                      "3  days ago",
                                      "3days ago",
                                      "3 d ago",
                                      "3 dayss ago",
                                      "3 months ago",
                                      "days ago"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text, kNow));
  }
}

TEST_CASE("a refused time says why and what to write") {
  const auto leap = parse_time("2026-12-31T23:59:60Z", kNow);
  REQUIRE_FALSE(leap);
  CHECK(leap.error().code == ErrorCode::usage);
  CHECK(leap.error().message == "'2026-12-31T23:59:60Z' is not a time: Unix time has no leap seconds");
  CHECK(leap.error().hint.find("3d ago") != std::string::npos);
  CHECK(parse_time("a\nb", kNow).error().message.find("a\\x0ab") != std::string::npos);
}

TEST_CASE("a time is printed with the fraction digits that it needs, and reads back") {
  CHECK(format_time(0) == "1970-01-01T00:00:00Z");
  CHECK(format_time(1794492629000000) == "2026-11-12T14:10:29Z");
  CHECK(format_time(1794492629500000) == "2026-11-12T14:10:29.500Z");
  CHECK(format_time(1794492629000001) == "2026-11-12T14:10:29.000001Z");
  CHECK(format_time(kMaxMicros) == "2112-09-17T23:53:47.370495Z");
  std::uint64_t random = 1;
  for (int i = 0; i < 20000; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    Micros us = random >> 12;
    if (i % 3 == 1) us -= us % 1000;
    if (i % 3 == 2) us -= us % 1'000'000;
    REQUIRE(time_of(format_time(us)) == us);
  }
  for (Micros day = 0; day * 86'400'000'000 <= kMaxMicros; ++day) {  // every date of the range
    const Micros us = day * 86'400'000'000;
    REQUIRE(time_of(format_time(us).substr(0, 10)) == us);
  }
}

TEST_CASE("durations are whole numbers with a unit") {
  CHECK(*parse_duration("10us") == 10);
  CHECK(*parse_duration("250ms") == 250'000);
  CHECK(*parse_duration("90s") == 90'000'000);
  CHECK(*parse_duration("15m") == 900'000'000);
  CHECK(*parse_duration("6h") == 21'600'000'000);
  CHECK(*parse_duration("7d") == 604'800'000'000);
  CHECK(*parse_duration("0s") == 0);
  for (const std::string_view text : {"", "7", "d", "1.5h", "-1s", "+1s", " 1s", "1 s", "1S", "1w", "1d1h",
                                      "99999999999999999999s", "52125d", "4503599627371s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK(parse_duration("52124d"));
}

TEST_CASE("timestamps tick, carry into the microsecond, and are ordered as one number") {
  const Timestamp last = Timestamp::of(10, 4095);
  CHECK(last.next() == Timestamp::of(11, 0));
  CHECK(Timestamp::of(10, 4095) < Timestamp::of(11, 0));
  CHECK(Timestamp::of(10, 7).us() == 10);
  CHECK(Timestamp::of(10, 7).tick() == 7);
}
