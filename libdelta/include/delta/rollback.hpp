// Undoing: the deltas that restore an earlier state, or that undo one commit. Nothing is forgotten; what
// is undone stays in the log, and so does the undoing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delta/encode.hpp"
#include "delta/snapshot.hpp"

namespace delta {

struct RollbackOptions {
  VectorSet vectors = VectorSet::all();          ///< of encoder.log()
  std::uint64_t max_delete = ~std::uint64_t{0};  ///< refuse to delete more vectors than this
  std::optional<double> max_delete_share = {};   ///< or more than this share (0 to 1) of those of a namespace
  std::optional<Micros> at =
      {};  ///< time of the deltas; none: EncodeOptions::now, or the least later one that the clock rule allows
};

/// What revert() left alone of a vector, because it was changed since the commit.
struct KeptChange {
  VectorNo vector{};
  bool existence =
      false;  ///< it was deleted since; or it was created, or created again, and is not as the commit left it
  std::vector<std::uint32_t> dims;   ///< increasing
  std::vector<std::string> members;  ///< top-level members of its metadata, in order of name
};

struct RollbackSummary {
  std::uint64_t created = 0, deleted = 0,
                changed = 0;     ///< vectors that got deltas; none of all: there was nothing to do
  std::uint64_t values = 0;      ///< dimensions assigned in changed vectors
  std::uint64_t properties = 0;  ///< of namespaces, set or removed

  bool nothing() const { return created + deleted + changed + properties == 0; }
  std::vector<KeptChange> kept;  ///< in order of namespace and id
};

/// Adds to `encoder` what makes the present state equal the state of encoder.log() at a cut, in existence, bits and
/// metadata: a create, a delete, or an assignment of the dimensions that differ and a merge patch of the metadata. Rows
/// that come back stand behind the others, in their old order among each other. Vectors come in order of namespace,
/// dimension count and id, creates last.
///
/// Where all vectors are restored, properties of namespaces are, too, each in a commit of its own. All else becomes one
/// commit where EncodeOptions::commit_every and commit_every_bytes allow so many deltas. The
/// values were in the log already: EncodeOptions::allow_nonfinite lets those pass that are not finite. Metadata whose
/// change exceeds the limit of one patch takes several deltas. REQUIRES: no commit of this encoder was concurrent to
/// another. Errors: those of snapshot() and of Encoder::delta(); bad_input: more would be deleted than the options
/// allow. After an error the encoder can only be destroyed.
DELTA_EXPORT Result<RollbackSummary> rollback(Encoder& encoder, const CutOptions& cut,
                                              const RollbackOptions& options = {});

/// Adds to `encoder` what takes one commit of encoder.log() back, by a three-way merge: where the state before the
/// commit, as its author saw it, differs from the state after it, a value that is still as after the
/// commit gets its old value back. A value as before needs nothing. Any other was changed since and stays (`kept`).
/// This goes for each dimension and each top-level member of metadata, and for existence: a vector that the commit
/// created is deleted if nothing of it was changed since; one that it deleted is created again if it does not exist.
/// The rest as rollback(). Errors: those of rollback(); not_found: the commit is pending; usage: it changes no vector.
DELTA_EXPORT Result<RollbackSummary> revert(Encoder& encoder, CommitNo commit, const RollbackOptions& options = {});

}  // namespace delta
