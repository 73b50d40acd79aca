#!/usr/bin/env python3
"""Traces as a file and as a collector gets them.

    traces.py --program PATH     exit 0 if all holds; 77 if OpenTelemetry's own writer is not here and the rest holds

The collector is a small HTTP server of this test. What OpenTelemetry's writer (npm, script/bootstrap --reports) makes
of the same spans is compared member by member.
"""
import argparse
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from foreign import MODULES, Place, check, finish, missing

LINE = b'{"id":"a","vector":[1,2,3],"ts":"2026-01-01T00:00:00Z"}\n{"id":"z","vector":[3,2,1],"ts":"2026-01-01T00:00:00Z"}\n'
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCRIPT = """
const {JsonTraceSerializer} = require('@opentelemetry/otlp-transformer');
const spans = JSON.parse(require('fs').readFileSync(0));
const time = text => [Number(BigInt(text) / 1000000000n), Number(BigInt(text) % 1000000000n)];
const value = v => 'intValue' in v ? Number(v.intValue) : v.stringValue;
const object = list => Object.fromEntries(list.map(a => [a.key, value(a.value)]));
const request = spans.resourceSpans[0], scope = request.scopeSpans[0];
const resource = {attributes: object(request.resource.attributes)};
const made = scope.spans.map(s => ({
  name: s.name, kind: s.kind - 1, startTime: time(s.startTimeUnixNano), endTime: time(s.endTimeUnixNano),
  spanContext: () => ({traceId: s.traceId, spanId: s.spanId, traceFlags: 1}), parentSpanId: s.parentSpanId,
  status: {code: s.status.code}, attributes: object(s.attributes), links: [], events: [], resource,
  instrumentationLibrary: {name: scope.scope.name, version: scope.scope.version},
  droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0}));
process.stdout.write(Buffer.from(JsonTraceSerializer.serializeRequest(made)));
"""
class Tracing(Place):
    def trace(self, *words, data=None, **variables):
        """Exit code and spans of a command."""
        done = self.run(*words, "--trace-out", "trace.json", data=data, **variables)
        text = (self.folder / "trace.json").read_text(encoding="utf-8")
        check(text.count("\n") == 1, "not one line")
        return done.returncode, json.loads(text)


class Collector:
    """Remembers what is posted; answers with `status` after `delay` seconds."""

    def __init__(self, status=200, delay=0.0):
        self.got = got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, dict(self.headers), body))
                time.sleep(delay)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *words):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def spans_of(request):
    return request["resourceSpans"][0]["scopeSpans"][0]["spans"]


def attributes(span):
    return {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}


def check_spans(request, command, inner):
    spans = spans_of(request)
    names = [span["name"] for span in spans]
    check(names[0] == f"deltalog {command}" and set(inner) <= set(names), f"{command}: {names}")
    check(len({span["spanId"] for span in spans}) == len(spans), "two spans with one id")
    for span in spans:
        check(re.fullmatch("[0-9a-f]{32}", span["traceId"]) and re.fullmatch("[0-9a-f]{16}", span["spanId"]), "ids")
        check(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), "time runs backwards")
        check(span is spans[0] or span["parentSpanId"] in {other["spanId"] for other in spans}, "a parent that is not here")


