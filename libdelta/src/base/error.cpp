#include "delta/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace delta {

std::string Error::text() const {
  std::string out;
  for (const std::string* part : {&file, &where}) {
    if (!part->empty()) out += *part + ": ";
  }
  return out + message;
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken precondition: %s\n", file, line, expression);
  std::abort();
}

}  // namespace delta
