// A log of which only the deltas of a few vectors are read, by what its index says of its segments: the blocks that
// hold them, and the commits that they belong to.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/lookup_index.hpp"
#include "store/narrow.hpp"
#include "store/union.hpp"

namespace delta::store {

struct FewVectors {
  Union& to;  ///< has the names of the index and nothing else
  std::shared_ptr<const ByteSource> file;
  const LookupIndex& index;
  std::span<const LookupIndex::Found> found;  ///< in order, of
  std::span<const std::string> ids;
  Deltas deltas = Deltas::all;
};
/// Decodes all deltas of the vectors, and fills the union. False: there are too many, and nothing is done. Errors that
/// name a file are of the log; corrupt, without a file: the index is not of this log, or damaged.
Result<bool> read_few(const FewVectors& few);

}  // namespace delta::store