def files(place):
    commands = (
        (("encode", "-", "-o", "a.dlog"), LINE, ["delta.encode", "delta.apply"]),
        (("encode", "-", "-o", "b.dlog", "--origin", "b"), LINE.replace(b"1,2,3", b"4,5,6"), ["delta.encode"]),
        (("verify", "a.dlog"), None, ["delta.verify"]),
        (("merge", "a.dlog", "b.dlog", "-o", "m.dlog", "--conflicts", "c.ndjson"), None, ["delta.merge", "delta.conflict.resolve"]),
        (("snapshot", "m.dlog", "-o", "m.npy"), None, ["delta.compose"]),
        (("log", "m.dlog", "--conflicts"), None, ["delta.conflict.resolve"]),
        (("compact", "m.dlog", "-o", "p.dlog"), None, ["delta.compact"]),
        (("search", "m.dlog", "--id", "a", "-k", "1"), None, ["delta.search", "delta.compose"]),
        (("reindex", "m.dlog", "--checkpoint-cost", "0.000001"), None, ["delta.checkpoint"]),
        (("diff", "a.dlog", "b.dlog"), None, ["delta.compose"]),
        (("tag", "a.dlog", "t"), None, ["delta.apply"]),
    )
    for words, data, inner in commands:
        code, request = place.trace(*words, data=data)
        check(code in (0, 1), f"{words}: exit {code}")
        check_spans(request, words[0], inner)
    code, request = place.trace("verify", "a.dlog", TRACEPARENT=PARENT)
    root, verify = spans_of(request)
    check(root["traceId"] == PARENT[3:35] and root["parentSpanId"] == PARENT[36:52], "the parent")
    check(attributes(verify)["delta.deltas"] == "2" and attributes(root)["process.exit.code"] == "0", "counts")
    code, request = place.trace("verify", "gone.dlog")
    check(code == 3 and spans_of(request)[0]["status"]["code"] == 2, "a failure")
    same = [place.trace("verify", "a.dlog", SOURCE_DATE_EPOCH="1830000000")[1] for _ in range(2)]
    check(same[0] == same[1], "one clock and two traces")
    check(place.run("verify", "a.dlog", "--trace-out", "no/such/place").returncode == 0, "a trace changed the exit code")
    check(place.run("verify", "a.dlog", "--trace-out", "a.dlog").returncode == 2, "a trace in the place of a log")
    return request


def sending(place):
    collector = Collector()
    done = place.run("verify", "a.dlog", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url + "/", OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b,no",
                     OTEL_SERVICE_NAME="night", OTEL_RESOURCE_ATTRIBUTES="team=data,service.name=other")
    if b"libcurl is not installed" in done.stderr:
        return False
    check(done.returncode == 0 and not done.stderr and len(collector.got) == 1, f"sending: {done.stderr}")
    path, headers, body = collector.got[0]
    check(path == "/v1/traces" and headers["Content-Type"] == "application/json" and headers["x-key"] == "a b", f"{path} {headers}")
    request = json.loads(body)
    check_spans(request, "verify", ["delta.verify"])
    found = attributes(request["resourceSpans"][0]["resource"])
    check(found["service.name"] == "night" and found["team"] == "data", f"the resource: {found}")
    for variables in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}, {"TRACEPARENT": PARENT[:-1] + "0"}):
        place.run("verify", "a.dlog", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **variables)
        check(len(collector.got) == 1, f"sent in spite of {variables}")
    done = place.run("verify", "a.dlog", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_PROTOCOL="grpc")
    check(done.returncode == 0 and b"only http/json" in done.stderr and len(collector.got) == 1, f"grpc: {done.stderr}")
    place.run("verify", "a.dlog", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector.url + "/mine")
    check(collector.got[-1][0] == "/mine", "an endpoint for traces alone")
    for url in (Collector(status=503).url, "http://127.0.0.1:9", "nonsense:", Collector(delay=5).url):
        begin = time.monotonic()
        done = place.run("verify", "a.dlog", OTEL_EXPORTER_OTLP_ENDPOINT=url)
        check(done.returncode == 0 and b"was not sent" in done.stderr, f"{url}: {done}")
        check(time.monotonic() - begin < 3, f"{url}: it waited {time.monotonic() - begin:.1f} s")
    return True


def as_opentelemetry(request):
    """What its own writer makes of the same spans; none: it is not here."""
    if not shutil.which("node") or not (MODULES / "@opentelemetry/otlp-transformer").exists():
        return None
    done = subprocess.run(["node", "-e", SCRIPT], input=json.dumps(request).encode(), capture_output=True, check=False,
                          env={**os.environ, "NODE_PATH": str(MODULES)})
    check(done.returncode == 0, f"node: {done.stderr.decode()}")
    return json.loads(done.stdout) if done.returncode == 0 else {}


def plain(value):
    """64-bit numbers may be texts; empty members say nothing."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, int) else value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    place = Tracing(parser.parse_args().program)
    request = files(place)
    if not sending(place):
        missing.add("libcurl")
    theirs = as_opentelemetry(request)
    if theirs is None:
        missing.add("@opentelemetry/otlp-transformer")
    else:
        check(plain(theirs) == plain(request), f"OpenTelemetry writes\n{json.dumps(theirs)}\nand not\n{json.dumps(request)}")
    return finish(place)


if __name__ == "__main__":
    sys.exit(main())
