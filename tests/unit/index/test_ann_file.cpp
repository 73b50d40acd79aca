// The file of an index: what is damaged is noticed, and what is forged leads nowhere.
#include <catch2/catch.hpp>
#include <functional>

#include "ann_file.hpp"
#include "delta/ann.hpp"
#include "index_states.hpp"
#include "must.hpp"

using namespace delta;
using index_states::Made;
using index_states::Random;
using sample::must;

namespace {

constexpr NamespaceNo kOnly{0};

std::vector<std::uint8_t> small_file() {
  Random random(1);
  Made made;
  for (int i = 0; i < 12; ++i) made.put("v" + std::to_string(i), random.vector(3));
  const auto index = must(AnnIndex::build(made.state, kOnly, {.links = 2, .breadth = 4}));
  BufferSink sink;
  must(write_ann({&index, 1}, sink));
  return sink.bytes;
}

Result<std::vector<AnnIndex>> read(const std::vector<std::uint8_t>& bytes) {
  return read_ann(*memory_source("x.ann", bytes));
}

}  // namespace

TEST_CASE("every flipped bit and every cut is noticed") {
  const auto bytes = small_file();
  REQUIRE(read(bytes));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const auto found = read(flipped);
    CAPTURE(bit);
    REQUIRE_FALSE(found);
    REQUIRE(found.error().code == ErrorCode::corrupt);
    REQUIRE(found.error().file == "x.ann");
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(read({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}));
  }
  auto longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(read(longer));
}

