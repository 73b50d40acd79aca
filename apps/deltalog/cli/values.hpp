// What the text of an option means. Every function names the offending text in its error; the option is named by
// value_of().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parse.hpp"
#include "delta/clock.hpp"
#include "delta/compact.hpp"
#include "delta/file.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/preset.hpp"
#include "delta/timestamp.hpp"
#include "delta/windows.hpp"

namespace deltalog {

/// The wall clock, in microseconds.
delta::Micros now();

/// SOURCE_DATE_EPOCH in the environment, else the wall clock. Error: the variable is set and no number of seconds.
Result<delta::Micros> default_time();

Result<std::uint64_t> parse_count(std::string_view text);  ///< decimal digits, nothing else

/// delta::parse_time() by the wall clock. The hint of an error is the time that may be meant.
Result<delta::Micros> parse_time(std::string_view text);

/// First and last, both included.
struct DimRange {
  std::uint32_t first = 0, last = 0;
};
/// "0-15,20": as of cut(1), in any order; returned sorted and disjoint. Errors: empty, backwards, 2^20 or more.
Result<std::vector<DimRange>> parse_dims(std::string_view text);

/// "N" or "P%": one of the two.
struct Bound {
  std::optional<std::uint64_t> count;
  std::optional<double> share;  ///< 0 to 1
};
Result<Bound> parse_bound(std::string_view text);

/// "N", "DURATION" or "N,DURATION".
struct CommitEvery {
  std::optional<std::uint64_t> deltas;
  std::optional<delta::Micros> duration;
};
Result<CommitEvery> parse_commit_every(std::string_view text);

/// A distance: "0.5", "1e-3"; finite and not negative.
Result<std::uint32_t> parse_max_dims(std::string_view text);  ///< 1 to 2^20

/// "metric=cosine"; an empty value removes the property.
struct PropertyText {
  std::string key, value;
};
Result<PropertyText> parse_property(std::string_view text);

Result<std::size_t> parse_neighbours(std::string_view text);  ///< 1 to 2^20

Result<double> parse_distance(std::string_view text);

/// "all", "now", "since:TIME", "last:N", "every:DURATION", "hourly:N", "daily:N", "weekly:N", "monthly:N", "yearly:N",
/// "tags".
Result<delta::KeepRule> parse_keep(std::string_view text);

/// "chain:N", "segments:N", "deltas:N", "commits:N" or "bytes:SIZE".
struct Threshold {
  std::string what;
  std::uint64_t least = 0;
};
Result<Threshold> parse_threshold(std::string_view text);

/// A duration; "0", not at all; or "none", not at all, and without a lock where the file system has none.
Result<delta::LockWait> parse_wait(std::string_view text);

/// A duration; "any": none.
Result<std::optional<delta::Micros>> parse_skew(std::string_view text);

/// "4096", "64K", "256M", "10G": bytes; the letters count in 1,024.
Result<std::uint64_t> parse_size(std::string_view text);

Result<delta::Preset> parse_preset(std::string_view text);

/// "tumbling:1h", "sliding:1h/10m", "session:30m", "adaptive:100:10ms:5s". That the parts fit each other is windows()'
/// business.
Result<delta::WindowSpec> parse_window(std::string_view text);

/// Lines of a text file ("-": stdin), as formats::LineReader gives them.
Result<std::vector<std::string>> read_lines(const std::string& path);

/// parse(the option's value), its errors prefixed by the option; empty if the option was not given.
template <class Parse>
auto value_of(const Invocation& invocation, std::string_view option, Parse parse)
    -> Result<std::optional<std::decay_t<decltype(parse(std::string_view()).value())>>> {
  const std::string* text = invocation.value(option);
  if (text == nullptr) return {std::nullopt};
  auto parsed = delta::unless_out_of_memory(parse(std::string_view(*text)));
  if (parsed) return {std::optional(std::move(parsed).value())};
  auto error = std::move(parsed).error();
  error.code = delta::ErrorCode::usage;
  error.message = "--" + std::string(option) + ": " + error.message;
  return error;
}

Result<std::optional<delta::Micros>> time_of(const Invocation& invocation, std::string_view option);

/// The clock, which is the machine's or a later SOURCE_DATE_EPOCH, with --max-skew and --max-age of a command that has
/// them.
Result<delta::ClockRules> clock_of(const Invocation& invocation);

/// --wait, or the default.
Result<delta::LockWait> wait_of(const Invocation& invocation);

/// -j, or 0 for as many as the machine has.
/// --memory, else delta::default_memory().
Result<std::uint64_t> memory_of(const Invocation& invocation);
Result<unsigned> threads_of(const Invocation& invocation);

/// A usage error that points at the command's help.
delta::Error usage_error(const Invocation& invocation, std::string message);

}  // namespace deltalog
