// A program that embeds libdelta from an installed tree: only public headers, and something of each kind that they
// hold (functions, classes, a Result, an Error), so that a symbol hidden by mistake fails to link. first_value() is the
// README's.
#include <bit>
#include <cstdio>
#include <delta/blame.hpp>
#include <delta/encode.hpp>
#include <delta/log.hpp>
#include <delta/snapshot.hpp>
#include <delta/verify.hpp>
#include <vector>

namespace {

delta::Result<float> first_value(const std::string& path, std::string_view id) {
  const std::string paths[] = {path};
  DELTA_TRY(const auto log, delta::Log::open(paths));
  DELTA_TRY(const auto state, delta::snapshot(log));
  const auto spaces = log.catalog().namespaces_named("");  // the default one, once for each dimension count
  const auto vector = spaces.empty() ? std::nullopt : log.catalog().find_vector(spaces.front(), id);
  if (!vector || !state.exists(*vector)) return delta::error(delta::ErrorCode::not_found, "no such vector");
  return std::bit_cast<float>(state.bits(*vector)[0]);
}

delta::Result<bool> use(const std::string& path) {
  delta::EncodeOptions options;
  options.force = true;
  const std::vector<std::string> ids = {"a", "b"};
  delta::MatrixInput matrix;
  matrix.name = "matrix";
  matrix.rows = 2;
  matrix.dims = 1;
  matrix.ids = ids;
  matrix.at = 1'000'000;
  matrix.read = [](std::uint64_t first, std::span<std::uint32_t> bits) -> delta::Status {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      bits[i] = std::bit_cast<std::uint32_t>(static_cast<float>(first + i) + 0.5f);
    }
    return {};
  };
  DELTA_TRY(auto encoder, delta::Encoder::create(path, {}, options));
  DELTA_TRY(const auto deltas, encoder.state(matrix));
  DELTA_TRY(const auto summary, encoder.finish());
  DELTA_TRY(const float value, first_value(path, "b"));
  const std::string paths[] = {path};
  DELTA_TRY(const auto report, delta::verify(paths));
  DELTA_TRY(const auto log, delta::Log::open(paths));
  DELTA_TRY(const auto blame,
            delta::blame(log, *log.catalog().find_vector(log.catalog().namespaces_named("").front(), "b")));
  std::printf("%s: %zu vectors, b is %g by main:%zu\n", std::string(delta::verdict_name(report.verdict)).c_str(),
              log.catalog().vectors(), value, static_cast<std::size_t>(blame.created.dot.seq));
  return deltas == 2 && summary.commits == 1 && value == 1.5f && report.verdict == delta::Verdict::ok;
}

}  // namespace

int main() {
  const std::string path = "consumer.dlog";
  const auto used = use(path);
  if (!used) std::fprintf(stderr, "%s\n", used.error().text().c_str());
  const auto absent = first_value(path, "c");
  std::remove(path.c_str());
  return used && *used && !absent && absent.error().code == delta::ErrorCode::not_found ? 0 : 1;
}
