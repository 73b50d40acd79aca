#include "verdicts/outputs.hpp"

#include <algorithm>

#include "cli/values.hpp"
#include "delta/text.hpp"
#include "verdicts/baseline.hpp"
#include "verdicts/forms.hpp"
#include "writing.hpp"

namespace deltalog::verdicts {
namespace {

struct FormWriter {
  std::string_view name;
  std::string (*write)(const Report&);
};

constexpr FormWriter kForms[] = {{"text", nullptr},       {"json", json_report},        {"junit", junit_report},
                                 {"sarif", sarif_report}, {"github", github_report},    {"gitlab", gitlab_report},
                                 {"tap", tap_report},     {"markdown", markdown_report}};

std::string form_text(std::string_view name, const Report& report, const OwnForms& own) {
  if (name == "text") return own.text;
  const auto form = std::ranges::find(kForms, name, &FormWriter::name);
  std::string out = form->write(report);
  return name == "json" && own.json ? out + own.json(report) : out;
}
}  // namespace

std::vector<Option> report_options() {
  return {
      {.name = "report",
       .value = "FORM[:FILE]",
       .help = "text (default), json, junit, sarif, github, gitlab, tap or markdown, on stdout or in FILE, which is "
               "replaced",
       .repeatable = true,
       .choices = {"text", "json", "junit", "sarif", "github", "gitlab", "tap", "markdown"},
       .to_file = true},
      {.name = "baseline",
       .value = "FILE",
       .help = "accept the findings of FILE, which --report json:FILE wrote",
       .repeatable = true,
       .kind = Kind::file}};
}

Result<Outputs> Outputs::open(const Invocation& invocation) {
  Outputs out;
  if (invocation.has("json")) out.forms_.push_back({"json", {}});
  for (const std::string& text : invocation.values("report")) {
    const auto colon = text.find(':');
    const auto name = std::string_view(text).substr(0, colon);
    const auto* form = std::ranges::find(kForms, name, &FormWriter::name);
    std::string path = colon == text.npos ? "" : text.substr(colon + 1);
    if (path == "-") path.clear();
    out.forms_.push_back({form->name, std::move(path)});
  }
  const auto on_stdout = std::ranges::count(out.forms_, "", &Form::path);
  if (on_stdout > 1) return usage_error(invocation, "--report: several forms on stdout; give all but one a FILE");
  out.has_stdout_ = on_stdout == 1;
  for (const Form& form : out.forms_) {
    if (form.path.empty()) continue;
    DELTA_TRY(auto file, delta::OutputFile::create(form.path, {.force = true, .binary = false}));
    out.files_.push_back(std::move(file));
  }
  for (const std::string& path : invocation.values("baseline")) DELTA_OK(out.baseline_.read(path));
  return out;
}

std::size_t Outputs::accept_known(Report& report) const {
  std::size_t accepted = 0;
  for (auto& judgement : report.rules) {
    for (auto& hit : judgement.hits) {
      hit.accepted = baseline_.knows(hit.fingerprint);
      accepted += hit.accepted;
    }
  }
  return accepted;
}

Status Outputs::write(const Report& report, const OwnForms& own, Console& console) {
  if (!has_stdout_ && !console.quiet()) DELTA_OK(console.print(own.text));
  auto file = files_.begin();
  for (const Form& form : forms_) {
    const std::string text = form_text(form.name, report, own);
    if (form.path.empty()) {
      if (form.name != "text" || !console.quiet()) DELTA_OK(console.print(text));
      continue;
    }
    DELTA_OK((file++)->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  }
  std::vector<delta::OutputFile*> all;
  for (auto& each : files_) all.push_back(&each);
  return delta::commit_all(all);
}

Result<Exit> report_check(const Invocation& invocation, Console& console,
                          const std::function<Result<OwnForms>(Report&)>& check) {
  DELTA_TRY(auto outputs, Outputs::open(invocation));
  Report report{
      .command = std::string(invocation.command().name), .files = invocation.operands(), .rules = {}, .summary = {}};
  auto own = check(report);
  if (!own) {
    report.rules.clear();
    report.stopped = own.error();
    DELTA_OK(outputs.write(report, {}, console));
    return std::move(own).error();
  }
  fingerprint_hits(report);
  if (const std::size_t accepted = outputs.accept_known(report); accepted > 0) {
    own->text += "accepted by the baseline: " + delta::plural(accepted, "finding") + "\n";
  }
  DELTA_OK(outputs.write(report, *own, console));
  return std::ranges::any_of(report.rules, &Judgement::counts) ? Exit::no : Exit::yes;
}

}  // namespace deltalog::verdicts
