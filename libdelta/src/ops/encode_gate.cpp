#include "ops/encode_gate.hpp"

#include "store/union.hpp"

namespace delta::ops {

Result<std::unique_ptr<Gated>> Gated::in_front_of(ByteSink& target) {
  DELTA_TRY(auto copy, TemporaryFile::create());
  return std::unique_ptr<Gated>(new Gated(target, std::move(copy)));
}

Status Gated::write(std::span<const std::uint8_t> bytes) {
  DELTA_OK(copy_.write(bytes));
  return target_.write(bytes);
}

Status Gated::ask(const std::function<Status(const NewCommits&)>& gate, std::span<const std::string> built_on,
                  unsigned threads) && {
  DELTA_TRY(const auto written, std::move(copy_).finish("what is to be written"));
  std::vector<Finding> notices;
  DELTA_TRY(const auto paths, store::log_files(built_on, notices));
  std::vector<std::shared_ptr<const ByteSource>> sources;
  for (const auto& path : paths) {
    DELTA_TRY(auto file, InputFile::open_acknowledged(path));
    sources.push_back(std::make_shared<const InputFile>(std::move(file)));
  }
  sources.push_back(written);
  DELTA_TRY(const Log log, Log::open(sources, {threads}));
  DELTA_TRY(const Log own, Log::open(std::span(&written, 1), {threads}));
  return gate({log, nth<CommitNo>(log.commits() - own.commits()), *written});
}

}  // namespace delta::ops
