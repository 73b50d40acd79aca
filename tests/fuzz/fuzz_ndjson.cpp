// Any bytes as NDJSON: every line refused or read; what is read is the same in small pieces, and when written and read
// again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "formats/ndjson.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

std::string written(const Record& r) {
  std::string out;
  if (r.kind == Record::Kind::commit) {
    Commit c;
    c.first = *r.seq;
    c.count = r.deltas;
    c.message = r.message;
    c.tool = r.tool;
    c.source = r.source;
    c.trace = r.trace;
    c.setting = r.setting;
    c.time = Timestamp::of(r.time.value_or(0), r.tick.value_or(0));
    write_record(out, *r.origin, r.parents, c);
  } else if (r.kind == Record::Kind::name_space) {
    write_namespace(out, r.name_space, *r.dims);
  } else if (r.op) {
    Delta c{.op = *r.op,
            .time = Timestamp::of(r.time.value_or(0), r.tick.value_or(0)),
            .indices = r.indices,
            .bits = r.bits,
            .metadata = r.metadata,
            .seq = r.seq.value_or(0)};
    write_record(out, {r.name_space, r.id, r.origin.value_or(""), r.dims.value_or(0)}, c);
  } else {
    write_vector(out, {r.name_space, r.id, "", r.dims.value_or(0)}, r.bits, r.metadata);
  }
  return out;
}

// All records as they would be written, and the errors' texts.
std::string read_all(std::string_view text, std::size_t piece) {
  NdjsonReader reader(memory_stream("fuzz", text, piece), {.max_line = 4096});
  Record record;
  std::string out;
  for (;;) {
    auto got = reader.next(record);
    if (got && !*got) return out;
    out += got ? written(record) : got.error().text() + "\n";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_all(text, 0);
  if (size < 2048 && read_all(text, 3) != whole) std::abort();
  NdjsonReader reader(memory_stream("fuzz", text), {.max_line = 4096});
  Record record, again;
  for (;;) {
    auto got = reader.next(record);
    if (!got) continue;
    if (!*got) return 0;
    const std::string line = written(record);
    NdjsonReader second(memory_stream("again", line));
    auto back = second.next(again);
    if (!back || !*back || written(again) != line || again.bits != record.bits || again.indices != record.indices) {
      std::abort();
    }
  }
}
