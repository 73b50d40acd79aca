// Undoing by hand: the corners that random histories through files seldom reach.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/rollback.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::bits;
using sample::Line;
using sample::must;

namespace {

struct Files {
  scratch::Directory directory;
  const std::string log = directory.file("a.dlog"), out = directory.file("out.dlog");

  void write(const std::string& path, const std::vector<Line>& lines, Micros start,
             std::vector<std::string> base = {}) {
    auto encoder = must(Encoder::create(path, base, {.force = true}));
    sample::add(encoder, lines, start);
    must(encoder.finish());
  }
};

Log open(const std::vector<std::string>& paths) { return must(Log::open(paths, {1})); }

/// "ns dims/id: values metadata", one a line, in the order of rows.
std::string text(const Log& log, const CutOptions& cut = {}) {
  const State state = must(snapshot(log, cut));
  const Catalog& catalog = log.catalog();
  std::string out;
  for (const auto ns : numbers<NamespaceNo>(catalog.namespaces())) {
    for (const auto v : must(state.rows(ns))) {
      out += std::string(catalog.id(v)) + ":";
      for (const auto b : state.bits(v)) out += " " + std::to_string(std::bit_cast<float>(b)).substr(0, 3);
      out += std::string(state.metadata(v)) + "\n";
    }
  }
  return out;
}

std::uint64_t deltas(const Log& log, CommitNo commit) { return log.commit(commit).count; }

}  // namespace

