// Side files of a log. None of them is trusted over the log, and everything works without them.
#include <fmt/format.h>

#include "cli/values.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "commands/reindex_ann.hpp"
#include "commands/reindex_side_files.hpp"

namespace deltalog {

namespace {

constexpr std::string_view kOfAnn[] = {"metric", "m",         "ef-construction", "relink",   "min-recall", "budget",
                                       "order",  "id",        "id-glob",         "ids-from", "namespace",  "where",
                                       "at",     "as-seen-by"};
constexpr std::string_view kNotOfAnn[] = {"checkpoint-cost", "dry-run", "wait"};

Result<Exit> run(const Invocation& invocation, Console& console) {
  const bool ann = invocation.has("ann");
  for (const std::string_view option : ann ? std::span<const std::string_view>(kNotOfAnn) : kOfAnn) {
    if (!invocation.has(option)) continue;
    return usage_error(invocation, fmt::format("--{} {} with --ann", option, ann ? "does not go" : "goes"));
  }
  return ann ? reindex_ann(invocation, console) : reindex_side_files(invocation, console);
}

}  // namespace

Command reindex_command() {
  return {
      .name = "reindex",
      .summary = "make, extend or check the side files of a log",
      .synopsis = "LOG...\nLOG... --ann",
      .description =
          "Makes LOG.dlx, by which questions about a few vectors of a large log are answered quickly, or extends it "
          "by what LOG has grown by. Where folding LOG costs much, also keeps states of it in LOG.dlc, from which "
          "questions about all vectors start. "
          "Every answer is the same without them. With --ann, builds LOG.ann instead, an index of near neighbours for "
          "each namespace, or repairs it: only vectors that changed are touched. Then it measures how many of the ten "
          "nearest the index finds. With --check, compares the files with the log, and exits 1 where they differ.",
      .operands = {options::kLogs},
      .options = options::join(
          {{{.name = "check", .help = "write nothing: read the log and its side files, and compare them"},
            {.name = "rebuild", .help = "make them new, also where they are whole"},
            {.name = "checkpoint-cost",
             .value = "N",
             .help = "keep a state where the deltas since the last one take N times its bytes (default: 4); none: "
                     "keep no more"},
            {.name = "index", .value = "FILE", .help = "path of the index (default: LOG.dlx)", .kind = Kind::file},
            {.name = "dry-run", .help = "write nothing, and say what would be done"}},
           options::wait(),
           options::in_group(
               "Near neighbours",
               options::join(
                   {{{.name = "ann", .help = "the index of near neighbours, which search uses"}},
                    ann_options(),
                    options::selection({"id", "id-glob", "ids-from", "namespace", "where", "at", "as-seen-by"})})),
           options::json(),
           options::threads(),
           options::progress(),
           options::quiet(),
           options::common()}),
      .example =
          "deltalog reindex history.dlog\n"
          "deltalog reindex history.dlog --check\n"
          "deltalog reindex history.dlog --ann --metric cosine\n",
      .run = run};
}

}  // namespace deltalog
