// The public face of encoding: opens what is written to, and hands inputs to the front end of their kind.
#include "delta/encode.hpp"

#include "delta/setting.hpp"
#include "model/policy.hpp"
#include "ops/encode_change.hpp"
#include "ops/encode_matrix.hpp"
#include "ops/encode_session.hpp"
#include "store/tail.hpp"

namespace delta {

struct Encoder::Impl {
  Impl(Log base, ops::EncodeSession::Target target, EncodeOptions options)
      : session(std::move(base), std::move(target), std::move(options)), matrices(session), changes(session) {}

  ops::EncodeSession session;
  ops::MatrixEncoder matrices;
  ops::ChangeEncoder changes;
};

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

Result<Encoder> Encoder::create(const std::string& path, std::span<const std::string> base, EncodeOptions options) {
  DELTA_TRY(Log log, Log::open(base, {options.threads}));
  DELTA_TRY(OutputFile file, OutputFile::create(path, {.force = options.force}));
  auto impl = std::make_unique<Impl>(std::move(log), std::move(file), std::move(options));
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
}

Result<Encoder> Encoder::append(const std::string& path, EncodeOptions options) {
  DELTA_TRY(io::AppendFile file, io::AppendFile::open(path, options.wait));
  std::vector<Finding> notices;
  DELTA_OK(store::mend_tail(path, file, notices));
  std::vector<std::string> paths;
  if (file.size() > 0) paths.push_back(path);  // it may have been cut to nothing
  DELTA_TRY(Log log, Log::open(paths, {options.threads}));
  auto impl = std::make_unique<Impl>(std::move(log), std::move(file), std::move(options));
  impl->session.notices = std::move(notices);
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
}

Result<Encoder> Encoder::rehearse(std::span<const std::string> base, EncodeOptions options) {
  DELTA_TRY(Log log, Log::open(base, {options.threads}));
  auto impl = std::make_unique<Impl>(std::move(log), ops::EncodeSession::Stream{[](ByteView) { return Status(); }}, std::move(options));
  DELTA_OK(impl->session.start());
  return Encoder(std::move(impl));
}

Result<std::uint64_t> Encoder::state(const MatrixInput& input) {
  DELTA_OK(impl_->changes.finish());
  return impl_->matrices.encode(input);
}

Status Encoder::change(const ChangeInput& input) { return impl_->changes.change(input); }
Status Encoder::commit(const CommitInput& input) { return impl_->changes.commit(input); }

Status Encoder::set(std::string_view setting, std::optional<Micros> at) {
  DELTA_OK(impl_->changes.finish());
  DELTA_OK(model::check_setting(setting));
  DELTA_TRY(Setting canonical, Setting::parse(setting));
  std::string rules;  // or the accuracy
  if (canonical.kind == Setting::Kind::policy) {
    DELTA_TRY(const Policy policy, Policy::parse(canonical.text));
    canonical.text = rules = policy.text();
  } else if (canonical.kind == Setting::Kind::accuracy) {
    DELTA_TRY(const Accuracy accuracy, Accuracy::parse(canonical.text));
    canonical.text = rules = accuracy.to_text();
  }
  DELTA_OK(impl_->session.open_commit({.origin = impl_->session.options().origin}));
  return impl_->session.set(canonical.to_text(), at, {});
}

void Encoder::set_message(std::string message) { impl_->session.set_message(std::move(message)); }
const Log& Encoder::log() const { return impl_->session.log(); }
Status Encoder::read_present() { return impl_->session.load_all(); }
const State& Encoder::present() const {
  impl_->session.settle();
  return impl_->session.state();
}

Status Encoder::tag(std::string_view name, std::optional<Micros> time) {
  DELTA_OK(model::check_tag(name));
  DELTA_OK(impl_->changes.finish());
  const auto last = impl_->session.last_time();
  if (!last) return error(ErrorCode::bad_input, "nothing to be tagged: the log is empty");
  return set(Setting{Setting::Kind::tag, name, time.value_or(last->us())}.to_text(), time ? std::nullopt : std::optional(last->us()));
}

Result<EncodeSummary> Encoder::finish() {
  DELTA_OK(impl_->changes.finish());
  return impl_->session.finish();
}

}  // namespace delta
