// Errors as values. Every failure says what went wrong and where; no exception leaves the library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "delta/export.hpp"

namespace delta {

enum class ErrorCode {
  usage,        ///< the request makes no sense: bad option value, missing argument
  bad_input,    ///< an input breaks a rule of the model; `where` names line, row or value
  io,           ///< the operating system refused; `message` ends with its reason
  exists,       ///< an output exists already and must not be replaced
  not_found,    ///< a file, vector, commit or time that was asked for is not there
  corrupt,      ///< bytes of a log are damaged
  unsupported,  ///< an intact log uses a feature that this version lacks
  forked,       ///< two different deltas under one dot
  locked,       ///< another process is writing the log
  limit,        ///< a bound was exceeded (delta/limits.hpp)
  not_kept,     ///< a cut that a pruned log does not answer any more
  late,         ///< a delta that a compaction had assumed not to exist
  closed_pipe,  ///< the reader of our output went away: the program ends quietly
  no_memory,    ///< memory ran out; the answer is not known
};

/// "usage", "bad-input", ...: for programs.
DELTA_EXPORT std::string_view error_code_name(ErrorCode code) noexcept;

/// What went wrong, where. Printed as `FILE: WHERE: MESSAGE` and `hint: HINT`.
struct Error {
  ErrorCode code = ErrorCode::bad_input;
  std::string message;
  std::string file;   ///< empty when no file is to blame
  std::string where;  ///< "line 3", "row 17, column 4", "byte 128"; empty when the whole file
  std::string hint;   ///< what to try; may be empty

  /// "FILE: WHERE: MESSAGE", without the empty parts and without the hint.
  DELTA_EXPORT std::string text() const;

  Error&& in(std::string f) && {
    if (file.empty()) file = std::move(f);
    return std::move(*this);
  }
  Error&& at(std::string w) && {
    if (where.empty()) where = std::move(w);
    return std::move(*this);
  }
  Error&& with_hint(std::string h) && {
    hint = std::move(h);
    return std::move(*this);
  }
};

inline Error error(ErrorCode code, std::string message) { return Error{code, std::move(message), {}, {}, {}}; }

/// Prints the broken precondition and aborts: a bug in the caller, never the answer to bad bytes.
[[noreturn]] DELTA_EXPORT void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace delta

// The name of the file alone: a path would tell where the library was built.
#define DELTA_CHECK(expression) ((expression) ? void(0) : ::delta::check_failed(#expression, __FILE_NAME__, __LINE__))
