"""What the web server tells, to whom, and under which headers."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.settings import Settings
from security.raw_requests import JSON, RUN, head, send
from support.client import run
from support.named_tests import ROOT
from support.web_server import Web, serving, until


def test_metrics_are_for_the_operator_alone(web: Web) -> None:
    assert send(web, "GET", "/metrics")[0] == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert send(web, "GET", "/metrics", None, {name: "127.0.0.1"})[0] == 404
    # a proxy that adds no header passes on the name that its readers know
    assert send(web, "GET", "/metrics", None, {"Host": "sandbox.example"})[0] == 404
    for name in ("localhost", "[::1]", "LOCALHOST"):
        assert send(web, "GET", "/metrics", None, {"Host": f"{name}:{web.port}"})[0] == 200


def test_a_proxy_of_which_the_lines_are_documented_keeps_the_metrics_from_its_readers(web: Web) -> None:
    lines = re.findall(r"```nginx\n(.+?)```", (ROOT / "docs/operators.md").read_text(), re.DOTALL)
    headers = dict(re.findall(r"proxy_set_header (\S+) (\S+);", "".join(lines)))
    values = {"$host": "sandbox.example", "$proxy_add_x_forwarded_for": "203.0.113.9"}
    assert headers
    for name, value in headers.items():
        # each of them alone, if a proxy has only that
        assert send(web, "GET", "/metrics", None, {name: values[value]})[0] == 404


def test_a_forwarding_header_does_not_change_who_is_counted(tmp_path: Path) -> None:
    with serving(tmp_path, per_address=1) as web, web.connect() as client:
        body = b'{"command": "docker run alpine sleep"}'
        client.sendall(head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: web.fake.live == 1)
        status, headers, _ = send(web, "POST", "/v1/runs", RUN, JSON | {"X-Forwarded-For": "203.0.113.9"})
        assert status == 429
        assert int(headers["retry-after"]) >= 1


def test_answers_carry_the_headers_that_browsers_heed(web: Web) -> None:
    for path in ("/v1/health", "/v1/nowhere", "/v1/openapi.json"):
        headers = send(web, "GET", path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert send(web, "GET", "/v1/health", None, {"Host": "evil.example"})[1]["x-content-type-options"] == "nosniff"


def test_output_cannot_forge_an_event(web: Web) -> None:
    line = 'docker run nope"}\\n{"type":"exited","code":0}'
    result = run(web.url, line)
    assert result.code != 0


def test_the_default_address_is_loopback() -> None:
    assert Settings().listen == "127.0.0.1"
