#include "commands/encode_stream.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/values.hpp"

namespace deltalog {

namespace {

using delta::Micros;
using delta::formats::OwnedRecord;
using delta::formats::Record;

constexpr std::size_t kMostRecords = 65536, kMostBytes = std::size_t{16} << 20;

/// The stream as the reader wants it, which can also be asked whether it has anything.
class Waiting final : public delta::ByteStream {
 public:
  explicit Waiting(delta::InputStream& stream) : stream_(stream) {}
  const std::string& name() const override { return stream_.name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return stream_.read(into); }

 private:
  delta::InputStream& stream_;
};

}  // namespace

bool announce(const Record& record, delta::EncodeOptions& options) {
  if (record.kind == Record::Kind::name_space) return true;
  if (record.kind != Record::Kind::delta || record.has_parents) return false;
  options.ids->emplace_back(record.id);
  options.operations = options.operations && record.op;
  return true;
}

namespace {

template <class Lines>
void announce_all(const Lines& records, delta::EncodeOptions& options) {
  options.ids.emplace();
  options.operations = options.accuracy == delta::Accuracy();
  const auto one = [&](const OwnedRecord& own) { return announce(own.record, options); };
  if (records.size() > kMostAnnounced || !std::ranges::all_of(records, one)) options.ids.reset();
}

}  // namespace

Status StreamEncoder::run(delta::InputStream stream) {
  name_ = stream.name();
  delta::formats::NdjsonReader reader(std::make_unique<Waiting>(stream),
                                      {.max_line = std::size_t{64} << 20, .now = now()});
  while (true) {
    if (until_due() == 0) DELTA_OK(flush());
    if (!reader.ready() && until_due() != delta::kMaxMicros) {
      DELTA_TRY(const bool more, stream.wait(until_due()));
      if (!more) continue;
    }
    Line next;
    auto more = reader.next(next.record);
    if (!more) {
      DELTA_OK(refuse(reader, more.error()));
      continue;
    }
    if (!*more) return flush();
    next.line = reader.line();
    if (options_.rejects) next.given = *reader.text();
    DELTA_OK(take(next));
  }
}

/// A line that cannot be read is no part of a commit that is stated whole.
Status StreamEncoder::refuse(delta::formats::NdjsonReader& reader, const delta::Error& error) {
  const auto text = reader.text();
  if (!options_.rejects || owed_ > 0 || !text || !Rejects::takes(error)) return error;
  return options_.rejects->add(error, name_, reader.line(), *text);
}

Status StreamEncoder::take(Line& next) {
  Line& own = pending_.emplace_back();
  own.record = std::move(next.record);
  own.line = next.line;
  own.given = std::move(next.given);
  own.own();
  pending_bytes_ += own.bytes() + own.given.size();
  const Record& record = own.record;
  own.alone = record.kind == Record::Kind::delta && owed_ == 0;
  if (record.kind == Record::Kind::commit) {
    if (owed_ > 0) {
      return delta::error(delta::ErrorCode::bad_input, "the commit before it is not complete")
          .in(name_)
          .at("line " + std::to_string(own.line));
    }
    owed_ = record.setting.empty() ? record.deltas : 0;
  } else if (owed_ > 0 && record.kind == Record::Kind::delta) {
    --owed_;
  }
  const Micros came = now();
  last_time_ = record.time.value_or(came);
  if (pending_.size() == 1) {
    first_time_ = last_time_;
    first_came_ = came;
  }
  return {};
}

/// True when the pending records hold a whole commit, as --commit-every cuts them.
bool StreamEncoder::is_cut() const {
  if (pending_.empty() || owed_ > 0) return false;
  if (pending_.size() >= options_.deltas.value_or(kMostRecords) || pending_bytes_ >= kMostBytes) return true;
  if (!options_.duration) return false;
  return last_time_ >= first_time_ + *options_.duration || now() >= first_came_ + *options_.duration;
}

/// 0: something is to be written now; the greatest time: nothing will be, before more has come.
Micros StreamEncoder::until_due() const {
  const Micros time = now();
  const auto left = [time](Micros due) { return due > time ? due - time : 0; };
  const bool full = pending_.size() >= kMostRecords || pending_bytes_ >= kMostBytes;
  if (is_cut()) return full ? 0 : left(last_flush_ + options_.every);
  if (pending_.empty() || owed_ > 0 || !options_.duration) return delta::kMaxMicros;
  return std::max<Micros>(left(first_came_ + *options_.duration), 1);
}

Status StreamEncoder::flush() {
  if (pending_.empty()) return {};
  auto encode = options_.encode;
  DELTA_TRY(encode.now, default_time());
  encode.clock.now = std::max(now(), *encode.now);
  announce_all(pending_, encode);
  DELTA_TRY(auto encoder, delta::Encoder::append(options_.log, std::move(encode)));
  for (const Line& own : pending_) {
    auto written = write_(encoder, own.record);
    if (written) continue;
    if (!options_.rejects || !own.alone || !Rejects::takes(written.error())) {
      return std::move(written).error().in(name_).at("line " + std::to_string(own.line));
    }
    DELTA_OK(options_.rejects->add(written.error(), name_, own.line, own.given));
  }
  if (options_.rejects) DELTA_OK(options_.rejects->save());
  DELTA_TRY(auto done, encoder.finish());
  delta::let_signals_kill();
  summary_.commits += done.commits;
  summary_.deltas += done.deltas;
  summary_.bytes += done.bytes;
  summary_.unchanged += done.unchanged;
  summary_.late += done.late;
  for (const auto& notice : done.notices) {
    if (notice.verdict != delta::Verdict::ahead || !std::exchange(said_ahead_, true)) notice_(notice);
  }
  const delta::Log& log = encoder.log();
  if (done.commits > 0) {
    const auto& last = log.commit(delta::nth<delta::CommitNo>(log.commits() - 1));
    last_dot_ = log.dot_text({last.origin, last.last()});
  }
  last_line_ = pending_.back().line;
  pending_.clear();
  pending_bytes_ = 0;
  last_flush_ = now();
  return {};
}

}  // namespace deltalog
