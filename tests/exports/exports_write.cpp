// What writes: files, encoders, merges, compactions.
#include <array>
#include <fstream>

#include "delta/checkpoint.hpp"
#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "delta/file.hpp"
#include "delta/locked_log.hpp"
#include "delta/merge.hpp"
#include "delta/reindex.hpp"
#include "delta/repair.hpp"
#include "delta/rollback.hpp"
#include "exports.hpp"
#include "sample.hpp"

using namespace delta;
using exports::file;
using exports::must;
using exports::options;
using exports::paths;
using exports::rehearse;
using exports::values;

namespace {

OutputFile output(const std::string& name) { return must(OutputFile::create(file(name), {.force = true})); }

OutputFile written_output(const std::string& name) {
  auto out = output(name);
  must(out.write(std::array<std::uint8_t, 3>{1, 2, 3}));
  return out;
}

LockedLog locked() { return must(LockedLog::open(exports::copy_of_log(), {})); }

CommitInput stated_commit() {
  static const std::vector<std::string_view> parents = {"main:1"};
  CommitInput input;
  input.origin = "third";
  input.deltas = 1;
  input.parents = parents;
  input.message = "a message of more bytes than a std::string holds itself";
  return input;
}

}  // namespace

// delta/file.hpp
EXPORTED("InputFile::open") { CALL(InputFile::open(paths()[0])); }
EXPORTED("InputFile::open_acknowledged") { CALL(InputFile::open_acknowledged(paths()[0])); }
EXPORTED("InputFile::InputFile") {
  auto input = must(InputFile::open(paths()[0]));
  CALL(InputFile(std::move(input)));
}
EXPORTED("InputFile::operator=") {
  auto input = must(InputFile::open(paths()[0])), other = must(InputFile::open(paths()[0]));
  CALL(input = std::move(other));
}
EXPORTED("InputFile::name") {
  const auto input = must(InputFile::open(paths()[0]));
  CALL(input.name());
}
EXPORTED("InputFile::size") {
  const auto input = must(InputFile::open(paths()[0]));
  CALL(input.size());
}
EXPORTED("InputFile::read") {
  const auto input = must(InputFile::open(paths()[0]));
  std::array<std::uint8_t, 8> bytes;
  const ByteRange range{0, bytes};
  CALL(input.read(std::span(&range, 1)));
}
EXPORTED("InputStream::open") { CALL(InputStream::open(paths()[0])); }
EXPORTED("InputStream::InputStream") {
  auto input = must(InputStream::open(paths()[0]));
  CALL(InputStream(std::move(input)));
}
EXPORTED("InputStream::operator=") {
  auto input = must(InputStream::open(paths()[0])), other = must(InputStream::open(paths()[0]));
  CALL(input = std::move(other));
}
EXPORTED("InputStream::name") {
  const auto input = must(InputStream::open(paths()[0]));
  CALL(input.name());
}
EXPORTED("InputStream::read") {
  auto input = must(InputStream::open(paths()[0]));
  std::array<std::uint8_t, 8> bytes;
  CALL(input.read(bytes));
}
EXPORTED("InputStream::wait") {
  const auto input = must(InputStream::open(paths()[0]));
  CALL(input.wait(0));
}
EXPORTED("TemporaryFile::create") { CALL(TemporaryFile::create()); }
EXPORTED("TemporaryFile::TemporaryFile") {
  auto temporary = must(TemporaryFile::create());
  CALL(TemporaryFile(std::move(temporary)));
}
EXPORTED("TemporaryFile::operator=") {
  auto temporary = must(TemporaryFile::create()), other = must(TemporaryFile::create());
  CALL(temporary = std::move(other));
}
EXPORTED("TemporaryFile::write") {
  auto temporary = must(TemporaryFile::create());
  const std::vector<std::uint8_t> bytes(1 << 20);
  CALL(temporary.write(bytes));
}
EXPORTED("TemporaryFile::finish") {
  auto temporary = must(TemporaryFile::create());
  std::string name = "a name of more bytes than a std::string holds itself";
  CALL(std::move(temporary).finish(std::move(name)));
}
EXPORTED("OutputFile::create") {
  const std::string path = file("a file of many characters");
  CALL(OutputFile::create(path, {.force = true}));
}
EXPORTED("OutputFile::OutputFile") {
  auto out = output("out");
  CALL(OutputFile(std::move(out)));
}
EXPORTED("OutputFile::operator=") {
  auto out = output("out"), other = output("other");
  CALL(out = std::move(other));
}
EXPORTED("OutputFile::name") {
  const auto out = output("out");
  CALL(out.name());
}
EXPORTED("OutputFile::written_through") {
  const auto out = output("out");
  CALL(out.written_through());
}
EXPORTED("OutputFile::caution") {
  const auto out = output("out");
  CALL(out.caution());
}
EXPORTED("OutputFile::write") {
  auto out = output("out");
  const std::vector<std::uint8_t> bytes(1 << 20);
  CALL(out.write(bytes));
}
EXPORTED("OutputFile::prepare") {
  auto out = written_output("out");
  CALL(out.prepare());
}
EXPORTED("OutputFile::same_as") {
  auto out = written_output("out");
  CALL(out.same_as(paths()[0]));
}
EXPORTED("OutputFile::read_back") {
  auto out = written_output("out");
  CALL(out.read_back());
}
EXPORTED("OutputFile::commit") {
  auto out = written_output("out");
  CALL(out.commit());
}
EXPORTED("commit_all") {
  auto one = written_output("one"), two = written_output("two");
  const std::array<OutputFile*, 2> both = {&one, &two};
  CALL(commit_all(both));
}
EXPORTED("install_signal_cleanup") { CALL(install_signal_cleanup()); }
EXPORTED("observe_reads") { CALL(observe_reads(nullptr)); }
EXPORTED("let_signals_kill") { CALL(let_signals_kill()); }

