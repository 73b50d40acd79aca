#!/usr/bin/env python3
"""Holds the published JSON Schema of contracts to what the program takes.

    contract_schema.py --program PATH --spec DIRECTORY

Contracts that are right and contracts that are wrong go to both: `contract explain` and python3-jsonschema must agree
on each. And the schema, the page and the examples here name the same rules. Exit 77 without python3-jsonschema.
"""
import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not installed")
    sys.exit(77)

# Of each rule: values that are right, and values that are wrong.
VALUES = {
    "dims": ([1, 512], [-1, 1.5, "2", True]),
    "element": (["f32", "u8"], ["f64", 1]),
    "finite": ([True], [False, "yes"]),
    "range": ([[-1, 1], [None, 1], [0.5, None]], [[1], 1, ["a", 1]]),
    "norm": ([{"within": 0.1}, {"is": 2, "within": 0}], [{"is": 1}, {"is": 0, "within": 1}, {"within": 1, "of": 2}, 1]),
    "max-zero": ([0, "1%"], ["1", -1, "x%"]),
    "id-pattern": (["^a+$"], [1]),
    "min-count": ([0], ["0"]),
    "max-count": ([7], [None]),
    "required-ids": (["a", ["a", "b"]], [[], [1], 1]),
    "required-metadata": (["lang"], [{}]),
    "metadata-schema": ([True, {}, {"type": ["string", "null"], "enum": [1], "const": 2, "title": "x"},
                         {"properties": {"a": {"items": {"minimum": 1, "maximum": 2, "pattern": "a"}}}, "required": ["a"]}],
                        [1, {"oneOf": []}, {"type": "text"}, {"items": [{}]}, {"minimum": "1"}, {"required": "a"}, {"type": []}]),
    "max-duplicates": ([0, "0.5%"], [0.5]),
    "max-constant-dims": ([3], [[]]),
    "max-changed": (["2%", 5], ["2 %", "-2%", {}]),
    "max-created": (["100%"], ["%"]),
    "max-deleted": ([0], [True]),
    "max-l2-drift": ([0.5, {"max": 1}, {"p50": 0.1, "p99.9": 1}], [-1, {}, {"mean": 1}, {"max": "1"}]),
    "max-cosine-drift": ([0], ["0"]),
    "max-norm-shift": (["2%"], [2]),
    "max-centroid-shift": (["0.25%"], [0.25]),
    "max-outliers": ([{"k": 6, "last": 14}, {"k": 0.5, "last": 5, "of": "changed"}, {"k": 1, "last": 5, "of": ["l2-drift"]}],
                     [{"k": 6}, {"k": 0, "last": 9}, {"k": 1, "last": 4}, {"k": 1, "last": 9, "of": "size"}]),
    "min-kept-neighbours": ([{"min": 0.5}, {"min": 1, "k": 3, "sample": 0, "metric": "ip"}],
                            [{"k": 3}, {"min": 2}, {"min": 1, "k": 0}, {"min": 1, "metric": "l1"}]),
    "max-rate": ([{"deltas": 1, "per": "1h"}, {"deltas": 1, "per": "90s", "burst": 9}], [{"deltas": 0, "per": "1h"}, {"deltas": 1}, {"deltas": 1, "per": "soon"}]),
    "origins": (["main", ["a", "b"]], [3]),
    "operations": (["create", ["dense", "delete"]], ["upsert", []]),
    "canaries": ([{"ids": "a", "tag": "v1", "min": 0.9}], [{"ids": "a", "tag": "v1"}, {"ids": "a", "tag": "v1", "min": 2}]),
    "no-conflicts": ([True], [1]),
    "max-skew": (["1d"], ["1 day"]),
    "max-age": (["26h"], [26]),
    "max-chain": ([100], ["100"]),
}


def contracts():
    """(contract, is it right?)"""
    finite = {"rule": "finite", "value": True}
    changed = {"rule": "max-changed", "value": 0}
    for good in ([], [finite], [{**finite, "namespace": "n", "severity": "warning", "description": "x"}], [{**changed, "scope": "run", "first": "check"}],
                 [{**changed, "scope": "since:v1"}]):
        yield {"contract": 1, "rules": good}, True
    for bad in ([7], [{**finite, "description": 1}], [{"rule": "finite"}], [{"value": True}], [{**finite, "severity": "fatal"}], [{**finite, "scope": "run"}],
                [{**finite, "first": "check"}], [{**changed, "scope": "week"}], [{**changed, "when": 1}], [{"rule": "Finite", "value": True}], {}):
        yield {"contract": 1, "rules": bad}, False
    yield {"contract": 1, "rules": [], "scope": "day", "description": "x"}, True
    for bad in ({"rules": []}, {"contract": 2, "rules": []}, {"contract": 1}, {"contract": 1, "rules": [], "scope": 1}, {"contract": 1, "rules": [], "more": 1}):
        yield bad, False
    for rule, (right, wrong) in VALUES.items():
        for value in right:
            yield {"contract": 1, "rules": [{"rule": rule, "value": value}]}, True
        for value in wrong:
            yield {"contract": 1, "rules": [{"rule": rule, "value": value}]}, False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--spec", required=True, type=Path)
    arguments = parser.parse_args()
    schema = json.loads((arguments.spec / "contract-1.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    problems, seen = [], 0
    for contract, right in contracts():
        text = json.dumps(contract)
        run = subprocess.run([arguments.program, "contract", "explain", "-"], input=text, capture_output=True, text=True)
        seen += 1
        if (run.returncode == 0) != right:
            problems.append(f"the program {'refuses' if right else 'takes'} {text}: {run.stderr.strip()}")
        if validator.is_valid(contract) != right:
            problems.append(f"the schema {'refuses' if right else 'takes'} {text}")
    rules = schema["$defs"]["rule"]["properties"]["rule"]["enum"]
    page = re.findall(r"^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \|", (arguments.spec / "contract-1.md").read_text().split("## Rules", 1)[1], re.M)
    if sorted(VALUES) != sorted(rules):
        problems.append("the examples here and the schema name other rules")
    if sorted(re.findall(r"[a-z0-9-]+", " ".join(page))) != sorted(rules):
        problems.append("the page and the schema name other rules")
    print("\n".join(problems) or f"{seen} contracts: the program and the schema agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
