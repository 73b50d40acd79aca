// States or updates in, a log out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/clock.hpp"
#include "delta/delta.hpp"
#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"
#include "delta/state.hpp"
#include "delta/states_around.hpp"

namespace delta {

/// What an encoder is about to add, complete but not yet there: see EncodeOptions::gate. Valid during the call.
struct NewCommits {
  const Log& log;                        ///< what is built on, with it
  CommitNo first{};                      ///< of its commits in this log; those behind it are its own, too
  const ByteSource& written;             ///< its segment: what Encoder::create() over a base would write
  const StatesAround* states = nullptr;  ///< around these commits, if the encoder knows them; else null
};

struct EncodeOptions {
  Preset preset = Preset::balanced;
  unsigned threads = 0;  ///< 0: as many as the machine has; never changes the bytes
  bool force = false;    ///< replace an existing output
  LockWait wait = {};    ///< for other writers of a log that is appended to
  bool allow_nonfinite = false;
  std::uint32_t max_dims = 65536;  ///< of new namespaces; at most 2^20
  std::string origin = "main";     ///< of inputs that name none
  std::string message = {}, source = {}, trace = {},
              tool = {};        ///< of commits that are not stated whole; tool empty: this library's own name
  std::string properties = {};  ///< and their properties (delta/properties.hpp)
  /// Time of inputs that name none, such as system_time(). None: an input without a time of its own is an error
  /// (usage).
  std::optional<Micros> now = {};
  /// What live times are held against: all that are given but those of commits stated whole. Where what a commit has
  /// seen is ahead, a time behind that is no error: the commit gets the next one, keeps the time that was meant
  /// (Commit::given), and finish() says so.
  ClockRules clock = {};
  /// Of live times: one behind what its commit has seen is no error either, and is treated the same, except that
  /// finish() only counts such commits (EncodeSummary::late).
  bool raise_late = false;
  std::uint64_t commit_every = 65536;            ///< deltas of a commit at most
  std::optional<Micros> commit_every_time = {};  ///< and microseconds between its first and last timestamp
  std::uint64_t commit_every_bytes = std::uint64_t{16} << 20;  ///< and bytes (as plain rows)
  /// What assigned values are rounded to before they are compared and written. Lossy, it is recorded: a commit of its
  /// own before the first assignments to a namespace, unless the log has it as the last word on that already. Refused
  /// then: scale and offset, whose arithmetic would carry errors beyond the bound (negate, abs and clamp do not), and
  /// what states its dot, whose name the values as stated may bear elsewhere.
  Accuracy accuracy = {};
  /// Of a log that is appended to: the ids of all deltas that will come. If it has an index (delta/reindex.hpp), only
  /// what they need is then read, and log() is as open_for_state() gives it. usage: another id, a matrix, parents, a
  /// commit that is stated whole, or a release of dots comes.
  std::optional<std::vector<std::string>> ids = {};
  /// With `ids`: each of these deltas states its operation, and the accuracy is exact. Of a log with an index no values
  /// are then read, and log() says nothing of any. usage: a delta without an operation comes.
  bool operations = false;
  /// Asked by finish() when all is written and nothing of it counts; not where there is nothing to add. Its error ends
  /// finish(), and leaves everything as it was. The written bytes are also kept in a temporary file (in $TMPDIR, or
  /// /tmp) for it, and what is built on is read again: from files and directories, not from a pipe.
  std::function<Status(const NewCommits&)> gate = {};
};

/// A whole state of one namespace: row i is the vector ids[i]. Read in row order, a few rows at a time. Its elements
/// are in `values`, in `bits`, or come from `read`; usage: more than one of these is given.
struct MatrixInput {
  std::string name = {};  ///< for errors
  std::uint64_t rows = 0;
  std::uint32_t dims = 0;
  std::span<const std::string> ids = {};  ///< rows of them, or empty: the row number in decimal
  std::string name_space = {};
  std::optional<Micros> at = {};
  bool partial = false;                          ///< a vector that is missing is left alone instead of deleted
  std::uint64_t max_delete = ~std::uint64_t{0};  ///< refuse to delete more vectors than this
  std::optional<double> max_delete_share = {};   ///< or more than this share (0 to 1) of the namespace
  std::span<const float> values = {};            ///< all rows, one after the other: rows x dims
  std::span<const std::uint32_t> bits = {};      ///< the same as raw float32 bits
  /// Gives the rows from `first` on, as raw float32 bits, as many as `bits` has room for. Called on several threads at
  /// a time.
  std::function<Status(std::uint64_t first, std::span<std::uint32_t> bits)> read = {};
  /// All metadata of a row, as JSON text of an object; empty: it has none. What the log holds beside it is removed. In
  /// row order, on the calling thread. Null: nothing is said of metadata.
  std::function<std::string_view(std::uint64_t matrix_row)> metadata = {};
  /// No other state, update or stated commit follows in this run, so the encoder need not remember the values: of a
  /// first matrix it then keeps the names of the rows and a few pieces of them in memory.
  bool last = false;
};

/// One update, as an NDJSON line states it. Its values are in `values` or in `bits`; usage: in both.
struct DeltaInput {
  std::string_view id = {}, name_space = {};
  /// None: the values are the whole vector, and `metadata` is merged into its own; stored as what changes. Without
  /// values the metadata alone.
  std::optional<Operation> op = {};
  std::span<const std::uint32_t> indices = {};  ///< sparse
  std::span<const std::uint32_t> bits = {};     ///< values or parameters, as raw float32 bits
  std::string_view metadata = {};               ///< JSON text of a merge patch; empty: none
  std::optional<Micros> at = {};
  std::optional<std::uint32_t> tick = {};  ///< HLC counter; only with `at`
  std::optional<std::string_view> origin = {};
  std::optional<std::uint64_t> seq = {};  ///< must be the next one of its origin
  std::optional<std::span<const std::string_view>> parents =
      {};  ///< "origin:seq", none of which another one has seen; none: everything before it
  /// Which namespace is meant, where concurrent first creates gave one name several; else what it has. Of a create
  /// beside `indices`: it has so many dims, and the values that are not listed are 0.
  std::optional<std::uint32_t> dims = {};
  bool copied =
      false;  ///< of what the log held: metadata may have members that begin with "deltalog.", which are reserved
  std::span<const float> values = {};  ///< in the place of `bits`
};

/// A commit stated whole, as `dump` writes it: the next `deltas` changes are its own, and a text that is empty here is
/// empty in it. With a setting (see Commit) it holds that alone, `deltas` is 1, no change follows, and `at` and `tick`
/// are its time.
struct CommitInput {
  std::string_view origin;
  std::uint64_t first = 1, deltas = 0;
  std::span<const std::string_view> parents;
  std::string_view message, tool, source, trace;
  std::string_view setting = {};
  std::optional<Micros> at = {};
  std::optional<std::uint32_t> tick = {};
  std::string_view properties = {};  ///< JSON text of an object; empty: none
  std::optional<Micros> given = {};
};

struct EncodeSummary {
  std::uint64_t commits = 0, deltas = 0, bytes = 0;  ///< written
  std::uint64_t late = 0;        ///< of the commits: that got a later time than was meant (EncodeOptions::raise_late)
  std::uint64_t unchanged = 0;   ///< whole states and vectors that changed nothing and made no commit
  std::vector<Finding> notices;  ///< a torn tail that was set aside, ...
};

/// Writes one segment: a new log, the end of an existing one, or what another log lacks. Nothing is visible before
/// finish(); the destructor abandons everything and restores an appended log. After an error only destruction is
/// allowed, except after one that delta() documents.
class DELTA_EXPORT Encoder {
 public:
  /// A new log at `path`; what `base` holds (may be empty) is seen and diffed against, but not copied.
  static Result<Encoder> create(const std::string& path, std::span<const std::string> base, EncodeOptions options);
  /// More of the log at `path`, under its lock; a torn tail is saved beside it and cut first.
  static Result<Encoder> append(const std::string& path, EncodeOptions options);
  /// As create(), but nothing is written: finish() says what would be.
  static Result<Encoder> rehearse(std::span<const std::string> base, EncodeOptions options);
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;
  ~Encoder();

