// Ordered work: threads change neither the order of results nor which error is reported. Run under the tsan preset as
// well.
#include <atomic>
#include <catch2/catch.hpp>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_scratch.hpp"
#include "os/worker_pool.hpp"

using namespace delta;

namespace {

// Some work of uneven length, so that tasks overtake one another.
std::uint64_t spin(std::uint64_t seed) {
  std::uint64_t x = seed;
  for (std::uint64_t i = 0; i < (seed * 2654435761u) % 5000; ++i) x = x * 6364136223846793005 + 1442695040888963407;
  return x;
}

struct Outcome {
  std::vector<int> done;
  std::string error;
};

// 200 tasks, of which `bad_work` fail when they run and `bad_done` when they are done.
Outcome run(unsigned threads, std::size_t depth, const std::vector<int>& bad_work, const std::vector<int>& bad_done) {
  Outcome outcome;
  OrderedWork work(threads, depth);
  const auto contains = [](const std::vector<int>& v, int i) { return std::find(v.begin(), v.end(), i) != v.end(); };
  const auto verdict = [](bool bad, const char* what, int i) -> Status {
    if (bad) return error(ErrorCode::io, what + std::to_string(i));
    return {};
  };
  std::vector<std::uint64_t> results(200);
  Status status;
  for (int i = 0; i < 200 && status; ++i) {
    status = work.submit(
        [&, i] {
          return results[static_cast<std::size_t>(i)] = spin(static_cast<std::uint64_t>(i)),
                 verdict(contains(bad_work, i), "work ", i);
        },
        [&, i] {
          if (results[static_cast<std::size_t>(i)] != spin(static_cast<std::uint64_t>(i))) {
            outcome.error = "no result yet";
          }
          outcome.done.push_back(i);
          return verdict(contains(bad_done, i), "done ", i);
        });
  }
  if (status) status = work.finish();
  if (!status) {
    outcome.error = status.error().message;
    CHECK(work.submit([] { return Status(); }, [] { return Status(); }).error().message == outcome.error);
    CHECK(work.finish().error().message == outcome.error);
  }
  return outcome;
}

}  // namespace

TEST_CASE("results come in order of submission, with any number of threads") {
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    for (const std::size_t depth : {1u, 2u, 7u, 1000u}) {
      INFO(threads << " threads, depth " << depth);
      const Outcome outcome = run(threads, depth, {}, {});
      CHECK(outcome.error.empty());
      REQUIRE(outcome.done.size() == 200);
      for (int i = 0; i < 200; ++i) REQUIRE(outcome.done[static_cast<std::size_t>(i)] == i);
    }
  }
}

TEST_CASE("the first error in order is reported, and nothing is done after it") {
  struct Case {
    std::vector<int> work, done;
    std::string error;
    std::size_t dones;
  };
  for (const Case& c :
       {Case{{70, 60, 199}, {}, "work 60", 60}, Case{{}, {0}, "done 0", 1}, Case{{100}, {99, 101}, "done 99", 100},
        Case{{100}, {100}, "work 100", 100}, Case{{199}, {}, "work 199", 199}}) {
    for (const unsigned threads : {1u, 2u, 4u}) {
      for (const std::size_t depth : {1u, 5u, 1000u}) {
        INFO(threads << " threads, depth " << depth << ", " << c.error);
        const Outcome outcome = run(threads, depth, c.work, c.done);
        CHECK(outcome.error == c.error);
        CHECK(outcome.done.size() == c.dones);
      }
    }
  }
}

