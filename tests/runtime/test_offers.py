"""What hints offer, taken over on a real host: each of the lines starts. For slips of every kind that are made up, the
same is seen by `fuzz/targets/started.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hints import wording
from support import oci, registry
from support.backend import running
from support.client import Docker, Result, run
from support.oci import File, Folder, Link

pytestmark = pytest.mark.container
ROWS = (
    "docker run alpine exit 3",
    "docker run -m 512 alpine true",
    "docker run alpine --rm ls",
    "docker run alpine sh echo hi",
    "docker run alpine ls\u200b",
    "docker run hello-world ls",
    "docker run hello-wrold",
    "docker run hub.docker.com/library/alpine ls",
    'docker run -e FOO=BAR alpine sh -c "echo $FOO"',
)
SCRIPTS = {
    "crlf": b"#!/bin/sh\r\necho hi\r\n",
    "bom": b"\xef\xbb\xbf#!/bin/sh\necho hi\n",
    "none": b"echo hi\n",
    "missing": b"#!/bin/bash\necho hi\n",
    "wide": "\ufeff#!/bin/sh\r\n".encode("utf-16-le"),
    "env": b"#!/bin/env bash\necho hi\n",
    "env-crlf": b"#!/usr/bin/env sh\r\necho hi\r\n",
}


def offered(result: Result) -> list[str]:
    """The lines that a result offers."""
    texts = [event.get("hint") or event.get("text") for event in result.events if event["type"] in ("exited", "notice")]
    return [line for text in texts if text and (line := wording.offered(text))]


@pytest.mark.parametrize("line", ROWS)
def test_a_line_that_is_offered_starts_a_container(docker: Docker, line: str) -> None:
    lines = offered(docker(line, shared=False))
    assert lines
    for better in lines:
        assert docker(better, shared=False).event("started")


def test_a_program_that_this_image_alone_has_is_offered(docker: Docker) -> None:
    assert docker("docker run greeter greeter").code == 0
    assert offered(docker("docker run greeter greeterr")) == []
    assert offered(docker("docker run greeter Greeter")) == ["docker run greeter greeter"]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A backend whose registry has an image of scripts."""
    files: dict[str, oci.Entry] = {f"{name}.sh": File(data, 0o755) for name, data in SCRIPTS.items()}
    files |= {"bin": Folder(), "bin/busybox": File(Path("/bin/busybox").read_bytes(), 0o755), "bin/sh": Link("busybox")}
    files |= {"bin/env": Link("busybox"), "usr/bin/env": Link("/bin/busybox")}
    files |= {"good.sh": File(b"#!/bin/sh\nexit 3\n", 0o755), "data": File(b"\0\1\2\3", 0o755)}
    with registry.running(tmp_path_factory.mktemp("scripts")) as url:
        oci.push_image(url, "library/scripts:latest", [files])
        with running({"registry": url}) as backend:
            yield backend.url


@pytest.mark.parametrize(
    ("fault", "word"),
    [("crlf", "CRLF"), ("bom", "BOM"), ("wide", "BOM"), ("none", "#!/bin/sh"), ("missing", "/bin/bash 프로그램")],
)
def test_a_script_that_the_kernel_does_not_execute_is_told_why(scripted: str, fault: str, word: str) -> None:
    result = run(scripted, f"docker run --entrypoint /{fault}.sh scripts")
    assert result.code not in (0, 3)
    assert f"exec /{fault}.sh: " in result.stderr
    hint = result.event("exited")["hint"]
    assert f"/{fault}.sh 파일" in hint
    assert word in hint
    assert "script" not in [event["type"] for event in result.events]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("docker run --entrypoint /env.sh scripts", "bash 프로그램"),
        ("docker run --entrypoint /env-crlf.sh scripts", "CRLF"),
        ("docker run --init --entrypoint /crlf.sh scripts", "CRLF"),
        ("docker run -w / scripts ./env.sh", "bash 프로그램"),
    ],
)
def test_a_script_that_another_program_does_not_execute_is_told_why_too(scripted: str, line: str, word: str) -> None:
    result = run(scripted, line)
    assert (result.code, result.reason) == (127, "exit")
    assert word in result.event("exited")["hint"]


def test_a_script_that_runs_and_a_file_that_is_none_get_no_such_hint(scripted: str) -> None:
    assert run(scripted, "docker run --entrypoint /good.sh scripts").code == 3
    lost = run(scripted, "docker run scripts sh -c /nothing")
    assert "스크립트" not in lost.event("exited")["hint"]
    for path in ("/good.sh", "/data"):
        result = run(scripted, f"docker run --entrypoint {path} scripts")
        assert "파일" not in result.event("exited").get("hint", "")
