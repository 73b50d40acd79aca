// Names as numbers, and rows of values: what other parts hold on to must stay where it is.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/state.hpp"

using namespace delta;

TEST_CASE("a catalog numbers names in order of first use") {
  Catalog catalog;
  constexpr NamespaceNo three{0}, four{1};
  CHECK(catalog.add_namespace("words", 3) == three);
  CHECK(catalog.add_namespace("words", 4) == four);  // replicas may disagree on the count
  CHECK(catalog.add_namespace("words", 3) == three);
  CHECK(catalog.add_origin("b") == OriginNo{0});
  CHECK(catalog.add_origin("a") == OriginNo{1});
  CHECK(catalog.add_vector(three, "x") == VectorNo{0});
  CHECK(catalog.add_vector(four, "x") == VectorNo{1});  // the same id in another namespace is another vector
  CHECK(catalog.add_vector(three, "x") == VectorNo{0});
  CHECK(catalog.vectors() == 2);
  CHECK(catalog.dims(VectorNo{1}) == 4);
  CHECK(catalog.find_namespace("words", 5) == std::nullopt);
  CHECK(catalog.find_origin("c") == std::nullopt);
  CHECK(catalog.find_origin("a") == OriginNo{1});
  CHECK(catalog.find_vector(four, "y") == std::nullopt);
  CHECK(catalog.name_space(four) == Namespace{"words", 4});
}

TEST_CASE("an empty catalog finds nothing") {
  const Catalog catalog;
  CHECK(!catalog.find_origin("a"));
  CHECK(!catalog.find_namespace("", 1));
  CHECK(!catalog.find_vector(NamespaceNo{0}, "a"));
}

TEST_CASE("ids are found again among a hundred thousand, and never move") {
  Catalog catalog;
  const auto ns = catalog.add_namespace("", 1);
  const auto name = [](std::uint32_t i) { return "id/" + std::to_string(i * 7919) + std::string(i % 50, 'x'); };
  catalog.add_vector(ns, name(0));
  const std::string_view first = catalog.id(VectorNo{0});
  const std::string_view origin = catalog.origin(catalog.add_origin("short"));
  for (std::uint32_t i = 1; i < 100'000; ++i) {
    REQUIRE(catalog.add_vector(ns, name(i)) == VectorNo{i});
    if (i % 100 == 0) catalog.add_origin("origin " + std::to_string(i));
  }
  CHECK(first.data() == catalog.id(VectorNo{0}).data());
  CHECK(origin.data() == catalog.origin(OriginNo{0}).data());
  bool all = true;
  for (std::uint32_t i = 0; i < 100'000; ++i)
    all &= catalog.find_vector(ns, name(i)) == VectorNo{i} && catalog.id(VectorNo{i}) == name(i);
  CHECK(all);
  CHECK(!catalog.find_vector(ns, "id/1"));
}

TEST_CASE("ids may be empty or longer than a chunk") {
  Catalog catalog;
  const auto ns = catalog.add_namespace("", 1);
  const std::string large(200'000, 'l');
  const auto a = catalog.add_vector(ns, ""), b = catalog.add_vector(ns, large), c = catalog.add_vector(ns, "c");
  CHECK(catalog.id(a).empty());
  CHECK(catalog.id(b) == large);
  CHECK(catalog.id(c) == "c");
  const char* place = catalog.id(b).data();
  const Catalog moved = std::move(catalog);
  CHECK(moved.id(b) == large);
  CHECK(moved.id(b).data() == place);
  CHECK(moved.find_vector(ns, "c") == c);
}

TEST_CASE("many vectors at once get the numbers that they get one by one") {
  Catalog one, many;
  std::vector<std::string> texts;
  std::vector<NamespaceNo> namespaces;
  std::vector<VectorNo> expected, numbers;
  for (Catalog* catalog : {&one, &many}) {
    catalog->add_namespace("a", 3);
    catalog->add_namespace("b", 4);
  }
  for (std::uint32_t i = 0; i < 5000; ++i) {  // two thirds are new
    texts.push_back(std::to_string(i % 3 == 2 ? i / 2 : i));
    namespaces.push_back(NamespaceNo{i % 7 == 0 ? 1u : 0u});
  }
  const std::vector<std::string_view> ids(texts.begin(), texts.end());
  for (std::size_t i = 0; i < ids.size(); ++i) expected.push_back(one.add_vector(namespaces[i], ids[i]));
  for (const std::size_t n :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{9}, ids.size()}) {
    numbers.clear();
    many.add_vectors(std::span(namespaces).first(n), std::span(ids).first(n), numbers);
    CHECK(std::equal(numbers.begin(), numbers.end(), expected.begin()));
    CHECK(numbers.size() == n);
  }
  CHECK(many.vectors() == one.vectors());
}

TEST_CASE("a state keeps values where they are while it grows") {
  Catalog catalog;
  const auto small = catalog.add_namespace("small", 3), wide = catalog.add_namespace("wide", 65536);
  State state(catalog);
  CHECK(!state.exists(VectorNo{0}));
  std::vector<const std::uint32_t*> places;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const auto v = catalog.add_vector(i % 100 == 99 ? wide : small, std::to_string(i));
    auto row = state.put(v);
    REQUIRE(row.size() == catalog.dims(v));
    REQUIRE(row.back() == 0);
    row.front() = row.back() = i;
    state.set_exists(v, true);
    places.push_back(row.data());
  }
  bool all = true;
  for (std::uint32_t v = 0; v < 2000; ++v) {
    all &= state.bits(VectorNo{v}).data() == places[v] && state.bits(VectorNo{v}).front() == v &&
           state.bits(VectorNo{v}).back() == v;
  }
  CHECK(all);
  CHECK(state.size() == 2000);
  CHECK(state.rows(wide)->size() == 20);
}

