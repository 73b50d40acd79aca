// LOSS: what is written is read, and every other form is refused.
#include <catch2/catch.hpp>

#include "format/loss.hpp"

using namespace delta;
using format::read_loss;

namespace {

Buffer written(const DotRanges& dots) {
  Buffer out;
  format::write_loss(dots, out);
  return out;
}

}  // namespace

TEST_CASE("lost dots are read as they were written") {
  const std::uint64_t most = ~std::uint64_t{0} - 1;
  for (const DotRanges& dots :
       {DotRanges{{"main", {{17, 28}}}}, DotRanges{{"beta", {{1, 1}, {3, 9}}}, {"main", {{2, 2}}}},
        DotRanges{{"main", {{1, 5}, {most, most}}}}}) {
    const auto read = read_loss(written(dots));
    REQUIRE(read);
    CHECK(*read == dots);
  }
}

TEST_CASE("a LOSS payload of another form is refused") {
  const Buffer good = written({{"beta", {{3, 9}}}, {"main", {{17, 28}}}});
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(read_loss(ByteView(good).first(size)));
  }
  Buffer longer = good;
  longer.push_back(0);
  CHECK_FALSE(read_loss(longer));
  CHECK_FALSE(read_loss(Buffer{0}));                                                    // nothing is lost
  CHECK_FALSE(read_loss(Buffer{1, 1, 'a', 0}));                                         // no range
  CHECK_FALSE(read_loss(Buffer{1, 0, 1, 0, 0}));                                        // no name
  CHECK_FALSE(read_loss(Buffer{1, 1, 7, 1, 0, 0}));                                     // a control character
  CHECK_FALSE(read_loss(Buffer{2, 1, 'b', 1, 0, 0, 1, 'a', 1, 0, 0}));                  // names that do not rise
  CHECK_FALSE(read_loss(Buffer{1, 1, 'a', 0xff, 0xff, 0xff, 0x7f, 0, 0}));              // more ranges than bytes
  CHECK_FALSE(read_loss(Buffer{0xff, 0xff, 0xff, 0x7f, 1, 'a', 1, 0, 0}));              // more origins than bytes
  CHECK_FALSE(read_loss(Buffer{1, 1, 'a', 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // a seq beyond the last
                               0xff, 0xff, 1, 0}));
}
