"""What is said to a reader whose command did not do what they meant: one case each in `cases/hints.toml`."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sandbox import hints
from sandbox.docker import go, messages
from sandbox.docker.cli import Run, parse, shell
from sandbox.docker.messages import task_error
from sandbox.hints import Known, World, tables, wording
from sandbox.model.events import Exited, Reason
from sandbox.model.image import Config, Image, Layer
from sandbox.model.protocol import Script
from support import pace
from support.pretend_host import BIN, FRESH, IMAGES, KEPT, PULLED, told

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases/hints.toml").read_text())["case"]
MISSING = "executable file not found in $PATH"
# a quarter of what a body lets a line be: there, what grows faster than the line takes a second
LONG = 16_000


@pytest.mark.parametrize("case", CASES, ids=[case["line"] for case in CASES])
@pytest.mark.parametrize("world", [PULLED, FRESH], ids=["pulled", "fresh"])
def test_a_line_that_is_not_what_was_meant(case: dict[str, Any], world: World) -> None:
    said = told(case["line"], world)
    text = (said.notice if case.get("notice") else said.hint) or ""
    offer = wording.offered(text)
    assert offer == (case["offer"].strip() if "offer" in case else None), text
    for part in case.get("says", []):
        assert part in text
    if not case.get("says") and not offer:
        assert not text


def hint(line: str, exited: Exited, image: Known | None = None, world: World = PULLED) -> str | None:
    command = parse(line)
    assert isinstance(command, Run)
    return hints.for_result(line, command, exited, image, world)


def not_started(code: int, detail: str) -> Exited:
    return Exited(code, "not-started", message=task_error(detail))


def image(*cmd: str, programs: tuple[str, ...] | None = None) -> Known:
    layer = Layer("sha256:1", "sha256:2", 1)
    config = Config(cmd=cmd)
    return hints.known(Image("x:1", "d", "i", "amd64", (layer,), config, 1, 1, "official", programs=programs))


def test_an_image_of_one_program_is_told_by_its_files_or_else_by_its_configuration() -> None:
    exited = not_started(127, f'exec: "ls": {MISSING}')
    for bare in (image("/app"), image("/app", programs=("/bin/app",)), image("/bin/sh", programs=())):
        assert wording.offered(hint("docker run mine ls", exited, bare) or "") == "docker run alpine ls"
    for other in (image("/bin/sh"), image("/app", programs=("/bin/sh",))):
        assert wording.offered(hint("docker run mine ls", exited, other) or "") is None


def test_a_program_is_offered_where_the_image_has_it_and_nowhere_else() -> None:
    exited = not_started(127, f'exec: "gerp": {MISSING}')
    small = World(images={**IMAGES, "x:1": image("sh", programs=("/bin/sh", "/bin/ls"))}, show=KEPT)
    assert wording.offered(hint("docker run alpine gerp x", exited, IMAGES["alpine:latest"]) or "")
    assert wording.offered(hint("docker run x:1 gerp x", exited, small.images["x:1"], small) or "") is None


def test_a_file_that_is_there_and_was_not_found_is_not_offered_again() -> None:
    # such as a link that leads nowhere
    exited = not_started(127, f'exec: "tool": {MISSING}')
    own = image("sh", programs=("/bin/sh", "/bin/tool"))
    world = World(images={**IMAGES, "x:1": own}, show=KEPT)
    assert wording.offered(hint("docker run x:1 tool", exited, own, world) or "") is None


def test_a_program_of_the_entrypoint_is_not_looked_for_behind_the_image() -> None:
    said = hint("docker run --entrypoint /x alpine", not_started(127, f'exec: "/x": stat /x: {MISSING}'))
    assert said == "이 이미지에는 /x 파일이 없어요. 철자나 경로를 확인해 보세요."


def test_a_folder_and_a_file_without_permission() -> None:
    assert told("docker run alpine /etc").offers == ["docker run alpine ls /etc"]
    assert told("docker run alpine /etc/passwd").offers == ["docker run alpine cat /etc/passwd"]


def test_what_is_not_here_is_not_offered() -> None:
    empty = World(images={}, show=())
    assert told("dokcer run alpine ls", empty).offers == []
    assert told("dokcer run alpine ls", empty).hint == "프로그램 이름은 docker 예요."
    assert told("docker run nosuch", empty).hint == wording.NOT_IN_REGISTRY


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("unable to find user bob: no matching entries in passwd file", wording.NO_USER),
        ("cannot attach stdin to a TTY-enabled container because stdin is not a terminal", wording.NO_TERMINAL),
        ("unable to find group sky: no matching entries in group file", wording.NO_GROUP),
        (messages.HIGH_ID.format(number=70000, most=65535), wording.HIGH_ID),
        ("unsupported media type application/vnd.cncf.helm.config.v1+json", wording.NOT_AN_IMAGE),
        ("stat /dev/sdz: no such file or directory", wording.NO_DEVICE),
        ("No such image: alpine:latest", wording.NEVER_PULLED),
        (messages.NO_DISK, wording.NO_DISK),
        (messages.SHARED_DISK, wording.SHARED_DISK),
        (messages.TOO_SLOW, wording.TOO_SLOW),
        (messages.NO_BRIDGE, wording.NO_BRIDGE),
        (messages.FULL_BRIDGE, wording.FULL_BRIDGE),
        ("something else", None),
        ("", None),
    ],
)
def test_what_the_daemon_says_before_a_start(message: str, said: str | None) -> None:
    assert hint("docker run nosuch", Exited(125, "not-started", message=message)) == said


@pytest.mark.parametrize(("reason", "word"), [("oom", "메모리"), ("timeout", "시간"), ("output-limit", "출력")])
def test_a_limit_that_was_met_is_named(reason: Reason, word: str) -> None:
    assert word in (hint("docker run alpine", Exited(137, reason)) or "")


def test_more_memory_is_advised_only_where_there_is_more() -> None:
    assert hint("docker run -m 16m alpine", Exited(137, "oom")) == wording.OUT_OF_MEMORY
    for line in ("docker run alpine", "docker run -m 128m alpine"):
        assert "128MiB" in (hint(line, Exited(137, "oom")) or "")


def test_more_memory_is_no_promise_to_a_program_that_takes_it_without_end() -> None:
    said = hint("docker run -m 16m alpine tail /dev/zero", Exited(137, "oom")) or ""
    assert "모자랐다면 --memory 에 더 큰 값을" in said
    assert "끝없이 쓰는 프로그램은 얼마를 주어도" in said
    assert wording.offered(said) is None


def test_a_shell_that_does_not_find_a_command() -> None:
    assert hint("docker run alpine sh -c nosuch", Exited(127, "exit")) == wording.SHELL_NOT_FOUND
    assert hint("docker run alpine ./mine", Exited(127, "exit")) is None


def test_a_program_that_fails_over_a_character_nobody_sees_is_told_so() -> None:
    for line in ("docker run alpine ls /etc\u200b", "docker run alpine ls\u3000-l /x", "docker run alpine ls —la"):
        said = hint(line, Exited(1, "exit"), IMAGES["alpine:latest"])
        assert wording.offered(said or "")
        assert hint(line, Exited(0, "exit"), IMAGES["alpine:latest"]) is None
    assert hint("docker run alpine grep 한글 /etc/hosts", Exited(1, "exit")) is None


@pytest.mark.parametrize("row", ["{" + ",", "{..", "[", "$", "`", "~", "''", "a''", "\\a"])
def test_a_long_program_that_is_not_there_is_looked_at_for_a_moment_only(row: str) -> None:
    program = f"a {row}{row[-1] * LONG}" if row[0] == "{" else f"a {row * (LONG // len(row))}"

    def cost() -> float:
        begun = time.process_time()
        assert hint(line, exited, IMAGES["alpine:latest"])
        return time.process_time() - begun

    line, exited = (
        f"docker run alpine {shell.quote(program)}",
        not_started(127, f"exec: {go.quote(program)}: {MISSING}"),
    )
    assert min(cost() for _ in range(3)) < pace.seconds(0.05)


def test_a_name_is_compared_with_many_long_ones_in_a_moment() -> None:
    # a tag beside a digest is anything that a reader makes up
    own = [f"alpine:{number:02}{'z' * 120}@sha256:{'0' * 64}" for number in range(64)]
    own += [f"alpine:{number:02}{'z' * 48}@sha256:{'0' * 64}" for number in range(64)]
    world, name = World(show=tuple(own)), "z" * 64
    exited = Exited(1, "not-started", message=f"pull access denied for {name}, repository does not exist")

    def cost() -> float:
        begun = time.process_time()
        assert hint(f"docker run {name}", exited, None, world)
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < pace.seconds(0.05)


def test_an_end_that_was_asked_for_needs_no_hint() -> None:
    assert hint("docker run alpine ls", Exited(0, "exit")) is None
    assert hint("docker run alpine false", Exited(1, "exit")) is None
    assert hint("docker run alpine sleep 9", Exited(137, "cancelled")) is None
    assert "SIGSEGV" in (hint("docker run alpine crash", Exited(139, "signal", "SIGSEGV")) or "")
    assert hint("docker run alpine old", Exited(159, "signal", "SIGSYS")) == wording.OTHER_CALLS


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (Script("/run.sh", "crlf"), "CRLF"),
        (Script("/run.sh", "bom"), "BOM"),
        (Script("/run.sh", "none"), "#!/bin/sh"),
        (Script("/run.sh", "missing", "/bin/bash"), "/bin/bash"),
    ],
    ids=lambda value: getattr(value, "fault", ""),
)
def test_a_script_that_the_kernel_does_not_execute(script: Script, word: str) -> None:
    said = hints.for_script(script, PULLED)
    assert "/run.sh 파일" in said
    assert word in said


def test_an_offer_is_told_from_the_text_around_it_or_not_made() -> None:
    assert (
        wording.try_line("까닭이에요.", "docker run alpine ls") == "까닭이에요. docker run alpine ls 를 실행해 보세요."
    )
    assert wording.offered("까닭이에요. docker run alpine ls 를 실행해 보세요.") == "docker run alpine ls"
    # the reason itself speaks of a line
    assert wording.try_line("이건? docker 예요.", "docker run alpine ls") == "이건? docker 예요."
    assert wording.try_line("까닭이에요.", "docker run alpine echo " + "x" * 300) == "까닭이에요."
    several = "docker run alpine sh -c 'a\nb'"
    assert wording.offered(wording.try_line("까닭이에요.", several)) == several


def test_the_tables_of_programs_do_not_contradict_each_other() -> None:
    for name, programs in tables.IMAGES.items():
        assert programs <= (IMAGES[name].programs or frozenset())
        assert tables.PATHS <= BIN
        assert not programs & (tables.BASH_ONLY | frozenset(tables.WHERE))
    assert not tables.BUILT_INS & tables.BASH_ONLY
