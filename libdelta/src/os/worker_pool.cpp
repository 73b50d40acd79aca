// One queue under one mutex: tasks are blocks and matrices, some hundred microseconds each and more, so what matters is
// that the submitting thread never idles while there is work (it helps when the queue is full) and that errors come
// out in the order of submission, as they would with one thread.
#include "os/worker_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/boundary.hpp"
#include "delta/out_of_memory.hpp"

namespace delta {
namespace {

/// A part of what an exported function does, perhaps on another thread.
Status run_inside(const std::function<Status()>& work) {
  return or_out_of_memory([&] {
    const Boundary boundary;
    return work();
  });
}

}  // namespace

struct OrderedWork::State {
  struct Task {
    std::function<Status()> work, done;
    std::optional<Status> result;  // none: waiting or running
  };

  State(unsigned threads, std::size_t depth_wanted)
      : workers_wanted(threads - 1), depth(std::max<std::size_t>(depth_wanted, 1)) {}
  ~State();

  const std::size_t workers_wanted, depth;
  std::mutex mutex;
  std::condition_variable work_waits;  // a task was added, or the end came
  std::condition_variable work_is_done;
  std::deque<Task> tasks;   // in order of submission; the front is the next to be done. References stay valid.
  std::size_t claimed = 0;  // how many at the front are running or have a result
  std::size_t running = 0;
  std::size_t idle = 0;  // workers that wait
  bool ending = false;
  std::optional<Error> failure;  // of the first task in order; seen by the submitting thread alone
  std::vector<std::thread> workers;

  bool add_task(std::function<Status()> work, std::function<Status()> done);
  void add_worker();
  void serve();
  void run_next(std::unique_lock<std::mutex>& lock);
  void drop_waiting();
  Status fail(std::unique_lock<std::mutex>& lock, Error error);
  Status stop(Error error);
  Status settle_front(std::unique_lock<std::mutex>& lock);
  Status drain(std::size_t until);
};

OrderedWork::State::~State() {
  {
    const std::lock_guard lock(mutex);
    drop_waiting();
    ending = true;
  }
  work_waits.notify_all();
  for (std::thread& worker : workers) worker.join();
}

// False: there is no memory for it.
bool OrderedWork::State::add_task(std::function<Status()> work, std::function<Status()> done) {
  try {
    tasks.push_back({std::move(work), std::move(done), {}});
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// A system that gives no more threads gets its work done by those there are, at worst by the submitting one.
void OrderedWork::State::add_worker() {
  try {
    workers.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
}

void OrderedWork::State::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    ++idle;
    work_waits.wait(lock, [&] { return ending || claimed < tasks.size(); });
    --idle;
    if (ending) return;
    run_next(lock);
  }
}

// Requires a waiting task. Tasks are claimed in order, so those that wait stand behind every one that may fail.
void OrderedWork::State::run_next(std::unique_lock<std::mutex>& lock) {
  Task& task = tasks[claimed++];
  ++running;
  lock.unlock();
  Status result = run_inside(task.work);
  task.work = nullptr;  // what it holds is not kept until its turn comes
  lock.lock();
  --running;
  if (!result) drop_waiting();
  task.result = std::move(result);
  work_is_done.notify_all();
}

void OrderedWork::State::drop_waiting() { tasks.resize(claimed); }

// No task runs any more when the error comes back: what tasks refer to may then be destroyed.
Status OrderedWork::State::fail(std::unique_lock<std::mutex>& lock, Error error) {
  failure = std::move(error);
  drop_waiting();
  work_is_done.wait(lock, [&] { return running == 0; });
  tasks.clear();
  claimed = 0;
  return *failure;
}

// An error of the submitting thread comes after those of the tasks before it.
Status OrderedWork::State::stop(Error error) {
  DELTA_OK(drain(0));
  failure = std::move(error);
  return *failure;
}

// Requires a result at the front.
Status OrderedWork::State::settle_front(std::unique_lock<std::mutex>& lock) {
  if (!*tasks.front().result) return fail(lock, std::move(*tasks.front().result).error());
  const auto done = std::move(tasks.front().done);
  tasks.pop_front();
  --claimed;
  lock.unlock();
  Status status = run_inside(done);
  lock.lock();
  return status ? Status() : fail(lock, std::move(status).error());
}

// Does what is finished at the front; while more than `until` tasks are left, helps or waits.
Status OrderedWork::State::drain(std::size_t until) {
  std::unique_lock lock(mutex);
  while (!tasks.empty()) {
    if (tasks.front().result) {
      DELTA_OK(settle_front(lock));
    } else if (tasks.size() <= until) {
      break;
    } else if (claimed < tasks.size()) {
      run_next(lock);
    } else {
      work_is_done.wait(lock, [&] { return tasks.front().result.has_value(); });
    }
  }
  return {};
}

OrderedWork::OrderedWork(unsigned threads, std::size_t depth)
    : state_(std::make_unique<State>(std::max(threads, 1u), depth)) {}
OrderedWork::~OrderedWork() = default;

Status OrderedWork::submit(std::function<Status()> work, std::function<Status()> done) {
  State& s = *state_;
  if (s.failure) return *s.failure;
  if (s.workers_wanted == 0) {
    Status status = run_inside(work);
    if (status) status = run_inside(done);
    if (!status) s.failure = status.error();
    return status;
  }
  bool crowded;
  bool failing = false, no_room = false;
  {
    const std::lock_guard lock(s.mutex);
    failing = std::ranges::any_of(s.tasks, [](const State::Task& task) { return task.result && !*task.result; });
    if (!failing) no_room = !s.add_task(std::move(work), std::move(done));
    crowded = s.tasks.size() - s.claimed > s.idle;
  }
  if (no_room) return s.stop(out_of_memory());
  if (failing) return s.drain(0);
  if (crowded && s.workers.size() < s.workers_wanted) s.add_worker();
  s.work_waits.notify_one();
  return s.drain(s.depth - 1);
}

Status OrderedWork::finish() {
  if (state_->failure) return *state_->failure;
  return state_->drain(0);
}

unsigned thread_count(unsigned wanted) {
  constexpr unsigned kMost = 256;
  const unsigned threads = wanted != 0 ? wanted : std::thread::hardware_concurrency();
  return std::clamp(threads, 1u, kMost);
}

}  // namespace delta
