// The tables hold words of git, restic, DVC, SQL and their like. A word that means several things there gets the hint
// that most who type it need.
#include "cli/hints.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "cli/concepts.hpp"
#include "cli/values.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "delta/timestamp.hpp"
#include "formats/suggest.hpp"

namespace deltalog {

namespace {

struct CommandWords {
  std::string_view words, hint;
};

constexpr std::array<CommandWords, 26> kCommandWords = {{
    {"restore checkout", "deltalog snapshot writes the state at a time; rollback brings it back"},
    {"export extract materialize materialise state get read select",
     "deltalog snapshot LOG --at TIME -o OUT writes the state at a time"},
    {"add commit append ingest insert upsert put write update record save store",
     "deltalog encode INPUT --append LOG adds commits to a log"},
    {"init create new import load build make convert", "deltalog encode INPUT -o LOG makes a log"},
    {"revert undo cherry-pick", "deltalog rollback LOG --revert COMMIT --append undoes a commit"},
    {"reset rewind", "deltalog rollback LOG --at TIME --append brings a state back"},
    {"prune gc forget expire vacuum purge trim", "deltalog compact LOG --keep RULE -o OUT drops old history"},
    {"repack squash optimize optimise shrink pack compress archive", "deltalog compact LOG --in-place repacks a log"},
    {"status stat stats statistics describe summary list ls du count size", "deltalog info LOG says what is in a log"},
    {"history commits reflog events timeline", "deltalog log LOG lists the commits"},
    {"deltas", "deltalog log LOG --deltas lists the deltas"},
    {"conflicts", "deltalog log LOG --conflicts lists the conflicts"},
    {"graph", "deltalog log LOG --graph draws the commits"},
    {"cat print json ndjson", "deltalog dump LOG prints a log as NDJSON"},
    {"fsck check validate scrub audit repair recover salvage", "deltalog verify LOG says what is damaged"},
    {"push pull fetch sync union combine join clone copy replicate bundle",
     "deltalog merge LOG LOG -o OUT unites logs; --not-in makes a bundle"},
    {"branch fork switch", "each writer is a branch: deltalog encode INPUT --origin NAME"},
    {"annotate praise who", "deltalog blame LOG --id ID says who last set each value"},
    {"knn nearest neighbours neighbors similar", "deltalog search LOG --id ID lists the vectors that are nearest"},
    {"query find filter where grep", "deltalog snapshot LOG --where EXPR -o OUT chooses vectors"},
    {"compare cmp changes", "deltalog diff LOG --at TIME --at TIME compares two moments"},
    {"release label mark bookmark", "deltalog tag LOG NAME names a release"},
    {"inspect view display", "deltalog show LOG DOT prints a delta or a commit"},
    {"delete remove rm drop", "deltalog encode takes {\"op\":\"delete\",\"id\":ID} as a line of NDJSON"},
    {"man manual usage commands", "deltalog help lists the commands"},
    {"concepts glossary words terms", "deltalog help concepts explains the words"},
}};

// Words for an option, and the options that they may mean. The first one that the command has is proposed.
struct OptionWords {
  std::string_view words, options;
  std::string_view hint = {};  // empty: did you mean --OPTION?
};

constexpr std::array<OptionWords, 48> kOptionWords = {{
    {"out outfile out-file output-file filename dest destination target save to-file", "output into"},
    {"file path", "output", "files to read need no option; --output names the file to write"},
    {"file path input infile log logfile", "help", "files to read need no option"},
    {"output out outfile out-file output-file", "help", "the answer goes to standard output"},
    {"format type fmt", "from to json"},
    {"input-format informat in-format", "from"},
    {"output-format outformat out-format to-format", "to"},
    {"since-time from-time start start-time begin newer-than after from", "since"},
    {"until-time to-time end end-time stop before older-than to", "until"},
    {"as-of asof when date datetime timestamp ts version revision rev moment time snapshot", "at time"},
    {"as-seen seen-by", "as-seen-by"},
    {"author writer user actor client replica node branch committer", "origin"},
    {"overwrite replace clobber yes", "force"},
    {"limit max head number count lines top", "max-count"},
    {"silent no-warnings", "quiet"},
    {"debug", "verbose"},
    {"no-color no-colour monochrome", "color", "did you mean --color never?"},
    {"no-progress", "progress", "did you mean --progress never?"},
    {"jobs workers parallel cores", "threads"},
    {"key name vector vector-id", "id"},
    {"ids id-file id-list", "ids-from ids"},
    {"pattern match like glob include", "id-glob"},
    {"query filter select condition", "where"},
    {"regex regexp search find", "grep id-glob"},
    {"msg comment description note", "message"},
    {"dims dimension dimensions index", "dim"},
    {"ndjson jsonl machine porcelain", "json"},
    {"simulate no-act what-if preview", "dry-run"},
    {"label release", "tag"},
    {"compression compression-level effort speed", "preset"},
    {"keep-last", "keep", "did you mean --keep last:N?"},
    {"keep-hourly", "keep", "did you mean --keep hourly:N?"},
    {"keep-daily", "keep", "did you mean --keep daily:N?"},
    {"keep-weekly", "keep", "did you mean --keep weekly:N?"},
    {"keep-monthly", "keep", "did you mean --keep monthly:N?"},
    {"keep-yearly", "keep", "did you mean --keep yearly:N?"},
    {"keep-within retain retention expire older-than", "keep", "did you mean --keep since:TIME?"},
    {"strategy resolve ours theirs", "policy"},
    {"statistics summary stats", "stat window"},
    {"undo", "revert"},
    {"merge-base", "common"},
    {"inplace", "in-place append"},
    {"append append-to add-to", "append into"},
    {"against reference", "base"},
    {"exclude except not", "not-in"},
    {"tolerance epsilon eps precision", "max-error fail-over"},
    {"dtype data-type", "element"},
    {"timeout lock-timeout", "wait"},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

std::vector<std::string_view> words_of(std::string_view list) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    words.push_back(list.substr(0, list.find(' ')));
    list.remove_prefix(std::min(words.back().size() + 1, list.size()));
  }
  return words;
}

/// The rows of a table by their words.
template <class Row>
struct Words {
  std::vector<std::pair<std::string_view, const Row*>> all;

