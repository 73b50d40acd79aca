// States or updates in, a log out. What can be refused is refused before the first byte is written.
#include "delta/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/encode_announce.hpp"
#include "commands/encode_inputs.hpp"
#include "commands/encode_options.hpp"
#include "commands/encode_stream.hpp"
#include "commands/options.hpp"
#include "delta/property.hpp"
#include "delta/text.hpp"
#include "formats/format.hpp"
#include "formats/json_writer.hpp"
#include "formats/records_ahead.hpp"
#include "formats/shared_source.hpp"
#include "formats/unpack.hpp"
#include "gate.hpp"
#include "logs.hpp"
#include "rejects.hpp"
#include "trace/trace.hpp"
#include "ui/console.hpp"
#include "ui/progress.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

using delta::DeltaInput;
using delta::Encoder;
using delta::ErrorCode;
using delta::InputFile;
using delta::MatrixInput;
using delta::Micros;
using delta::formats::Record;

Result<Encoder> open_encoder(const Invocation& invocation, delta::EncodeOptions options) {
  const auto* output = invocation.value("output");
  const auto* log = invocation.value("append");
  const bool dry = invocation.has("dry-run");
  if (output && log) return usage_error(invocation, "--output and --append exclude each other");
  if (!output && !log && !dry) {
    return usage_error(invocation, "where to? --output LOG or --append LOG is missing; or --dry-run");
  }
  if (log != nullptr) {
    if (invocation.has("base")) {
      return usage_error(invocation, "--base goes with --output: an appended log is its own base");
    }
    for (const std::string_view option : {"force", "allow-torn", "allow-empty"}) {
      if (invocation.has(option)) {
        return usage_error(invocation, fmt::format("--{} goes with --output: --append replaces nothing", option));
      }
    }
    if (!dry) return Encoder::append(*log, std::move(options));
    return Encoder::rehearse(std::vector{*log}, std::move(options));
  }
  if (dry) return Encoder::rehearse(invocation.values("base"), std::move(options));
  if (*output == "-" && invocation.has("json")) {
    return usage_error(invocation, "--json and --output - both want stdout");
  }
  return Encoder::create(*output, invocation.values("base"), std::move(options));
}

using Parsing = delta::formats::RecordsAhead::Parsing;

struct Job {
  const Invocation& invocation;
  Console& console;
  Encoder* encoder;
  const Ids& ids;
  Bound max_delete;
  std::string policy;                         // the setting, until it is written; empty: none
  std::vector<PropertyText> properties = {};  // of the namespace, the same
  Parsing parsing = Parsing::when_asked;      // of updates; ahead: on a thread beside the encoder's
  Rejects* rejects = nullptr;                 // takes the lines that are refused; null: one ends the run
  std::uint64_t owed = 0;                     // deltas of a commit that is stated whole, still to come
  std::uint64_t said = 0;                     // rows, updates and deletions that the inputs held
  std::uint64_t traces = 0;                   // that commits state and W3C does not allow

  /// What is to stand before the first input: at its time, so that the clock does not run backwards.
  Status begin(std::optional<Micros> at) {
    if (!policy.empty()) DELTA_OK(encoder->set(policy, at));
    policy.clear();
    for (; !properties.empty(); properties.erase(properties.begin())) {
      DELTA_OK(encoder->property(name_space(), properties[0].key, properties[0].value, at));
    }
    return {};
  }
  /// Of what names none.
  std::string name_space() const {
    return invocation.has("namespace") ? *invocation.value("namespace") : std::string();
  }
};

/// What a snapshot is to be written in, so that what goes in comes out: recorded where the log says otherwise. Rounded
/// values need not be of the input's type any more.
Status record_element(Job& job, const Input& input, const std::string& name_space,
                      const delta::formats::MatrixSource& source) {
  const auto& given = job.invocation;
  DELTA_TRY(auto element, value_of(given, "element", delta::parse_element));
  const bool lossy = given.has("max-error") || given.has("max-relative") || given.has("quantize");
  if (!element) element = lossy ? delta::Element::f32 : source.element();
  if (!element) return {};
  DELTA_TRY(const auto properties, delta::properties_of(job.encoder->log()));
  const bool plain =
      *element == delta::Element::f32 && property_named(properties, name_space, delta::kElementKey).empty();
  return plain ? Status()
               : job.encoder->property(name_space, delta::kElementKey, delta::element_name(*element), input.at);
}

