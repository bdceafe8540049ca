"""Two runs of one command agree in what a page teaches, and may differ in what nobody chose."""

from __future__ import annotations

from typing import Any

import pytest

from docker_run.recording import compare
from docker_run.recording.file import Event
from support.recorded import output, run

STARTED = {
    "type": "started",
    "at": 0.01,
    "pid": 4121,
    "pid_inside": 1,
    "namespaces": {"pid": 4026532367},
    "cgroup": "/sandbox/ab",
    "kernel": "6.1.0-9-amd64",
    "start_ms": 0.1,
}
CREATED = {"type": "created", "container": "c" * 64, "argv": ["ls"], "argv_source": "request", "created_ms": 1.0}
PULL = {"type": "pull", "layer": "0f9006eb451d", "status": "Downloading", "current": 1, "total": 2}


def same(one: list[Event], other: list[Event]) -> bool:
    return compare.steady(one) == compare.steady(other)


def prints(text: str, started: Event = STARTED) -> list[Event]:
    return run(started, output(text))


def program(name: str, text: str) -> list[Event]:
    accepted, *rest = run(output(text))
    return [accepted | {"command": {"name": "run", "args": [name]}}, *rest]


MAY_DIFFER: dict[str, tuple[list[Event], list[Event]]] = {
    "times": (run(at=0.0), run(at=7.5)),
    "ids of run and host": (run(host="a" * 32), run(host="b" * 32)),
    "pid, namespaces, cgroup, kernel": (
        run(STARTED),
        run(STARTED | {"pid": 7, "namespaces": {"pid": 1}, "cgroup": "/x", "kernel": "6.18.1", "start_ms": 2}),
    ),
    "the container's id": (run(CREATED), run(CREATED | {"container": "d" * 64, "created_ms": 2.0})),
    "states of a pull": (run(PULL, PULL), run(PULL | {"current": 2})),
    "samples, positions in the queue, heartbeats": (
        run(),
        run({"type": "stats"}, {"type": "queued"}, {"type": "heartbeat"}),
    ),
    "how output was cut": (run(output("ab"), output("c")), run(output("abc"))),
    "how streams were mixed": (
        run(output("a"), output("e", "stderr"), output("b")),
        run(output("e", "stderr"), output("ab")),
    ),
    "order of layers": (
        prints("98e7cd9f8a00: Download complete\nb3a514e69a2d: Pull complete\nDigest"),
        prints("b3a514e69a2d: Pulling fs layer\nb3a514e69a2d: Pull complete\n98e7cd9f8a00: Pull complete\nDigest"),
    ),
    "digests": (prints(f"Digest: sha256:{'a1' * 32}"), prints(f"Digest: sha256:{'b2' * 32}")),
    "a hostname": (prints("be500abcd80a\n"), prints("fd9e6c8352b0\n")),
    "sizes in a list of images": (
        prints("alpine:latest        81db9e97e9e0       3.24MB         1.09MB        \n"),
        prints("alpine:latest        c1db9e97e9e0       13.2MB          982kB        \n"),
    ),
    "inodes": (prints("pid -> pid:[4026532368]"), prints("pid -> pid:[4026531836]")),
    "the kernel, where it is printed": (
        prints("Linux host 6.1.0-9-amd64 #1 SMP @0 x86_64 GNU/Linux"),
        prints("Linux host 6.18.4 #7 SMP Wed Nov 1 x86_64 GNU/Linux", STARTED | {"kernel": "6.18.4"}),
    ),
    "its version file": (
        prints("Linux version 6.1.0-9-amd64 (me@here) (gcc 12 (Debian)) #1 SMP @0\n"),
        prints("Linux version 6.18.4 (you@there) (gcc 14) #7 SMP\n", STARTED | {"kernel": "6.18.4"}),
    ),
    "the architecture": (prints("x86_64"), prints("aarch64")),
    "cgroup hierarchies": (prints("0::/\nend"), prints("9:name=systemd:/\n4:cpu,cpuacct:/\n0::/\nend")),
    "the date": (prints("Wed Nov 25 08:16:04 UTC 2026"), prints("Thu Dec  3 18:06:44 UTC 2026")),
    "the dates of files": (prints("root 0 Nov 25 08:16 etc"), prints("root 0 Jan  1  2020 etc")),
    "the time": (prints("at 08:16:04."), prints("at 23:59:59.")),
    "how long the machine is up": (
        prints(" 08:16:04 up 3 min, 0 users,  load average: 0.1, 0.2, 0.3"),
        prints(" 09:16:04 up 9 days, 0 users,  load average: 1.1, 0.2, 0.3"),
    ),
    "its memory": (prints("Mem:  24684084  476140\n"), prints("Mem:  7  5\n")),
    "its page cache": (prints("Cached:   2430964 kB\n"), prints("Cached:   9436 kB\n")),
    "pids beside the first": (prints("    7 root      0:00 ls"), prints("   12 root      0:00 ls")),
    "how many CPUs it has": (program("nproc", "2\n"), program("nproc", "16\n")),
    "which place it ran in": (
        prints("         0 2000983040      65536\n"),
        prints("         0 2000851968      65536\n"),
    ),
    "how long it took": (prints("real\t0m 1.02s"), prints("real\t0m 1.31s")),
}


@pytest.mark.parametrize("case", MAY_DIFFER.values(), ids=MAY_DIFFER.keys())
def test_two_runs_that_differ_by_chance_agree(case: tuple[list[Event], list[Event]]) -> None:
    assert compare.steady(case[0]) == compare.steady(case[1])


def test_every_rule_is_needed() -> None:
    for at, rule in enumerate(compare.RULES):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compare, "RULES", compare.RULES[:at] + compare.RULES[at + 1 :])
            assert not all(same(*case) for case in MAY_DIFFER.values()), rule.name


def image(**fields: Any) -> list[Event]:
    events = run()
    return [event | fields if event["type"] == "image" else event for event in events]


@pytest.mark.parametrize(
    "other",
    [
        run(code=1),
        run(output("more\n")),
        run(output("more\n", "stderr")),
        run(CREATED),
        image(state="missing"),
        image(reference="busybox:latest"),
        run(hint="다른 말이에요."),
    ],
    ids=["code", "stdout", "stderr", "another event", "missing", "image", "hint"],
)
def test_what_a_page_teaches_is_seen_to_differ(other: list[Event]) -> None:
    assert not same(run(), other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("one\n", "two\n"),
        ("a\nb\n", "b\na\n"),
        ("1.2.3\n", "1.2.4\n"),
        ("64MB\n", "32MB\n"),
        ("    1 root      0:00 ls", "    2 root      0:00 ls"),
        ("deadbeef\n", "deadbeee\n"),
    ],
)
def test_text_that_no_rule_names_is_seen_to_differ(one: str, other: str) -> None:
    assert not same(prints(one), prints(other))


def test_a_number_of_another_program_is_seen_to_differ() -> None:
    assert not same(program("echo", "2\n"), program("echo", "16\n"))


def test_who_chose_the_argv_is_seen_to_differ() -> None:
    assert not same(run(CREATED), run(CREATED | {"argv_source": "image"}))
    assert not same(run(CREATED), run(CREATED | {"argv": ["sh"]}))