// delta/locked_log.hpp
EXPORTED("LockedLog::open") {
  const std::string path = exports::copy_of_log();
  CALL(LockedLog::open(path, {}));
}
EXPORTED("LockedLog::LockedLog") {
  auto log = locked();
  CALL(LockedLog(std::move(log)));
}
EXPORTED("LockedLog::operator=") {
  auto log = locked(), other = must(LockedLog::open(paths()[1], {}));
  CALL(log = std::move(other));
}
EXPORTED("LockedLog::path") {
  const auto log = locked();
  CALL(log.path());
}
EXPORTED("LockedLog::create_output") {
  const auto log = locked();
  CALL(log.create_output());
}
EXPORTED("LockedLog::changed_by") {
  const auto log = locked();
  auto out = must(log.create_output());
  must(out.write(std::array<std::uint8_t, 3>{1, 2, 3}));
  CALL(log.changed_by(out));
}

// delta/encode.hpp
EXPORTED("Encoder::create") {
  const std::string path = file("new.dlog");
  auto how = options();
  CALL(Encoder::create(path, paths(), std::move(how)));
}
EXPORTED("Encoder::append") {
  const std::string path = exports::copy_of_log();
  auto how = options();
  CALL(Encoder::append(path, std::move(how)));
}
EXPORTED("Encoder::rehearse") {
  auto how = options();
  CALL(Encoder::rehearse(paths(), std::move(how)));
}
EXPORTED("Encoder::Encoder") {
  auto encoder = rehearse();
  CALL(Encoder(std::move(encoder)));
}
EXPORTED("Encoder::operator=") {
  auto encoder = rehearse(), other = rehearse();
  CALL(encoder = std::move(other));
}
EXPORTED("Encoder::state") {
  auto encoder = rehearse();
  const std::vector<std::string> ids = {"v1", "v2"};
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const MatrixInput input{.rows = 2, .dims = 3, .ids = ids, .partial = true, .values = rows};
  CALL(encoder.state(input));
}
EXPORTED("Encoder::delta") {
  auto encoder = rehearse();
  const DeltaInput input{.id = "v1", .metadata = R"({"kind":"a text of many characters"})", .values = values()};
  CALL(encoder.delta(input));
}
EXPORTED("Encoder::commit") {
  auto encoder = rehearse();
  const CommitInput input = stated_commit();
  CALL(encoder.commit(input));
}
EXPORTED("Encoder::declare") {
  auto encoder = rehearse();
  CALL(encoder.declare("a namespace of many characters", 7));
}
EXPORTED("Encoder::set") {
  auto encoder = rehearse();
  CALL(encoder.set("policy min@words"));
}
EXPORTED("Encoder::property") {
  auto encoder = rehearse();
  CALL(encoder.property("words", "model", "a model of many characters"));
}
EXPORTED("Encoder::tag_time") {
  auto encoder = rehearse();
  CALL(encoder.tag_time("a tag of many characters", 5));
}
EXPORTED("Encoder::tag_release") {
  auto encoder = rehearse();
  CALL(encoder.tag_release("a tag of many characters"));
}
EXPORTED("Encoder::untag") {
  auto encoder = rehearse();
  CALL(encoder.untag("v1.0"));
}
EXPORTED("Encoder::set_message") {
  auto encoder = rehearse();
  std::string message = "a message of more bytes than a std::string holds itself";
  CALL(encoder.set_message(std::move(message)));
}
EXPORTED("Encoder::log") {
  const auto encoder = rehearse();
  CALL(encoder.log());
}
EXPORTED("Encoder::read_present") {
  auto encoder = rehearse();
  CALL(encoder.read_present());
}
EXPORTED("Encoder::present") {
  auto encoder = rehearse();
  must(encoder.read_present());
  must(encoder.delta({.id = "v1", .metadata = R"({"kind":"c"})"}));
  CALL(encoder.present());
}
EXPORTED("Encoder::finish") {
  auto encoder = must(Encoder::append(exports::copy_of_log(), options()));
  must(encoder.delta({.id = "v1", .values = values()}));
  CALL(encoder.finish());
}
EXPORTED("rollback") {
  auto encoder = rehearse();
  CALL(rollback(encoder, {.at = 1'000'000}));
}
EXPORTED("revert") {
  auto encoder = rehearse();
  const auto commit = encoder.log().find_commit(must(encoder.log().parse_dot("main:1")));
  CALL(revert(encoder, *commit));
}

