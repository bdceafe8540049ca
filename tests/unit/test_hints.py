"""The Korean hint beside a result: what helps, and the line that works."""

from __future__ import annotations

import pytest

from sandbox.docker import messages
from sandbox.docker.cli import Run, hints, parse, wording
from sandbox.docker.cli.wording import NO_DEVICE, NO_TERMINAL, NO_USER, NOT_IN_REGISTRY, SHELL_NOT_FOUND
from sandbox.docker.messages import task_error
from sandbox.model.events import Exited, Reason
from sandbox.model.image import Config, Image, Layer

MISSING = "executable file not found in $PATH"


def hint(line: str, exited: Exited, image: Image | None = None) -> str | None:
    command = parse(line)
    assert isinstance(command, Run)
    return hints.for_result(command, exited, image)


def not_started(code: int, detail: str) -> Exited:
    return Exited(code, "not-started", message=task_error(detail))


def image(*cmd: str) -> Image:
    layer = Layer("sha256:1", "sha256:2", 1)
    return Image("x:latest", "d", "i", "amd64", (layer,), Config(cmd=cmd), 1, 1, "official")


@pytest.mark.parametrize(
    ("line", "program", "said"),
    [
        ("docker run hello-world ls", "ls", "이 이미지에는 ls 파일이 없어요. docker run alpine ls 를 실행해 보세요."),
        ("docker run hello-world:latest sh", "sh", "docker run alpine sh 를"),
        ("docker run alpine bash", "bash", "docker run alpine sh 를"),
        ("docker run alpine /bin/bash -c ls", "/bin/bash", "docker run alpine sh -c ls 를"),
        ("docker run alpine sl", "sl", "docker run alpine ls 를"),
        ("docker run alpine -=x", "-=x", "이 이미지에는 -=x 파일이 없어요."),
        ("docker run alpine 'ls -l'", "ls -l", "docker run alpine ls -l 를"),
        ("docker run alpine cd /tmp", "cd", "docker run alpine sh -c 'cd /tmp' 를"),
        ("docker run alpine --rm ls", "--rm", "docker run --rm alpine ls 를"),
        ("docker run -i alpine -e A=B env", "-e", "docker run -i -e A=B alpine env 를"),
        ("docker run alpine ls　-l", "ls　-l", "docker run alpine ls -l 를"),
        ("docker run alpine kubectl", "kubectl", "이 이미지에는 kubectl 파일이 없어요. 철자나 경로를"),
        ("docker run --entrypoint /x alpine", "/x", "이 이미지에는 /x 파일이 없어요."),
    ],
)
def test_a_program_that_is_not_there(line: str, program: str, said: str) -> None:
    assert said in (hint(line, not_started(127, f'exec: "{program}": {MISSING}')) or "")


def test_an_image_of_one_program_is_told_by_its_configuration() -> None:
    exited = not_started(127, f'exec: "ls": {MISSING}')
    assert "docker run alpine ls" in (hint("docker run mine ls", exited, image("/app")) or "")
    assert "docker run alpine ls" not in (hint("docker run mine ls", exited, image("/bin/sh")) or "")


def test_a_folder_and_a_file_without_permission() -> None:
    assert "docker run alpine ls /etc 를" in (
        hint("docker run alpine /etc", not_started(126, 'exec: "/etc": is a directory')) or ""
    )
    assert "docker run alpine cat /etc/passwd 를" in (
        hint("docker run alpine /etc/passwd", not_started(126, 'exec: "/etc/passwd": permission denied')) or ""
    )


def test_what_the_daemon_says_before_a_start() -> None:
    def said(message: str) -> str | None:
        return hint("docker run nosuch", Exited(125, "not-started", message=message))

    assert said("pull access denied for nosuch, repository …") == (
        f"{NOT_IN_REGISTRY} docker run alpine 를 실행해 보세요."
    )
    assert said("unable to find user bob: no matching entries in passwd file") == NO_USER
    assert said("cannot attach stdin to a TTY-enabled container because stdin is not a terminal") == NO_TERMINAL
    assert said("stat /dev/sdz: no such file or directory") == NO_DEVICE
    assert said(messages.NO_DISK) == wording.NO_DISK
    assert said(messages.SHARED_DISK) == wording.SHARED_DISK
    assert said(messages.TOO_SLOW) == wording.TOO_SLOW
    assert said(messages.NO_BRIDGE) == wording.NO_BRIDGE
    assert said(messages.FULL_BRIDGE) == wording.FULL_BRIDGE
    assert said("something else") is None
    assert said("") is None


@pytest.mark.parametrize(("reason", "word"), [("oom", "메모리"), ("timeout", "시간"), ("output-limit", "출력")])
def test_a_limit_that_was_met_is_named(reason: Reason, word: str) -> None:
    assert word in (hint("docker run alpine", Exited(137, reason)) or "")


def test_a_shell_that_does_not_find_a_command() -> None:
    assert hint("docker run alpine sh -c nosuch", Exited(127, "exit")) == SHELL_NOT_FOUND
    assert hint("docker run alpine ./mine", Exited(127, "exit")) is None


def test_an_end_that_was_asked_for_needs_no_hint() -> None:
    assert hint("docker run alpine ls", Exited(0, "exit")) is None
    assert hint("docker run alpine false", Exited(1, "exit")) is None
    assert hint("docker run alpine sleep 9", Exited(137, "cancelled")) is None
    assert "SIGSEGV" in (hint("docker run alpine crash", Exited(139, "signal", "SIGSEGV")) or "")
