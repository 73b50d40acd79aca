// stdout for data, stderr for talk: every byte that a command prints goes through here.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"

namespace deltalog {

class Invocation;

enum class Style : unsigned char { plain, strong, dim, good, caution, bad, name };

class Console {
 public:
  explicit Console(std::string_view command) : command_(command) {}

  /// Takes -q, -v and --color from what was asked, where the command knows them.
  void configure(const Invocation& invocation);
  /// Messages are NDJSON from here on: `message` of formats/spec/json-output-1.md.
  void talk_json() { json_ = true; }

  /// Text for stdout, buffered; the error of an earlier write stays. A closed pipe is an error too: give up and return
  /// it.
  delta::Status print(std::string_view text);
  /// What was asked for is done, and stands. What is printed from here on tells of it, and that it cannot be told
  /// undoes nothing: no error of print(), and none of the program.
  void committed() { committed_ = true; }
  bool has_committed() const { return committed_; }
  /// Sends what is buffered. The last act of the program: only then is stdout known to be written.
  delta::Status flush();

  /// The text in colour if stdout takes colour.
  std::string paint(Style style, std::string_view text) const { return paint(style, text, color_out_); }

  void error(const delta::Error& error);                         ///< also with -q
  void warn(std::string_view text, std::string_view hint = {});  ///< not with -q; each text once
  void say(std::string_view text);                               ///< not with -q: that there was nothing to do
  void note(std::string_view text);                              ///< only with -v
  void warn(const delta::Finding& finding);
  /// Of a log whose end is missing: also with -q, and the program's answer is then one in part.
  void cut_short(const delta::Finding& finding);
  bool read_in_part() const { return read_in_part_; }
  /// A line of stderr as it is.
  void talk(std::string_view line);

  bool quiet() const { return quiet_; }
  bool verbose() const { return verbose_; }

 private:
  static std::string paint(Style style, std::string_view text, bool color);
  enum class Kind : unsigned char { error, warning, note };
  /// What a message says, in parts; empty ones are left out.
  struct Message {
    Kind kind;
    std::string_view code = {}, file = {}, where = {};
    std::string_view text;
    std::string_view hint = {};
  };
  static Message of(const delta::Finding& finding);
  void message(const Message& message);
  void json_message(const Message& message);
  void warn(const Message& message);

  std::string command_;
  bool quiet_ = false, verbose_ = false, color_out_ = false, color_err_ = false;
  bool committed_ = false, read_in_part_ = false, json_ = false;
  std::string buffer_;
  std::set<std::string, std::less<>> warned_;
  std::unique_ptr<delta::OutputFile> out_;
  delta::Status broken_;
};

}  // namespace deltalog
