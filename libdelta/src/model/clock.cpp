#include "model/clock.hpp"

#include <string>

#include "delta/state.hpp"
#include "delta/text.hpp"

namespace delta::model {

Status check_live(const ClockRules& rules, Micros time) {
  const auto refuse = [&](const std::string& what) {
    return error(ErrorCode::bad_input,
                 "time " + format_time(time) + what + "; the clock says " + format_time(rules.now.value_or(0)));
  };
  const auto latest = rules.latest();
  if (latest && time > *latest) {
    return refuse(" is ahead of the clock by more than --max-skew")
        .with_hint("every commit that sees it would get a later time; --max-skew any accepts it");
  }
  const Micros oldest = rules.now && rules.max_age && *rules.now > *rules.max_age ? *rules.now - *rules.max_age : 0;
  if (time < oldest) return refuse(" is older than --max-age");
  return {};
}

std::optional<Finding> commits_ahead(const Catalog& catalog, const History& history, Micros latest) {
  std::uint64_t count = 0;
  CommitNo first{};
  for (const CommitNo number : numbers<CommitNo>(history.size())) {
    if (history.time(number).us() <= latest) continue;
    const auto key = [&](CommitNo n) { return Key{history.time(n), history.origin(n), history.commit(n).first}; };
    if (count++ == 0 || key_less(catalog, key(number), key(first))) first = number;
  }
  if (count == 0) return std::nullopt;
  const CommitView& c = history.commit(first);
  return Finding{
      Verdict::ahead,
      "",
      0,
      "commit " + dot_text(catalog, {c.origin, c.first}),
      (count == 1 ? "its time, "
                  : "the first of " + std::to_string(count) + " commits whose time is ahead of the clock, at ") +
          format_time(c.time.us()) + (count == 1 ? ", is ahead of the clock" : ""),
      "what sees it gets a later time; the way out: dump the log, mend the time in the text, and encode that as a new "
      "log"};
}

}  // namespace delta::model
