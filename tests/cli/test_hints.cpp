// What is proposed instead of a word that is not known: misspelt ones, and those of other tools. A row whose hint is
// lost fails, and so does a hint that names a command or an option that is gone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "cli/hints.hpp"
#include "cli/parse.hpp"

using namespace deltalog;

namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    words.emplace_back(line.substr(0, line.find(' ')));
    line.remove_prefix(std::min(words.back().size() + 1, line.size()));
  }
  return words;
}

/// The hint that the program gives to a line without its own name.
std::string hint_of(std::string_view line) {
  const auto words = words_of(line);
  const Command* command = find_command(words[0]);
  if (command == nullptr) return unknown_command(words[0]).hint;
  const auto got = parse(*command, std::span(words).subspan(1));
  return got ? "nothing is wrong" : got.error().hint;
}

struct Row {
  std::string_view line, hint;
};

constexpr Row kRows[] = {
    // clang-format off
    {"encoed", "did you mean encode?"},
    {"snapsht", "did you mean snapshot?"},
    {"verfy", "did you mean verify?"},
    {"lgo", "did you mean log?"},
    {"mrege", "did you mean merge?"},
    {"rolback", "did you mean rollback?"},
    {"copmact", "did you mean compact?"},
    {"blmae", "did you mean blame?"},
    {"hlep", "did you mean help?"},
    {"snap", "did you mean snapshot?"},
    {"inof", "did you mean info?"},
    {"SNAPSHOT", "did you mean snapshot?"},
    {"restore", "deltalog snapshot writes the state at a time; rollback brings it back"},
    {"checkout", "deltalog snapshot writes the state at a time; rollback brings it back"},
    {"restroe", "deltalog snapshot writes the state at a time; rollback brings it back"},
    {"stats", "deltalog info LOG says what is in a log"},
    {"status", "deltalog info LOG says what is in a log"},
    {"statsu", "deltalog info LOG says what is in a log"},
    {"stat", "deltalog info LOG says what is in a log"},
    {"prune", "deltalog compact LOG --keep RULE -o OUT drops old history"},
    {"prnue", "deltalog compact LOG --keep RULE -o OUT drops old history"},
    {"gc", "deltalog compact LOG --keep RULE -o OUT drops old history"},
    {"commit", "deltalog encode INPUT --append LOG adds commits to a log"},
    {"comit", "deltalog encode INPUT --append LOG adds commits to a log"},
    {"history", "deltalog log LOG lists the commits"},
    {"histroy", "deltalog log LOG lists the commits"},
    {"cat", "deltalog dump LOG prints a log as NDJSON"},
    {"export", "deltalog snapshot LOG --at TIME -o OUT writes the state at a time"},
    {"expotr", "deltalog snapshot LOG --at TIME -o OUT writes the state at a time"},
    {"import", "deltalog encode INPUT -o LOG makes a log"},
    {"init", "deltalog encode INPUT -o LOG makes a log"},
    {"add", "deltalog encode INPUT --append LOG adds commits to a log"},
    {"push", "deltalog merge LOG LOG -o OUT unites logs; --not-in makes a bundle"},
    {"pull", "deltalog merge LOG LOG -o OUT unites logs; --not-in makes a bundle"},
    {"fsck", "deltalog verify LOG says what is damaged"},
    {"check", "deltalog verify LOG says what is damaged"},
    {"chekc", "deltalog verify LOG says what is damaged"},
    {"repack", "deltalog compact LOG --in-place repacks a log"},
    {"squash", "deltalog compact LOG --in-place repacks a log"},
    {"revert", "deltalog rollback LOG --revert COMMIT --append undoes a commit"},
    {"undo", "deltalog rollback LOG --revert COMMIT --append undoes a commit"},
    {"reset", "deltalog rollback LOG --at TIME --append brings a state back"},
    {"branch", "each writer is a branch: deltalog encode INPUT --origin NAME"},
    {"list", "deltalog info LOG says what is in a log"},
    {"ls", "deltalog info LOG says what is in a log"},
    {"get", "deltalog snapshot LOG --at TIME -o OUT writes the state at a time"},
    {"query", "deltalog snapshot LOG --where EXPR -o OUT chooses vectors"},
    {"ingest", "deltalog encode INPUT --append LOG adds commits to a log"},
    {"append", "deltalog encode INPUT --append LOG adds commits to a log"},
    {"validate", "deltalog verify LOG says what is damaged"},
    {"annotate", "deltalog blame LOG --id ID says who last set each value"},
    {"compare", "deltalog diff LOG --at TIME --at TIME compares two moments"},
    {"describe", "deltalog info LOG says what is in a log"},
    {"rm", "deltalog encode takes {\"op\":\"delete\",\"id\":ID} as a line of NDJSON"},
    {"delete", "deltalog encode takes {\"op\":\"delete\",\"id\":ID} as a line of NDJSON"},
    {"fetch", "deltalog merge LOG LOG -o OUT unites logs; --not-in makes a bundle"},
    {"sync", "deltalog merge LOG LOG -o OUT unites logs; --not-in makes a bundle"},
    {"vacuum", "deltalog compact LOG --keep RULE -o OUT drops old history"},
    {"release", "deltalog tag LOG NAME names a release"},
    {"inspect", "deltalog show LOG DOT prints a delta or a commit"},
    {"man", "deltalog help lists the commands"},
    {"concept", "deltalog help concepts explains the words"},
    {"dot", "deltalog help concepts explains this word"},
    {"context", "deltalog help concepts explains this word"},
    {"cut", "deltalog help concepts explains this word"},
    {"glossary", "deltalog help concepts explains the words"},
    {"conflicts", "deltalog log LOG --conflicts lists the conflicts"},
    {"graph", "deltalog log LOG --graph draws the commits"},
    {"xyzzy", "deltalog --help lists the commands"},
    {"q", "deltalog --help lists the commands"},
    {"snapshot a.dlog --outptu", "did you mean --output?"},
    {"snapshot a.dlog --out", "did you mean --output?"},
    {"snapshot a.dlog --file", "files to read need no option; --output names the file to write"},
    {"snapshot a.dlog --input", "files to read need no option"},
    {"snapshot a.dlog --format", "did you mean --to?"},
    {"snapshot a.dlog --force2", "did you mean --force?"},
    {"snapshot a.dlog --at-time", "did you mean --at?"},
    {"snapshot a.dlog --colour", "did you mean --color?"},
    {"snapshot a.dlog --no-color", "did you mean --color never?"},
    {"snapshot a.dlog -O", "did you mean -o?"},
    {"snapshot a.dlog --jobs", "did you mean --threads?"},
    {"snapshot a.dlog --ids", "did you mean --ids-from?"},
    {"snapshot a.dlog --keep", "--keep is an option of compact"},
    {"snapshot a.dlog --append", "--append is an option of encode, rollback"},
    {"log a.dlog --since-time", "did you mean --since?"},
    {"log a.dlog --until-time", "did you mean --until?"},
    {"log a.dlog --limit", "did you mean --max-count?"},
    {"log a.dlog --head", "did you mean --max-count?"},
    {"log a.dlog --author", "did you mean --origin?"},
    {"log a.dlog --format", "did you mean --json?"},
    {"log a.dlog --out", "the answer goes to standard output"},
    {"log a.dlog --file", "files to read need no option"},
    {"log a.dlog --force", "--force is an option of encode, merge, compact and others"},
    {"log a.dlog --output", "the answer goes to standard output"},
    {"log a.dlog --keep", "--keep is an option of compact"},
    {"log a.dlog --stat", "--stat is an option of diff"},
    {"log a.dlog --merge-base", "did you mean --common?"},
    {"log a.dlog --no-color", "did you mean --color never?"},
    {"log a.dlog --graphs", "did you mean --graph?"},
    {"log a.dlog --query", "did you mean --where?"},
    {"log a.dlog --regex", "did you mean --grep?"},
    {"log a.dlog --as-of", "did you mean --at?"},
    {"log a.dlog --before", "did you mean --until?"},
    {"encode a.npy --format", "did you mean --from?"},
    {"encode a.npy --out", "did you mean --output?"},
    {"encode a.npy --file", "files to read need no option; --output names the file to write"},
    {"encode a.npy --append-to", "did you mean --append?"},
    {"encode a.npy --author", "did you mean --origin?"},
    {"encode a.npy --msg", "did you mean --message?"},
    {"encode a.npy --date", "did you mean --at?"},
    {"encode a.npy --label", "did you mean --tag?"},
    {"encode a.npy --overwrite", "did you mean --force?"},
    {"encode a.npy --simulate", "did you mean --dry-run?"},
    {"encode a.npy --compression", "did you mean --preset?"},
    {"encode a.npy --jobs", "did you mean --threads?"},
    {"encode a.npy --tolerance", "did you mean --max-error?"},
    {"encode a.npy --dtype", "did you mean --element?"},
    {"encode a.npy --timeout", "did you mean --wait?"},
    {"encode a.npy --max-eror", "did you mean --max-error?"},
    {"encode a.npy --quantise", "did you mean --quantize?"},
    {"encode a.npy --namspace", "did you mean --namespace?"},
    {"compact a.dlog --keep-last", "did you mean --keep last:N?"},
    {"compact a.dlog --keep-daily", "did you mean --keep daily:N?"},
    {"compact a.dlog --older-than", "did you mean --keep since:TIME?"},
    {"compact a.dlog --inplace", "did you mean --in-place?"},
    {"compact a.dlog --retain", "did you mean --keep since:TIME?"},
    {"merge a.dlog --exclude", "did you mean --not-in?"},
    {"merge a.dlog --resolve", "did you mean --policy?"},
    {"merge a.dlog --ours", "did you mean --policy?"},
    {"merge a.dlog --out", "did you mean --output?"},
    {"merge a.dlog --strategy", "did you mean --policy?"},
    {"merge a.dlog --append", "did you mean --into?"},
    {"rollback a.dlog --undo", "did you mean --revert?"},
    {"rollback a.dlog --date", "did you mean --at?"},
    {"rollback a.dlog --to", "--to is an option of snapshot, search"},
    {"rollback a.dlog --dry", "did you mean --dry-run?"},
    {"snapshot --to npyy a", "did you mean npy?"},
    {"encode --from npyy a", "did you mean npy?"},
    {"encode --preset fastets a", "did you mean fastest?"},
    {"log --op creat a", "did you mean create?"},
    {"verify --level chian a", "did you mean chain?"},
    {"encode --quantize f61 a", "did you mean f16?"},
    {"--verison", "did you mean --version?"},
    {"--json", "the command comes first: deltalog COMMAND [options] FILE..."},
    {"history.dlog", "the command comes first: deltalog COMMAND [options] FILE..."},
    {"./a", "the command comes first: deltalog COMMAND [options] FILE..."},
    {"-v", "the command comes first: deltalog COMMAND [options] FILE..."},
    // clang-format on
};

}  // namespace

