#include "delta/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace delta {

std::string_view error_code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::bad_input:
      return "bad-input";
    case ErrorCode::io:
      return "io";
    case ErrorCode::exists:
      return "exists";
    case ErrorCode::not_found:
      return "not-found";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::forked:
      return "forked";
    case ErrorCode::locked:
      return "locked";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::not_kept:
      return "not-kept";
    case ErrorCode::late:
      return "late";
    case ErrorCode::closed_pipe:
      return "closed-pipe";
    case ErrorCode::no_memory:
      return "no-memory";
  }
  return "?";
}

std::string Error::text() const {
  std::string out;
  for (const std::string* part : {&file, &where}) {
    if (!part->empty()) out += *part + ": ";
  }
  return out + message;
}

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: broken precondition: %s\n", file, line, expression);
  std::abort();
}

}  // namespace delta
