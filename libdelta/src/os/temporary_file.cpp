// The spool for those who know no system calls.
#include <utility>

#include "base/boundary.hpp"
#include "delta/file.hpp"
#include "os/spool.hpp"

namespace delta {

struct TemporaryFile::State {
  os::Spool spool;
};

TemporaryFile::TemporaryFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
TemporaryFile::TemporaryFile(TemporaryFile&&) noexcept = default;
TemporaryFile& TemporaryFile::operator=(TemporaryFile&&) noexcept = default;
TemporaryFile::~TemporaryFile() = default;

Result<TemporaryFile> TemporaryFile::create() try {
  const Boundary boundary;
  DELTA_TRY(auto spool, os::Spool::create());
  return TemporaryFile(std::make_unique<State>(State{std::move(spool)}));
} catch (...) {
  return caught();
}

Status TemporaryFile::write(std::span<const std::uint8_t> bytes) try {
  const Boundary boundary;
  return state_->spool.write(bytes);
} catch (...) {
  return caught();
}

Result<std::shared_ptr<const ByteSource>> TemporaryFile::finish(std::string name) && try {
  const Boundary boundary;
  return std::move(state_->spool).finish(std::move(name));
} catch (...) {
  return caught();
}

}  // namespace delta
