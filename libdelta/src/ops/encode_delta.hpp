// Single updates, as NDJSON states them: grouped into commits, whole vectors diffed.
#pragma once

#include "format/tables.hpp"
#include "ops/encode_session.hpp"

namespace delta::ops {

class DeltaEncoder {
 public:
  explicit DeltaEncoder(EncodeSession& session) : session_(session) {
    if (const auto& ids = session.options().ids) announced_.emplace(*ids);
  }
  Status delta(const DeltaInput& input);
  Status commit(const CommitInput& input);
  /// Closes what is open; bad_input when a stated commit lacks deltas.
  Status finish();

 private:
  Status as_bits(const DeltaInput& stated);
  Status take(const DeltaInput& stated);
  Status check_announced(const DeltaInput& input) const;
  Status check_lossy(const DeltaInput& input) const;
  Status join(const DeltaInput& input, VectorNo vector);
  bool joins(const DeltaInput& input) const;
  bool full(const DeltaInput& input) const;
  Result<std::vector<Dot>> dots(std::span<const std::string_view> texts);
  Status check_maximal(std::span<const Dot> parents) const;
  Result<VectorNo> vector_of(const DeltaInput& input);
  bool accuracy_due(const DeltaInput& input, VectorNo vector);
  Result<bool> changes_nothing(const DeltaInput& input, VectorNo vector);
  bool ignores(std::size_t dim, std::uint32_t stored) const;
  void reduce_patches(VectorNo vector);
  Status round_sparse(VectorNo vector);
  Status expand(const DeltaInput& input);
  Status put(const DeltaInput& input, VectorNo vector);
  Status put_whole(const DeltaInput& input, Delta delta, bool exists);
  Status put_patched(const DeltaInput& input, Delta delta);

  EncodeSession& session_;
  std::optional<format::IdSet> announced_;           // EncodeOptions::ids
  std::uint64_t stated_left_ = 0;                    // deltas that a stated commit still has to get
  bool stated_ = false;                              // the open commit is a stated one
  std::optional<std::vector<std::string>> parents_;  // as the open commit's first line gave them
  std::string metadata_;
  std::vector<std::string> patches_;      // of a whole vector
  std::span<const std::uint32_t> given_;  // its values before they were rounded
  std::vector<std::uint32_t> indices_, bits_, values_;
  std::vector<std::uint32_t> rounded_, stored_, expanded_;  // a whole vector
};

}  // namespace delta::ops
