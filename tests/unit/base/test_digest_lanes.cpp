// Messages hashed in lanes have the hashes that libsodium gives them one by one, whatever their lengths and however
// many there are.
#include <catch2/catch.hpp>
#include <random>

#include "base/digest.hpp"
#include "base/digest_lanes.hpp"

using namespace delta;

namespace {

std::vector<LaneSet> lane_sets() {
  std::vector<LaneSet> sets{LaneSet::two};
  if (widest_lanes() >= LaneSet::four) sets.push_back(LaneSet::four);
  if (widest_lanes() >= LaneSet::eight) sets.push_back(LaneSet::eight);
  return sets;
}

void check(const std::vector<Buffer>& messages) {
  constexpr std::string_view kDomain = "test of lanes";
  std::array<Byte, 16> personal{};
  std::ranges::copy(kDomain, personal.begin());
  const std::vector<ByteView> views(messages.begin(), messages.end());
  std::vector<Hash> expected;
  for (const auto& message : messages) expected.push_back(digest(kDomain, message));
  for (const LaneSet lanes : lane_sets()) {
    INFO("lanes " << static_cast<int>(lanes) << ", " << messages.size() << " messages");
    std::vector<Hash> hashes(messages.size());
    digest_in_lanes(lanes, personal, views, hashes);
    REQUIRE(hashes == expected);
  }
  std::vector<Buffer> padded(messages);
  std::vector<ByteView> in_zeros;
  for (Buffer& message : padded) {
    const std::size_t size = message.size();
    message.resize((size / kDigestBlock + 1) * kDigestBlock);
    in_zeros.push_back(ByteView(message).first(size));
  }
  for (const LaneSet lanes : lane_sets()) {
    std::vector<Hash> hashes(messages.size());
    digest_in_lanes(lanes, personal, in_zeros, hashes, Behind::zeros);
    REQUIRE(hashes == expected);
  }
  std::vector<Hash> hashes(messages.size());
  digests(kDomain, views, hashes);
  REQUIRE(hashes == expected);
}

}  // namespace

TEST_CASE("messages of every length to three blocks and a bit, alone and together") {
  std::mt19937 random(1);
  std::vector<Buffer> all;
  for (std::size_t size = 0; size < 400; ++size) {
    Buffer message(size);
    for (auto& byte : message) byte = static_cast<Byte>(random());
    check({message});
    all.push_back(std::move(message));
  }
  check(all);
  std::ranges::reverse(all);
  check(all);
}

TEST_CASE("any number of messages, short beside long") {
  std::mt19937 random(2);
  check({});
  for (std::size_t count = 1; count < 40; ++count) {
    std::vector<Buffer> messages(count);
    for (auto& message : messages) {
      message.resize(random() % 4 == 0 ? random() % 5000 : random() % 130);
      for (auto& byte : message) byte = static_cast<Byte>(random());
    }
    check(messages);
  }
}
