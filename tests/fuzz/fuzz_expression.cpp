// Any text as an expression: refused with a byte, or read, and then written in a form that is read back to the same
// one. Asked of some objects, neither form may answer otherwise, and a negation answers the contrary.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "delta/expression.hpp"
#include "delta/text.hpp"

using namespace delta;

namespace {

constexpr std::string_view kObjects[] = {"", R"({"a":1,"b":"x","c":true,"d":{"e":null,"f":["g"]}})",
                                         R"({"a":{"a":{"a":-0.5}},"lang":"en","views":18446744073709551615})",
                                         R"({"":"","a":"*[]\\","author":{"name":"Jane Doe"},"b":9007199254740993})"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expression = Expression::parse(text);
  if (!expression) {
    const Error& error = expression.error();
    if (error.code != ErrorCode::usage || error.message.empty()) std::abort();
    if (!valid_utf8(error.message) || has_control(error.message)) std::abort();
    return 0;
  }
  const std::string canonical = expression->text();
  if (!valid_utf8(canonical) || canonical.size() > 65536) std::abort();
  const auto again = Expression::parse(canonical);
  if (!again || again->text() != canonical) std::abort();
  const auto contrary = Expression::parse("not (" + canonical + ")");  // may be too deep or too long
  for (const auto object : kObjects) {
    const bool holds = expression->matches(object).value();
    if (again->matches(object).value() != holds) std::abort();
    if (contrary && contrary->matches(object).value() == holds) std::abort();
  }
  return 0;
}