  void add(const Row& row) {
    for (const auto word : words_of(row.words)) all.emplace_back(word, &row);
  }
  const Row* find(std::string_view word) const {
    const auto found = std::ranges::find(all, word, &decltype(all)::value_type::first);
    return found == all.end() ? nullptr : found->second;
  }
  const Row* near(std::string_view word) const {
    std::vector<std::string_view> names;
    for (const auto& [name, row] : all) names.push_back(name);
    return find(delta::formats::nearest(word, names));
  }
};

/// The first option that the row may mean in this command.
const Option* meant(const OptionWords& row, const Command& command) {
  for (const auto name : words_of(row.options)) {
    if (const Option* option = command.find(name)) return option;
  }
  return nullptr;
}

std::string hint_of(const OptionWords& row, const Command& command) {
  return row.hint.empty() ? "did you mean --" + std::string(meant(row, command)->name) + "?" : std::string(row.hint);
}

/// "--keep is an option of compact", of at most three commands; empty: of none.
std::string option_elsewhere(std::string_view name) {
  std::vector<std::string_view> owners;
  for (const auto& command : commands()) {
    if (!command.hidden && command.find(name) != nullptr) owners.push_back(command.name);
  }
  if (owners.empty()) return {};
  std::string out = "--" + std::string(name) + " is an option of " + std::string(owners[0]);
  for (std::size_t i = 1; i < std::min<std::size_t>(owners.size(), 3); ++i) out += ", " + std::string(owners[i]);
  return out + (owners.size() > 3 ? " and others" : "");
}

std::string letter_hint(const Command& command, char letter) {
  const auto small = lower({&letter, 1});
  const Option* option = command.find(small[0]);
  return option != nullptr ? "did you mean -" + small + "?" : std::string();
}

/// "2026-1-5" and "2026/01/05" as "2026-01-05"; also with day and month exchanged where there are not so many months.
std::string calendar_repaired(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '-' || c == '/' || c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() != 3 || parts[0].size() != 4) return {};
  for (auto& part : parts) part.insert(0, part.size() == 1 ? "0" : "");
  if (parts[1] > "12") std::swap(parts[1], parts[2]);
  return parts[0] + '-' + parts[1] + '-' + parts[2];
}

std::vector<std::string> times_like(std::string_view typed) {
  const std::string text(typed);
  const bool digits = text.find_first_not_of("0123456789") == text.npos;
  std::vector<std::string> out = {text + " ago", text + "Z", calendar_repaired(text)};
  if (text.starts_with('-')) out.push_back(text.substr(1) + " ago");
  if (text.starts_with("last ")) out.push_back("1 " + text.substr(5) + " ago");
  if (digits && text.size() == 8) {
    out.push_back(text.substr(0, 4) + '-' + text.substr(4, 2) + '-' + text.substr(6));
  } else if (digits) {
    out.push_back('@' + text);
  }
  return out;
}

}  // namespace

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names, std::string_view before) {
  const auto near = delta::formats::nearest(typed, names);
  return near.empty() ? std::string() : "did you mean " + std::string(before) + std::string(near) + "?";
}

