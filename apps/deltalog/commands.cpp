// The table of commands: what exists, what it takes, what it is for. Parsing, --help and the completions are made from
// it, and a test holds the man pages to it. Options that mean the same everywhere are written once, as groups.
#include <algorithm>
#include <initializer_list>

#include "command.hpp"

namespace deltalog {

namespace {

using Options = std::vector<Option>;

Options join(std::initializer_list<Options> groups) {
  Options all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

Options in_group(std::string_view heading, Options options) {
  for (auto& option : options) option.group = heading;
  return options;
}

Options pick(const Options& options, std::initializer_list<std::string_view> names) {
  Options some;
  for (const auto name : names) some.push_back(*std::ranges::find(options, name, &Option::name));
  return some;
}

const std::vector<std::string_view> kElements = {"f32", "f16", "bf16", "i8", "u8"};
const std::vector<std::string_view> kWhen = {"auto", "always", "never"};

// -q and -v are for commands that have something to say beside their answer.
Options talk() {
  return in_group("Common options", {{"quiet", 'q', "", "say nothing but errors, and that a log is cut short"},
                                     {"verbose", 'v', "", "say on stderr what was done"}});
}

Options quiet() {
  return in_group("Common options", {{"quiet", 'q', "", "no warnings, but for a log that is cut short"}});
}

Options common() {
  return in_group("Common options", {{"color", 0, "WHEN", "auto, always or never; auto heeds NO_COLOR", false, kWhen},
                                     {"help", 'h', "", "print this help and stop"},
                                     {"version", 0, "", "print versions and stop"}});
}

Options threads() {
  return in_group("Common options",
                  {{"threads", 'j', "N", "use N threads; never changes the bytes (default: all cores)"}});
}

Options progress() {
  return in_group(
      "Common options",
      {{"progress", 0, "WHEN", "auto, always, never or json, on stderr", false, {"auto", "always", "never", "json"}}});
}

Options json() { return {{"json", 0, "", "print NDJSON, one object a line"}}; }

Options output() {
  return {{"output", 'o', "OUT", "write the new file OUT, whole or not at all; - is stdout", false, {}, Kind::output},
          {"force", 'f', "", "replace OUT if it exists"},
          {"allow-torn", 0, "", "replace what exists even by what is left of a log that is cut short"}};
}

Options wait() {
  return {{"wait", 0, "DURATION", "wait so long for another writer (default: 10s); none: also write without a lock"}};
}

Options max_skew(std::string_view help) { return {{"max-skew", 0, "DURATION", help}}; }

Options live() {
  return join({max_skew("refuse times that are further ahead of the clock (default: 1d; any: none)"),
               {{"max-age", 0, "DURATION", "refuse times that are longer ago"}}});
}

// Which deltas and vectors a command looks at; each takes those that it acts on.
Options selection(std::initializer_list<std::string_view> names) {
  return in_group("Selection",
                  pick({{"id", 0, "ID", "only this vector", true},
                        {"id-glob", 0, "GLOB", "only ids that match: * ? [a-z]", true},
                        {"ids-from", 0, "FILE", "only the ids in FILE, one a line", true, {}, Kind::file},
                        {"namespace", 0, "NS[/DIMS]", "only this namespace, of DIMS dimensions", true},
                        {"origin", 0, "ORIGIN", "only what this origin wrote", true},
                        {"op",
                         0,
                         "OP",
                         "only this operation",
                         true,
                         {"create", "dense", "sparse", "scale", "offset", "negate", "abs", "clamp", "delete"}},
                        {"at", 0, "TIME", "as of TIME, its microsecond included"},
                        {"as-seen-by", 0, "DOT", "as the author of DOT saw it"},
                        {"since", 0, "TIME", "only deltas at or after TIME"},
                        {"until", 0, "TIME", "only deltas before TIME"},
                        {"property", 0, "KEY=VALUE", "only commits that have this property; all of several", true},
                        {"grep", 0, "REGEX", "only commits whose message matches, as of grep -E"},
                        {"source", 0, "NAME", "only commits of this source", true},
                        {"trace", 0, "TRACE", "only commits of this trace: its id, or all of a traceparent", true}},
                       names));
}

Options policy(std::string_view help) { return {{"policy", 0, "POLICY", help}}; }

const Operand kLogs = {"LOG", "a log, a directory of logs (*.dlog), or - for stdin", true, true, Kind::file};

Command encode_command() {
  return {
      .name = "encode",
      .summary = "states or updates in, a log out",
      .synopsis = "INPUT... -o LOG [--base LOG]... | [INPUT...] --append LOG",
      .description =
          "Matrices (.npy) are successive states of one namespace: each becomes a commit that holds only what changed, "
          "and a row "
          "that is gone is deleted. NDJSON (.ndjson, .jsonl, -) states updates: {\"id\",\"vector\"} a whole vector, "
          "{\"id\",\"metadata\"} metadata alone, {\"id\",\"op\",...} an operation, {\"type\":\"commit\",...} a commit "
          "as dump writes it.",
      .operands = {{"INPUT", "a matrix, a file of updates, or - for updates on stdin", false, true, Kind::file}},
      .options = join(
          {output(),
           wait(),
           live(),
           {{"append", 0, "LOG", "add to LOG in place, under its lock", false, {}, Kind::file},
            {"base", 0, "LOG", "diff against LOG, and write only what it lacks", true, {}, Kind::file},
            {"from", 0, "FORMAT", "take every input as FORMAT", false, {"npy", "ndjson"}},
            {"ids", 0, "FILE", "ids of the rows, one a line: one file, or one per matrix", true, {}, Kind::file},
            {"ids-prefix", 0, "", "the one file of ids may be longer than the tallest matrix"},
            {"namespace", 0, "NS", "namespace of inputs that name none"},
            {"origin", 0, "NAME", "the writer (default: $DELTALOG_ORIGIN, else main)"},
            {"at", 0, "TIME", "time of the input: one per input, or one with --step", true},
            {"step", 0, "DURATION", "time between one input and the next, from --at on"},
            {"times", 0, "FILE", "times of the inputs, one a line", false, {}, Kind::file},
            {"message", 'm', "MESSAGE", "message of the commits"},
            {"source", 0, "NAME", "where the data came from; recorded"},
            {"meta", 0, "KEY=VALUE", "a property of the commits, as a string", true},
            {"meta-json", 0, "KEY=JSON", "a property of the commits, as JSON", true},
            {"policy", 0, "POLICY", "set how conflicts are decided from here on, such as max@/0-15"},
            {"element", 0, "TYPE",
             "type of the elements that snapshot writes (default: the input's); bf16 also reads 2-byte elements "
             "without a name",
             false, kElements},
            {"set", 0, "KEY=VALUE", "set a property of the namespace, such as metric=cosine; KEY= removes it", true},
            {"tag", 0, "NAME", "tag the end of this run"},
            {"partial", 0, "", "a row that is missing is left alone, not deleted"},
            {"max-delete", 0, "N|P%", "refuse to delete more vectors at once (default: 50%)"},
            {"commit-every", 0, "N,DURATION", "cut commits of updates at N deltas or DURATION"},
            {"segment-every", 0, "DURATION", "of a stream: make what is cut durable this often at most (default: 1s)"},
            {"dry-run", 0, "", "write nothing, and say what would be written"},
            {"allow-empty", 0, "", "write an empty log where the input holds nothing, instead of refusing it"},
            {"max-dims", 0, "N", "take vectors of up to N dimensions, at most 1048576 (default: 65536)"},
            {"allow-nonfinite", 0, "", "take NaN and infinities as values"},
            {"max-error", 0, "E", "round values by up to E, the same at every version"},
            {"max-relative", 0, "R", "round values by up to R times their size (0.01: 1 %)"},
            {"quantize",
             0,
             "FORMAT",
             "round values to what FORMAT holds",
             false,
             {"f16", "bf16", "int8", "int4", "binary"}},
            {"ignore-below", 0, "E",
             "a value of a whole vector that differs from the stored one by at most E is no change"},
            {"lossy-input", 0, "", "round float64 that is no float32, instead of refusing it"},
            {"preset",
             0,
             "PRESET",
             "fastest, balanced (default) or maximum",
             false,
             {"fastest", "balanced", "maximum"}}},
           json(),
           threads(),
           progress(),
           talk(),
           common()}),
      .example =
          "deltalog encode monday.npy tuesday.npy --ids ids.txt --at 2026-11-09 --step 1d -o history.dlog\n"
          "printf '{\"id\":\"a\",\"op\":\"scale\",\"factor\":0.5}\\n' | deltalog encode - --append history.dlog\n",
      .run = run_encode};
}

Command merge_command() {
  return {
      .name = "merge",
      .summary = "the union of logs, as one",
      .synopsis = "LOG... -o OUT | LOG... --into LOG",
      .description =
          "Copies every commit of the logs, and loses none: conflicts are decided when reading. Segments are copied as "
          "they are, "
          "those that another one holds are left out, and the bytes do not depend on the order of the logs. Commits "
          "whose "
          "causes are missing are kept; it then exits 4.",
      .operands = {kLogs},
      .options = join(
          {output(),
           {{"into", 0, "LOG", "replace LOG by its union with the others, under its lock", false, {}, Kind::file}},
           wait(),
           {{"not-in", 0, "LOG", "leave out what LOG holds: a bundle to ship to it", true, {}, Kind::file},
            {"on-fork",
             0,
             "ACTION",
             "copies of one origin that went apart: refuse them (default), or rename all but one",
             false,
             {"refuse", "rename"}},
            {"conflicts", 0, "FILE", "write as NDJSON where concurrent assignments meet now", false, {}, Kind::output},
            {"fail-on-conflict", 0, "", "write no OUT and exit 1 if there is any conflict"},
            {"dry-run", 0, "", "write nothing, and say what would be written"}},
           policy("with --conflicts: decide them by POLICY, not by the logs' own"),
           json(),
           threads(),
           progress(),
           talk(),
           common()}),
      .example =
          "deltalog merge alice.dlog bob.dlog -o both.dlog\n"
          "deltalog merge alice.dlog --not-in bob.dlog -o for-bob.dlog\n"
          "deltalog merge for-bob.dlog --into bob.dlog\n",
      .run = run_merge};
}

Command snapshot_command() {
  return {
      .name = "snapshot",
      .summary = "the state at a moment, as a file",
      .synopsis = "LOG... -o OUT",
      .description =
          "Writes the vectors as they are, or were at a time, or as the author of a delta saw them. Rows stand in the "
          "order of their last create, so a matrix that was encoded comes out byte for byte.",
      .operands = {kLogs},
      .options = join({output(),
                       {{"to", 0, "FORMAT", "npy or ndjson (default: by the suffix of OUT)", false, {"npy", "ndjson"}},
                        {"element", 0, "TYPE",
                         "type of a matrix's elements (default: that of the namespace, else f32); nothing is rounded",
                         false, kElements},
                        {"ids-out", 0, "FILE", "write the rows' ids, one a line", false, {}, Kind::output},
                        {"metadata-out", 0, "FILE", "write metadata as NDJSON", false, {}, Kind::output},
                        {"sort", 0, "ORDER", "created (default) or id", false, {"created", "id"}}},
                       policy("decide conflicts by POLICY, not by the log's own"),
                       selection({"at", "as-seen-by", "id", "id-glob", "ids-from", "namespace"}),
                       threads(),
                       progress(),
                       talk(),
                       common()}),
      .example = "deltalog snapshot history.dlog --at 2026-11-10 -o tuesday.npy --ids-out ids.txt\n",
      .run = run_snapshot};
}

Command blame_command() {
  return {.name = "blame",
          .summary = "whose each value is",
          .synopsis = "LOG... --id ID",
          .description =
              "For each run of dimensions of a vector, and each member of its metadata: the value and the delta that "
              "it comes "
              "from; behind \"then\" the transforms since, behind \"over\" the concurrent assignments that lost.",
          .operands = {kLogs},
          .options = join({{{"dim", 0, "RANGES", "only these dimensions, such as 0-15,20; no metadata"}},
                           policy("decide conflicts by POLICY, not by the log's own"),
                           json(),
                           selection({"id", "id-glob", "ids-from", "namespace", "at", "as-seen-by"}),
                           threads(),
                           quiet(),
                           common()}),
          .example = "deltalog blame history.dlog --id king --dim 0-15\n",
          .run = run_blame};
}

Command verify_command() {
  return {
      .name = "verify",
      .summary = "is it whole, and consistent?",
      .synopsis = "LOG...",
      .description =
          "Checks headers, then every byte, then what it decodes to, then that dots, clocks, causes and hash "
          "chains agree. Prints "
          "what it finds, and a verdict; exits 0 only if that is ok.",
      .operands = {kLogs},
      .options = join({{{"level",
                         0,
                         "LEVEL",
                         "header, frame, content or chain (default)",
                         false,
                         {"header", "frame", "content", "chain"}},
                        {"report", 0, "FORM", "text (default) or json", false, {"text", "json"}}},
                       max_skew("note commits that are further ahead of the clock (default: 1d; any: none)"),
                       json(),
                       threads(),
                       in_group("Common options",
                                {{"quiet", 'q', "", "no report: the exit code says it"},
                                 {"verbose", 'v', "",
                                  "also name what is passed over: frames of types that this version does not know"}}),
                       common()}),
      .example = "deltalog verify history.dlog\n",
      .run = run_verify};
}

Command dump_command() {
  return {.name = "dump",
          .summary = "a log as NDJSON, for encode to read back",
          .synopsis = "LOG... [-o OUT]",
          .description =
              "Writes every commit as a line and its deltas as lines behind it; encode makes the same commits of them, "
              "hash for "
              "hash. With a selection, only the deltas chosen, in key order, each naming its dot.",
          .operands = {kLogs},
          .options = join({output(),
                           selection({"id", "id-glob", "ids-from", "namespace", "origin", "op", "since", "until",
                                      "property", "grep", "source", "trace"}),
                           threads(), progress(), quiet(), common()}),
          .example = "deltalog dump history.dlog | deltalog encode - -o copy.dlog\n",
          .run = run_dump};
}

Command log_command() {
  return {
      .name = "log",
      .summary = "commits, deltas, conflicts, or sums over windows of time",
      .synopsis = "LOG...",
      .description =
          "Lists commits, the newest first. With a choice of vectors or operations, or --deltas, lists deltas, and of "
          "chosen vectors what each changed; with --window, sums over windows of time. Exits 1 if there are none.",
      .operands = {kLogs},
      .options = join(
          {{{"deltas", 0, "", "list deltas instead of commits"},
            {"graph", 0, "", "draw which commit had seen which"},
            {"ancestors", 0, "DOT", "only what DOT had seen, and itself"},
            {"common", 0, "DOT", "only what all of two DOTs or more had seen, or are", true, {}, Kind::text, {}, true},
            {"window", 0, "SPEC", "sum up by time: tumbling:1h, sliding:1h/10m, session:30m, adaptive:100:10ms:5s"},
            {"after", 0, "DOTS", "only windows that differ from those of DOTS and what they had seen", true},
            {"heads", 0, "", "print the newest dots, for a later --after"},
            {"conflicts", 0, "", "list dimensions where concurrent assignments meet now"},
            {"policy", 0, "POLICY", "with --conflicts: decide them by POLICY, not by the log's own"},
            {"hashes", 0, "", "print hashes of commits; reads every delta"},
            {"max-skew", 0, "DURATION", "note commits that are further ahead of the clock (default: 1d; any: none)"},
            {"max-count", 'n', "N", "at most N lines"},
            {"reverse", 0, "", "the oldest first"}},
           json(),
           selection({"id", "id-glob", "ids-from", "namespace", "origin", "op", "since", "until", "property", "grep",
                      "source", "trace"}),
           threads(),
           quiet(),
           common()}),
      .example =
          "deltalog log history.dlog --graph\n"
          "deltalog log history.dlog --id king --since 2026-11-01\n"
          "deltalog log --common main:7 carol:3 history.dlog\n"
          "deltalog log history.dlog --window tumbling:1h --json\n",
      .run = run_log};
}

Command show_command() {
  return {.name = "show",
          .summary = "a delta or a commit in full",
          .synopsis = "LOG... DOT|COMMIT",
          .description =
              "Shows the delta named by a dot (ORIGIN:SEQ) with its commit, or the commit named by its range of dots "
              "(ORIGIN:FIRST..LAST) or by the first digits of its hash, with all its deltas.",
          .operands = {kLogs,
                       {"DOT|COMMIT", "a dot, a commit as log prints it, or 4 to 64 digits of its hash", true, false,
                        Kind::text}},
          .options = join({{{"commit", 0, "", "all of the commit that holds DOT"},
                            {"hashes", 0, "", "print the commit's hash; reads every delta"}},
                           json(),
                           threads(),
                           quiet(),
                           common()}),
          .example = "deltalog show history.dlog main:3\n",
          .run = run_show};
}

Command compact_command() {
  return {.name = "compact",
          .summary = "repack a log by vector, and prune its history",
          .synopsis = "LOG... -o OUT | LOG --in-place",
          .description =
              "Writes the union of the logs as one packed segment, in which each vector's history lies together. With "
              "--keep, lets go "
              "what neither now nor a kept time or release needs; the present under every policy, the kept cuts, blame "
              "there, and every later "
              "merge stay what they were. A kept time keeps every moment from the last change before it up to the "
              "next. Times that are not kept are "
              "refused from then on.",
          .operands = {kLogs},
          .options = join(
              {output(),
               {{"in-place", 0, "", "replace the one LOG by the result, under its lock"}},
               wait(),
               {{"at", 0, "TIME", "calendar rules count back from here, not from the log's greatest timestamp"},
                {"keep", 0, "RULE",
                 "all (default), now, since:TIME, last:N, every:DURATION, hourly:N, daily:N, weekly:N, monthly:N, "
                 "yearly:N, tags",
                 true},
                {"whole-deltas", 0, "", "a delta goes whole or stays whole, so that hashes vouch for all that stays"},
                {"assume-closed", 0, "",
                 "no writer is unseen: transforms and tombstones go too, and who comes late is refused"},
                {"if", 0, "CONDITION",
                 "only if the log has reached chain:N, segments:N, deltas:N, commits:N or bytes:SIZE"},
                {"dry-run", 0, "", "write nothing, and say what would go"},
                {"memory", 0, "SIZE", "sort at most SIZE of deltas at a time (default 256M)"},
                {"preset",
                 0,
                 "PRESET",
                 "fastest, balanced (default) or maximum",
                 false,
                 {"fastest", "balanced", "maximum"}}},
               json(),
               threads(),
               talk(),
               common()}),
          .example =
              "deltalog compact history.dlog -o packed.dlog\n"
              "deltalog compact history.dlog --keep daily:7 --keep monthly:12 -o pruned.dlog\n"
              "deltalog compact history.dlog --in-place\n",
          .run = run_compact};
}

Command diff_command() {
  return {
      .name = "diff",
      .summary = "what differs between two logs, or two moments",
      .synopsis = "LOG LOG [--base LOG]... | LOG... --at TIME [--at TIME]",
      .description =
          "Lists the vectors that were created, deleted or changed from the first log to the second, or from one "
          "moment of the "
          "logs' union to another (with one moment: to now), with distance and cosine. Exits 1 if anything differs.",
      .operands = {kLogs},
      .options = join(
          {{{"stat", 0, "", "print only counts and extremes"},
            {"fail-over", 0, "L2", "exit 1 only for a distance above L2, a creation or a deletion"},
            {"with-old", 0, "", "with --json: old values beside the new ones"},
            {"base",
             0,
             "LOG",
             "read LOG together with each of the two: what a bundle was made against",
             true,
             {},
             Kind::file}},
           policy("decide conflicts by POLICY, not by the logs' own"),
           json(),
           selection({"id", "id-glob", "ids-from", "namespace"}),
           in_group("Selection", {{"at", 0, "TIME", "as of TIME: first the old moment, then the new one", true},
                                  {"as-seen-by", 0, "DOT", "as the author of DOT saw it; counts as an --at", true}}),
           threads(),
           quiet(),
           common()}),
      .example =
          "deltalog diff monday.dlog tuesday.dlog\n"
          "deltalog diff history.dlog --at 2026-11-09 --at 2026-11-10 --stat --fail-over 0.1\n",
      .run = run_diff};
}

Command rollback_command() {
  return {.name = "rollback",
          .summary = "append the commit that restores a moment, or undoes a commit",
          .synopsis = "LOG --append (--at TIME | --as-seen-by DOT | --revert COMMIT) | LOG... -o OUT ...",
          .description =
              "Writes a commit that makes the present state what it was at a moment: creates, deletes and assignments "
              "of what differs. "
              "With --revert, takes one commit back by a three-way merge; what was changed since stays, is named, and "
              "makes "
              "the exit code 4. Nothing is forgotten. With nothing to do, nothing is written.",
          .operands = {kLogs},
          .options =
              join({{{"append", 0, "", "add to the one LOG in place, under its lock"}},
                    wait(),
                    output(),
                    live(),
                    {{"max-delete", 0, "N|P%", "refuse to delete more vectors, or more of a namespace (default: 50%)"},
                     {"dry-run", 0, "", "write nothing, and say what would be done"}},
                    {{"revert", 0, "COMMIT", "undo this commit: a dot in it, or digits of its hash"},
                     {"time", 0, "TIME", "time of the new commit (default: now)"},
                     {"origin", 0, "NAME", "the writer (default: $DELTALOG_ORIGIN, else main)"},
                     {"message", 'm', "MESSAGE", "message of the commit (default: says what was done)"},
                     {"source", 0, "NAME", "where the wish came from; recorded"},
                     {"preset",
                      0,
                      "PRESET",
                      "fastest, balanced (default) or maximum",
                      false,
                      {"fastest", "balanced", "maximum"}}},
                    json(),
                    selection({"id", "id-glob", "ids-from", "namespace", "at", "as-seen-by"}),
                    threads(),
                    talk(),
                    common()}),
          .example =
              "deltalog rollback history.dlog --at 2026-11-09 --append\n"
              "deltalog rollback history.dlog --revert main:7 --id king -o undo.dlog\n",
          .run = run_rollback};
}

Command tag_command() {
  return {.name = "tag",
          .summary = "name a release or a time of a log",
          .synopsis = "LOG NAME [--at TIME|TAG | --as-seen-by DOT] | LOG NAME --delete | LOG [--list]",
          .description =
              "Adds a commit to LOG that names a release: all that the log holds now, or what the author of DOT saw. "
              "What a release answers "
              "never changes, whatever is merged later. With --at TIME, it names that time. The name then stands "
              "wherever a time or a delta is "
              "asked for; a name that is taken is moved with --force alone. Without NAME lists the tags; exits 1 if "
              "there are none.",
          .operands = {{"LOG", "the log to add to, or whose tags to list", true, false, Kind::file},
                       {"NAME", "the name: no control characters, and not itself a time", false, false, Kind::text}},
          .options = join({{{"at", 0, "TIME", "name this time, its microsecond included, or what another tag names"},
                            {"as-seen-by", 0, "DOT", "name what the author of this delta saw"},
                            {"list", 0, "", "list the tags, as without NAME"},
                            {"delete", 0, "", "the name names nothing any more"},
                            {"force", 'f', "", "move a name that is taken"},
                            {"dry-run", 0, "", "write nothing, and say what would be named"},
                            {"origin", 0, "NAME", "the writer (default: $DELTALOG_ORIGIN, else main)"},
                            {"message", 'm', "MESSAGE", "message of the commit"}},
                           wait(),
                           json(),
                           threads(),
                           talk(),
                           common()}),
          .example =
              "deltalog tag history.dlog v1.0\n"
              "deltalog snapshot history.dlog --at v1.0 -o release.npy\n",
          .run = run_tag};
}

Command info_command() {
  return {.name = "info",
          .summary = "what is in the files",
          .synopsis = "LOG...",
          .description =
              "Prints counts, namespaces and segments; with --columns, where the bytes are; with --baselines, what the "
              "same deltas "
              "would take elsewhere.",
          .operands = {kLogs},
          .options = join(
              {{{"columns", 0, "", "sizes by column; reads the directory of every block"},
                {"baselines", 0, "",
                 "sizes of the same deltas as whole vectors, as pairs, and as rows under zstd -3; reads everything"},
                {"get",
                 0,
                 "KEY",
                 "print only this value",
                 false,
                 {"bytes", "segments", "commits", "pending", "deltas", "origins", "namespaces", "vectors", "first",
                  "last", "answers", "attestations", "unknown-frames"}}},
               json(),
               threads(),
               quiet(),
               common()}),
          .example = "deltalog info history.dlog --columns\n",
          .run = run_info};
}

Command help_command() {
  return {.name = "help",
          .summary = "explain a command",
          .synopsis = "[COMMAND]",
          .description = "Prints the list of commands, or the help of one, on stdout.",
          .operands = {{"COMMAND", "the command to explain", false, false, Kind::command}},
          .options = common(),
          .example = "deltalog help encode\n",
          .run = run_help};
}

Command completion_command() {
  return {.name = "completion",
          .summary = "print a shell's completion script",
          .synopsis = "bash|zsh|fish|table",
          .description =
              "Made from the table of commands. \"table\" prints that table itself, tab-separated: command, option, "
              "letter, value, choices.",
          .operands = {{"SHELL", "bash, zsh, fish or table", true, false, Kind::text}},
          .options = common(),
          .example = "deltalog completion bash > /etc/bash_completion.d/deltalog\n",
          .run = run_completion,
          .hidden = true};
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {encode_command(), merge_command(),  compact_command(),   snapshot_command(),
                                           blame_command(),  verify_command(), dump_command(),      log_command(),
                                           show_command(),   diff_command(),   rollback_command(),  tag_command(),
                                           info_command(),   help_command(),   completion_command()};
  return all;
}

const Command* find_command(std::string_view name) {
  const auto it = std::ranges::find(commands(), name, &Command::name);
  return it == commands().end() ? nullptr : &*it;
}

}  // namespace deltalog
