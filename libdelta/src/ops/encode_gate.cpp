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

namespace {

/// Whether they number namespaces and vectors alike.
bool same_numbers(const Catalog& a, const Catalog& b) {
  if (a.namespaces() != b.namespaces() || a.vectors() != b.vectors()) return false;
  for (const NamespaceNo ns : numbers<NamespaceNo>(a.namespaces())) {
    if (a.name_space(ns) != b.name_space(ns)) return false;
  }
  for (const VectorNo vector : numbers<VectorNo>(a.vectors())) {
    if (a.namespace_of(vector) != b.namespace_of(vector) || a.id(vector) != b.id(vector)) return false;
  }
  return true;
}

}  // namespace

Status Gated::ask(const std::function<Status(const NewCommits&)>& gate, std::span<const std::string> built_on,
                  unsigned threads, const std::optional<StatesAround>& states) && {
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
  const bool known = states && same_numbers(states->now->catalog(), log.catalog());
  return gate({log, nth<CommitNo>(log.commits() - own.commits()), *written, known ? &*states : nullptr});
}

}  // namespace delta::ops
