// Every real matrix history, in and out again: in one run and version by version, under every preset, with any number
// of threads.
#include <catch2/catch.hpp>

#include "delta/blame.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "history.hpp"

using namespace delta;

namespace {

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().text());
  return std::move(result).value();
}

void encode_at_once(const std::string& path, const std::vector<histories::Version>& versions, EncodeOptions options) {
  auto encoder = must(Encoder::create(path, {}, options));
  for (std::size_t k = 0; k < versions.size(); ++k) {
    must(encoder.state(histories::input(versions[k], static_cast<int>(k))));
  }
  must(encoder.finish());
}

void encode_one_by_one(const std::string& path, const std::vector<histories::Version>& versions,
                       EncodeOptions options) {
  for (std::size_t k = 0; k < versions.size(); ++k) {
    auto encoder = k == 0 ? must(Encoder::create(path, {}, options)) : must(Encoder::append(path, options));
    must(encoder.state(histories::input(versions[k], static_cast<int>(k))));
    must(encoder.finish());
  }
}

void check_versions(const std::string& path, const std::vector<histories::Version>& versions) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths));
  CHECK(log.notices().empty());
  for (std::size_t k = 0; k < versions.size(); ++k) {
    const auto& version = versions[k];
    const State state = must(snapshot(log, {histories::input(version, static_cast<int>(k)).at, {}}));
    REQUIRE(state.size() == version.rows);
    const auto ns = *log.catalog().find_namespace("", version.dims);
    for (std::uint64_t row = 0; row < version.rows; ++row) {
      const auto vector = log.catalog().find_vector(ns, version.ids[row]);
      REQUIRE(vector);
      const auto bits = state.bits(*vector);
      REQUIRE(
          std::equal(bits.begin(), bits.end(), version.bits.begin() + static_cast<std::ptrdiff_t>(row * version.dims)));
    }
  }
}

void check_equal_logs(const std::string& a, const std::string& b) {
  const std::string pa[] = {a}, pb[] = {b};
  const Log first = must(Log::open(pa)), second = must(Log::open(pb));
  CHECK(must(first.hashes()) == must(second.hashes()));
  for (std::uint32_t v = 0; v < first.catalog().vectors();
       v += 1 + static_cast<std::uint32_t>(first.catalog().vectors()) / 4) {
    const auto other =
        second.catalog().find_vector(first.catalog().namespace_of(VectorNo{v}), first.catalog().id(VectorNo{v}));
    REQUIRE(other);
    const auto one = blame(first, VectorNo{v}), two = blame(second, *other);
    REQUIRE(bool(one) == bool(two));
    if (!one) continue;  // deleted
    REQUIRE(one->runs.size() == two->runs.size());
    for (std::size_t r = 0; r < one->runs.size(); ++r) {
      CHECK(one->runs[r].bits == two->runs[r].bits);
      REQUIRE(one->runs[r].chosen.size() == 1);
      CHECK(first.dot_text(one->runs[r].chosen[0].dot) == second.dot_text(two->runs[r].chosen[0].dot));
    }
  }
}

}  // namespace

TEST_CASE("every version of every real history comes back bit for bit") {
  for (const auto& set : histories::sets()) {
    const auto versions = histories::all(set);
    REQUIRE(versions.size() > 2);
    for (const Preset preset : {Preset::fastest, Preset::balanced, Preset::maximum}) {
      INFO(set << ", preset " << int(preset));
      const scratch::Directory dir;
      EncodeOptions options;
      options.preset = preset;
      const std::string at_once = dir.file("at_once.dlog"), one_by_one = dir.file("one_by_one.dlog");
      encode_at_once(at_once, versions, options);
      encode_one_by_one(one_by_one, versions, options);
      check_versions(at_once, versions);
      check_versions(one_by_one, versions);
      check_equal_logs(at_once, one_by_one);
      for (const auto& path : {at_once, one_by_one}) {
        const std::string paths[] = {path};
        const auto report = must(verify(paths));
        for (const auto& f : report.findings) {
          UNSCOPED_INFO(verdict_name(f.verdict) << " at " << f.offset << " " << f.where << ": " << f.what);
        }
        CHECK(report.verdict == Verdict::ok);
      }
    }
  }
}

TEST_CASE("the same input gives the same bytes, with any number of threads") {
  for (const auto& set : histories::sets()) {
    const auto versions = histories::all(set);
    const scratch::Directory dir;
    EncodeOptions options;
    std::vector<std::uint8_t> first;
    for (const unsigned threads : {1u, 2u, 3u}) {
      options.threads = threads;
      const std::string path = dir.file(std::to_string(threads));
      encode_at_once(path, versions, options);
      if (threads == 1) first = scratch::read(path);
      CHECK(scratch::read(path) == first);
    }
  }
}