Status encode_table(Job& job, const Input& input, const std::string& name_space,
                    const delta::formats::MatrixSource& source, std::span<const std::string> ids, bool last) {
  const std::string name = name_of(input, source);
  Progress progress(job.invocation, job.console, "encoding " + delta::escape(name, 60), "rows", source.rows());
  MatrixInput matrix;
  matrix.name = name;
  matrix.rows = source.rows();
  matrix.dims = source.dims();
  matrix.ids = ids;
  matrix.name_space = name_space;
  matrix.at = input.at;
  matrix.partial = job.invocation.has("partial");
  matrix.last = last;
  matrix.max_delete = job.max_delete.count.value_or(matrix.max_delete);
  matrix.max_delete_share = job.max_delete.share;
  matrix.read = [&](std::uint64_t first, std::span<std::uint32_t> bits) -> Status {
    DELTA_OK(source.read(first, bits));
    progress.advance(bits.size() / source.dims());
    return {};
  };
  if (source.has_metadata()) matrix.metadata = [&](std::uint64_t place) { return source.metadata(place); };
  DELTA_OK(record_element(job, input, name_space, source));
  DELTA_TRY(const auto deltas, job.encoder->state(matrix));
  job.said += std::max(deltas, matrix.rows);
  job.console.note(name + ": " + delta::plural(deltas, "delta"));
  return {};
}

Status encode_state(Job& job, Input& input, bool last) {
  if (!input.dataset) {
    DELTA_TRY(auto file, InputFile::open(input.path));
    DELTA_TRY(input.dataset, open_state(job.invocation, input, std::make_shared<const InputFile>(std::move(file))));
  }
  const auto dataset = *std::exchange(input.dataset, std::nullopt);
  const auto rows_of = [](const auto& table) { return table->rows(); };
  if (!std::ranges::equal(dataset.tables, input.rows, {}, rows_of)) {
    return delta::error(ErrorCode::bad_input, "has changed since it was opened").in(name_of(input));
  }
  DELTA_OK(job.begin(input.at));
  for (std::size_t i = 0; i < dataset.tables.size(); ++i) {
    const auto& table = *dataset.tables[i];
    const auto own = table.ids();
    DELTA_OK(encode_table(job, input, namespace_of(job.invocation, dataset, table), table,
                          own.empty() ? job.ids.of(input, i) : own, last && i + 1 == dataset.tables.size()));
  }
  return {};
}

// "origin:seq" texts of a record's parents; views stay valid until the next call.
class ParentTexts {
 public:
  std::span<const std::string_view> of(const Record& record) {
    texts_.clear();
    views_.clear();
    for (const auto& parent : record.parents) texts_.push_back(fmt::format("{}:{}", parent.origin, parent.seq));
    views_.assign(texts_.begin(), texts_.end());
    return views_;
  }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
};

// The trace id that a commit states, if there can be such a one.
std::string_view trace_of(Job& job, const Record& record) {
  if (record.trace.empty() || is_traceparent(record.trace)) return record.trace;
  if (job.traces++ == 0) {
    job.console.warn(fmt::format("the trace {} of a commit ({}:{}) is not what W3C allows, and is not recorded",
                                 delta::quote(record.trace, 60), delta::escape(record.origin.value_or("")),
                                 record.seq.value_or(1)));
  }
  return {};
}

void warn_of_traces(const Job& job) {
  if (job.traces > 1) {
    job.console.warn(fmt::format("{} more {} not recorded either", delta::plural(job.traces - 1, "trace"),
                                 job.traces == 2 ? "is" : "are"));
  }
}