// delta/merge.hpp
EXPORTED("Merge::open") { CALL(Merge::open(paths())); }
EXPORTED("Merge::of") {
  const Log log = exports::open_log();
  CALL(Merge::of(log));
}
EXPORTED("Merge::Merge") {
  auto merge = must(Merge::open(paths()));
  CALL(Merge(std::move(merge)));
}
EXPORTED("Merge::operator=") {
  auto merge = must(Merge::open(paths())), other = must(Merge::open(paths()));
  CALL(merge = std::move(other));
}
EXPORTED("Merge::notices") {
  const auto merge = must(Merge::open(paths()));
  CALL(merge.notices());
}
EXPORTED("Merge::empty") {
  const auto merge = must(Merge::open(paths()));
  CALL(merge.empty());
}
EXPORTED("Merge::bytes") {
  const auto merge = must(Merge::open(paths()));
  CALL(merge.bytes());
}
EXPORTED("Merge::log") {
  const auto merge = must(Merge::open(paths()));
  CALL(merge.log());
}
EXPORTED("Merge::write") {
  auto merge = must(Merge::open(paths()));
  auto out = output("merged.dlog");
  CALL(merge.write(out));
}
EXPORTED("Merge::rehearse") {
  auto merge = must(Merge::open(paths()));
  CALL(merge.rehearse());
}

// delta/compact.hpp
EXPORTED("compact") {
  const std::string path = file("packed.dlog");
  const CompactOptions how{.threads = 2, .force = true, .keep = {{.kind = KeepRule::Kind::tags}}};
  CALL(compact(paths(), path, how));
}
EXPORTED("compact") {
  const Log log = exports::open_log();
  const std::string path = file("packed.dlog");
  const CompactOptions how{.threads = 2, .force = true, .keep = {{.kind = KeepRule::Kind::now}}};
  CALL(compact(log, path, how));
}
EXPORTED("compact_in_place") {
  const auto place = locked();
  const std::vector<std::string> copy = {place.path()};
  const Log log = must(Log::open(copy));
  const CompactOptions how{.threads = 2, .keep = {{.kind = KeepRule::Kind::now}}};
  CALL(compact_in_place(log, place, how));
}
// delta/repair.hpp
EXPORTED("repair") {
  auto out = must(OutputFile::create(file("repaired.dlog"), {}));
  const auto& all = paths();
  CALL(repair(all, out, {.threads = 2}));
}
EXPORTED("repair_kind_name") { CALL(repair_kind_name(RepairedSegment::Kind::joined)); }

EXPORTED("longest_chain") {
  const Log log = exports::open_log();
  CALL(longest_chain(log));
}

// delta/checkpoint.hpp
EXPORTED("update_checkpoints") {
  const std::string copy = exports::copy_of_log();
  const CheckpointOptions how{.cost = 1e-6, .rebuild = true, .threads = 2};
  CALL(update_checkpoints(copy, how));
}
EXPORTED("count_checkpoints") {
  const std::string copy = exports::copy_of_log();
  static_cast<void>(must(update_checkpoints(copy, {.cost = 1e-6, .rebuild = true})));
  CALL(count_checkpoints(copy));
}
EXPORTED("check_checkpoints") {
  const std::string copy = exports::copy_of_log();
  static_cast<void>(must(update_checkpoints(copy, {.cost = 1e-6, .rebuild = true})));
  CALL(check_checkpoints(copy));
}

// delta/reindex.hpp
EXPORTED("index_worth_name") { CALL(index_worth_name(IndexWorth::behind)); }
EXPORTED("reindex") {
  const auto log = exports::copy_of_log();
  CALL(reindex(log));
}
EXPORTED("check_index") {
  const auto log = exports::copy_of_log();
  must(reindex(log));
  CALL(check_index(log));
}
