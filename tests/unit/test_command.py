"""Golden command lines, one file each in `cases/command`, and the longest lines. What must hold for any text at all is
in `fuzz/targets/command.py`.

A case holds `line`, the `[command]` that it becomes, and `[refused]` where the policy with its default limits says no.
`stdout_starts` stands for a longer text. A hint is that of a host which has the teaching images.
"""

from __future__ import annotations

import dataclasses
import json
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import hints, policy
from sandbox.docker.cli import Command, Printed, Run, as_dict, parse, shell
from sandbox.docker.cli.names import distance, near
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.docker.cli.wording import UNAVAILABLE
from sandbox.docker.errors import DockerError
from sandbox.hints import tries
from sandbox.model.plan import Limits
from support import pace
from support.pretend_host import PULLED

CASES = sorted((Path(__file__).parent / "cases/command").glob("*.toml"))
# docker run --help of Docker 28.2.2 and 29, and the names that it hides
DOCKERS_FLAGS = """
add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-count
cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach
detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops
disable-content-trust dns dns-option dns-search domainname entrypoint env env-file expose gpus group-add health-cmd
health-interval health-retries health-start-interval health-start-period health-timeout help hostname init interactive
io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label label-file link link-local-ip log-driver log-opt
mac-address memory memory-reservation memory-swap memory-swappiness mount name network network-alias no-healthcheck
oom-kill-disable oom-score-adj pid pids-limit platform privileged publish publish-all pull quiet read-only restart rm
runtime security-opt shm-size sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit use-api-socket
user userns uts volume volume-driver volumes-from workdir net net-alias dns-opt
""".split()


def plain(command: Command) -> Any:
    """As it goes over the wire."""
    return json.loads(json.dumps(as_dict(command)))


def answered(line: str) -> Command:
    """What a line is read as, with the hint that its reader gets."""
    command = parse(line)
    if not isinstance(command, Printed):
        return command
    return dataclasses.replace(command, hint=hints.for_printed(line, command, PULLED))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_line_becomes_what_its_file_says(file: Path) -> None:
    case = tomllib.loads(file.read_text())
    command = answered(case["line"])
    said = plain(command)
    starts = case["command"].pop("stdout_starts", None)
    if starts is not None:
        assert said.pop("stdout").startswith(starts)
    assert said == case["command"]
    refused = _refusal(command) if isinstance(command, Run) else None
    assert refused == ({"name": "printed"} | case["refused"] if "refused" in case else None)


def _refusal(run: Run) -> dict[str, Any] | None:
    """Return how policy's error looks in a case, None when there is a plan."""
    try:
        policy.decide(run, Limits())
    except DockerError as error:
        hint = hints.for_refusal(run, error, PULLED)
        said: dict[str, Any] = plain(Printed(stderr=error.stderr, code=error.code, hint=hint))
        return said
    return None


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 200


@pytest.mark.parametrize("name", DOCKERS_FLAGS)
def test_every_flag_of_docker_run_is_known(name: str) -> None:
    flag = RUN.by_name[name]
    assert flag.about or flag.unavailable in UNAVAILABLE


@pytest.mark.parametrize("flag", [flag for flag in RUN.flags if flag.unavailable], ids=lambda flag: flag.name)
def test_a_flag_that_is_not_taken_says_why_and_gives_the_line_without_it(flag: Any) -> None:
    value = "" if flag.is_boolean else {"attach": "=stdout", "memory-swappiness": "=101"}.get(flag.name, "=1")
    if flag.name == "disable-content-trust":
        value = "=false"
    answer = answered(f"docker run --rm --{flag.name}{value} alpine ls")
    assert isinstance(answer, Printed)
    assert f"--{flag.name}" in answer.stderr
    assert answer.code in (1, 125)
    assert answer.hint
    if flag.unavailable != "windows":
        assert "docker run --rm alpine ls 를 실행해 보세요." in answer.hint


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_words_survive_joining_and_splitting(words: list[str]) -> None:
    split = shell.split(shell.join(words))
    assert split.stop is None
    assert list(split.texts) == words


