// A blank line is an error and not skipped: it would shift every id after it onto another row.
#include "formats/ids.hpp"

#include "delta/file.hpp"
#include "delta/limits.hpp"
#include "formats/lines.hpp"

namespace delta::formats {

Result<IdList> read_ids(std::unique_ptr<ByteStream> stream) {
  LineReader lines(std::move(stream), 64 << 10);  // longer ones are named by the limit, shorter ones by their text
  IdList ids;
  for (;;) {
    DELTA_TRY(const auto line, lines.next());
    if (!line) return ids;
    if (auto good = check_id(*line); !good) {
      return std::move(good).error().in(lines.name()).at("line " + std::to_string(lines.number()));
    }
    ids.add(*line);
  }
}

Result<IdList> read_ids(const std::string& path) {
  DELTA_TRY(auto stream, InputStream::open(path));
  return read_ids(std::make_unique<InputStream>(std::move(stream)));
}

}  // namespace delta::formats