Status encode_record(Job& job, const Record& record, const Input& input, ParentTexts& parents) {
  DELTA_OK(job.begin(record.time ? record.time : input.at));
  if (record.kind == Record::Kind::commit) {
    return job.encoder->commit({.origin = record.origin.value_or(""),
                                .first = record.seq.value_or(1),
                                .deltas = record.deltas,
                                .parents = parents.of(record),
                                .message = record.message,
                                .tool = record.tool,
                                .source = record.source,
                                .trace = trace_of(job, record),
                                .setting = record.setting,
                                .at = record.time,
                                .tick = record.tick,
                                .properties = record.properties,
                                .given = record.given});
  }
  const auto* space = job.invocation.value("namespace");
  const bool own_space = !record.name_space.empty() || space == nullptr;
  if (record.kind == Record::Kind::name_space) {
    return job.encoder->declare(own_space ? record.name_space : std::string_view(*space), *record.dims);
  }
  DeltaInput delta{.id = record.id,
                   .name_space = own_space ? record.name_space : std::string_view(*space),
                   .op = record.op,
                   .indices = record.indices,
                   .bits = record.bits,
                   .metadata = record.metadata,
                   .at = record.time ? record.time : input.at,
                   .tick = record.tick,
                   .origin = record.origin,
                   .seq = record.seq,
                   .parents = {},
                   .dims = record.dims};
  if (record.has_parents) delta.parents = parents.of(record);
  return job.encoder->delta(delta);
}

/// What was taken.
void count(Job& job, const Record& record) {
  ++job.said;
  if (record.kind == Record::Kind::commit && record.setting.empty()) job.owed = record.deltas;
  if (record.kind == Record::Kind::delta && job.owed > 0) --job.owed;
}

Status encode_updates(Job& job, Input& input) {
  DELTA_TRY(auto stream, stream_of(input));
  stream = delta::formats::unpacked_if_packed(std::move(stream));
  delta::formats::RecordsAhead records(std::move(stream), {.max_line = std::size_t{64} << 20, .now = now()},
                                       job.parsing);
  Progress progress(job.invocation, job.console, "encoding " + delta::escape(records.name(), 60), "lines", 0);
  ParentTexts parents;
  const auto refuse = [&](const delta::Error& error) -> Status {
    const auto text = job.rejects && job.owed == 0 && Rejects::takes(error) ? records.text() : std::nullopt;
    return text ? job.rejects->add(error, records.name(), records.line(), *text) : error;
  };
  while (true) {
    const auto record = records.next();
    if (!record) {
      DELTA_OK(refuse(record.error()));
    } else if (*record == nullptr) {
      return {};
    } else if (auto status = encode_record(job, **record, input, parents); status) {
      count(job, **record);
    } else {
      auto error = std::move(status).error().in(records.name()).at(fmt::format("line {}", records.line()));
      DELTA_OK((*record)->kind == Record::Kind::delta ? refuse(error) : Status(error));
    }
    progress.advance(1);
  }
}

Status encode_all(Job& job, std::vector<Input>& inputs) {
  const trace::Span span("delta.encode");
  for (auto& input : inputs) {
    DELTA_OK(input.is_state ? encode_state(job, input, &input == &inputs.back()) : encode_updates(job, input));
  }
  return {};
}

// A new log of nothing is mostly what became of a pipe whose first part failed.
Status refuse_empty(const Job& job, const std::vector<Input>& inputs) {
  const auto& invocation = job.invocation;
  if (job.said > 0 || inputs.empty() || !invocation.has("output") || invocation.has("allow-empty")) return {};
  if (job.rejects && job.rejects->count() > 0) {
    return delta::error(ErrorCode::bad_input, job.rejects->summary() + "; nothing is left to be written");
  }
  auto refused = delta::error(ErrorCode::bad_input, "nothing is in the input, no update and no row")
                     .with_hint("--allow-empty writes an empty log");
  return inputs.size() > 1 ? std::move(refused) : std::move(refused).in(name_of(inputs[0]));
}