TEST_CASE("entries of one namespace name are found by it, whatever stands between them") {
  Catalog catalog;
  for (std::uint32_t i = 0; i < 1000; ++i) catalog.add_namespace("n" + std::to_string(i % 300), 1 + i / 300);
  CHECK(catalog.add_namespace("n7", 2) == NamespaceNo{307});
  for (std::uint32_t name = 0; name < 300; ++name) {
    std::vector<NamespaceNo> expected;
    for (const auto ns : numbers<NamespaceNo>(catalog.namespaces())) {
      if (catalog.name_space(ns).name == "n" + std::to_string(name)) expected.push_back(ns);
    }
    const auto found = catalog.namespaces_named("n" + std::to_string(name));
    REQUIRE(std::vector<NamespaceNo>(found.begin(), found.end()) == expected);
  }
  CHECK(catalog.namespaces_named("m").empty());
  const Catalog moved = std::move(catalog);
  CHECK(moved.namespaces_named("n0").size() == 4);
}

TEST_CASE("a state of many namespaces holds little for each, and tells their rows apart") {
  Catalog catalog;
  State state(catalog);
  std::vector<const std::uint32_t*> places;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    const auto ns = catalog.add_namespace("n" + std::to_string(i % 1000), 2);
    const auto v = catalog.add_vector(ns, std::to_string(i));
    auto row = state.put(v);
    row.front() = i;
    row.back() = ~i;
    state.set_exists(v, i < 3000);
    state.set_created(v, {Timestamp::of(i), catalog.add_origin("main"), i + 1});
    places.push_back(row.data());
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    REQUIRE(*state.rows(NamespaceNo{i}) == std::vector{VectorNo{i}, VectorNo{i + 1000}, VectorNo{i + 2000}});
  }
  for (std::uint32_t v = 0; v < 3000; ++v) {
    REQUIRE((state.bits(VectorNo{v}).data() == places[v] && state.bits(VectorNo{v}).front() == v &&
             state.bits(VectorNo{v}).back() == ~v));
  }
  CHECK(state.rows(NamespaceNo{1000})->empty());
  // Rows of one namespace lie together.
  CHECK(places[1000] == places[0] + 2);
}

TEST_CASE("rows stand in the order of their last create, by time, origin name and seq") {
  Catalog catalog;
  const auto ns = catalog.add_namespace("", 1);
  const auto z = catalog.add_origin("z"), a = catalog.add_origin("a");
  State state(catalog);
  const Key keys[] = {
      {Timestamp::of(5), z, 1}, {Timestamp::of(5), a, 9}, {Timestamp::of(4), z, 7}, {Timestamp::of(5), a, 2}};
  for (const Key& key : keys) {
    const auto v = catalog.add_vector(ns, std::to_string(catalog.vectors()));
    state.put(v);
    state.set_exists(v, true);
    state.set_created(v, key);
  }
  CHECK(*state.rows(ns) == std::vector{VectorNo{2}, VectorNo{3}, VectorNo{1}, VectorNo{0}});
  state.set_exists(VectorNo{3}, false);
  CHECK(*state.rows(ns) == std::vector{VectorNo{2}, VectorNo{1}, VectorNo{0}});
  CHECK(state.bits(VectorNo{3}).empty());
  CHECK(state.size() == 3);
}

TEST_CASE("metadata of a vector that does not exist is kept and not shown") {
  Catalog catalog;
  catalog.add_vector(catalog.add_namespace("", 1), "v");
  State state(catalog);
  state.set_metadata(VectorNo{0}, "{\"a\":1}");
  CHECK(state.metadata(VectorNo{0}).empty());
  CHECK(state.stored_metadata(VectorNo{0}) == "{\"a\":1}");
  state.put(VectorNo{0});
  state.set_exists(VectorNo{0}, true);
  CHECK(state.metadata(VectorNo{0}) == "{\"a\":1}");
}
