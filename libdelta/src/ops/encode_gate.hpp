// What is written passes here on its way to its target, so that a gate can look at all of it before it counts.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "delta/encode.hpp"
#include "delta/file.hpp"

namespace delta::ops {

class Gated final : public ByteSink {
 public:
  /// Keeps the reference. Errors: those of TemporaryFile.
  static Result<std::unique_ptr<Gated>> in_front_of(ByteSink& target);
  Status write(std::span<const std::uint8_t> bytes) override;
  /// Once, when all is written. `built_on`: paths of what the segment builds on. `states`: if they are known. Errors:
  /// those of the gate, and of opening the log.
  Status ask(const std::function<Status(const NewCommits&)>& gate, std::span<const std::string> built_on,
             unsigned threads, const std::optional<StatesAround>& states) &&;

 private:
  Gated(ByteSink& target, TemporaryFile copy) : target_(target), copy_(std::move(copy)) {}
  ByteSink& target_;
  TemporaryFile copy_;
};

}  // namespace delta::ops
