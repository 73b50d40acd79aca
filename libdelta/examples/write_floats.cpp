// write_floats LOG: makes a log of three vectors from floats in memory. The first commit is a whole matrix. The second
// is another state of it, so it holds only what changed. The third changes one vector.
#include <cstdio>
#include <delta/clock.hpp>
#include <delta/encode.hpp>
#include <string>
#include <vector>

namespace {

delta::Result<delta::EncodeSummary> write(const std::string& path) {
  // `now` is the time of every input that names none. Without it, an input has to say its time itself.
  const delta::EncodeOptions options{.force = true, .origin = "trainer", .now = delta::system_time()};
  DELTA_TRY(auto encoder, delta::Encoder::create(path, {}, options));

  const std::vector<std::string> ids = {"cat", "dog", "owl"};
  std::vector<float> values = {0.5f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};  // three rows of four
  delta::MatrixInput matrix;
  matrix.name = "the matrix in memory";  // for messages
  matrix.rows = 3;
  matrix.dims = 4;
  matrix.ids = ids;
  matrix.name_space = "animals";
  matrix.values = values;  // viewed, not copied: it must live until state() returns
  DELTA_TRY(const auto created, encoder.state(matrix));

  values[5] = -1;
  DELTA_TRY(const auto changed, encoder.state(matrix));
  std::printf("%d vectors created, then %d changed\n", static_cast<int>(created), static_cast<int>(changed));

  const std::vector<std::uint32_t> dims = {0, 3};
  const std::vector<float> two = {0.25f, 0.75f};
  encoder.set_message("two values of one vector");
  DELTA_OK(encoder.delta({.id = "owl",
                          .name_space = "animals",
                          .op = delta::Operation::sparse,
                          .indices = dims,
                          .metadata = R"({"seen":"at night"})",
                          .values = two}));
  return encoder.finish();  // only now has anything been written
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const auto done = write(words[1]);
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().text().c_str());
    return 1;
  }
  std::printf("%d commits, %d deltas\n", static_cast<int>(done->commits), static_cast<int>(done->deltas));
}
