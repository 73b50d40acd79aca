// The checkpoints beside the files of a log, and the fold that may start from one of them (law 7). A checkpoint is a
// cache: where it is missing, stale or damaged the log is folded from its beginning, and the answer is the same.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "delta/finding.hpp"
#include "delta/policy.hpp"
#include "delta/state.hpp"
#include "index/checkpoint_file.hpp"
#include "model/fold_two.hpp"
#include "store/union.hpp"

namespace delta::checkpoint {

/// A file of checkpoints that belongs to a log: each head that it names is one of the log's, with the same hash.
struct BoundFile {
  std::shared_ptr<const ByteSource> file;
  CheckpointDirectory directory;
  Indexed<HeadNo, OriginNo> origins;
  Indexed<FileNamespace, std::optional<NamespaceNo>> namespaces;  ///< none: the log does not know it

  /// The version vector of a checkpoint, by the numbers of the log, which has so many origins.
  SeenSeqs seen(const CheckpointEntry& entry, std::size_t origins) const;
};
/// None: there is none. What is wrong with one that is there is added to `notices`.
std::optional<BoundFile> open_bound(const store::Union& log, const std::string& path, std::vector<Finding>* notices);

/// One checkpoint of such a file. Keeps the references.
class Base final : public model::FoldBase {
 public:
  /// Errors: corrupt, io.
  static Result<std::unique_ptr<Base>> open(const store::Union& log, const BoundFile& file, std::size_t number);

  const SeenSeqs& seen() const override { return seen_; }
  Timestamp latest() const override { return entry_->latest; }
  const VectorSet& unresolved() const override { return unresolved_; }
  Status each(const VectorSet& vectors, const Visit& visit) const override;
  model::DeltaSource& rest() const override { return *rest_; }
  bool failed() const { return failed_; }  ///< each() could not read the file

 private:
  Base(const store::Union& log, const BoundFile& file, const CheckpointEntry& entry);
  std::optional<VectorNo> number(const CheckpointChunk& chunk, std::string_view id) const;
  Key key(const ChunkVector::ChunkKey& key) const { return {key.time, file_->origins[key.origin], key.seq}; }

  const store::Union* log_;
  const BoundFile* file_;
  const CheckpointEntry* entry_;
  SeenSeqs seen_;
  VectorSet unresolved_;
  std::unique_ptr<store::LogSource> rest_;
  mutable bool failed_ = false;
};

/// model::fold() of a log, from the checkpoint that spares most, where so many vectors are asked for that reading it
/// is worth it. `notices`: null, or told of checkpoints that could not be used.
Result<State> fold(const store::Union& log, model::DeltaSource& source, const model::Cut& cut, const VectorSet& vectors,
                   const Policy* policy, std::vector<VectorNo>* conflicted, std::vector<Finding>* notices);
/// The same of model::fold_two(): both states start from one checkpoint, which lies inside both cuts.
Result<std::pair<State, State>> fold_two(const store::Union& log, model::DeltaSource& source,
                                         const model::PolicyCut& first, const model::PolicyCut& second,
                                         const VectorSet& vectors, std::vector<Finding>* notices);

}  // namespace delta::checkpoint
