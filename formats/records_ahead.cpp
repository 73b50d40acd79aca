#include "formats/records_ahead.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "delta/out_of_memory.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kBatches = 3;  // one in use, one ready, one being filled
constexpr std::size_t kBatchRecords = 256;
constexpr std::size_t kBatchBytes = 256 << 10;  // of values and texts, about

/// A stream that says when it is read, and has no more bytes once nobody waits for them.
class Watched final : public ByteStream {
 public:
  using Watch = std::function<bool(bool reading)>;  // false: stop
  Watched(std::unique_ptr<ByteStream> inner, Watch watch) : inner_(std::move(inner)), watch_(std::move(watch)) {}
  const std::string& name() const override { return inner_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (!watch_(true)) return 0;
    auto got = inner_->read(into);
    if (!watch_(false)) return 0;
    return got;
  }

 private:
  std::unique_ptr<ByteStream> inner_;
  Watch watch_;
};

}  // namespace

struct RecordsAhead::Batch {
  std::deque<OwnedRecord> slots;  // never moves what it holds: texts may stand in the slot itself
  std::size_t size = 0;
  Status end;  // what reading gave after the last record
  bool last = false, full = false;

  /// Running out of memory is an error behind the records that there were.
  void fill(NdjsonReader& reader) {
    const Status filled = delta::or_out_of_memory([&]() -> Status { return add_records(reader), Status(); });
    if (!filled) {
      end = filled.error();
      last = true;
    }
  }

 private:
  void add_records(NdjsonReader& reader);
};

/// Adds the records that can be had without waiting, but at least one.
void RecordsAhead::Batch::add_records(NdjsonReader& reader) {
  std::size_t bytes = 0;
  full = false;
  for (size = 0; !full && (size == 0 || reader.ready()); ++size) {
    if (size == slots.size()) slots.emplace_back();
    OwnedRecord& slot = slots[size];
    const auto more = reader.next(slot.record);
    last = !more || !*more;
    if (!more) end = more.error();
    if (last) return;
    slot.own();
    slot.line = reader.line();
    bytes += slot.bytes();
    full = size + 1 == kBatchRecords || bytes >= kBatchBytes;
  }
}

struct RecordsAhead::State {
  State(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options) : reader(std::move(stream), options) {}

  NdjsonReader reader;  // the thread's, if there is one, except for its name
  std::array<Batch, kBatches> batches;

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ready = 0;  // batches filled and not given back
  bool stop = false, reading = false, done = false;

  std::size_t current = 0, used = 0;  // for the taker of records: which batch, and how many of it
  bool taken = false;                 // whether `current` is one that is ready
  bool threaded = false;
  Record record;  // where it is not

  bool watch(bool now_reading) {
    const std::lock_guard lock(mutex);
    reading = now_reading && !stop;
    changed.notify_all();
    return !stop;
  }
  /// The thread: all batches but the first.
  void fill_batches() {
    for (std::size_t next = 1;; next = (next + 1) % kBatches) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stop || ready < kBatches; });
        if (stop) break;
      }
      batches[next].fill(reader);
      const std::lock_guard lock(mutex);
      reading = false;  // also where reading ran out of memory
      ++ready;
      changed.notify_all();
      if (batches[next].last) break;
    }
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }
  /// The batch that has the next record, or none any more.
  Batch& batch() {
    if (taken && used < batches[current].size) return batches[current];
    std::unique_lock lock(mutex);
    if (taken && batches[current].last) return batches[current];
    if (taken) {
      --ready;
      current = (current + 1) % kBatches;
      used = 0;
      changed.notify_all();
    }
    changed.wait(lock, [this] { return ready > 0; });
    taken = true;
    return batches[current];
  }
};

RecordsAhead::RecordsAhead(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options, Parsing parsing) {
  // The stream watches the state that holds it, so it must not keep it alive.
  auto later = std::make_shared<State*>(nullptr);
  if (parsing == Parsing::ahead) {
    stream = std::make_unique<Watched>(std::move(stream), [later](bool reading) { return (*later)->watch(reading); });
  }
  state_ = std::make_shared<State>(std::move(stream), options);
  state_->threaded = parsing == Parsing::ahead;
  *later = state_.get();
}

/// Few records, or such as come one by one, are not worth a thread: it begins behind the first full batch.
RecordsAhead::Batch& RecordsAhead::batch_before_thread() {
  State& s = *state_;
  Batch& batch = s.batches[0];
  if (s.used < batch.size || batch.last) return batch;
  batch.fill(s.reader);
  s.used = 0;
  if (batch.full) start_thread();
  return batch;
}

/// Where the system has none to give, records are parsed when they are asked for.
void RecordsAhead::start_thread() {
  State& s = *state_;
  s.ready = 1;
  s.taken = true;
  try {
    thread_ = std::thread([state = state_] { state->fill_batches(); });
    return;
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  s.ready = 0;
  s.taken = false;
}

RecordsAhead::~RecordsAhead() {
  if (!thread_.joinable()) return;
  bool done = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
    state_->changed.wait(lock, [this] { return state_->done || state_->reading; });
    done = state_->done;
  }
  done ? thread_.join() : thread_.detach();
}

Result<const Record*> RecordsAhead::next() {
  State& s = *state_;
  if (!s.threaded) {
    DELTA_TRY(const bool more, s.reader.next(s.record));
    return more ? &s.record : nullptr;
  }
  Batch& batch = thread_.joinable() ? s.batch() : batch_before_thread();
  if (s.used < batch.size) return &batch.slots[s.used++].record;
  DELTA_OK(batch.end);
  return nullptr;
}

std::optional<std::string_view> RecordsAhead::text() const {
  DELTA_CHECK(!state_->threaded);
  return state_->reader.text();
}

std::uint64_t RecordsAhead::line() const {
  const State& s = *state_;
  if (!s.threaded) return s.reader.line();
  return s.used > 0 ? s.batches[s.current].slots[s.used - 1].line : 0;
}

const std::string& RecordsAhead::name() const { return state_->reader.name(); }

}  // namespace delta::formats
