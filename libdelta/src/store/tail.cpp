#include "store/tail.hpp"

#include "store/seal.hpp"
#include "support/worker_pool.hpp"

namespace delta::store {
namespace {

Status save_and_cut(const std::string& path, io::AppendFile& file, std::uint64_t from, std::vector<Finding>& notices) {
  const std::string saved = path + ".torn-" + std::to_string(from);
  Buffer bytes(file.size() - from);
  DELTA_OK(file.read(from, bytes));
  DELTA_TRY(OutputFile out, OutputFile::create(saved, {.force = true}));
  DELTA_OK(out.write(bytes));
  DELTA_OK(out.commit());
  DELTA_OK(file.truncate(from));
  notices.push_back({Verdict::torn, path, from, "", std::to_string(bytes.size()) + " bytes of an unfinished write were set aside as " + saved, ""});
  return {};
}

}  // namespace

Status mend_tail(const std::string& path, io::AppendFile& file, std::vector<Finding>& notices) {
  DELTA_TRY(InputFile opened, InputFile::open(path));
  const auto input = std::make_shared<const InputFile>(std::move(opened));
  if (input->size() == 0) {
    return error(ErrorCode::corrupt, "empty file (0 bytes)").in(path).with_hint("write a new log with -o PATH -f");
  }
  std::vector<Finding> odd;
  DELTA_TRY(auto segments, open_segments(input, odd));
  if (odd.empty()) return {};
  if (segments.empty()) return save_and_cut(path, file, 0, notices);  // torn inside its first header
  Segment& last = segments.back();
  if (last.sealed) return save_and_cut(path, file, last.offset + last.length, notices);
  cut_to_commits(last);
  const std::uint64_t end = last.offset + last.length;
  if (end < file.size()) DELTA_OK(save_and_cut(path, file, end, notices));
  if (last.length == 0) return file.sync();
  DELTA_OK(load_tables(last));
  DELTA_TRY(const Seal seal, make_seal(last, thread_count(0)));
  DELTA_OK(file.write(seal.bytes));
  DELTA_OK(file.sync());
  notices.push_back({Verdict::unsealed, path, last.offset, "", "the last segment was sealed", ""});
  return {};
}

}  // namespace delta::store
