// Reads an NDJSON file with simdjson alone: what `deltalog encode` of the same file is held against.
//
//   bench_json_pass FILE       (prints lines and numbers)
#include "json_pass.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "matrix_file.hpp"

int main(int count, char** arguments) {
  if (count != 2) bench::fail_with("usage: bench_json_pass FILE");
  // A piece at a time, as any program would that does not know how long its input is.
  std::vector<char> buffer((std::size_t{4} << 20) + simdjson::SIMDJSON_PADDING);
  bench::File file(arguments[1], O_RDONLY);
  simdjson::ondemand::parser parser;
  bench::JsonPass pass;
  std::size_t kept = 0;
  for (;;) {
    const std::size_t room = buffer.size() - simdjson::SIMDJSON_PADDING;
    const std::size_t got = file.read(buffer.data() + kept, room - kept), size = kept + got;
    const std::string_view text(buffer.data(), size);
    const std::size_t last = text.rfind('\n');
    const std::size_t whole = got == 0 || last == std::string_view::npos ? (got == 0 ? size : 0) : last + 1;
    if (const auto failed = bench::pass_over(parser, text.substr(0, whole), pass)) {
      bench::fail_with(simdjson::error_message(failed));
    }
    if (got == 0) break;
    kept = size - whole;
    std::memmove(buffer.data(), buffer.data() + whole, kept);
    if (kept == room) buffer.resize(2 * buffer.size());
  }
  std::printf("%" PRIu64 " %" PRIu64 " %g\n", pass.lines, pass.numbers, pass.sum);
  return 0;
}
