"""The pages alone, where no backend is: whatever is asked of the API, the element learns that there is none."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.backend import free_port

SECONDS = 30.0
API = [
    ("POST", "/v1/hosts"),
    ("POST", "/v1/runs"),
    ("DELETE", "/v1/runs/abc"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/a/b/c"),
]


@dataclass(frozen=True)
class Answer:
    """What came back, and whether the connection ended behind it."""

    status: int
    headers: http.client.HTTPMessage
    text: str
    last: bool


@dataclass(frozen=True)
class Pages:
    """`sandbox-backend serve --machine pages`, on `port`."""

    port: int
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, answer.headers, text, connection.sock is None)
        finally:
            connection.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The program, stopped as Ctrl-C does."""
    site, port = tmp_path_factory.mktemp("site"), free_port()
    (site / "index.html").write_text("<h1>pages</h1>")
    words = [sys.executable, "-m", "sandbox", "serve", "--machine", "pages", "--site", str(site), "--port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ | {"HOSTS": "docs.example"}) as it:
        assert it.stdout
        assert f"http://127.0.0.1:{port}" in it.stdout.readline()
        found = Pages(port, it)
        try:
            yield found
        finally:
            begun = time.monotonic()
            it.send_signal(signal.SIGINT)
            assert it.wait(SECONDS) == 0
            assert time.monotonic() - begun < SECONDS / 2


@pytest.mark.parametrize(("method", "path"), API)
def test_the_api_is_answered_as_no_backend_does(pages: Pages, method: str, path: str) -> None:
    answer = pages.ask(method, path)
    assert answer.status == 404
    # a backend's own refusals are problems (RFC 9457), which the element would show to the reader
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"


def test_health_says_that_nothing_can_be_run(pages: Pages) -> None:
    answer = pages.ask("GET", "/v1/health")
    assert (answer.status, json.loads(answer.text)["isolations"]) == (503, [])
    assert answer.headers["cache-control"] == "no-store"


def test_the_site_is_there(pages: Pages) -> None:
    assert (pages.ask("GET", "/").status, pages.ask("GET", "/").text) == (200, "<h1>pages</h1>")
    assert pages.ask("GET", "/nothing").status == 404


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1/health", "/v1/runs"])
@pytest.mark.parametrize("host", ["localhost:{}", "evil.example"])
def test_every_answer_is_the_last_of_its_connection(pages: Pages, path: str, host: str) -> None:
    answer = pages.ask("GET", path, Host=host.format(pages.port))
    assert answer.headers["connection"] == "close"
    assert answer.last


@pytest.mark.parametrize(
    ("host", "status"), [("docs.example", 200), ("docs.example:{}", 200), ("evil.example", 421), ("", 421)]
)
def test_it_answers_to_its_own_names_alone(pages: Pages, host: str, status: int) -> None:
    for path in ("/", "/v1/health"):
        assert pages.ask("GET", path, Host=host.format(pages.port)).status in (status, 503 if status == 200 else status)


def test_another_sites_page_gets_nothing_of_the_api(pages: Pages) -> None:
    answer = pages.ask("GET", "/v1/health", Origin="https://evil.example")
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


def test_it_has_no_capability_and_cannot_gain_one(pages: Pages) -> None:
    children = Path(f"/proc/{pages.process.pid}/task/{pages.process.pid}/children").read_text().split()
    (child,) = children
    status = dict(line.split(":\t") for line in Path(f"/proc/{child}/status").read_text().splitlines() if ":\t" in line)
    assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
