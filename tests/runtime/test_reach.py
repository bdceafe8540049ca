"""A backend that is to be reached from elsewhere: what it prints is true."""

from __future__ import annotations

import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.listening import own_addresses
from support.backend import running
from support.client import call, run

pytestmark = pytest.mark.container


def test_every_printed_address_runs_a_command_and_a_listed_name_is_answered() -> None:
    with running(environ={"HOST": "0.0.0.0", "HOSTS": "docs.example"}) as backend:
        while "Ctrl-C" not in backend.log.read_text():
            time.sleep(0.05)
        printed = [line.split()[0] for line in backend.log.read_text().splitlines() if line.startswith("http://")]
        assert len(printed) == sum(family == "inet" for family, _ in own_addresses())
        for url in printed:
            assert run(url, "docker run alpine true").code == 0
        port = backend.url.rpartition(":")[2]
        for host, status in (("docs.example", 200), (f"docs.example:{port}", 200), ("other.example", 421)):
            assert answered_to(f"{backend.url}/v1/health", host) == status
        assert call(backend.url, "GET", "/v1/health")[0] == 200


def answered_to(url: str, host: str) -> int:
    """The status for a request that names this host."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", urlsplit(url).path, headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_address_that_is_not_ours_ends_the_start_with_its_own_advice(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--listen", "198.51.100.9", "--port", "8977"]
    command += ["--data-dir", str(tmp_path / "state"), "--registry", "http://127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "이 컴퓨터에 없는 주소" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state").exists()
