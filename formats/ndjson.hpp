// Deltas and commits as NDJSON, one object a line: what other programs send, and what `dump` writes.
//
//   {"id":"a","vector":[1,2]}                                      a whole vector, to be compared with what is there
//   {"id":"a","metadata":{"lang":"en"}}                            metadata alone
//   {"id":"a","ts":"2026-11-12T14:10:29Z","op":"sparse","indices":[7],"values":[0.5]}
//   {"type":"commit","origin":"main","seq":4,"deltas":2,"parents":["main:3"],"message":"..."}
//   {"type":"commit","origin":"main","seq":6,"deltas":1,"parents":["main:5"],"setting":"policy
//   max","ts":"2026-11-12T14:10:29Z"}
//   {"type":"namespace","namespace":"images","dims":512}           it is there, also without any vector
//
// A value is a decimal, rounded once to float32, or its raw bits as a string of exactly "0x" and 8 hexadecimal digits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/commit.hpp"
#include "delta/delta.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"
#include "formats/dataset.hpp"

namespace delta::formats {

/// One line. Filled again and again, so that a line costs no allocation. Texts are valid until the next line is read.
struct Record {
  enum class Kind : std::uint8_t { delta, commit, name_space };
  /// A dot by its origin's name; written "origin:seq" and split at the last colon.
  struct Parent {
    std::string_view origin;
    std::uint64_t seq = 0;
  };

  Kind kind = Kind::delta;

  // A change.
  std::string_view id;
  std::string_view name_space;  ///< empty: the default one; of a line about a namespace: its name
  std::optional<Operation>
      op;  ///< none: `bits` is the whole vector, to be diffed; without bits there is metadata, alone
  std::optional<std::uint32_t> dims;   ///< of its namespace, where one name has several counts; of a create that lists
                                       ///< some of its values (the others are 0)
  std::vector<std::uint32_t> indices;  ///< of sparse, and of such a create, strictly increasing
  std::vector<std::uint32_t> bits;     ///< raw float32: vector; values; factor; amount; lo, hi
  std::optional<Micros> time;          ///< also of a commit with a setting
  std::optional<std::uint32_t> tick;   ///< counter of the clock, 0 to 4095; only with a time
  std::string_view metadata;           ///< text from { to }, otherwise unchecked: the model parses it; empty: none

  // Both.
  std::optional<std::string_view> origin;  ///< not empty if given
  std::optional<std::uint64_t> seq;        ///< from 1; of a commit: its first
  bool has_parents = false;                ///< given; if then empty: has seen nothing
  std::vector<Parent> parents;

  // A commit.
  std::uint64_t deltas = 0;  ///< how many, from 1
  std::string_view message, tool, source, trace;
  std::string_view properties;  ///< text from { to }, otherwise unchecked; empty: none
  std::optional<Micros> given;  ///< the time that was meant for its last delta
  std::string_view setting;     ///< unchecked; empty: none. With one `deltas` is 1, and no change follows

  void clear();  ///< what it was; its room stays
};

/// A record that outlives the reader's next one: its texts stand in `text`. Never moved once it owns them.
struct OwnedRecord {
  Record record;
  std::string text;
  std::uint64_t line = 0;

  void own();                 ///< takes the texts over from the reader
  std::size_t bytes() const;  ///< of texts, values and indices, about
};

struct NdjsonOptions {
  std::size_t max_line = 64 << 20;  ///< bytes
  Micros now = 0;                   ///< what "3d ago" counts from; 0 makes such times an error
};

/// Reads records from a stream. Blank lines are skipped, CRLF and a byte order mark at the front are taken, the last
/// line may lack its end. Memory: the longest line about eight times.
class NdjsonReader {
 public:
  explicit NdjsonReader(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options = {});
  NdjsonReader(NdjsonReader&&) noexcept;
  ~NdjsonReader();

  /// The next record into `record`; false at the end. Errors: `bad_input` with file and line, naming member and value:
  /// no JSON object, a member that is unknown, repeated, missing, or that the operation does not take, a value of the
  /// wrong kind or beyond float32, indices repeated or more or fewer than values; `limit` for a line over max_line;
  /// what reading gives. After an error the record is of no use; reading may go on with the next line.
  Result<bool> next(Record& record);
  bool ready() const;  ///< whether next() would not have to read first; blank lines count
  /// The line that next() looked at, valid until the next call; empty if it is too long to be kept. None: at the end,
  /// and where next() failed for another reason than what a line says, so that there is nothing to go on with.
  std::optional<std::string_view> text() const;

  std::uint64_t line() const;       ///< of the last record, from 1
  const std::string& name() const;  ///< of the stream

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What stands before a change's operation. Empty texts and a seq of 0 (in the change) are left out.
struct RecordNames {
  std::string_view name_space, id, origin;
  std::uint32_t dims = 0;  ///< where the namespace's name does not tell which is meant; 0: left out
};

/// Appends the line that NdjsonReader reads back to exactly this change, time included.
void write_record(std::string& out, const RecordNames& names, const Delta& delta);

/// Appends the line of a commit; `parents` as the reader gives them.
void write_record(std::string& out, std::string_view origin, std::span<const Record::Parent> parents,
                  const CommitView& commit);

/// Appends the line that declares a namespace.
void write_namespace(std::string& out, std::string_view name_space, std::uint32_t dims);

/// Appends the line of a vector of a state: namespace, id, vector, metadata. Without values: of its metadata alone.
void write_vector(std::string& out, const RecordNames& names, std::span<const std::uint32_t> bits,
                  std::string_view metadata);

/// Writes a state: write_vector() of each row, under the name of its table.
Result<std::unique_ptr<DatasetSink>> create_ndjson(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