TEST_CASE_METHOD(Files, "more is not deleted than may be, in each namespace, and a rehearsal writes nothing") {
  write(log,
        {{"a", Operation::create, {1}},
         {"b", Operation::create, {2}},
         {"c", Operation::create, {3}},
         {"d", Operation::create, {4}}},
        1'000);
  const auto run = [&](const RollbackOptions& options) {
    auto encoder = must(Encoder::rehearse(std::vector{log}, {.now = 5'000'000'000}));
    const auto done = rollback(encoder, {.at = Micros{1'000'000'000}}, options);
    if (!done) return done.error().message;
    CHECK(done->deleted == 3);
    CHECK(must(encoder.finish()).deltas == 3);
    return std::string();
  };
  CHECK(run({}) == "");
  CHECK(run({.max_delete = 3}) == "");
  CHECK(run({.max_delete = 2}) == "3 of 4 vectors would be deleted, the first of them 'b'");
  CHECK(run({.max_delete_share = 0.75}) == "");
  CHECK(run({.max_delete_share = 0.74}) == "3 of 4 vectors would be deleted, the first of them 'b'");
  CHECK(open({log}).commits() == 1);
}

TEST_CASE_METHOD(Files, "what came back stands in its old order, behind what stayed") {
  write(log,
        {{"z", Operation::create, {1}},
         {"b", Operation::create, {2}},
         {"a", Operation::create, {3}},
         {"m", Operation::create, {4}},
         {"z", Operation::remove, {}},
         {"a", Operation::remove, {}},
         {"b", Operation::remove, {}}},
        1'000);
  auto encoder = must(Encoder::append(log, {.now = 5'000'000'000}));
  const auto done = must(rollback(encoder, {.at = Micros{1'003'000'000}}));
  CHECK(done.created == 3);
  CHECK(done.deleted + done.changed == 0);
  must(encoder.finish());
  CHECK(text(open({log})) == "m: 4.0\nz: 1.0\nb: 2.0\na: 3.0\n");
}

TEST_CASE_METHOD(Files, "all dims are assigned whole, some by their indices, and metadata alone by a patch") {
  write(log,
        {{"all", Operation::create, {1, 2}},
         {"one", Operation::create, {1, 2}},
         {"meta", Operation::create, {1, 2}, {}, "main", "{\"k\":1}"},
         {"all", Operation::dense, {3, 4}},
         {"one", Operation::sparse, {5}, {1}},
         {"meta", Operation::sparse, {}, {}, "main", "{\"k\":2,\"l\":3}"}},
        1'000);
  auto encoder = must(Encoder::append(log, {.now = 5'000'000'000}));
  const auto done = must(rollback(encoder, {.at = Micros{1'002'000'000}}));
  CHECK(done.changed == 3);
  CHECK(done.values == 3);
  must(encoder.finish());
  std::vector<std::string> found;
  const Log whole = open({log});
  must(whole.each(delta::VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch.seqs[i] > 6) {
        found.push_back(std::string(whole.catalog().id(batch[i].vector)) + " " +
                        std::string(operation_name(batch[i].op)) + " " + std::to_string(batch[i].indices.size()) + " " +
                        std::string(batch[i].metadata));
      }
    }
    return {};
  }));
  CHECK(found == std::vector<std::string>{"all dense 0 ", "meta sparse 0 {\"k\":1,\"l\":null}", "one sparse 1 "});
}

TEST_CASE_METHOD(Files, "one name with two dimension counts stands for two vectors, and each is undone") {
  const std::string other = directory.file("b.dlog");
  write(log, {{"x", Operation::create, {1, 2}, {}, "a"}}, 1'000);
  write(other, {{"x", Operation::create, {1, 2, 3}, {}, "b"}}, 2'000);
  const std::string both[] = {log, other};
  {
    auto encoder = must(Encoder::create(out, both, {.now = 5'000'000'000}));
    CHECK(must(rollback(encoder, {.at = Micros{1'500'000'000}})).deleted == 1);
    must(encoder.finish());
    CHECK(text(open({log, other, out})) == "x: 1.0 2.0\n");
  }
  {
    auto encoder = must(Encoder::create(out, both, {.force = true, .now = 5'000'000'000}));
    CHECK(must(rollback(encoder, {.at = Micros{0}})).deleted == 2);
    must(encoder.finish());
    CHECK(text(open({log, other, out})) == "");
  }
  const std::string all[] = {log, other, out};
  const std::string back = directory.file("back.dlog");
  auto encoder = must(Encoder::create(back, all, {.now = 6'000'000'000}));
  CHECK(must(revert(encoder, *encoder.log().find_commit(must(encoder.log().parse_dot("main:1"))))).created == 2);
  must(encoder.finish());
  CHECK(text(open({log, other, out, back})) == text(open({log, other})));
}

TEST_CASE_METHOD(Files, "metadata grown beyond the limit of a patch comes back in several deltas of one commit") {
  std::vector<Line> lines = {{"x", Operation::create, {1}}};
  for (const char* key : {"a", "b", "c"}) {
    lines.push_back({"x",
                     Operation::sparse,
                     {},
                     {},
                     "main",
                     "{\"" + std::string(key) + "\":\"" + std::string(50'000, key[0]) + "\"}"});
  }
  lines.push_back({"x", Operation::remove, {}});
  write(log, lines, 1'000);
  const auto then = text(open({log}), {.at = Micros{1'003'000'000}});
  REQUIRE(then.size() > 150'000);
  auto encoder = must(Encoder::append(log, {.now = 5'000'000'000}));
  CHECK(must(rollback(encoder, {.at = Micros{1'003'000'000}})).created == 1);
  CHECK(must(encoder.finish()).commits == 1);
  const Log whole = open({log});
  CHECK((text(whole) == then));
  CHECK(deltas(whole, CommitNo{1}) == 3);
}

TEST_CASE_METHOD(Files, "a commit that changes no vector cannot be taken back, and one that waits is not found") {
  write(log, {{"x", Operation::create, {1}}}, 1'000);
  {
    auto encoder = must(Encoder::append(log, {.now = 2'000'000'000}));
    must(encoder.set("tag 1000000000 first"));
    must(encoder.finish());
  }
  {
    auto encoder = must(Encoder::append(log, {.now = 3'000'000'000}));
    const auto refused = revert(encoder, *encoder.log().find_commit(must(encoder.log().parse_dot("main:2"))));
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::usage);
    CHECK_THAT(refused.error().message, Catch::Contains("main:2") && Catch::Contains("no vector"));
  }
  const std::string waiting = directory.file("p.dlog");
  write(waiting, {{"x", Operation::negate, {}, {}, "o"}}, 4'000, {log});
  const std::string alone[] = {waiting};
  auto encoder = must(Encoder::create(out, alone, {}));
  const auto refused = revert(encoder, CommitNo{0});
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::not_found);
}

TEST_CASE_METHOD(Files, "a rule of encode holds for an undoing too, and nothing is left of it then") {
  write(log, {{"x", Operation::create, {1}}, {"x", Operation::dense, {2}}}, 1'000);
  const auto was = scratch::read(log);
  {
    auto encoder = must(Encoder::append(log, {.now = 5'000'000'000}));
    const auto early = rollback(encoder, {.at = Micros{1'000'000'000}}, {.at = Micros{1'000'500'000}});
    REQUIRE(!early);
    CHECK(early.error().code == ErrorCode::bad_input);
  }
  CHECK(scratch::read(log) == was);
}
