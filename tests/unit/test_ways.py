"""Which way a machine goes, and advice that helps on that very machine."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.doctor import advice, guest, needs, probes, ways
from sandbox.doctor.needs import NEEDS, ROOT
from sandbox.doctor.seen import Seen, plain
from sandbox.linux import machine
from sandbox.settings import Settings

POINTLESS = ("modprobe", "sysctl", "GRUB", "apt-get install linux", "reboot")


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that a guest can live on."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(machine, "available_memory", lambda: 2 << 30)
    monkeypatch.setattr(probes, "disk", lambda _: Seen(True, ""))


@pytest.mark.usefixtures("roomy")
def test_a_guest_lacks_nothing_where_there_is_room() -> None:
    assert guest.lack(Settings()) == ""


@pytest.mark.usefixtures("roomy")
@pytest.mark.parametrize(
    ("where", "what", "value", "lack"),
    [
        (platform, "machine", lambda: "aarch64", "x86-64 컴퓨터가 아니라서"),
        (shutil, "which", lambda name: None, "QEMU가 없고 받을 길도 없어서"),
        (machine, "available_memory", lambda: (1 << 30) - 1, "쓸 수 있는 메모리가 1 GiB도 안 돼서"),
        (probes, "disk", lambda _: Seen(False, ""), "디스크가 모자라서"),
    ],
)
def test_the_first_thing_that_a_guest_lacks_is_named(
    where: object, what: str, value: object, lack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, what, value)
    assert guest.lack(Settings()) == lack


@pytest.mark.parametrize("name", ["guest", "pages"])
def test_the_way_that_an_operator_has_chosen_is_gone(name: Any) -> None:
    assert ways.way(Settings(machine=name)) == ways.Way(name, ways.CHOSEN[name])


@pytest.mark.parametrize(
    ("here", "within", "name", "why"),
    [
        ("", "없어서", "here", "이 컴퓨터에서 바로 컨테이너를 만들어요."),
        ("ㄱ이 없어서", "", "guest", "ㄱ이 없어서 이 컴퓨터 대신, QEMU로 켠 작은 Linux에서 컨테이너를 만들어요."),
        ("ㄱ이 없어서", "ㄴ이 없어서", "pages", "ㄱ이 없어서 컨테이너를 만들 수 없고 ㄴ이 없어서 작은 Linux도"),
        ("ㄱ이 없어서", "ㄱ이 없어서", "pages", "ㄱ이 없어서 컨테이너도 작은 Linux도 켤 수 없으니"),
    ],
)
def test_the_way_and_its_reason(here: str, within: str, name: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "lack", lambda _: here)
    monkeypatch.setattr(guest, "lack", lambda _: within)
    chosen = ways.way(Settings())
    assert chosen.name == name
    assert chosen.why.startswith(why)


def test_who_can_become_root_by_sudo_goes_as_root_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(ways, "NEEDS", (ROOT,))
    monkeypatch.setattr(machine, "has_sudo", lambda: True)
    assert ways.lack(Settings()) == ""
    monkeypatch.setattr(machine, "has_sudo", lambda: False)
    assert ways.lack(Settings()) == ROOT.lack


def test_what_a_package_mends_does_not_decide_the_way() -> None:
    assert not any(need.lack for need in NEEDS if need.optional)
    packages = [need for need in NEEDS if "apt-get install" in need.advise(Settings()).command]
    # another kernel wants another start of the machine
    assert [need.name for need in packages if need.lack] in ([], ["Linux 5.19 or later"])


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_in_a_container_no_need_asks_for_what_only_the_machine_outside_can_do(
    need: needs.Need, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "in_container", lambda: True)
    monkeypatch.setattr(machine, "setting", lambda _: "0")
    command = need.advise(Settings()).command
    assert not any(word in command for word in POINTLESS)


def test_a_module_is_asked_for_only_where_it_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "in_container", lambda: False)
    release = os.uname().release
    files = {f"/lib/modules/{release}/modules.dep": "kernel/fs/overlayfs/no_such.ko.xz:\nkernel/a/sch-no.ko: b.ko\n"}
    monkeypatch.setattr(machine, "_read", lambda path: files.get(str(path), ""))
    assert machine.module_would_help("no_such")
    assert machine.module_would_help("sch_no")
    assert not machine.module_would_help("such")
    assert not machine.module_would_help("b")
    monkeypatch.setattr(machine, "in_container", lambda: True)
    assert not machine.module_would_help("no_such")


@pytest.mark.parametrize("grub", [True, False])
def test_a_controller_is_switched_on_at_boot_only_where_it_was_switched_off(
    grub: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "in_container", lambda: False)
    monkeypatch.setattr(Path, "exists", lambda _: grub)
    monkeypatch.setattr(machine, "control_group_is_off", lambda _: True)
    assert ("update-grub" in advice.control_groups(Settings()).command) is grub
    monkeypatch.setattr(machine, "control_group_is_off", lambda _: False)
    assert "grub" not in advice.control_groups(Settings()).command


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EPERM, "unshare: Operation not permitted"), "refused: unshare: Operation not permitted"),
        (FileNotFoundError(errno.ENOENT, "No such file", "crun"), "crun: No such file"),
        (OSError("libseccomp.so.2: cannot open"), "libseccomp.so.2: cannot open"),
        (
            subprocess.CalledProcessError(1, ["mkfs.ext4", "x"], b"", b"mke2fs\nno room\n"),
            "mkfs.ext4 ended with 1: no room",
        ),
        (subprocess.CalledProcessError(1, ["crun"]), "crun ended with 1"),
        (subprocess.TimeoutExpired(["crun", "--version"], 10), "crun did not end within 10 s"),
        (RuntimeError("one\ntwo"), "one"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_failure_is_told_in_one_plain_line(error: Exception, words: str) -> None:
    assert plain(error) == words