TEST_CASE("done runs on the submitting thread, and no more than `depth` tasks are in flight") {
  std::atomic<int> in_flight = 0, most = 0;
  const auto self = std::this_thread::get_id();
  bool elsewhere = false;
  OrderedWork work(4, 3);
  for (int i = 0; i < 300; ++i) {
    const Status status = work.submit(
        [&] {
          const int now = ++in_flight;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          spin(static_cast<std::uint64_t>(now) * 977);
          return Status();
        },
        [&] { return --in_flight, elsewhere |= std::this_thread::get_id() != self, Status(); });
    REQUIRE(status);
  }
  REQUIRE(work.finish());
  CHECK(in_flight == 0);
  CHECK(most <= 3);
  CHECK_FALSE(elsewhere);
}

TEST_CASE("with one thread everything happens inside submit()") {
  OrderedWork work(1, 100);
  int step = 0;
  REQUIRE(work.submit([&] { return step = step * 10 + 1, Status(); }, [&] { return step = step * 10 + 2, Status(); }));
  CHECK(step == 12);
}

TEST_CASE("the queue can be used again after finish(), and abandoned at any time") {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran = 0;
    int done = 0;
    {
      OrderedWork work(3, 8);
      for (int i = 0; i < 5; ++i) {
        REQUIRE(work.submit([&] { return ++ran, Status(); }, [&] { return ++done, Status(); }));
      }
      REQUIRE(work.finish());
      REQUIRE(done == 5);
      for (int i = 0; i < 5; ++i) {
        REQUIRE(work.submit([&] { return spin(99), ++ran, Status(); }, [&] { return ++done, Status(); }));
      }
    }
    REQUIRE(ran >= done);
    REQUIRE(done <= 10);
  }
}

TEST_CASE("an error leaves no task running") {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> running = 0;
    OrderedWork work(4, 16);
    Status status;
    for (int i = 0; i < 16 && status; ++i) {
      status = work.submit(
          [&, i]() -> Status {
            ++running;
            spin(static_cast<std::uint64_t>(i) + 7);
            --running;
            if (i == 2) return error(ErrorCode::io, "stop");
            return {};
          },
          [] { return Status(); });
    }
    if (status) status = work.finish();
    REQUIRE_FALSE(status);
    REQUIRE(running == 0);
  }
}

TEST_CASE("a number of threads is never 0 and never absurd") {
  CHECK(thread_count(0) >= 1);
  CHECK(thread_count(3) == 3);
  CHECK(thread_count(4'000'000'000u) == 256);
}

TEST_CASE("a task that runs out of memory is an error, and no task runs any more when it comes back") {
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const bool in_done : {false, true}) {
      std::atomic<int> running = 0;
      int done = 0;
      OrderedWork work(threads, 8);
      Status status;
      for (int i = 0; i < 40 && status; ++i) {
        const auto fail = [i] {
          if (i == 5) throw std::bad_alloc();
        };
        status = work.submit(
            [&, i, fail]() -> Status {
              ++running;
              spin(static_cast<std::uint64_t>(i) + 3);
              --running;
              if (!in_done) fail();
              return {};
            },
            [&, fail]() -> Status {
              if (in_done) fail();
              return ++done, Status();
            });
      }
      if (status) status = work.finish();
      REQUIRE_FALSE(status);
      CHECK(status.error().code == ErrorCode::no_memory);
      CHECK(status.error().text() == "out of memory");
      CHECK(running == 0);
      CHECK(done == 5);
    }
  }
}

TEST_CASE("each thread has its own scratch, which ends with it") {
  static std::atomic<int> alive;
  alive = 0;
  struct Counted {
    int value = 0;
    Counted() { ++alive; }
    ~Counted() { --alive; }
  };
  struct Other : Counted {};
  thread_scratch<Counted>().value = 1;
  for (int i = 0; i < 3; ++i) {
    std::thread([] {
      CHECK(thread_scratch<Counted>().value == 0);
      thread_scratch<Counted>().value = 2;
      thread_scratch<Other>().value = 3;
      CHECK(thread_scratch<Counted>().value == 2);
      CHECK(alive == 3);
    }).join();
    CHECK(alive == 1);
  }
  CHECK(thread_scratch<Counted>().value == 1);
}
