// Golden files: what this version writes, byte for byte, and what every later one must read. `DELTA_GOLDEN=write` makes
// them anew; a commit that changes them says why.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/text.hpp"
#include "delta/verify.hpp"
#include "history.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

const std::string kFolder = std::string(TESTDATA) + "/golden/";

bool writing() {
  const char* wish = std::getenv("DELTA_GOLDEN");
  return wish && std::string(wish) == "write";
}

/// All that a log says: commits with their hashes, and the state, one line each.
std::string tell(const std::string& path) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  const auto hashes = must(log.hashes());
  std::string out;
  for (const auto n : must(log.commits_in_key_order())) {
    const Commit c = log.commit(n).copy();
    out += hex(hashes[n]) + " " + log.dot_text({c.origin, c.first}) + " +" + std::to_string(c.count) + " " +
           std::to_string(log.commit_time(n).hlc) + " " + c.message;
    for (const auto& parent : c.parents) out += " " + log.dot_text(parent);
    if (!c.properties.empty()) out += " " + c.properties;
    if (c.given) out += " given " + std::to_string(*c.given);
    out += "\n";
  }
  const State state = must(snapshot(log));
  for (const auto ns : numbers<NamespaceNo>(log.catalog().namespaces())) {
    for (const auto v : must(state.rows(ns))) {
      out += std::string(log.catalog().id(v));
      char text[16];
      for (const auto b : state.bits(v)) {
        std::snprintf(text, sizeof text, " %08x", b);
        out += text;
      }
      out += " " + std::string(state.metadata(v)) + "\n";
    }
  }
  return out;
}

EncodeOptions options_of(Preset preset) {
  EncodeOptions options;
  options.preset = preset;
  options.force = true;
  options.message = "golden";
  options.now = 0;
  return options;
}

void write_matrices(const std::string& path, const std::string& set, Preset preset) {
  const auto versions = histories::all(set);
  auto encoder = must(Encoder::create(path, {}, options_of(preset)));
  for (std::size_t k = 0; k < versions.size(); ++k) {
    must(encoder.state(histories::input(versions[k], static_cast<int>(k))));
  }
  must(encoder.finish());
}

/// Packed out of a segment for each version: out of one the fresh log would be no larger, and stay as it is.
void write_packed(const std::string& path, const std::string& set) {
  const auto versions = histories::all(set);
  const std::string fresh[] = {path + ".fresh"};
  for (std::size_t k = 0; k < versions.size(); ++k) {
    auto encoder = must(k == 0 ? Encoder::create(fresh[0], {}, options_of(Preset::balanced))
                               : Encoder::append(fresh[0], options_of(Preset::balanced)));
    must(encoder.state(histories::input(versions[k], static_cast<int>(k))));
    must(encoder.finish());
  }
  static_cast<void>(must(compact(fresh, path, {.force = true})));
}

/// Commits with properties, and one that was meant for an earlier time than it has.
void write_facts(const std::string& path) {
  EncodeOptions options = options_of(Preset::balanced);
  options.properties = R"({"run": 7, "model": "m"})";
  auto first = must(Encoder::create(path, {}, options));
  must(first.set("policy max", 5'000'000));
  sample::add(first, {{"apple", Operation::create, {1, 2, 3, 4}}}, 6);
  must(first.finish());
  options.properties.clear();
  options.now = 3'000'000;
  options.clock = {.now = 3'000'000, .max_skew = 1'000'000};
  auto second = must(Encoder::append(path, options));
  sample::add(second, {{"pear", Operation::create, {1, 2, 3, 4}, {}, "late"}}, 2);
  must(second.finish());
}

/// Two releases, the older of which a pruning kept beside now, and one name that was given up.
void write_releases(const std::string& path) {
  const std::string whole[] = {path + ".whole"};
  sample::write_log(whole[0]);
  {
    auto tags = must(Encoder::append(whole[0], options_of(Preset::balanced)));
    must(tags.tag_release("old"));
    must(tags.tag_time("gone", 7'000'000));
    must(tags.finish());
  }
  sample::append_log(whole[0]);
  auto more = must(Encoder::append(whole[0], options_of(Preset::balanced)));
  must(more.tag_release("new"));
  must(more.untag("gone"));
  must(more.tag_release("older", must(more.log().tag("old"))->heads));
  must(more.finish());
  static_cast<void>(must(compact(whole, path, {.force = true, .keep = {{.kind = KeepRule::Kind::tags}}})));
}

void write_golden(const std::string& name, const std::string& path) {
  if (name == "sample") return sample::write_log(path);
  if (name == "sample-appended") return sample::write_log(path), sample::append_log(path);
  if (name == "facts") return write_facts(path);
  if (name == "releases") return write_releases(path);
  if (name == "sample-pruned") return sample::write_pruned(path);
  if (name == "int8-packed") return write_packed(path, "tiny/sgns-int8");
  if (name == "empty") {
    auto encoder = must(Encoder::create(path, {}, {.force = true}));
    must(encoder.finish());
    return;
  }
  const Preset preset = name.ends_with("fastest")   ? Preset::fastest
                        : name.ends_with("maximum") ? Preset::maximum
                                                    : Preset::balanced;
  write_matrices(path, name.starts_with("int8") ? "tiny/sgns-int8" : "tiny/linuxdoc-blocks", preset);
}

const std::vector<std::string> kNames = {"empty",         "sample",       "sample-appended", "int8-fastest",
                                         "int8-balanced", "int8-maximum", "blocks-balanced", "sample-pruned",
                                         "int8-packed",   "facts",        "releases"};

}  // namespace

TEST_CASE("this version writes its golden files byte for byte") {
  const scratch::Directory dir;
  for (const auto& name : kNames) {
    INFO(name << ": if the format was meant to change, run once with DELTA_GOLDEN=write and say why in the commit");
    const std::string path = dir.file(name + ".dlog");
    write_golden(name, path);
    if (writing()) {
      scratch::write(kFolder + name + ".dlog", scratch::read(path));
      const std::string told = tell(path);
      scratch::write(kFolder + name + ".txt", {told.begin(), told.end()});
    }
    CHECK(scratch::read(path) == scratch::read(kFolder + name + ".dlog"));
  }
}

TEST_CASE("every golden file reads as it always did") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".dlog") continue;
    ++files;
    INFO(entry.path());
    const auto told = scratch::read(std::filesystem::path(entry.path()).replace_extension(".txt").string());
    CHECK(tell(entry.path().string()) == std::string(told.begin(), told.end()));
    const std::string paths[] = {entry.path().string()};
    CHECK(must(verify(paths, {VerifyLevel::chain, 1})).verdict == Verdict::ok);
  }
  CHECK(files >= kNames.size());
}
