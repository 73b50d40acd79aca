// Matrices as successive states of a namespace: each becomes a commit of what changed.
#pragma once

#include "ops/encode_session.hpp"

namespace delta::ops {

class MatrixEncoder {
 public:
  explicit MatrixEncoder(EncodeSession& session) : session_(session) {}
  Result<std::uint64_t> encode(const MatrixInput& input);

 private:
  Status name_rows(const MatrixInput& input);
  Status find_missing(const MatrixInput& input);
  Status diff_rows(const MatrixInput& input);
  Status diff_row(const MatrixInput& input, std::uint64_t row, std::span<std::uint32_t> bits);
  Status put(const MatrixInput& input, Operation op, std::uint32_t vector, std::span<const std::uint32_t> indices, std::span<const std::uint32_t> bits);

  EncodeSession& session_;
  std::uint32_t namespace_ = 0;
  std::vector<std::uint32_t> vectors_;   // of the rows; kept, since the next matrix mostly has the same
  std::vector<std::uint32_t> seen_;      // by vector: the round that had it last
  std::uint32_t round_ = 0;
  std::vector<std::uint32_t> missing_;   // to be deleted
  std::vector<std::uint32_t> chunk_, indices_, changed_;
};

}  // namespace delta::ops