# four times what a body may hold: there, a time that grows faster than the line is seconds
LONG = 4 * 65_536
WORST = {
    "one word": "a" * LONG,
    "image": "docker run " + "a" * LONG,
    "domain": "docker run " + "a-" * (LONG // 2) + ".b/c",
    "path": "docker run " + "a__" * (LONG // 3) + "!",
    "words": "docker run alpine " + "a " * (LONG // 2),
    "quotes": "docker run alpine " + "'\"" * (LONG // 2),
    "escapes": "docker run alpine " + "\\" * LONG,
    "double quoted escapes": 'docker run alpine "' + '\\"' * (LONG // 2),
    "options": "docker run " + "-e A=B " * (LONG // 7) + "alpine",
    "cluster": "docker run -" + "i" * LONG + " alpine",
    "bad cluster": "docker run -" + "i" * LONG + "Z alpine",
    "refused cluster": "docker run -" + "d" * LONG + " alpine",
    "refused flags": "docker run " + "-v a " * (LONG // 5) + "alpine",
    "number": "docker run --cpus " + "1" * LONG + " alpine",
    "size": "docker run -m " + "1" * LONG + " alpine",
    "wrong size": "docker run -m " + "1" * LONG + "x1 alpine",
    "platform": "docker run --platform " + "a/" * (LONG // 2) + " alpine",
    "repeated cluster": "docker run -" + "id" * (LONG // 2) + " alpine",
    "dollars": "docker run alpine " + "$" * LONG,
    "networks": "docker run " + "--network n " * (LONG // 12) + "alpine",
    "typographic": "docker run alpine " + "“" * LONG,
    "spaces": "docker　" * (LONG // 7),
    "tmpfs": "docker run " + "--tmpfs /a " * (LONG // 11) + "alpine",
    "control characters": "docker run --pids-limit " + "\x7f" * LONG + " alpine",
}
QUOTES = "''" * 32_000
# as long as a line may be that is looked at for what was meant
SLIPS = {
    "flags": "docker run " + "-zzzzzzzzz " * 180,
    "capitals": "docker run " + "-Zzzzzzzzz " * 180,
    "words": "docker " + "zzzzzzzz " * 220,
    "spaces": "docker\u3000" * 280,
}


@pytest.mark.parametrize("line", WORST.values(), ids=WORST.keys())
def test_the_longest_line_takes_a_moment_only(line: str) -> None:
    begun = time.process_time()
    answer = answered(line)
    hints.notice(line, answer, PULLED)
    if isinstance(answer, Run):
        with suppress(DockerError):
            policy.decide(answer, Limits())
    assert time.process_time() - begun < pace.seconds(1)


@pytest.mark.parametrize("line", SLIPS.values(), ids=SLIPS.keys())
def test_what_was_meant_by_a_line_is_found_in_a_moment(line: str) -> None:
    def cost() -> float:
        begun = time.process_time()
        answered(line)
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < pace.seconds(0.02)


@pytest.mark.parametrize(
    "line",
    [
        f"$ docker run alpine {QUOTES}\n$ docker run alpine x",
        f"> docker run alpine {QUOTES}\nx",
        f"docker run --what {QUOTES}",
        "docker run " + "-i " * 20_000,
    ],
    ids=["session", "another session", "quotes", "options"],
)
def test_a_line_that_fills_a_body_is_read_once(line: str) -> None:
    def cost(read: Callable[[str], object]) -> float:
        begun = time.process_time()
        read(line)
        return time.process_time() - begun

    alone, whole = (min(cost(read) for _ in range(5)) for read in (parse, answered))
    assert whole < 1.6 * alone


def test_so_many_lines_are_tried_for_a_hint_whatever_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[str]()
    monkeypatch.setattr(tries, "parse", lambda line: read.append(line) or parse(line))  # type: ignore[func-returns-value]
    options = "-m 1 --cpus 99 --pids-limit 9999 --ulimit core=9 --memory-swap 5"
    for line in (f"docker run {options} {'-i ' * 60}-e x A ~ b c d", f"docker run {options} -e x A ~ b c d"):
        read.clear()
        answered(line)
        assert 1 < len(read) <= tries.MOST_LINES
        assert sum(map(len, read)) < tries.MOST_LETTERS + 2 * len(line)


def test_words_beyond_the_last_one_that_is_taken_are_not_read() -> None:
    assert len(shell.split("a " * 1000, 10).words) == 11
    assert shell.split("a " * 10, 10) == shell.split("a " * 10)
    refused = parse("docker help " + "a " * 2000 + "'")
    assert isinstance(refused, Printed)
    assert refused.code == 126


def test_a_row_of_what_might_begin_an_operator_costs_less_than_a_row_of_quotes() -> None:
    def cost(row: str) -> float:
        begun = time.process_time()
        assert isinstance(parse(f"docker run alpine {row}"), Run)
        return time.process_time() - begun

    dollars, quotes = (min(cost(sign * LONG) for _ in range(3)) for sign in ("$", "'"))
    assert dollars < quotes


def test_a_switch_that_a_cluster_repeats_is_one_switch() -> None:
    answer = parse("docker run -itiiti=false alpine")
    assert isinstance(answer, Run)
    assert (answer.interactive, answer.tty) == (False, True)
    refused = answered("docker run -iidie A=B alpine")
    assert isinstance(refused, Printed)
    assert "docker run -i -e A=B alpine 를" in (refused.hint or "")


def test_a_slip_of_the_fingers_is_one_step() -> None:
    assert distance("dokcer", "docker") == 1
    assert distance("docker", "docker") == 0
    assert distance("", "abc") == 3
    assert near("rnu", ("run", "pull")) == "run"
    assert near("xyz", ("run", "pull")) is None


def test_every_reason_is_used_and_speaks_of_its_flag() -> None:
    tables = {flag.unavailable for flag in RUN.flags if flag.unavailable}
    assert tables <= UNAVAILABLE.keys()
    assert all("{flag}" in refused.korean for refused in UNAVAILABLE.values())


def test_a_line_of_very_many_words_is_refused_at_once() -> None:
    found = parse("docker run " + "-ea " * 15_000 + "alpine true")
    assert isinstance(found, Printed)
    assert found.code == 126
    assert found.hint
