#include "delta/limits.hpp"

#include <string>

#include "base/boundary.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

Status check_name(std::string_view kind, std::string_view name, std::size_t most) {
  const std::string what(kind);
  if (name.size() > most) {
    return error(ErrorCode::bad_input, what + " " + quote(name, 40) + " has " + std::to_string(name.size()) +
                                           " bytes, more than " + std::to_string(most));
  }
  if (!valid_utf8(name)) return error(ErrorCode::bad_input, what + " " + quote(name) + " is not valid UTF-8");
  if (has_control(name)) return error(ErrorCode::bad_input, what + " " + quote(name) + " holds a control character");
  return {};
}

Status check_named(std::string_view kind, std::string_view name, std::size_t most) {
  if (name.empty()) return error(ErrorCode::bad_input, std::string(kind) + " is empty");
  return check_name(kind, name, most);
}

}  // namespace

Status check_id(std::string_view id) try {
  const Boundary boundary;
  return check_named("id", id, kMaxIdBytes);
} catch (...) {
  return caught();
}

Status check_origin(std::string_view name) try {
  const Boundary boundary;
  return check_named("origin", name, kMaxNameBytes);
} catch (...) {
  return caught();
}

Status check_namespace(std::string_view name) try {
  const Boundary boundary;
  return check_name("namespace", name, kMaxNameBytes);
} catch (...) {
  return caught();
}

}  // namespace delta
