// A program that embeds libdelta from an installed tree: only public headers, and something of each kind that they
// hold (functions, classes, a Result, an Error), so that a symbol hidden by mistake fails to link.
#include <cstdio>
#include <delta/blame.hpp>
#include <delta/encode.hpp>
#include <delta/log.hpp>
#include <delta/snapshot.hpp>
#include <delta/verify.hpp>
#include <string>
#include <vector>

namespace {

delta::Result<bool> use(const std::string& path) {
  delta::EncodeOptions options;
  options.force = true;
  options.now = 1'000'000;
  const std::vector<std::string> ids = {"a", "b"};
  const std::vector<float> values = {0.5f, 1.5f};
  delta::MatrixInput matrix;
  matrix.name = "matrix";
  matrix.rows = 2;
  matrix.dims = 1;
  matrix.ids = ids;
  matrix.values = values;
  DELTA_TRY(auto encoder, delta::Encoder::create(path, {}, options));
  DELTA_TRY(const auto deltas, encoder.state(matrix));
  DELTA_TRY(const auto summary, encoder.finish());
  const std::string paths[] = {path};
  DELTA_TRY(const auto report, delta::verify(paths));
  DELTA_TRY(const auto log, delta::Log::open(paths));
  DELTA_TRY(const auto state, delta::snapshot(log));
  DELTA_TRY(const auto read, state.values({"", "b"}));
  DELTA_TRY(const auto blame, delta::blame(log, delta::VectorName{"", "b"}));
  std::printf("%s: %zu vectors, b is %g by main:%zu\n", std::string(delta::verdict_name(report.verdict)).c_str(),
              log.catalog().vectors(), read[0], static_cast<std::size_t>(blame.created.dot.seq));
  const auto absent = state.find({"", "c"});
  return deltas == 2 && summary.commits == 1 && report.verdict == delta::Verdict::ok && !absent &&
         absent.error().code == delta::ErrorCode::not_found;
}

}  // namespace

int main() {
  const std::string path = "consumer.dlog";
  const auto used = use(path);
  if (!used) std::fprintf(stderr, "%s\n", used.error().text().c_str());
  std::remove(path.c_str());
  return used && *used ? 0 : 1;
}