Result<Exit> report(const Invocation& invocation, Console& console, const delta::EncodeSummary& summary,
                    const Rejects* rejects) {
  for (const auto& notice : summary.notices) console.warn(notice);
  const bool dry = invocation.has("dry-run");
  const auto* given = invocation.value(invocation.has("append") ? "append" : "output");
  const std::string path = given ? *given : "";
  const auto text = fmt::format("{}{} {}, {}, {}", given ? path + ": " : "", dry ? "would write" : "wrote",
                                delta::plural(summary.commits, "commit"), delta::plural(summary.deltas, "delta"),
                                delta::human_size(summary.bytes));
  if (summary.late > 0) {
    console.warn(fmt::format("{} {} a later time, for an update that arrived late; the time that was meant is kept",
                             delta::plural(summary.late, "commit"), summary.late == 1 ? "has" : "have"));
  }
  const bool rejected = rejects != nullptr && rejects->count() > 0;
  if (rejected) console.error(delta::error(ErrorCode::bad_input, rejects->summary()));
  const Exit exit = rejected ? Exit::partly : Exit::yes;
  if (dry && !invocation.has("json")) {
    DELTA_OK(console.print(text + "\n"));
  } else if (!dry) {
    console.note(text);
  }
  if (!invocation.has("json")) return exit;
  std::string out;
  delta::formats::JsonWriter json(out);
  json.begin_object().member("type", "encode").key("v").u64(1).member("log", path).key("dry_run").boolean(dry);
  json.key("commits").u64(summary.commits).key("deltas").u64(summary.deltas).key("bytes").u64(summary.bytes);
  json.key("unchanged").u64(summary.unchanged).key("late").u64(summary.late);
  json.key("rejected").u64(rejects ? rejects->count() : 0).end_object().end_line();
  DELTA_OK(console.print(out));
  return exit;
}

/// A stream that stays open: updates on stdin, added to a log, with commits that are to be cut.
bool stays_open(const Invocation& invocation, const std::vector<Input>& inputs) {
  return inputs.size() == 1 && inputs[0].path == "-" && !inputs[0].is_state && invocation.has("append") &&
         invocation.has("commit-every") && !invocation.has("dry-run");
}

/// What was acknowledged before an error stays.
Exit report_broken_stream(const StreamEncoder& stream, const delta::Error& error, Console& console) {
  console.error(error);
  console.error(
      delta::error(error.code, fmt::format("acknowledged up to {} (line {}); nothing of what follows was written",
                                           delta::escape(stream.last_dot(), 4096), stream.last_line()))
          .in(error.file));
  return Exit::partly;
}

Result<Exit> encode_stream(const Invocation& invocation, Console& console, delta::EncodeOptions options, Job& job,
                           Input& input, const Gate& gate) {
  for (const std::string_view option : {"output", "base", "force", "allow-torn", "allow-empty"}) {
    if (invocation.has(option)) return open_encoder(invocation, std::move(options)).error();
  }
  DELTA_TRY(const auto every, value_of(invocation, "commit-every", parse_commit_every));
  DELTA_TRY(const auto apart, value_of(invocation, "segment-every", delta::parse_duration));
  StreamEncoder::Options plan{*invocation.value("append"), std::move(options), every->deltas, every->duration};
  plan.rejects = job.rejects;
  plan.every = gate.is_open() ? apart.value_or(plan.every) : 0;  // each commit is judged by itself
  const delta::EncodeOptions tagging = plan.encode;
  ParentTexts parents;
  const auto write = [&](Encoder& encoder, const Record& record) {
    job.encoder = &encoder;
    return encode_record(job, record, input, parents);
  };
  StreamEncoder stream(std::move(plan), write, [&](const delta::Finding& notice) { console.warn(notice); });
  DELTA_TRY(auto opened, delta::InputStream::open(input.path));
  if (auto done = stream.run(std::move(opened)); !done) {
    if (stream.last_dot().empty()) return gate.answer(std::move(done).error());
    return report_broken_stream(stream, done.error(), console);
  }
  warn_of_traces(job);
  delta::EncodeSummary summary = stream.summary();
  if (const auto* tag = invocation.value("tag")) {
    DELTA_TRY(auto encoder, Encoder::append(*invocation.value("append"), tagging));
    DELTA_OK(encoder.tag_release(*tag));
    DELTA_TRY(const auto tagged, encoder.finish());
    summary.commits += tagged.commits;
    summary.deltas += tagged.deltas;
    summary.bytes += tagged.bytes;
  }
  console.committed();
  return report(invocation, console, summary, job.rejects);
}

