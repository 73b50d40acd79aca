#include <catch2/catch.hpp>

#include "format/attestation.hpp"
#include "format/wire.hpp"

using namespace delta;
using format::Attestation, format::read_attestation, format::write_attestation;

namespace {

const Buffer kBytes = {1, 2, 3};

Attestation some() {
  Attestation a;
  a.origin = "alice";
  a.seq = 7;
  a.commit = {9, 8};
  a.algorithm = "ed25519";
  a.key = "key 1";
  a.bytes = kBytes;
  return a;
}

Buffer written(const Attestation& attestation) {
  Buffer out;
  write_attestation(attestation, out);
  return out;
}

}  // namespace

TEST_CASE("an attestation is read back as it was written") {
  const Buffer payload = written(some());
  const auto read = read_attestation(payload);
  REQUIRE(read);
  CHECK(read->origin == "alice");
  CHECK(read->seq == 7);
  CHECK(read->commit == some().commit);
  CHECK(read->algorithm == "ed25519");
  CHECK(read->key == "key 1");
  CHECK(Buffer(read->bytes.begin(), read->bytes.end()) == kBytes);
  CHECK(written(*read) == payload);
}

TEST_CASE("an attestation that breaks a rule is refused, and so is every cut of one") {
  const Buffer payload = written(some());
  for (std::size_t n = 0; n + kBytes.size() <= payload.size(); ++n) {
    INFO(n);
    CHECK_FALSE(read_attestation(ByteView(payload).first(n)));
  }
  const std::string long_name(1025, 'n');
  const Buffer many(65537, 1);
  const auto refuses = [](auto delta) {
    Attestation a = some();
    delta(a);
    const auto read = read_attestation(written(a));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::corrupt);
    CHECK(read.error().message.starts_with("ATTESTATION: "));
  };
  refuses([](Attestation& a) { a.origin = ""; });
  refuses([](Attestation& a) { a.origin = "\xff"; });
  refuses([](Attestation& a) { a.origin = "a\n"; });
  refuses([&](Attestation& a) { a.origin = long_name; });
  refuses([](Attestation& a) { a.seq = 0; });
  refuses([](Attestation& a) { a.algorithm = ""; });
  refuses([](Attestation& a) { a.algorithm = "two words"; });
  refuses([&](Attestation& a) { a.algorithm = std::string_view(long_name).substr(0, 65); });
  refuses([](Attestation& a) { a.key = "\x01"; });
  refuses([&](Attestation& a) { a.key = long_name; });
  refuses([](Attestation& a) { a.bytes = {}; });
  refuses([&](Attestation& a) { a.bytes = many; });
  CHECK(read_attestation(written([] {
    Attestation a = some();
    a.key = "";
    return a;
  }())));
}
