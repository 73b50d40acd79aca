#!/usr/bin/env python3
"""Reads each form of a report back with a foreign reader.

    reports.py --program PATH     exit 0 if all holds; 77 if all that could be read holds, and a reader is missing

Logs are whole, torn, damaged, of odd names, and not there. DELTALOG_REQUIRE_READERS=1 makes a missing reader a failure.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

from foreign import MODULES, Place, check, finish, missing, problems, reader

SCHEMA = MODULES / "@microsoft/jest-sarif/lib/schemas"
LINE = b'{"id":"a","vector":[1,2,3],"ts":"2026-01-01T00:00:00Z"}\n{"id":"b","vector":[4,5,6],"ts":"2026-01-01T00:00:01Z"}\n'
FORMS = ("json", "junit", "sarif", "github", "gitlab", "tap", "markdown")
ODD = "od d,%<&>'\"|*`\u00e9.dlog"

def read_junit(text, code):
    if reader("xmllint"):
        done = subprocess.run(["xmllint", "--noout", "--nonet", "-"], input=text, capture_output=True, check=False)
        check(done.returncode == 0, f"xmllint: {done.stderr.decode()}")
    root = ET.fromstring(text)
    check(root.tag == "testsuites", "no testsuites")
    for suite in root:
        cases = suite.findall("testcase")
        for counter, tag in (("failures", "failure"), ("errors", "error")):
            check(int(suite.get(counter)) == sum(case.find(tag) is not None for case in cases), f"{counter} of {suite.get('name')}")
        check(int(suite.get("tests")) == len(cases), "tests of a suite")
    check(int(root.get("tests")) == len(root.findall("*/testcase")), "tests")
    red = root.find(".//failure") is not None or root.find(".//error") is not None
    check(red == (code != 0), f"JUnit is {'red' if red else 'green'} and the exit code {code}")


def read_sarif(text, code):
    found = json.loads(text)
    run = found["runs"][0]
    red = not run["invocations"][0]["executionSuccessful"] or any(
        r["level"] == "error" and "suppressions" not in r for r in run["results"])
    check(red == (code != 0), f"SARIF is {'red' if red else 'green'} and the exit code {code}")
    for result in run["results"]:
        check(run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"], "the rule of a result")
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        return missing.add("python3-jsonschema")
    schemas = list(SCHEMA.glob("sarif-2.1.0*.json"))
    if not schemas:
        return missing.add("the schema of SARIF (script/bootstrap --reports)")
    schema = json.loads(schemas[0].read_text(encoding="utf-8"))
    schema.pop("$schema", None)  # which version it is written in must not be fetched
    for error in jsonschema.Draft7Validator(schema).iter_errors(found):
        check(False, f"SARIF: {list(error.absolute_path)}: {error.message}")
    return None


def read_github(text, code):
    lines = text.decode().splitlines()
    for line in lines:
        check(re.fullmatch(r"::(error|warning|notice) (file=[^,:]+,)?title=[^,:]+::.+", line), f"no workflow command: {line}")
    red = any(line.startswith("::error") for line in lines)
    check(red == (code != 0), f"GitHub sees {red}, exit code {code}")


def read_gitlab(text, code):
    entries = json.loads(text)
    names = [entry["fingerprint"] for entry in entries]
    check(len(names) == len(set(names)), "two entries of GitLab have one fingerprint")
    for entry in entries:
        check(set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}, f"members of {entry}")
        check(entry["severity"] in {"info", "minor", "major", "critical", "blocker"}, entry["severity"])
        check(entry["location"]["path"] and entry["location"]["lines"]["begin"] == 1, "a location")
    red = any(entry["severity"] == "critical" for entry in entries)
    check(red == (code != 0), f"GitLab sees {red}, exit code {code}")


def read_tap(text, code):
    if not reader("prove"):
        return
    with tempfile.NamedTemporaryFile(suffix=".t") as file:
        file.write(b"print <<'END_OF_REPORT';\n" + text + b"END_OF_REPORT\n")
        file.flush()
        done = subprocess.run(["prove", file.name], capture_output=True, check=False)
        check((done.returncode == 0) == (code == 0), f"prove: {done.returncode} of {code}: {done.stdout.decode()}{done.stderr.decode()}")


def read_json(text, code):
    lines = text
    if reader("jq"):
        lines = subprocess.run(["jq", "-c", "."], input=text, capture_output=True, check=True).stdout
    found = [json.loads(line) for line in lines.splitlines()]
    check(found and found[-1]["type"] in {"verify", "stopped"}, "the last object")
    red = found[-1]["type"] == "stopped" or any(
        f["type"] == "finding" and f["severity"] == "error" and not f["accepted"] for f in found)
    check(red == (code != 0), f"JSON is {red} and the exit code {code}")


def read_markdown(text, code):
    text = text.decode()
    check(text.startswith("### deltalog verify\n"), "a heading")
    check(("| broken |" in text or "**stopped**" in text) == (code != 0), "markdown says something else than the exit code")


READ = {"json": read_json, "junit": read_junit, "sarif": read_sarif, "github": read_github, "gitlab": read_gitlab,
        "tap": read_tap, "markdown": read_markdown}


def read_all(place, *words):
    """Of one command: each form on stdout and in a file, which hold the same."""
    files = [option for form in FORMS for option in ("--report", f"{form}:{form}.out")]
    all_at_once = place.run("verify", *words, *files)
    check(all_at_once.stdout == place.run("verify", *words).stdout, "files took the text away")
    for form in FORMS:
        done = place.run("verify", *words, "--report", form)
        check(done.returncode == all_at_once.returncode, f"another exit code of {form}")
        check((place.folder / f"{form}.out").read_bytes() == done.stdout, f"{form} in a file and on stdout differ")
        before = len(problems)
        READ[form](done.stdout, done.returncode)
        problems[before:] = [f"{' '.join(words)}: {form}: {problem}" for problem in problems[before:]]
    return all_at_once.returncode


def make_logs(place):
    place.run("encode", "-", "-o", "whole.dlog", "--at", "2026-01-01", data=LINE)
    whole = (place.folder / "whole.dlog").read_bytes()
    (place.folder / "torn.dlog").write_bytes(whole[:-200])
    (place.folder / ODD).write_bytes(whole[:150] + bytes([whole[150] ^ 1]) + whole[151:])
    (place.folder / "empty.dlog").write_bytes(b"")
    many = place.folder / "many"
    many.mkdir()
    for number in range(130):
        (many / f"{number:03}.dlog").write_bytes(b"")


def baselines(place):
    place.run("verify", "torn.dlog", "--report", "json:known.ndjson")
    check(place.run("verify", "torn.dlog", "--baseline", "known.ndjson").returncode == 0, "a known finding is accepted")
    check(read_all(place, "torn.dlog", "--baseline", "known.ndjson") == 0, "in all forms")
    check(place.run("verify", "torn.dlog", "empty.dlog", "--baseline", "known.ndjson").returncode == 1, "and no other is")
    (place.folder / "bad.ndjson").write_text("{}\nno\n", encoding="ascii")
    refused = place.run("verify", "whole.dlog", "--baseline", "bad.ndjson")
    check(refused.returncode == 3 and b"bad.ndjson: line 2" in refused.stderr, f"a bad baseline: {refused.stderr}")


def refusals(place):
    whole = (place.folder / "whole.dlog").read_bytes()
    for words in (("--report", "junit:whole.dlog"), ("--report", "junit", "--report", "tap"), ("--report", "pdf"),
                  ("--report", "junit:a.xml", "--report", "sarif:a.xml"), ("--json", "--report", "tap")):
        done = place.run("verify", "whole.dlog", *words)
        check(done.returncode == 2, f"{words}: exit {done.returncode}")
    check((place.folder / "whole.dlog").read_bytes() == whole, "a report replaced its log")
    check(not (place.folder / "a.xml").exists(), "a refused report was written")
    check(place.run("verify", "whole.dlog", "--report", "junit:no/such/place.xml").returncode == 3, "a report that cannot be written")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    place = Place(parser.parse_args().program)
    make_logs(place)
    for words, code in ((("whole.dlog",), 0), (("torn.dlog",), 1), ((ODD,), 1), (("torn.dlog", ODD, "empty.dlog"), 1),
                        (("gone.dlog",), 3), (("many",), 1)):
        found = read_all(place, *words)
        check(found == code, f"{words}: exit {found}")
    more = place.run("verify", "many", "--report", "github").stdout
    check(more.count(b"::error file") == 100 and b"30 more of integrity/empty not shown" in more, "the cap is said")
    baselines(place)
    refusals(place)
    return finish(place)

if __name__ == "__main__":
    sys.exit(main())