std::string did_you_mean_name(std::string_view typed, std::span<const std::string_view> names) {
  const auto near = delta::formats::nearest(typed, names);
  return near.empty() ? std::string() : "did you mean " + delta::quote(near) + "?";
}

std::string command_hint(std::string_view typed) {
  const auto word = lower(typed);
  if (word.find_first_of("-./") == 0 || word.ends_with(".dlog")) {
    static constexpr std::string_view kAlone[] = {"--help", "--version"};
    const auto hint = did_you_mean(word, kAlone);
    return hint.empty() ? "the command comes first: deltalog COMMAND [options] FILE..." : hint;
  }
  Words<CommandWords> others;
  for (const auto& row : kCommandWords) others.add(row);
  if (const auto* row = others.find(word)) return std::string(row->hint);
  if (is_concept(word)) return "deltalog help concepts explains this word";
  std::vector<std::string_view> names;
  for (const auto& command : commands()) {
    if (!command.hidden) names.push_back(command.name);
  }
  if (auto hint = did_you_mean(word, names); !hint.empty()) return hint;
  const auto* row = others.near(word);
  return row != nullptr ? std::string(row->hint) : "deltalog --help lists the commands";
}

std::string option_hint(const Command& command, std::string_view typed) {
  const auto help = "see deltalog " + std::string(command.name) + " --help";
  if (typed.size() < 2) return help;
  if (typed[1] != '-') {
    const auto hint = letter_hint(command, typed[1]);
    return hint.empty() ? help : hint;
  }
  const auto word = lower(typed.substr(2));
  Words<OptionWords> others;
  for (const auto& row : kOptionWords) {
    if (meant(row, command) != nullptr) others.add(row);
  }
  if (const auto* row = others.find(word)) return hint_of(*row, command);
  if (auto hint = option_elsewhere(word); !hint.empty()) return hint;
  std::vector<std::string_view> names;
  for (const auto& option : command.options) names.push_back(option.name);
  if (auto hint = did_you_mean(word, names, "--"); !hint.empty()) return hint;
  const auto* row = others.near(word);
  return row != nullptr ? hint_of(*row, command) : help;
}

std::string time_hint(std::string_view typed) {
  static constexpr std::string_view kWords[] = {"now", "today", "yesterday"};
  if (auto hint = did_you_mean_name(lower(typed), kWords); !hint.empty()) return hint;
  for (const auto& text : times_like(typed)) {
    if (delta::unless_out_of_memory(delta::parse_time(text, now()))) return "did you mean " + delta::quote(text) + "?";
  }
  return {};
}

std::vector<std::string> table_hints() {
  std::vector<std::string> hints;
  for (const auto& row : kCommandWords) hints.emplace_back(row.hint);
  for (const auto& row : kOptionWords) {
    if (!row.hint.empty()) hints.emplace_back(row.hint);
    for (const auto option : words_of(row.options)) hints.push_back("--" + std::string(option));
  }
  return hints;
}

}  // namespace deltalog
