#include <catch2/catch.hpp>

#include "delta/delta.hpp"

using namespace delta;

TEST_CASE("a batch gives back the changes that were added") {
  DeltaBatch batch;
  const std::uint32_t indices[] = {2, 5}, bits[] = {0x3f800000, 0x80000000};
  batch.add({.vector = VectorNo{7},
             .op = Operation::sparse,
             .time = Timestamp::of(10, 3),
             .indices = indices,
             .bits = bits,
             .metadata = "{\"a\":1}",
             .seq = 4});
  batch.add({.vector = VectorNo{8}, .op = Operation::remove, .time = Timestamp::of(11)});
  REQUIRE(batch.size() == 2);
  CHECK(batch[0].indices[1] == 5);
  CHECK(batch[0].bits[1] == 0x80000000);
  CHECK(batch[0].metadata == "{\"a\":1}");
  CHECK(batch[0].time.tick() == 3);
  CHECK(batch[1].bits.empty());
  CHECK(operation_name(batch[1].op) == "delete");
}
