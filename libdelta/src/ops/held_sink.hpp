// Bytes that may still be exchanged for others.
#pragma once

#include <utility>

#include "base/bytes.hpp"
#include "delta/bytes.hpp"

namespace delta::ops {

/// Keeps what is written until it is known that it will be used.
class HeldSink final : public ByteSink {
 public:
  explicit HeldSink(ByteSink& to) : to_(to) {}
  Status write(ByteView bytes) override {
    if (!holding_) return to_.write(bytes);
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return {};
  }
  /// What is held, and what follows.
  Status pass_on() {
    if (!std::exchange(holding_, false)) return {};
    return to_.write(std::exchange(held_, {}));
  }
  bool holding() const { return holding_; }
  const Buffer& held() const { return held_; }

 private:
  ByteSink& to_;
  bool holding_ = true;
  Buffer held_;
};

}  // namespace delta::ops
