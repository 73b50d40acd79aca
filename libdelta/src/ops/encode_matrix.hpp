// Matrices as successive states of a namespace: each becomes a commit of what changed.
#pragma once

#include <string>
#include <utility>

#include "ops/encode_session.hpp"

namespace delta::ops {

class MatrixEncoder {
 public:
  explicit MatrixEncoder(EncodeSession& session) : session_(session) {}
  Result<std::uint64_t> encode(const MatrixInput& input);

 private:
  /// Some rows, and what changed in them. Spans view the input or the chunk, which moves but is not copied.
  struct Chunk {
    struct Row {
      VectorNo vector;
      Operation op;
      std::pair<std::size_t, std::size_t> sparse;  // of indices and values
      std::span<const std::uint32_t> bits;         // create, dense
    };
    std::uint64_t first = 0, last = 0;  // rows, the last one past the end
    std::vector<std::uint32_t> bits;    // the chunk's own, where the input does not hold them as they are to be stored
    std::vector<std::uint32_t> given;   // scratch: a row before it was rounded
    std::vector<std::uint32_t> indices, values;
    std::vector<Row> rows;

    Chunk() = default;
    Chunk(Chunk&&) = default;
    Chunk& operator=(Chunk&&) = default;
  };

  Status name_rows(const MatrixInput& input);
  Status find_missing(const MatrixInput& input);
  Status diff_rows(const MatrixInput& input);
  Status diff_chunk(const MatrixInput& input, Chunk& chunk) const;
  bool copy_if_changed(const MatrixInput& input, std::uint64_t matrix_row, Chunk& chunk) const;
  Result<std::span<const std::uint32_t>> bits_of(const MatrixInput& input, Chunk& chunk) const;
  Status diff_row(std::uint64_t matrix_row, std::span<const std::uint32_t> bits, Chunk& chunk) const;
  Status take(const MatrixInput& input, Chunk& chunk);
  Status take_row(const MatrixInput& input, Chunk& chunk, const Chunk::Row& row, std::string_view patch);
  Status take_all(const MatrixInput& input, Chunk& chunk);
  Status find_patches(const MatrixInput& input, std::uint64_t matrix_row, VectorNo vector);
  Status put_patches(const MatrixInput& input, VectorNo vector, std::size_t first);
  Status put(const MatrixInput& input, Operation op, VectorNo vector, std::span<const std::uint32_t> indices,
             std::span<const std::uint32_t> bits, std::string_view metadata = {});

  EncodeSession& session_;
  NamespaceNo namespace_{};
  std::vector<VectorNo> vectors_;          // of the rows; kept, since the next matrix mostly has the same
  Indexed<VectorNo, std::uint32_t> seen_;  // the round that had it last
  std::uint32_t round_ = 0;
  std::vector<VectorNo> missing_;  // to be deleted
  std::vector<Chunk> spare_;
  std::vector<std::string> patches_;  // of the metadata of a row
};

}  // namespace delta::ops