  /// One commit that holds what changed; none when nothing did. Returns the number of deltas.
  Result<std::uint64_t> state(const MatrixInput& input);
  /// Joins the open commit, or opens the next one by the rules of `--commit-every`. After bad_input or limit the
  /// encoder goes on as if the delta had not come (its names may stay in log().catalog()), unless it is one of a commit
  /// that is stated whole.
  Status delta(const DeltaInput& input);
  Status commit(const CommitInput& input);
  /// The log has this namespace, also while no vector is in it. bad_input: the log has it with other dims.
  Status declare(std::string_view name_space, std::uint32_t dims);
  /// A commit of the options' origin that holds one setting (see Commit) and has seen everything. A policy or an
  /// accuracy is written in its canonical form. What is diffed from here on is diffed against the state under a policy.
  /// An accuracy rounds nothing: what this encoder writes is rounded to that of the options. bad_input, or unsupported
  /// for an unknown strategy, accuracy or kind.
  Status set(std::string_view setting, std::optional<Micros> at = {});
  /// A property of a namespace (delta/property.hpp), in such a commit; an empty value removes it. Nothing is written
  /// where the log says so already. bad_input: see check_property(); unsupported: an element type that is none.
  Status property(std::string_view name_space, std::string_view key, std::string_view value,
                  std::optional<Micros> at = {});
  // Tags. bad_input: no name for a tag, or nothing to be tagged.
  Status tag_time(std::string_view name, Micros time);
  /// A name for these dots and all that they had seen; none: all that the log has. Its own time is the greatest that
  /// the log has, or the next, so it does not depend on the clock.
  Status tag_release(std::string_view name, std::span<const Dot> heads = {});
  Status untag(std::string_view name);  ///< the name names nothing any more; bad_input: it does not now

  /// Message of commits that are opened from now on and state none.
  void set_message(std::string message) noexcept;

  /// What is built on: the log appended to, read under its lock, or the base; with the names and commits written since.
  const Log& log() const noexcept;
  /// Folds the whole log, where so far only what the updates needed was read. Once.
  Status read_present();
  /// Its present state, with what was written since; of a vector that a commit of this run changed without having seen
  /// everything, the one before. Lives as long as the encoder; what is written changes it. REQUIRES: read_present()
  Result<const State*> present() const;

  /// Seals the segment and makes it durable. Only now has anything happened.
  Result<EncodeSummary> finish();

 private:
  struct DELTA_HIDDEN Impl;
  DELTA_HIDDEN explicit Encoder(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace delta
