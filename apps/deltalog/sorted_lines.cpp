// Runs of lines, each sorted, go to the temporary file when the memory is used up, and are merged in the end. A line of
// a run is its key, its size and its text.
#include "sorted_lines.hpp"

#include <algorithm>
#include <cstring>
#include <queue>
#include <span>
#include <utility>

namespace deltalog {

namespace {

struct Head {
  LineKey key;
  std::uint64_t size;
};

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

KeyOrder::KeyOrder(const delta::Catalog& catalog) : ranks_(catalog.origins()) {
  const auto all = delta::numbers<delta::OriginNo>(catalog.origins());
  std::vector<delta::OriginNo> order(all.begin(), all.end());
  std::ranges::sort(order, {}, [&](delta::OriginNo origin) { return catalog.origin(origin); });
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) ranks_[order[rank]] = rank;
}

SortedLines::SortedLines(std::uint64_t memory, std::uint64_t most)
    : memory_(std::max<std::uint64_t>(memory, 64 << 10)), most_(most) {}

Status SortedLines::add(const LineKey& key, std::string_view text) {
  // Growing takes up to three times what is there, and merging as much as all runs are given.
  constexpr std::uint64_t kSome = 4096;
  if (lines_.size() / 2 >= most_ && lines_.size() >= kSome) keep_least();
  if (!lines_.empty() && (text_.size() + text.size()) + lines_.size() * sizeof(Line) > memory_ / 3) {
    DELTA_OK(spill());
  }
  lines_.push_back({key, text_.size(), text.size()});
  text_ += text;
  return {};
}

void SortedLines::sort() {
  std::ranges::sort(lines_, {}, [](const Line& line) { return std::pair(line.key, line.begin); });
  if (lines_.size() > most_) lines_.resize(static_cast<std::size_t>(most_));
}

/// Of more lines than are wanted.
void SortedLines::keep_least() {
  sort();
  std::string kept;
  for (Line& line : lines_) {
    const std::size_t begin = kept.size();
    kept += text_of(line);
    line.begin = begin;
  }
  text_ = std::move(kept);
}

delta::Error SortedLines::no_room(delta::Error why) const {
  why.code = delta::ErrorCode::io;
  return std::move(why).with_hint("set TMPDIR to a directory with room for more than " +
                                  std::to_string(written_ + text_.size()) + " bytes, or raise --memory");
}

Status SortedLines::spill() {
  if (!file_) {
    auto file = delta::TemporaryFile::create();
    if (!file) return no_room(std::move(file).error());
    file_ = *std::move(file);
  }
  sort();
  std::string block;
  const auto write = [&]() -> Status {
    if (auto written = file_->write(bytes_of(block)); !written) return no_room(std::move(written).error());
    written_ += block.size();
    block.clear();
    return {};
  };
  for (const Line& line : lines_) {
    const Head head{line.key, line.size};
    block.append(reinterpret_cast<const char*>(&head), sizeof head);
    block += text_of(line);
    if (block.size() >= (64 << 10)) DELTA_OK(write());
  }
  DELTA_OK(write());
  ends_.push_back(written_);
  lines_.clear();
  text_.clear();
  return {};
}

Status SortedLines::finish(const Visit& visit) {
  if (file_) {
    DELTA_OK(spill());
    lines_ = std::vector<Line>();  // gives back its room
    text_.shrink_to_fit();
    return merge(visit);
  }
  sort();
  for (const Line& line : lines_) DELTA_OK(visit(line.key, text_of(line)));
  return {};
}

/// Reads some of a run at a time, at least one line.
struct SortedLines::Run {
  std::uint64_t next = 0, end = 0;  // in the file: what has not been read
  std::vector<std::uint8_t> room;
  std::size_t at = 0;
  Head head = {};  // of the line at hand
  bool more = true;

  /// So that `size` bytes stand at `at`.
  Status fill(const delta::ByteSource& file, std::size_t most, std::size_t size) {
    if (room.size() - at >= size) return {};
    room.erase(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t left = room.size();
    at = 0;
    room.resize(left + static_cast<std::size_t>(std::min<std::uint64_t>(std::max(most, size) - left, end - next)));
    const auto into = std::span(room).subspan(left);
    next += into.size();
    return file.read(next - into.size(), into);
  }
  Status step(const delta::ByteSource& file, std::size_t most) {
    more = at < room.size() || next < end;
    if (!more) return {};
    DELTA_OK(fill(file, most, sizeof head));
    std::memcpy(&head, room.data() + at, sizeof head);
    at += sizeof head;
    return fill(file, most, static_cast<std::size_t>(head.size));
  }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(room.data()) + at, static_cast<std::size_t>(head.size)};
  }
};

Status SortedLines::merge(const Visit& visit) {
  DELTA_TRY(const auto file, std::move(*file_).finish("the temporary file"));
  const std::size_t most =
      std::max<std::size_t>(static_cast<std::size_t>(memory_ / (2 * std::max<std::size_t>(ends_.size(), 1))), 4 << 10);
  std::vector<Run> runs(ends_.size());
  // Earlier runs hold what came earlier.
  const auto later = [&](std::size_t a, std::size_t b) {
    return std::pair(runs[b].head.key, b) < std::pair(runs[a].head.key, a);
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> order(later);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].next = i == 0 ? 0 : ends_[i - 1];
    runs[i].end = ends_[i];
    DELTA_OK(runs[i].step(*file, most));
    if (runs[i].more) order.push(i);
  }
  for (std::uint64_t visited = 0; visited < most_ && !order.empty(); ++visited) {
    const std::size_t i = order.top();
    order.pop();
    Run& run = runs[i];
    DELTA_OK(visit(run.head.key, run.text()));
    run.at += static_cast<std::size_t>(run.head.size);
    DELTA_OK(run.step(*file, most));
    if (run.more) order.push(i);
  }
  return {};
}

}  // namespace deltalog
