"""The runner's own look at what the web process sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.model import plain, plan
from sandbox.model.plan import ExtraHost, Limits, Plan, Throttle, Tmpfs, Ulimit

FULL = Plan(
    "alpine:latest",
    ("ls",),
    ("sh",),
    ("A=1",),
    ulimits=(Ulimit("nofile", 1, 2), Ulimit("stack", -1, -1)),
    tmpfs=(Tmpfs("/x", 5),),
    hosts=(ExtraHost("db", "10.0.0.5"),),
    groups=("5", "audio"),
    shm_size=1 << 40,
    write_bps=(Throttle("/dev/vda", 7),),
)


def test_a_plan_survives_the_wire() -> None:
    assert plain.decode(Plan, json.loads(plain.line(plain.encode(FULL)))) == FULL


@pytest.mark.parametrize(
    "change",
    [{"args": [1]}, {"tty": "no"}, {"surprise": 1}, {"limits": {"memory": "1"}}, {"tmpfs": [{"path": "/x"}]}],
)
def test_what_is_not_a_plan_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a Plan"):
        plain.decode(Plan, plain.encode(FULL) | change)


@pytest.mark.parametrize("value", [None, [], "plan", 3])
def test_a_plan_is_an_object(value: object) -> None:
    with pytest.raises(ValueError, match="object"):
        plain.decode(Plan, value)


@pytest.mark.parametrize(
    "asked",
    [
        Plan("a", limits=Limits(memory=1 << 40)),
        Plan("a", limits=Limits(cpus=0)),
        Plan("a", limits=Limits(seconds=1e9)),
        Plan("a", limits=Limits(disk=1)),
        Plan("a", limits=Limits(memory=1)),
        Plan("a", args=("a\0b",)),
        Plan("a", env=("A=\0",)),
        Plan("a", workdir="/\ud800"),
        Plan("a", cap_drop=("\0",)),
        Plan("a", hosts=(ExtraHost("a\0", "1.2.3.4"),)),
        Plan("a", groups=tuple(map(str, range(65)))),
        Plan("a", shm_size=0),
        Plan("a", shm_size=1 << 63),
        Plan("a", tmpfs=(Tmpfs("/x\0y", 5),)),
        Plan("a", tmpfs=(Tmpfs("/x", 5, mode=-1),)),
        Plan("a", tmpfs=(Tmpfs("/x", 5, mode=0o10000),)),
        Plan("a", tmpfs=tuple(Tmpfs(f"/{number}", 5) for number in range(17))),
        Plan("a", workdir="/x" * 129),
        Plan("a", workdir="/x" * 64, tmpfs=(Tmpfs("/x" * 64, 5), Tmpfs("/x", 5))),
        Plan("a", ulimits=(Ulimit("nofile", 1, 2), Ulimit("nofile", 1, 1))),
        Plan("a", ulimits=(Ulimit("nofile", 5, 1025),)),
        Plan("a", ulimits=(Ulimit("memlock", 0, -1),)),
        Plan("a", ulimits=(Ulimit("nproc", 6, 5),)),
        Plan("a", ulimits=(Ulimit("nproc", -1, 5),)),
        Plan("a", ulimits=(Ulimit("as", 5, 5),)),
        Plan("a", tmpfs=(Tmpfs("/x", 1 << 40),)),
        Plan("a", tmpfs=(Tmpfs("x", 1),)),
        Plan("a", write_bps=(Throttle("/etc/x", 1),)),
        Plan("a", read_bps=(Throttle("/dev/x", -1),)),
        Plan("a", tmpfs=(Tmpfs("/x", 1, options=("nosuid", "nodev", "lowerdir=/")),)),
        Plan("a", tmpfs=(Tmpfs("/x", 1, options=("noexec",)),)),
    ],
)
def test_more_than_the_ceiling_is_refused(asked: Plan) -> None:
    with pytest.raises(ValueError, match=r"."):
        plan.check(asked, Limits())


def test_an_ordinary_plan_passes() -> None:
    plan.check(FULL, Limits())