Result<Exit> run(const Invocation& invocation, Console& console) {
  DELTA_TRY(auto options, encode_options(invocation, console));
  DELTA_TRY(const auto max_delete, value_of(invocation, "max-delete", parse_bound));
  if (invocation.operands().empty() && !invocation.has("policy") && !invocation.has("tag") && !invocation.has("set")) {
    return usage_error(invocation, "missing INPUT: a matrix, a file of updates, or - for updates on stdin");
  }
  DELTA_TRY(auto inputs, open_inputs(invocation));
  DELTA_TRY(const auto time_alone, inputs.empty() ? one_time(invocation) : Result<std::optional<Micros>>(std::nullopt));
  const bool states = std::ranges::any_of(inputs, &Input::is_state);
  DELTA_TRY(const auto ids, Ids::read(invocation, inputs));
  DELTA_TRY(const auto policy, policy_option(invocation));
  DELTA_TRY(const auto properties, properties_option(invocation, states));
  const Bound bound = max_delete.value_or(Bound{{}, 0.5});
  DELTA_TRY(const auto gate, Gate::of(invocation, console));
  gate->guard(options);
  DELTA_TRY(const auto rejects, Rejects::of(invocation));
  if (rejects && states) return usage_error(invocation, "--reject goes with updates; a matrix is taken whole or not");
  Job job{invocation, console, nullptr, ids, bound, policy ? policy_setting(*policy) : "", properties};
  job.rejects = rejects.get();
  if (stays_open(invocation, inputs)) {
    return encode_stream(invocation, console, std::move(options), job, inputs[0], *gate);
  }
  const bool dry = invocation.has("dry-run");
  if (invocation.has("segment-every") && !dry) {
    return usage_error(invocation, "--segment-every goes with a stream: - --append LOG --commit-every N");
  }
  const unsigned threads = options.threads != 0 ? options.threads : std::thread::hardware_concurrency();
  const bool parse_ahead = !states && !rejects && threads > 1;  // one of the threads
  if (parse_ahead) options.threads = threads - 1;
  DELTA_OK(announce_ids(invocation, inputs, options));
  DELTA_TRY(auto encoder, open_encoder(invocation, std::move(options)));
  if (invocation.has("base") || (dry && invocation.has("append"))) {
    DELTA_OK(warn_of(encoder.log(), console));
    if (!dry && !may_replace(invocation, console)) return Exit::partly;
  }
  const std::size_t before = encoder.log().commits();
  job.encoder = &encoder;
  job.parsing = parse_ahead ? Parsing::ahead : Parsing::when_asked;
  DELTA_OK(encode_all(job, inputs));
  warn_of_traces(job);
  if (rejects) DELTA_OK(rejects->save());
  DELTA_OK(refuse_empty(job, inputs));
  DELTA_OK(job.begin(time_alone));  // no input said anything
  if (const auto* tag = invocation.value("tag")) DELTA_OK(encoder.tag_release(*tag));
  const auto summary = finish_encoder(encoder);
  if (!summary) return gate->answer(summary.error());
  if (!dry) console.committed();
  if (invocation.has("base")) warn_of_default_origin(invocation, encoder.log(), before, console);
  return report(invocation, console, *summary, rejects.get());
}

}  // namespace

Command encode_command() {
  return {
      .name = "encode",
      .summary = "create or extend a log from matrices or updates",
      .synopsis = "INPUT... -o LOG [--base LOG]...\n[INPUT...] --append LOG",
      .description =
          "Matrices (.npy, .safetensors, .fvecs, .csv and others) are successive states of a namespace: each becomes a "
          "commit that holds only what changed, and a row that is gone is deleted. NDJSON (.ndjson, .jsonl, -) states "
          "updates: {\"id\",\"vector\"} a whole vector, "
          "{\"id\",\"metadata\"} metadata alone, {\"id\",\"op\",...} an operation, {\"type\":\"commit\",...} a commit "
          "as dump writes it.",
      .operands = {{"INPUT", "a matrix, a file of updates, or - for updates on stdin", false, true, Kind::file}},
      .options = encode_option_table(),
      .example =
          "deltalog encode monday.npy tuesday.npy --ids ids.txt --at 2026-11-09 \\\n"
          "    --step 1d -o history.dlog\n"
          "printf '{\"id\":\"a\",\"op\":\"scale\",\"factor\":0.5}\\n' |\n"
          "    deltalog encode - --append history.dlog\n",
      .run = run};
}

}  // namespace deltalog
