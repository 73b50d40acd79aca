// Settings of namespaces, and those of a later version.
#include <catch2/catch.hpp>

#include "delta/encode.hpp"
#include "delta/property.hpp"
#include "delta/setting.hpp"
#include "sample_log.hpp"
#include "scratch.hpp"

using namespace delta;
using sample::must;

TEST_CASE("a setting holds a property of a namespace, in one spelling") {
  const auto setting = must(Setting::parse("property model=a%2Cb v2@n%401"));
  CHECK(setting.kind == Setting::Kind::property);
  CHECK(setting.text == "model");
  CHECK(setting.value == "a,b v2");
  CHECK(setting.name_space == "n@1");
  CHECK(setting.to_text() == "property model=a%2Cb v2@n%401");
  const auto removed = must(Setting::parse("property x-y_z.1=@%"));
  CHECK(removed.value.empty());
  CHECK(removed.name_space.empty());
  CHECK(removed.to_text() == "property x-y_z.1=@%");
  for (const std::string text :
       {"property ", "property a", "property a@b", "property =1@b", "property A=1@b", "property 1=1@b", "property a=1",
        "property a=1@", "property a=b=c@d", "property a=1@b@c", "property a=%4@b", "property a=1@b/0"}) {
    INFO(text);
    CHECK_FALSE(Setting::parse(text));
  }
  CHECK_FALSE(Setting::parse("property " + std::string(65, 'k') + "=1@%"));
  CHECK_FALSE(Setting::parse("property k=" + std::string(1025, 'v') + "@%"));
}

TEST_CASE("a setting of a kind that is not known is taken as it is, and what is of no kind is none") {
  for (const std::string text : {"horizon 3 of 7", "x y", "policy-2 max", "a1  "}) {
    INFO(text);
    const auto setting = must(Setting::parse(text));
    CHECK(setting.kind == Setting::Kind::unknown);
    CHECK(setting.to_text() == text);
  }
  for (const std::string text : {"", "horizon", "horizon ", "Horizon 3", "1st 3", " horizon 3", "hori_zon 3", "tag x",
                                 "policy ", "accuracy f16"}) {
    INFO(text);
    CHECK_FALSE(Setting::parse(text));
  }
  CHECK_FALSE(Setting::parse(std::string(33, 'k') + " 3"));
}

TEST_CASE("an unknown kind of setting is carried in a commit that is stated whole, and not set by who asks for it") {
  const scratch::Directory dir;
  auto encoder = must(Encoder::create(dir.file("log.dlog"), {}, {.now = 0}));
  CHECK(encoder.set("horizon 3 of 7").error().code == ErrorCode::unsupported);
  must(encoder.commit({.origin = "z",
                       .first = 1,
                       .deltas = 1,
                       .parents = {},
                       .message = {},
                       .tool = {},
                       .source = {},
                       .trace = {},
                       .setting = "horizon 3 of 7"}));
  must(encoder.finish());
  const std::string paths[] = {dir.file("log.dlog")};
  CHECK(must(Log::open(paths)).commit(CommitNo{0}).setting == "horizon 3 of 7");
}

TEST_CASE("the last property of a namespace and key counts at each cut, and is not written twice") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog"), paths[] = {path};
  EncodeOptions options;
  const auto at = [](std::uint64_t second) { return Micros{1'700'000'000'000'000 + second * 1'000'000}; };
  auto encoder = must(Encoder::create(path, {}, options));
  must(encoder.property("n", "metric", "l2", at(1)));
  must(encoder.property("n", "metric", "cosine", at(2)));
  must(encoder.property("n", "metric", "cosine", at(3)));
  must(encoder.property("", "metric", "dot", at(4)));
  must(encoder.property("n", "model", "m 1", at(5)));
  must(encoder.property("n", "metric", "", at(6)));
  must(encoder.property("n", "other", "", at(7)));
  CHECK(encoder.property("n", "element", "f8").error().code == ErrorCode::unsupported);
  CHECK(encoder.property("n", "Key", "1").error().code == ErrorCode::bad_input);
  CHECK(must(encoder.finish()).commits == 5);
  const Log log = must(Log::open(paths));
  const auto told = [&](const CutOptions& cut) {
    std::string out;
    for (const auto& p : must(properties_of(log, cut))) out += p.name_space + ":" + p.key + "=" + p.value + ";";
    return out;
  };
  CHECK(told({}) == ":metric=dot;n:model=m 1;");
  CHECK(told({.at = at(1)}) == "n:metric=l2;");
  CHECK(told({.at = at(5)}) == ":metric=dot;n:metric=cosine;n:model=m 1;");
  CHECK(told({.at = at(0)}).empty());
  CHECK(property_named(must(properties_of(log)), "n", "model") == "m 1");
  CHECK(property_named(must(properties_of(log)), "n", "metric").empty());
}
