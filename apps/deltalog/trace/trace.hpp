// What the program did and how long that took, for OpenTelemetry. Costs a branch where nobody asked for it. Only the
// main thread makes spans.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cli/parse.hpp"
#include "ui/console.hpp"

namespace deltalog::trace {

/// A piece of work, from here to the end of its scope, inside the span that is open.
class Span {
 public:
  explicit Span(std::string_view name);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  Span& set(std::string_view key, std::uint64_t value);
  Span& set(std::string_view key, std::string_view value);

 private:
  std::optional<std::size_t> number_;
};

/// Opens the span of the whole command if --trace-out or the environment asks for it (deltalog(1), TRACES).
void begin(const Invocation& invocation, Console& console);
/// Ends it, and writes and sends what was recorded, in a second at most. A failure is a note. Does nothing without
/// begin().
void end(int exit_code, Console& console);

}  // namespace deltalog::trace
