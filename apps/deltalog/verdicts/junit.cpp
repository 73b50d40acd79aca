// The JUnit form, as Jenkins, GitLab and GitHub's actions read it. It has no standard; this is what they have in
// common: testsuites, testsuite, testcase, failure, error, skipped, system-out.
#include <fmt/format.h>

#include "delta/text.hpp"
#include "verdicts/forms.hpp"

namespace deltalog::verdicts {
namespace {

/// What XML 1.0 cannot hold comes out as escape() writes it.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string safe(std::string_view text) { return xml(delta::escape(text, text.size())); }

std::string hit_text(const Hit& hit) {
  std::string out = delta::escape(hit.file, 4096);
  if (!hit.file.empty()) out += fmt::format(": byte {}: ", hit.offset);
  if (!hit.where.empty()) out += delta::escape(hit.where, 4096) + ": ";
  out += delta::escape(hit.what, hit.what.size());
  if (!hit.hint.empty()) out += "; " + delta::escape(hit.hint, hit.hint.size());
  return xml(out) + (hit.accepted ? " (accepted)" : "") + "\n";
}

std::string hits_text(const Judgement& judgement) {
  std::string out;
  for (const Hit& hit : shown(judgement)) out += hit_text(hit);
  if (left_out(judgement) > 0) out += fmt::format("{} more not shown\n", left_out(judgement));
  return out;
}

std::string test_case(const Judgement& judgement) {
  std::string out = fmt::format("    <testcase classname=\"deltalog.{}\" name=\"{}\"", suite_name(judgement.suite),
                                safe(judgement.rule));
  if (judgement.outcome == Outcome::passed) return out + "/>\n";
  const std::string text = hits_text(judgement);
  out += ">\n";
  if (judgement.counts()) {
    const std::string_view type = judgement.outcome == Outcome::unknown ? "unknown" : "broken";
    out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", type, safe(judgement.text), text);
  } else {
    out += fmt::format("      <system-out>{}</system-out>\n", text);
  }
  return out + "    </testcase>\n";
}

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0;
};

std::string counts_text(const Counts& counts) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\"", counts.tests, counts.failures,
                     counts.errors);
}

std::string suite_text(const Report& report, Suite suite, Counts& all) {
  Counts counts;
  std::string cases;
  for (const Judgement& judgement : report.rules) {
    if (judgement.suite != suite) continue;
    ++counts.tests;
    counts.failures += judgement.counts();
    cases += test_case(judgement);
  }
  if (counts.tests == 0) return {};
  all.tests += counts.tests;
  all.failures += counts.failures;
  return fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", suite_name(suite), counts_text(counts), cases);
}

}  // namespace

std::string junit_report(const Report& report) {
  Counts all;
  std::string suites;
  if (report.stopped) {
    all.tests = all.errors = 1;
    suites += fmt::format("  <testsuite name=\"run\" {}>\n    <testcase classname=\"deltalog\" name=\"{}\">\n",
                          counts_text(all), safe(report.command));
    suites += fmt::format("      <error type=\"{}\" message=\"{}\"/>\n    </testcase>\n  </testsuite>\n",
                          delta::error_code_name(report.stopped->code), safe(report.stopped->text()));
  }
  for (const Suite suite : {Suite::integrity, Suite::policy, Suite::contract}) {
    suites += suite_text(report, suite, all);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"deltalog {}\" {}>\n{}</testsuites>\n",
      safe(report.command), counts_text(all), suites);
}

}  // namespace deltalog::verdicts
