// follow LOG COUNT: prints the deltas of a log, then those that are appended to it, until there were COUNT of them. A
// cursor says how far it has read. As text (Cursor::text) it could be kept in a file, to go on from after a restart.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <delta/feed.hpp>
#include <delta/log.hpp>
#include <string>
#include <thread>

namespace {

/// Prints what comes after the cursor, and moves it there. Returns how many deltas that were.
delta::Result<std::size_t> print_new(const delta::Log& log, delta::Cursor& cursor) {
  DELTA_TRY(auto feed, delta::Feed::after(log, cursor));
  delta::FeedBatch batch;
  std::size_t printed = 0;
  while (true) {
    DELTA_TRY(const bool more, feed.next(batch));
    if (!more) break;
    for (std::size_t i = 0; i < batch.deltas.size(); ++i) {
      const auto delta = batch.deltas[i];
      const std::string dot = log.dot_text({log.commit_origin(delta.commit), delta.seq});
      const std::string what(delta::operation_name(delta.op)), id(log.catalog().id(delta.vector));
      std::printf("%s %s %s\n", dot.c_str(), what.c_str(), id.c_str());
    }
    printed += batch.deltas.size();
  }
  std::fflush(stdout);
  cursor = feed.cursor();
  return printed;
}

delta::Status follow(const std::string& path, std::size_t count) {
  const std::string paths[] = {path};
  DELTA_TRY(auto log, delta::Log::open(paths));
  delta::Cursor cursor;
  DELTA_TRY(std::size_t seen, print_new(log, cursor));
  while (seen < count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    DELTA_TRY(const auto now, log.refresh(cursor));
    if (now.kind == delta::Refreshed::Kind::unchanged) continue;
    if (now.kind == delta::Refreshed::Kind::gap) {
      return delta::error(delta::ErrorCode::not_kept, "the log does not have any more: " + now.lost.front());
    }
    DELTA_TRY(const std::size_t more, print_new(log, cursor));
    seen += more;
  }
  return {};
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const auto done = follow(words[1], std::strtoul(words[2], nullptr, 10));
  if (!done) std::fprintf(stderr, "%s\n", done.error().text().c_str());
  return done ? 0 : 1;
}
