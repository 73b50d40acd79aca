// Text that people write and read: untrusted bytes, sizes, hashes. Public because every front end prints ids, names and
// paths that came out of a file, and must neither trust nor garble them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delta/commit.hpp"
#include "delta/result.hpp"

namespace delta {

/// True for well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
DELTA_EXPORT bool valid_utf8(std::string_view text) noexcept;

/// True when well-formed UTF-8 holds a control character: C0 (below U+0020), DEL, or C1 (U+0080 to U+009F).
DELTA_EXPORT bool has_control(std::string_view text) noexcept;

/// Untrusted bytes made safe for a message or a terminal: control characters, bytes that are no UTF-8, and characters
/// that reorder or break lines come out as \xNN, a backslash as two. Beyond `max_bytes` of input, "…" follows.
DELTA_EXPORT std::string escape(std::string_view text, std::size_t max_bytes = 120);

/// The shortest decimal text that reads back as the same number; NaN, Infinity, -Infinity.
DELTA_EXPORT std::string number_text(double x);
DELTA_EXPORT std::string number_text(float x);

/// escape() between single quotes, for a value named inside a sentence.
DELTA_EXPORT std::string quote(std::string_view text, std::size_t max_bytes = 120);

/// "0 B", "1023 B", "1.5 KiB", "38.2 MiB": powers of 1024, one decimal rounded half up.
DELTA_EXPORT std::string human_size(std::uint64_t bytes);

/// "4096", "100K", "256M", "1G", "2T" (powers of 1024; also "256MiB") in bytes. Errors: anything else, above 2^63 - 1.
DELTA_EXPORT Result<std::uint64_t> parse_size(std::string_view text);

/// "1 delta", "2 deltas", "0 entries" with `many` given.
DELTA_EXPORT std::string plural(std::uint64_t count, std::string_view one, std::string_view many = {});

/// "main:7", or "main:7..9" of several dots of one origin, whose name is not escaped.
DELTA_EXPORT std::string dots_text(std::string_view origin, std::uint64_t first, std::uint64_t last);

/// Lower-case hexadecimal; of a hash the first `digits` digits.
DELTA_EXPORT std::string hex(const Hash& hash, std::size_t digits = 64);

/// The beginning of a hash, as people type it.
struct HashPrefix {
  Hash bytes{};            ///< zero beyond the digits given
  std::size_t digits = 0;  ///< 4 to 64

  DELTA_EXPORT bool matches(const Hash& hash) const noexcept;
};

/// 4 to 64 hexadecimal digits of either case.
DELTA_EXPORT Result<HashPrefix> parse_hash_prefix(std::string_view text);

}  // namespace delta
