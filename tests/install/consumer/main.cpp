// A program that embeds libdelta from an installed tree: only public headers, and something of each kind that they
// hold (functions, a Result, an Error), so that a symbol hidden by mistake fails to link.
#include <delta/result.hpp>
#include <delta/timestamp.hpp>

#include <cstdio>

namespace {

delta::Result<int> nowhere() { return delta::error(delta::ErrorCode::not_found, "no such file").in("nowhere"); }

delta::Result<std::string> written(std::string_view text) {
  DELTA_TRY(const delta::Micros time, delta::parse_time(text, 0));
  return delta::format_time(time);
}

}  // namespace

int main() {
  const auto time = written("2026-11-12T16:10:29+02:00");
  const auto absent = nowhere();
  if (!time || absent) return 1;
  std::puts(time->c_str());
  std::puts(absent.error().text().c_str());
  return 0;
}
