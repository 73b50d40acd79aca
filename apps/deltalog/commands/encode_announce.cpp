#include "commands/encode_announce.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/values.hpp"
#include "commands/encode_stream.hpp"
#include "delta/lookup.hpp"
#include "delta/out_of_memory.hpp"
#include "formats/shared_source.hpp"

namespace deltalog {

namespace {

constexpr std::size_t kMostBytes = 64 << 10;

/// What was read of a stream, and then the rest of it.
class Replayed final : public delta::ByteStream {
 public:
  Replayed(std::string head, std::unique_ptr<delta::ByteStream> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}
  const std::string& name() const override { return rest_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (at_ == head_.size()) return rest_->read(into);
    const std::size_t n = std::min(into.size(), head_.size() - at_);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }

 private:
  std::string head_;
  std::size_t at_ = 0;
  std::unique_ptr<delta::ByteStream> rest_;
};

/// Sets the ids of the updates. False: they cannot be announced, or one cannot be read, which is said when it is
/// encoded.
bool announce_text(std::string_view text, delta::EncodeOptions& options) {
  delta::formats::NdjsonReader reader(delta::memory_stream("", text), {.now = now()});
  options.ids.emplace();
  options.operations = options.accuracy == delta::Accuracy();
  delta::formats::Record record;
  while (options.ids->size() <= kMostAnnounced) {
    const auto more = delta::unless_out_of_memory(reader.next(record));
    if (!more) return false;
    if (!*more) return true;
    if (!announce(record, options)) return false;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<delta::ByteStream>> stream_of(Input& input) {
  if (input.stream) return std::move(input.stream);
  if (input.file) return delta::formats::shared_stream(std::move(input.file));
  DELTA_TRY(auto opened, delta::InputStream::open(input.path));
  return std::unique_ptr<delta::ByteStream>(std::make_unique<delta::InputStream>(std::move(opened)));
}

Status announce_ids(const Invocation& invocation, std::vector<Input>& inputs, delta::EncodeOptions& options) {
  if (!invocation.has("append") || invocation.has("dry-run") || inputs.size() != 1 || inputs[0].is_state) return {};
  DELTA_TRY(const bool indexed, delta::has_index(*invocation.value("append")));
  if (!indexed) return {};  // nothing is gained, and the lock of the log is taken before input is awaited
  DELTA_TRY(auto stream, stream_of(inputs[0]));
  std::string head(kMostBytes, '\0');
  std::size_t size = 0;
  bool ended = false;
  while (size < head.size() && !ended) {
    const std::span<std::uint8_t> room(reinterpret_cast<std::uint8_t*>(head.data()) + size, head.size() - size);
    DELTA_TRY(const std::size_t n, stream->read(room));
    ended = n == 0;
    size += n;
  }
  head.resize(size);
  if (!ended || !announce_text(head, options)) options.ids.reset();
  inputs[0].stream = std::make_unique<Replayed>(std::move(head), std::move(stream));
  return {};
}

}  // namespace deltalog
