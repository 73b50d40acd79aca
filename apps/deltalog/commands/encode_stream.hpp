// Updates that come one by one, for as long as their producer runs: each run of commits becomes durable and visible
// while the next ones are awaited, and the log's lock is held only while one is written.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "delta/encode.hpp"
#include "delta/file.hpp"
#include "formats/ndjson.hpp"
#include "rejects.hpp"

namespace deltalog {

using delta::Result;
using delta::Status;

/// As many updates at most are worth looking at before the log is opened: see EncodeOptions::ids.
inline constexpr std::size_t kMostAnnounced = 1000;
/// Adds the id of an update to `options.ids`, which is there, and says whether all have an operation so far. False:
/// EncodeOptions::ids does not go with the record.
bool announce(const delta::formats::Record& record, delta::EncodeOptions& options);

class StreamEncoder {
 public:
  struct Options {
    std::string log;
    delta::EncodeOptions encode;            ///< `now` is asked anew for each segment
    std::optional<std::uint64_t> deltas;    ///< a commit is cut at so many, or
    std::optional<delta::Micros> duration;  ///< when its first delta is so old
    delta::Micros every = 1'000'000;        ///< segments are so far apart at least
    Rejects* rejects = nullptr;             ///< takes the lines that are refused; null: one ends the stream
  };
  using Write = std::function<Status(delta::Encoder&, const delta::formats::Record&)>;
  using Notice = std::function<void(const delta::Finding&)>;

  /// `notice`: is told at once what a segment found; that the log is ahead of the clock, once.
  StreamEncoder(Options options, Write write, Notice notice)
      : options_(std::move(options)), write_(std::move(write)), notice_(std::move(notice)) {}

  /// To the end of the stream. Of an error nothing behind last_dot() is in the log.
  Status run(delta::InputStream stream);

  /// What was acknowledged so far.
  const delta::EncodeSummary& summary() const { return summary_; }
  const std::string& last_dot() const { return last_dot_; }  ///< empty: nothing
  std::uint64_t last_line() const { return last_line_; }

 private:
  struct Line : delta::formats::OwnedRecord {
    std::string given;  // as it stands, if it may be refused
    bool alone = true;  // not one of a commit that is stated whole, which is taken or refused whole
  };

  Status refuse(delta::formats::NdjsonReader& reader, const delta::Error& error);
  Status take(Line& next);
  bool is_cut() const;
  delta::Micros until_due() const;
  Status flush();

  Options options_;
  Write write_;
  Notice notice_;
  bool said_ahead_ = false;
  std::string name_;
  std::deque<Line> pending_;  // owned texts may stand in the record itself: never moved
  std::size_t pending_bytes_ = 0;
  std::uint64_t owed_ = 0;  // deltas of a commit that was stated whole, still to come
  delta::Micros first_time_ = 0, last_time_ = 0, first_came_ = 0, last_flush_ = 0;
  delta::EncodeSummary summary_;
  std::string last_dot_;
  std::uint64_t last_line_ = 0;
};

}  // namespace deltalog
