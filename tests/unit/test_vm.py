"""The pure parts of the lane `vm`: what QEMU, the booting kernel and the first process are told, and what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import spec
from sandbox.image import Config
from sandbox.plan import Plan, Tmpfs, Ulimit
from sandbox.users import Identity
from sandbox.vm import control, cpio, guest, qemu
from sandbox.vm.control import Control, Ended, Refused, Started

PATHS = qemu.Paths("/boot/vmlinuz", "/vm/initrd", "/vm")


def unpacked(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each name, read as the kernel's documentation describes the form."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 110 + length - 1].decode()
        at += (110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = mode, archive[at : at + size]
        at += (size + 3) // 4 * 4


@given(st.lists(st.binary(max_size=9), max_size=5))
def test_every_file_comes_out_of_the_archive_as_it_went_in(contents: list[bytes]) -> None:
    made = b"".join(cpio.file(f"f{number}", content) for number, content in enumerate(contents)) + cpio.trailer()
    assert len(made) % 4 == 0
    assert unpacked(made) == {f"f{number}": (0o100644, content) for number, content in enumerate(contents)}


@pytest.mark.skipif(shutil.which("cpio") is None and not Path("/bin/busybox").exists(), reason="no cpio here")
def test_another_program_reads_the_archive(tmp_path: Path) -> None:
    made = cpio.header(cpio.Entry("a", cpio.DIRECTORY | 0o755)) + cpio.file("a/b", b"inside") + cpio.trailer()
    program = ["cpio"] if shutil.which("cpio") else ["/bin/busybox", "cpio"]
    subprocess.run([*program, "-id"], input=made, cwd=tmp_path, check=True, capture_output=True, env=os.environ)
    assert (tmp_path / "a/b").read_bytes() == b"inside"


def texts(plan: Plan) -> list[str]:
    place = spec.Place("c" * 64, "/root", "/group", 1000)
    made = spec.build(plan, Config(), Identity(7, 8, (9,), "/home"), place, ("a", "b"))
    return guest.configuration(made, plan.ulimits).decode().split("\0")[:-1]


def test_the_first_process_is_told_what_the_user_has_chosen() -> None:
    told = texts(
        Plan(
            "x",
            args=("echo", "a b\n"),
            env=("K=V",),
            hostname="box",
            workdir="/srv",
            read_only=True,
            tty=True,
            ulimits=(Ulimit("nproc", 3, 4),),
            tmpfs=(Tmpfs("/t", 4096, options=("noexec", "nosuid", "nodev")),),
        )
    )
    assert [text for text in told if text[0] == "a"] == ["aecho", "aa b\n"]
    assert {"eK=V", "hbox", "w/srv", "u7", "g8", "G9", "r", "T", "l6 3 4", "p64", f"m{128 << 20}"} <= set(told)
    where = told.index("t/t")
    assert told[where + 1] == "t14 size=4096,mode=1777,nr_inodes=4096"


def test_a_writable_run_without_a_terminal_says_neither() -> None:
    assert not {"r", "T"} & set(texts(Plan("x", args=("true",))))


def test_of_a_computer_only_what_a_run_needs_is_there() -> None:
    words = qemu.arguments(256, PATHS, kvm=False)
    devices = [words[at + 1] for at, word in enumerate(words) if word == "-device"]
    assert {device.split(",")[0] for device in devices} == {"virtio-serial-pci", "virtserialport"}
    assert "-nodefaults" in words
    assert not {"-netdev", "-nic", "-drive", "-hda", "-monitor", "-qmp", "-vnc"} & set(words)
    assert words[words.index("-m") + 1] == "256M"


def test_kvm_is_used_only_where_it_works() -> None:
    assert "kvm" in qemu.arguments(256, PATHS, kvm=True)
    assert not any("kvm" in word for word in qemu.arguments(256, PATHS, kvm=False))


def test_boot_messages_stream() -> None:
    assert "quiet" not in qemu.KERNEL


REPORTS: list[tuple[bytes, Any]] = [
    (b"started 77 6.1.0-50-cloud-amd64\n", Started(77, "6.1.0-50-cloud-amd64")),
    (b"exited 3 0\n", Ended(3, None, 0)),
    (b"killed 15 0\n", Ended(143, 15, 0)),
    (b"killed 9 2\n", Ended(137, 9, 2)),
    (b"refused open executable: Permission denied\n", Refused("open executable: Permission denied")),
]


@pytest.mark.parametrize(("line", "report"), REPORTS)
def test_each_report_is_read(line: bytes, report: Any) -> None:
    assert Control().feed(line) == [report]


def test_reports_come_in_any_pieces() -> None:
    whole, reader = b"".join(line for line, _ in REPORTS), Control()
    assert [report for byte in whole for report in reader.feed(bytes([byte]))] == [report for _, report in REPORTS]


@given(st.binary())
def test_whatever_a_machine_says_is_a_report_or_nothing(data: bytes) -> None:
    for report in Control().feed(data + b"\n"):
        assert isinstance(report, Started | Refused | Ended)


def test_a_line_without_an_end_takes_no_more_memory_than_one_with() -> None:
    reader = Control()
    for _ in range(4):
        reader.feed(b"x" * 100_000)
    assert len(reader._rest) <= control.LONGEST
    assert reader.feed(b"\nexited 0 0\n") == [Ended(0, None, 0)]


@pytest.mark.parametrize(
    "line", [b"exited 0", b"exited -1 0", b"exited 256 0", b"killed 0 0", b"killed 128 0", b"started x y", b"", b"\xff"]
)
def test_lines_that_cannot_be_true_are_passed_over(line: bytes) -> None:
    assert Control().feed(line + b"\n") == []
