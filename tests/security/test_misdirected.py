"""A name that is not answered: the reader and the program are told what the operator has to set, and nothing of a
stranger's text becomes more than text."""

from __future__ import annotations

import re
import shlex
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from security.raw_requests import JSON, RUN, send
from support.web_server import Web, serving

PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
NAMES = ["evil.example", "localhost:9000", "name-8000.app.github.dev", "[2001:db8::7]:8000", "my_machine"]
HOSTILE = [
    "<script>alert(1)</script>",
    "a&lt;b",
    '"onload=x',
    "$(reboot)",
    "`reboot`",
    "x;reboot",
    "x y",
    "x'y",
    "a" * 5000,
    "a." * 120 + "example",
    "[::1];reboot",
    "../..",
    "\u00e9.example",
    "",
]


def asked(web: Web, host: str, **headers: str) -> tuple[int, dict[str, str], str]:
    status, found, text = send(web, "GET", "/", None, {"Host": host, **PAGE, **headers})
    return status, found, text.decode()


def line(text: str) -> str:
    found = re.search("<pre>(.*)</pre>", text)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("host", NAMES)
def test_the_page_has_the_very_line_that_makes_the_name_answered(tmp_path: Path, web: Web, host: str) -> None:
    status, headers, text = asked(web, host)
    assert status == 421
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert f"<code>{host}</code>" in text
    words = shlex.split(line(text))
    assert words == ["make", "serve", f"HOSTS={host}"]
    with serving(tmp_path, allowed_hosts=(words[2].removeprefix("HOSTS="),)) as mended:
        assert send(mended, "GET", "/v1/health", None, {"Host": host})[0] == 200


@pytest.mark.parametrize("host", HOSTILE)
def test_what_is_no_name_gets_into_no_line_and_stays_text(web: Web, host: str) -> None:
    status, headers, text = asked(web, host)
    assert status == 421
    assert line(text) == "make serve HOSTS=이름"
    # but for the name all is as it is for any other, and in the name there is nothing that a browser would read
    plain = asked(web, "evil.example")[2].replace("HOSTS=evil.example", "HOSTS=이름")
    assert re.sub("<code>[^<>\"']*</code>", "", text) == plain.replace("<code>evil.example</code>", "")
    assert len(text) < 3000
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy)
    assert "script-src" not in headers["content-security-policy"]


def problem(web: Web, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
    status, found, answer = send(web, method, path, body, headers)
    assert (status, found["content-type"]) == (421, "application/problem+json")
    return dict(answer)


def test_a_program_is_told_the_same(web: Web) -> None:
    assert "HOSTS=evil.example" in problem(web, "POST", "/v1/runs", JSON | {"Host": "evil.example"}, RUN)["detail"]
    assert "HOSTS=evil.example" in problem(web, "GET", "/", {"Host": "evil.example"})["detail"]
    # a page of the site is not what a browser asks the API for
    assert problem(web, "GET", "/v1/health", PAGE | {"Host": "evil.example"})["code"] == "foreign-host"
    for host in HOSTILE:
        detail = problem(web, "GET", "/v1/health", {"Host": host})["detail"]
        assert "HOSTS=이름" in detail
        assert len(detail) < 200


def test_each_such_request_is_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as web:
        asked(web, "evil.example")
        send(web, "GET", "/", None, {"Host": "evil.example"})
        assert b'sandbox_problems_total{code="foreign-host"} 2' in send(web, "GET", "/metrics")[2]
