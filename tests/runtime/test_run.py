"""Real containers through the real backend: the four lines of the explainer and what a run tells on its way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from support import pace
from support.client import Docker

pytestmark = pytest.mark.container


def test_hello_world_prints_and_ends(docker: Docker) -> None:
    result = docker("docker run hello-world")
    assert "Hello from Docker!" in result.stdout
    assert (result.code, result.reason) == (0, "exit")


def test_alpine_alone_starts_a_shell_that_finds_no_input(docker: Docker) -> None:
    result = docker("docker run alpine")
    assert (result.stdout, result.code, result.reason) == ("", 0, "exit")
    assert result.event("created")["argv"] == ["/bin/sh"]
    assert result.event("created")["argv_source"] == "image"


def test_hello_world_has_no_ls(docker: Docker) -> None:
    result = docker("docker run hello-world ls")
    assert (result.stdout, result.code, result.reason) == ("", 127, "not-started")
    assert 'exec: "ls": executable file not found in $PATH' in result.stderr
    assert "docker run alpine ls" in result.event("exited")["hint"]


def test_alpine_ls_lists_the_snapshot(docker: Docker) -> None:
    result = docker("docker run alpine ls")
    folders = "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var".split()
    assert result.stdout.split() == folders
    assert result.event("created")["argv_source"] == "request"


def test_the_steps_come_in_order_with_one_last_event(docker: Docker) -> None:
    result = docker("docker run alpine echo hi")
    # on a slow machine it is measured meanwhile
    kinds = [event["type"] for event in result.events if event["type"] not in ("stats", "inspection")]
    assert kinds == ["accepted", "image", "created", "started", "output", "exited"]
    times = [event["at"] for event in result.events]
    assert times == sorted(times)


def test_the_machine_sees_the_process_with_another_pid_and_other_namespaces(docker: Docker) -> None:
    started = docker("docker run alpine true").event("started")
    assert started["pid_inside"] == 1
    assert started["pid"] > 1
    assert started["kernel"] == os.uname().release
    for name, inode in started["namespaces"].items():
        assert inode != Path(f"/proc/self/ns/{name}").stat().st_ino


def test_output_comes_while_the_program_runs(docker: Docker) -> None:
    result = docker("docker run alpine sh -c 'echo one; sleep 0.4; echo two'")
    first, second = [event for event in result.events if event["type"] == "output"]
    assert (first["text"], second["text"]) == ("one\n", "two\n")
    assert second["at"] - first["at"] > 0.3


def test_each_container_has_a_writable_layer_of_its_own(docker: Docker) -> None:
    assert docker("docker run alpine sh -c 'echo mine > /note; cat /note'").stdout == "mine\n"
    assert docker("docker run alpine cat /note").code == 1


@pytest.mark.parametrize("code", [0, 1, 2, 126, 127, 255])
def test_a_programs_exit_code_is_its_own(docker: Docker, code: int) -> None:
    result = docker(f"docker run alpine sh -c 'exit {code}'")
    assert (result.code, result.reason) == (code, "exit")


def test_a_signal_is_told(docker: Docker) -> None:
    result = docker("docker run --init alpine sh -c 'kill -TERM $$'")
    assert result.code == 143


def test_a_terminal_ends_lines_as_terminals_do(docker: Docker) -> None:
    result = docker("docker run -t alpine sh -c 'echo a; test -t 1 && echo terminal; echo b >&2'")
    assert result.stdout == "a\r\nterminal\r\nb\r\n"


def test_a_run_of_its_own_host_pulls_each_time(docker: Docker) -> None:
    for _ in range(2):
        result = docker("docker run alpine true", shared=False)
        assert result.event("image")["state"] == "missing"
        assert result.event("pulled")["bytes"] > 0


def test_a_run_takes_milliseconds(docker: Docker) -> None:
    begun = time.monotonic()
    docker("docker run alpine true")
    assert time.monotonic() - begun < pace.seconds(1)
