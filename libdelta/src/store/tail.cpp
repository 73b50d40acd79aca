#include "store/tail.hpp"

#include "os/worker_pool.hpp"
#include "store/extras.hpp"
#include "store/seal.hpp"

namespace delta::store {
namespace {

/// A new file beside the log that holds the bytes, under a name that nothing has; returns the name.
Result<std::string> save_beside(const std::string& path, std::uint64_t from, ByteView bytes) {
  const std::string base = path + ".torn-" + std::to_string(from);
  for (int number = 1;; ++number) {
    const std::string name = number == 1 ? base : base + "." + std::to_string(number);
    auto out = OutputFile::create(name, {});
    if (!out && out.error().code == ErrorCode::exists) continue;
    if (!out) return std::move(out).error();
    DELTA_OK(out->write(bytes));
    if (auto done = out->commit(); !done && done.error().code == ErrorCode::exists) {
      continue;
    } else if (!done) {
      return std::move(done).error();
    }
    return name;
  }
}

/// The cut is durable before anything is written behind it: a power cut must not mix what stood there with what will.
Status save_and_cut(const std::string& path, os::AppendFile& file, std::uint64_t from, std::vector<Finding>& notices) {
  Buffer bytes(file.size() - from);
  DELTA_OK(file.read(from, bytes));
  DELTA_TRY(const std::string saved, save_beside(path, from, bytes));
  DELTA_OK(file.truncate(from));
  DELTA_OK(file.sync());
  notices.push_back({Verdict::torn, path, from, "",
                     std::to_string(bytes.size()) + " bytes of an unfinished write were set aside as " + saved, ""});
  return {};
}

/// Writes what follows the segment as it stands, in the order of an append.
Status seal(const std::string& path, os::AppendFile& file, Segment& last, std::vector<Finding>& notices) {
  DELTA_OK(load_tables(last));
  DELTA_TRY(const Seal seal, make_seal(last, thread_count(0)));
  const ByteView bytes(seal.bytes);
  DELTA_OK(file.sync());
  DELTA_OK(file.write(bytes.first(bytes.size() - format::kTrailerBytes)));
  DELTA_OK(file.sync());
  DELTA_OK(file.write(bytes.last(format::kTrailerBytes)));
  DELTA_OK(file.acknowledge());
  let_signals_kill();  // the append itself is still to come
  notices.push_back({Verdict::unsealed, path, last.offset, "", "the last segment was sealed", ""});
  return {};
}

}  // namespace

Status recover_tail(const std::string& path, os::AppendFile& file, std::vector<Finding>& notices) {
  DELTA_TRY(InputFile opened, InputFile::open(path));
  const auto input = std::make_shared<const InputFile>(std::move(opened));
  if (input->size() == 0) {
    return error(ErrorCode::corrupt, "empty file (0 bytes)").in(path).with_hint("write a new log with -o PATH -f");
  }
  std::vector<Finding> odd;
  DELTA_TRY(auto segments, open_segments(input, odd));
  if (odd.empty()) return {};
  if (!segments.empty() && segments.back().sealed) {
    return save_and_cut(path, file, segments.back().offset + segments.back().length, notices);
  }
  if (!segments.empty()) cut_to_commits(segments.back());
  const bool nothing = segments.empty() || segments.back().length == 0;
  if (nothing && segments.size() <= 1) {
    return error(ErrorCode::corrupt, "no commit of this file can be read: going on would give out its names again")
        .in(path)
        .with_hint("get the whole file, or write a new log with -o PATH -f");
  }
  Segment& last = segments.back();
  if (!nothing) DELTA_OK(check_rewritable(last));  // before anything is cut
  const std::uint64_t end = last.offset + last.length;
  if (end < file.size()) DELTA_OK(save_and_cut(path, file, end, notices));
  return nothing ? Status() : seal(path, file, last, notices);
}

}  // namespace delta::store
