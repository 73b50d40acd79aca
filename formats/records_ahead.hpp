// Records of a stream of NDJSON, parsed on a thread of their own while those before are used: parsing takes as long as
// all that an encoder does with a line.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "formats/ndjson.hpp"

namespace delta::formats {

class RecordsAhead {
 public:
  enum class Parsing : std::uint8_t {
    ahead,       ///< on a thread of its own
    when_asked,  ///< for each record; the same records and errors come in the same order
  };
  RecordsAhead(std::unique_ptr<ByteStream> stream, const NdjsonOptions& options, Parsing parsing);
  /// Waits for the thread, unless it waits for bytes that may never come: then it is left alone, and ends when they do.
  ~RecordsAhead();

  /// The next record, valid until the next call; null at the end. Errors as of NdjsonReader::next(), after which there
  /// is no more, unless records are parsed when they are asked for.
  Result<const Record*> next();

  /// NdjsonReader::text(). REQUIRES: records are parsed when they are asked for.
  std::optional<std::string_view> text() const;
  std::uint64_t line() const;       ///< of the last record, from 1
  const std::string& name() const;  ///< of the stream

 private:
  struct Batch;
  struct State;

  Batch& batch_before_thread();
  void start_thread();

  std::shared_ptr<State> state_;  // the thread's, too
  std::thread thread_;            // none: not threaded, or not yet
};

}  // namespace delta::formats