TEST_CASE("A word that is not known gets the hint that helps") {
  for (const auto& [line, hint] : kRows) {
    INFO(line);
    CHECK(hint_of(line) == hint);
  }
}

TEST_CASE("Far-fetched words get no proposal") {
  CHECK(hint_of("xyzzy") == "deltalog --help lists the commands");
  CHECK(hint_of("log a.dlog --xyzzy") == "see deltalog log --help");
  CHECK(hint_of("log a.dlog -Z") == "see deltalog log --help");
  CHECK(hint_of("help --color sometimes") == "see deltalog help --help");
}

TEST_CASE("Hints name commands and options that there are, within 80 columns") {
  const auto anywhere = [](std::string_view option) {
    return std::ranges::any_of(commands(), [&](const Command& command) { return command.find(option) != nullptr; });
  };
  for (const auto& hint : table_hints()) {
    INFO(hint);
    CHECK(hint.size() + std::string_view("hint: ").size() <= 80);
    const Command* command = nullptr;
    const auto words = words_of(hint);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i > 0 && words[i - 1] == "deltalog") {
        command = find_command(words[i]);
        CHECK(command != nullptr);
      }
      const auto option = words[i].substr(words[i].starts_with("--") ? 2 : words[i].size());
      if (!option.empty()) CHECK((command != nullptr ? command->find(option) != nullptr : anywhere(option)));
    }
  }
}
