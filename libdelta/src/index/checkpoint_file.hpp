// The file of checkpoints beside a log: formats/spec/checkpoint-1.md has the byte tables. Chunks of vectors come first,
// the directory of them last, so it is written in one pass and read in part.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "delta/bytes.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/numbers.hpp"
#include "delta/result.hpp"
#include "model/fold_base.hpp"

namespace delta::checkpoint {

enum class HeadNo : std::uint32_t {};         ///< of a head in a directory
enum class FileNamespace : std::uint32_t {};  ///< of a namespace in a directory

/// Where an origin of the log stood when the file was written: what binds the file to the log.
struct CheckpointHead {
  std::string origin;
  std::uint64_t last = 0;
  Hash hash{};
};

struct CheckpointChunk {
  enum class Kind : std::uint8_t {
    vectors = 0,     ///< what their deltas make of them
    unresolved = 1,  ///< names alone
  };
  Kind kind = Kind::vectors;
  FileNamespace name_space{};
  std::uint32_t count = 0;  ///< of vectors
  std::uint64_t offset = 0, length = 0, checksum = 0;
};

struct CheckpointEntry {
  Timestamp latest{};
  Indexed<HeadNo, std::uint64_t> seen;  ///< of its origin
  std::vector<CheckpointChunk> chunks;
  std::uint64_t bytes() const;  ///< of its chunks
};

struct CheckpointDirectory {
  Indexed<HeadNo, CheckpointHead> heads;
  Indexed<FileNamespace, Namespace> namespaces;
  std::vector<CheckpointEntry> checkpoints;  ///< by rising `latest`
};

/// Errors: corrupt; unsupported: the file has another version.
Result<CheckpointDirectory> read_checkpoint_directory(const ByteSource& file);

/// One vector of a chunk. What it views is valid until the visit returns.
struct ChunkVector {
  struct ChunkKey {
    Timestamp time;
    HeadNo origin{};
    std::uint64_t seq = 0;
  };
  std::string_view id;
  ChunkKey last, created;
  bool exists = false;
  std::span<const std::uint32_t> bits;
  std::string_view metadata;
  std::uint64_t overflows = 0;
};
/// The vectors of a chunk, in the order of the file; of an unresolved one the ids alone. Errors: corrupt, and those of
/// the visit.
Status read_checkpoint_chunk(const ByteSource& file, const CheckpointDirectory& directory, const CheckpointChunk& chunk,
                             const std::function<Status(const ChunkVector&)>& visit);

/// Writes a file from front to back: header; add() and finish_checkpoint() for each checkpoint; finish().
class CheckpointWriter {
 public:
  /// Keeps the references. `heads`: one for each origin of the catalog, in that order.
  CheckpointWriter(const Catalog& catalog, Indexed<HeadNo, CheckpointHead> heads, ByteSink& sink);

  ~CheckpointWriter();

  Status add(const model::FoldedVector& vector);
  Status add_unresolved(VectorNo vector);
  Status finish_checkpoint(Timestamp latest, const SeenSeqs& seen);
  /// A checkpoint of another file, whose bytes stay as they are. `seen`: its version vector.
  Status copy(const ByteSource& file, const CheckpointEntry& entry, const SeenSeqs& seen);
  Status finish();
  std::uint64_t bytes() const { return bytes_; }  ///< written so far

 private:
  struct Open;  // the chunk of a namespace that is being filled
  Status write(ByteView bytes);
  Status flush(Open& open);
  void add_entry(CheckpointEntry entry, const SeenSeqs& seen);

  const Catalog& catalog_;
  ByteSink& sink_;
  CheckpointDirectory directory_;
  CheckpointEntry entry_;
  std::vector<std::unique_ptr<Open>> open_;  // by namespace, vectors and unresolved ones
  std::uint64_t bytes_ = 0;
  bool begun_ = false;
};

}  // namespace delta::checkpoint