TEST_CASE("a section whose checksum holds is checked member by member") {
  using ann_file::Section;
  REQUIRE(read(ann_file::with_head({Section().bytes()})));
  struct Sample {
    const char* what;
    std::function<void(Section&)> breaks;
    const char* said;
  };
  const Sample samples[] = {
      {"no dimension", [](Section& s) { s.dims = 0; }, "an impossible shape"},
      {"too many dimensions", [](Section& s) { s.dims = 1u << 21; }, "an impossible shape"},
      {"an unknown metric", [](Section& s) { s.metric = 3; }, "an impossible shape"},
      {"too few links", [](Section& s) { s.links = 1; }, "an impossible shape"},
      {"too many links", [](Section& s) { s.links = 257; }, "an impossible shape"},
      {"fewer candidates than links", [](Section& s) { s.breadth = 1; }, "an impossible shape"},
      {"a name without end", [](Section& s) { s.name_space.assign(2000, 'n'); }, "an impossible shape"},
      {"offers beyond all", [](Section& s) { s.offers = 65'537; }, "an impossible quality"},
      {"a share above 1", [](Section& s) { s.quality[0] = 0x3f800001; }, "an impossible quality"},
      {"a share below 0", [](Section& s) { s.quality[1] = 0xbf000000; }, "an impossible quality"},
      {"a share that is not a number", [](Section& s) { s.quality[2] = 0x7fc00000; }, "an impossible quality"},
      {"more nodes than bytes", [](Section& s) { s.nodes = 1u << 30; }, "more nodes than bytes"},
      {"nodes beyond 64 bits of bytes", [](Section& s) { s.nodes = ~std::uint64_t{0}; }, "more nodes than bytes"},
      {"wide nodes", [](Section& s) { s.dims = 1u << 20; }, "more nodes than bytes"},
      {"an entry beyond the end", [](Section& s) { s.entry = 2; }, "the entry is not a node"},
      {"an entry below the top", [](Section& s) { s.entry = 0; }, "not of the top level"},
      {"a level beyond all",
       [](Section& s) {
         s.levels = {0, 17};
       },
       "not of the top level"},
      {"more lists than it has", [](Section& s) { s.list_numbers = 1u << 29; }, "ends too early"},
      {"a list that is missing", [](Section& s) { s.lists.pop_back(); }, "lists are missing"},
      {"a list too many", [](Section& s) { s.lists.push_back(0); }, "more lists than nodes"},
      {"a list that is too long", [](Section& s) { s.lists = {5, 1, 1, 1, 1, 1, 1, 0, 0}; }, "a list is too long"},
      {"a long list above",
       [](Section& s) {
         s.lists = {1, 1, 1, 0, 3};
       },
       "a list is too long"},
      {"a list that goes on",
       [](Section& s) {
         s.lists = {1, 1, 1, 0, 2};
       },
       "a list ends too early"},
      {"a link beyond the end", [](Section& s) { s.lists[1] = 2; }, "leads nowhere"},
      {"a link to itself", [](Section& s) { s.lists[1] = 0; }, "leads nowhere"},
      {"a link to a lower node", [](Section& s) { s.lists = {1, 1, 1, 0, 1, 0}; }, "leads nowhere"},
      {"an id twice", [](Section& s) { s.ids[1] = "a"; }, "two nodes have one id"},
      {"an id without end", [](Section& s) { s.ids[1].assign(1025, 'x'); }, "ends too early"},
      {"a move by NaN", [](Section& s) { s.moved[0] = 0x7fc00000; }, "moved by no number"},
      {"a move below 0", [](Section& s) { s.moved[0] = 0xbf800000; }, "moved by no number"},
      {"a time beyond all", [](Section& s) { s.time = 1ull << 52; }, "more nodes than bytes"},
      {"a change beyond all times", [](Section& s) { s.since[1] = (1ull << 52) + 1; }, "ends too early"},
      {"a value that is not finite", [](Section& s) { s.bits[1] = 0x7f800000; }, "a value is not finite"},
      {"a value that is missing", [](Section& s) { s.bits.pop_back(); }, "ends too early"},
      {"bytes behind the end", [](Section& s) { s.behind = {0}; }, "does not end where it says"},
  };
  for (const Sample& sample : samples) {
    CAPTURE(sample.what);
    Section section;
    sample.breaks(section);
    const auto found = read(ann_file::with_head({section.bytes()}));
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::corrupt);
    CHECK_THAT(found.error().message, Catch::Contains(sample.said));
  }
  Section many;
  many.links = 256;
  many.breadth = 256;
  many.nodes = 600;
  many.levels.assign(600, 0);
  many.entry = 0;
  many.lists.assign(600, 0);
  many.ids.assign(600, "");
  many.moved.assign(600, 0);
  many.since.assign(600, 0);
  many.bits.assign(600, 0);
  const auto few_bytes = read(ann_file::with_head({many.bytes()}));  // a graph of 1.2 MB from 8 KB
  CHECK_THAT(few_bytes.error().message, Catch::Contains("more nodes than bytes"));
}

TEST_CASE("sections are one each, and of a version that is known") {
  const ann_file::Section one;
  CHECK(must(read(ann_file::with_head({}))).empty());
  CHECK(read(ann_file::with_head({}, 2)).error().code == ErrorCode::unsupported);
  CHECK_THAT(read(ann_file::with_head({one.bytes(), one.bytes()})).error().message,
             Catch::Contains("two sections are of one namespace and metric"));
  ann_file::Section other = one;
  other.metric = 1;
  CHECK(must(read(ann_file::with_head({one.bytes(), other.bytes()}))).size() == 2);
}

TEST_CASE("a graph from a file takes more vectors, and loses them") {
  const auto bytes = small_file();
  auto index = std::move(must(read(bytes))[0]);
  Random random(1);
  Made made;
  for (int i = 0; i < 12; ++i) made.put("v" + std::to_string(i), random.vector(3));
  for (int i = 0; i < 12; ++i) made.put("w" + std::to_string(i), random.vector(3));
  made.state.set_exists(made.rows[0], false);
  const auto done = must(index.repair(made.state, kOnly));
  CHECK(done.added == 12);
  CHECK(done.removed == 1);
  CHECK(done.overwritten + done.relinked == 0);
  CHECK(index.size() == 23);
  CHECK(index.nodes() == 24);
  BufferSink sink;
  must(write_ann({&index, 1}, sink));
  CHECK(must(read(sink.bytes))[0].size() == 23);
}
