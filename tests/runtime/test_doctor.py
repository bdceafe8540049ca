"""The doctor on machines that lack something: less than this one has, taken away for real."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime.doctor import Examined, ask, examined
from sandbox.linux import machine
from support import reachable
from support.backend import STATE, free_port

pytestmark = pytest.mark.container
REFUSING_MOUNT = """
import errno, os, pyseccomp, sys
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "mount")
rules.load()
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True)
class Lesser:
    """A machine less something: the program that takes it away, the needs that are not met then, and what the way says
    of it."""

    within: Sequence[str]
    missing: Sequence[str]
    why: str


def mounted(what: str) -> Sequence[str]:
    return ("unshare", "--mount", "--propagation=private", "sh", "-euc", f'{what}; exec "$@"', "sh")


ANYBODY = (*reachable.checkout(), "setpriv", "--no-new-privs", "--reuid=12345", "--regid=12345", "--clear-groups")
LESSER = {
    "nobody's root": Lesser(ANYBODY, ["root", "CAP_SYS_ADMIN"], "root가 아니고"),
    "a container's root": Lesser(("setpriv", "--bounding-set=-sys_admin"), ["CAP_SYS_ADMIN"], "CAP_SYS_ADMIN을"),
    "rootless": Lesser(("unshare", "--user", "--map-root-user"), ["CAP_SYS_ADMIN"], "CAP_SYS_ADMIN을"),
    "seccomp": Lesser((sys.executable, "-c", REFUSING_MOUNT), ["namespaces, mounts"], "seccomp이나 AppArmor가"),
    "no groups": Lesser(
        mounted("mount -t tmpfs -o ro tmpfs /sys/fs/cgroup"), ["cgroups: memory, cpu, pids, io"], "쓸 수 있는 cgroup이"
    ),
}


def lacking(answer: dict[str, Any]) -> list[str]:
    return [need["name"] for need in answer["needs"] if need["tried"] and not need["met"] and not need["optional"]]


@pytest.mark.parametrize("lesser", LESSER.values(), ids=LESSER)
def test_the_first_thing_that_is_missing_decides_and_nothing_follows_from_it(lesser: Lesser) -> None:
    answer = examined(lesser.within, STATE)
    assert lacking(answer) == lesser.missing
    assert answer["way"]["why"].startswith(lesser.why)
    assert answer["way"]["name"] == ("guest" if platform.machine() == "x86_64" else "pages")


def test_with_everything_there_containers_are_made_here(doctors: Examined) -> None:
    answer = doctors.answer
    assert (answer["way"]["name"], lacking(answer)) == ("here", [])


@pytest.mark.parametrize("lesser", LESSER.values(), ids=LESSER)
def test_serve_says_at_once_what_cannot_work_and_in_no_programmers_words(lesser: Lesser) -> None:
    result = ask(lesser.within, "serve", "--data-dir", str(STATE), "--port", str(free_port()))
    assert result.returncode == 1
    for name in lesser.missing:
        assert f"✗ {name}" in result.stderr
    for word in ("Traceback", "Errno", "OSError", "Error("):
        assert word not in result.stderr
    if not machine.in_container():
        for word in ("--privileged", "--user root"):
            assert word not in result.stderr


@pytest.mark.parametrize("megabytes", [250, 420])
def test_too_small_a_disk_is_told_before_anything_else_that_is_missing(megabytes: int, tmp_path: Path) -> None:
    small = mounted(f"mount -t tmpfs -o size={megabytes}m tmpfs {tmp_path}")
    answer = examined(small, tmp_path)
    assert lacking(answer)[0] == "disk"
    assert answer["way"] == {
        "name": "pages",
        "why": "디스크가 모자라서 컨테이너도 작은 Linux도 켤 수 없으니, 기록만 보여 줘요.",
    }


def test_a_named_container_is_told_what_its_engine_can_do(tmp_path: Path) -> None:
    # what an engine leaves in a container, and a PID namespace
    marked = f"mkdir {tmp_path}/c && mount --bind {tmp_path}/c /run && touch /run/.containerenv"
    within = ("unshare", "--pid", "--fork", "--mount-proc", "sh", "-euc", f'{marked}; exec "$@"', "sh")
    result = ask((*within, "setpriv", "--bounding-set=-sys_admin"), "serve", "--data-dir", str(STATE))
    assert "--privileged" in result.stderr
    for word in ("modprobe", "sysctl", "grub", "GRUB", "보통의 셸"):
        assert word not in result.stderr


@pytest.mark.parametrize("said", ["crun version 1.7.2", "runc version 1.1.5", "nothing that is a number"])
def test_esc_23_a_runtime_below_the_safe_version_is_not_started(said: str, tmp_path: Path) -> None:
    old, config = tmp_path / "crun", tmp_path / "sandbox.toml"
    old.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{said}"\n')
    old.chmod(0o755)
    config.write_text(f'crun = "{old}"\n')
    options = ["--config", str(config), "--data-dir", str(tmp_path / "state"), "--run-dir", str(tmp_path / "run")]
    result = ask((), "serve", *options, "--registry", "http://127.0.0.1:9", "--port", str(free_port()))
    assert result.returncode == 1
    told = [line for line in result.stderr.splitlines() if line.startswith(("✗", "✓"))]
    assert told == [f"✗ crun 1.8 or later  {said}"]
    # it was asked, and nothing was begun
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "state").exists()
