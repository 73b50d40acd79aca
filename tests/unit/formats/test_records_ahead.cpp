// Records that a thread parses ahead: the same ones in the same order as without it, and an end at any time.
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <random>

#include "delta/text.hpp"
#include "formats/records_ahead.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

/// What a record says, its place, and the error at the end.
std::vector<std::string> told(RecordsAhead& records) {
  std::vector<std::string> out;
  for (;;) {
    const auto next = records.next();
    if (!next) return out.push_back(next.error().text()), out;
    if (*next == nullptr) return out;
    const Record& r = **next;
    std::string text = std::to_string(records.line()) + " " + std::string(r.id) + " " + std::string(r.name_space) +
                       " " + std::string(r.metadata) + " " + std::string(r.origin.value_or("-")) + " " +
                       std::string(r.message);
    for (const auto& parent : r.parents) text += " " + std::string(parent.origin) + ":" + std::to_string(parent.seq);
    for (const auto index : r.indices) text += " " + std::to_string(index);
    for (const auto bits : r.bits) text += " " + std::to_string(bits);
    out.push_back(text);
  }
}

std::vector<std::string> told(const std::string& text, RecordsAhead::Parsing parsing, std::size_t piece = 0) {
  RecordsAhead records(memory_stream("in", text, piece), {}, parsing);
  return told(records);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  for (; times > 0; --times) out += piece;
  return out;
}

std::string random_lines(std::mt19937_64& random, std::size_t lines) {
  const auto word = [&](std::size_t most) {
    return std::string(1 + random() % most, static_cast<char>('a' + random() % 26));
  };
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    switch (random() % 6) {
      case 0:
        text += R"({"type":"commit","origin":")" + word(40) + R"(","seq":1,"deltas":2,"parents":["x:1",")" + word(9) +
                R"(:7"],"message":")" + word(90) + "\"}";
        break;
      case 1:
        text += R"({"id":")" + word(3) + R"(","vector":[)" + repeated("1,", random() % 300) + "2]}";
        break;
      case 2:
        break;  // blank
      default:
        text += R"({"id":")" + word(40) + R"(","namespace":")" + word(20) +
                R"(","op":"sparse","indices":[1,7],"values":[0.5,2],"metadata":{"a":")" + word(30) + "\"}}";
    }
    text += '\n';
  }
  return text;
}

/// Gives some bytes, and then nothing until it is told to end.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool blocked = false, open = false;
};
class Blocked final : public ByteStream {
 public:
  Blocked(std::string bytes, std::shared_ptr<Gate> gate) : bytes_(std::move(bytes)), gate_(std::move(gate)) {}
  const std::string& name() const override { return name_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (!bytes_.empty()) {
      const std::size_t n = std::min(into.size(), bytes_.size());
      std::copy_n(bytes_.begin(), n, into.begin());
      bytes_.erase(0, n);
      return n;
    }
    std::unique_lock lock(gate_->mutex);
    gate_->blocked = true;
    gate_->changed.notify_all();
    gate_->changed.wait(lock, [this] { return gate_->open; });
    return std::size_t{0};
  }

 private:
  std::string name_ = "gate", bytes_;
  std::shared_ptr<Gate> gate_;
};

}  // namespace

TEST_CASE("Records parsed ahead are those parsed one by one") {
  std::mt19937_64 random(1);
  for (const std::size_t lines : {0, 1, 3, 255, 256, 257, 700, 2500}) {
    const std::string text = random_lines(random, lines);
    const auto expected = told(text, RecordsAhead::Parsing::when_asked);
    CHECK(told(text, RecordsAhead::Parsing::ahead) == expected);
    CHECK(told(text, RecordsAhead::Parsing::ahead, 1 + random() % 5000) == expected);
  }
}

TEST_CASE("An error stands behind the records before it, with its line") {
  std::mt19937_64 random(2);
  for (const std::size_t lines : {0, 10, 256, 300, 1500}) {
    const std::string text = random_lines(random, lines) + "{\"id\":7}\n" + random_lines(random, 400);
    const auto expected = told(text, RecordsAhead::Parsing::when_asked);
    CHECK(expected.back() == "in: line " + std::to_string(lines + 1) + ": member 'id': 7 is not a string");
    CHECK(told(text, RecordsAhead::Parsing::ahead) == expected);
  }
}

TEST_CASE("Whoever needs no more records may leave at any time") {
  std::mt19937_64 random(3);
  const std::string text = random_lines(random, 4000);
  for (const int taken : {0, 1, 100, 600, 2000}) {
    RecordsAhead records(memory_stream("in", text, 700), {}, RecordsAhead::Parsing::ahead);
    for (int i = 0; i < taken; ++i) REQUIRE(records.next());
  }
}

TEST_CASE("A record is there before the stream gives the next one") {
  const auto gate = std::make_shared<Gate>();
  RecordsAhead records(
      std::make_unique<Blocked>("{\"id\":\"a\",\"vector\":[1]}\n{\"id\":\"b\",\"vector\":[1]}\n{\"id\"", gate), {},
      RecordsAhead::Parsing::ahead);
  for (const std::string id : {"a", "b"}) {  // or the test hangs
    const auto next = records.next();
    REQUIRE(next);
    REQUIRE(*next != nullptr);
    CHECK((*next)->id == id);
  }
  gate->open = true;
  CHECK(!records.next());
}

TEST_CASE("A stream that gives nothing more does not hold up who leaves") {
  std::mt19937_64 random(4);
  const auto gate = std::make_shared<Gate>();
  {
    RecordsAhead records(std::make_unique<Blocked>(random_lines(random, 2000), gate), {}, RecordsAhead::Parsing::ahead);
    REQUIRE(records.next());
    std::unique_lock lock(gate->mutex);
    while (!gate->blocked) {
      lock.unlock();
      REQUIRE(records.next());
      lock.lock();
      gate->changed.wait_for(lock, std::chrono::milliseconds(1));
    }
  }  // returns, or the test hangs
  const std::lock_guard lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
}

namespace {

/// Throws behind its bytes, as an allocation does where there is no memory.
class Exhausted final : public ByteStream {
 public:
  explicit Exhausted(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& name() const override { return name_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (bytes_.empty()) throw std::bad_alloc();
    const std::size_t n = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.begin(), n, into.begin());
    bytes_.erase(0, n);
    return n;
  }

 private:
  std::string name_ = "in", bytes_;
};

}  // namespace

TEST_CASE("records ahead: out of memory on the thread is an error where the records are taken") {
  const std::string line = R"({"id":"a","op":"scale","factor":2})"
                           "\n";
  for (const std::size_t lines : {0, 1, 255, 256, 2000, 100'000}) {
    RecordsAhead records(std::make_unique<Exhausted>(repeated(line, lines)), {}, RecordsAhead::Parsing::ahead);
    const auto got = told(records);
    REQUIRE(!got.empty());
    CHECK(got.back() == "out of memory");
    CHECK(got.size() <= lines + 1);
  }
}
