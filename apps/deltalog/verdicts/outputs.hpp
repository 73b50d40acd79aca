// Where a report goes: `--report FORM[:FILE]`, any number of times, and `--baseline FILE`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parse.hpp"
#include "delta/file.hpp"
#include "ui/console.hpp"
#include "verdicts/baseline.hpp"
#include "verdicts/report.hpp"

namespace deltalog::verdicts {

/// Options of a command that has reports.
std::vector<Option> report_options();

/// What a command says in its own words.
struct OwnForms {
  std::string text;                                ///< for people
  std::function<std::string(const Report&)> json;  ///< what follows the findings, once it is known which are accepted
};

class Outputs {
 public:
  /// Creates the files and reads the baseline, so that what cannot be written is known before the work. Errors: usage:
  /// two forms want stdout; those of the files.
  static Result<Outputs> open(const Invocation& invocation);

  /// Marks what the baseline knows, and returns how many hits that are.
  std::size_t accept_known(Report& report) const;
  /// Writes all forms. The files are there afterwards, or none is.
  Status write(const Report& report, const OwnForms& own, Console& console);

 private:
  struct Form {
    std::string_view name;
    std::string path;  // empty: stdout
  };
  std::vector<Form> forms_;
  std::vector<delta::OutputFile> files_;  // of the forms with a path, in order
  Baseline baseline_;
  bool has_stdout_ = false;  // a form was asked for there
};

/// Of a check that a command makes: `check` fills the report. If it stops with an error, the reports say so, and the
/// error is returned.
Result<Exit> report_check(const Invocation& invocation, Console& console,
                          const std::function<Result<OwnForms>(Report&)>& check);

}  // namespace deltalog::verdicts
