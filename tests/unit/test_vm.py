"""The pure parts of the isolation `vm`: what QEMU, the booting kernel and the first process get and report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.model.image import Config
from sandbox.model.plan import Plan, Tmpfs, Ulimit
from sandbox.oci.users import Identity
from sandbox.runner.container.output import FRAME_SECONDS
from sandbox.runner.isolation.vm import control, cpio, guest, listener, qemu
from sandbox.runner.isolation.vm.control import Control, Ended, Refused, Started

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


def inside(plan: Plan) -> dict[str, Any]:
    identity = Identity(7, 8, (9,), "/home")
    made: dict[str, Any] = json.loads(guest.configuration(plan, Config(), identity, "c" * 64, "web", ("a", "b")))
    assert (made["hostname"], made["annotations"]) == ("web", {"a": "b"})
    return made


def test_the_container_in_a_machine_is_the_one_that_the_user_has_chosen() -> None:
    tmpfs = Tmpfs("/t", 4096, options=("noexec", "nosuid", "nodev"))
    made = inside(Plan("x", args=("a b\n",), env=("K=V",), workdir="/srv", read_only=True, tty=True, tmpfs=(tmpfs,)))
    process = made["process"]
    assert (process["args"], process["cwd"], process["terminal"]) == (["a b\n"], "/srv", True)
    assert process["user"] == {"uid": 7, "gid": 8, "additionalGids": [9]}
    assert "K=V" in process["env"]
    assert made["root"] == {"path": "/image", "readonly": True}
    assert "/t" in {mount["destination"] for mount in made["mounts"]}


def test_what_the_machine_itself_is_falls_away_from_the_container_in_it() -> None:
    made = inside(Plan("x", args=("true",)))
    linux = made["linux"]
    assert [kind["type"] for kind in linux["namespaces"]] == ["pid", "mount", "network", "uts", "ipc", "cgroup"]
    assert not {"uidMappings", "gidMappings"} & set(linux)
    assert set(linux["resources"]) == {"memory", "pids", "devices"}
    assert linux["cgroupsPath"] == f"/docker/{'c' * 64}"
    assert not [mount for mount in made["mounts"] if mount["type"] == "bind"]


def test_the_readers_own_limit_replaces_the_usual_one() -> None:
    limits = inside(Plan("x", args=("true",), ulimits=(Ulimit("nofile", 3, 4), Ulimit("nproc", 5, 6))))
    made = {limit["type"]: (limit["soft"], limit["hard"]) for limit in limits["process"]["rlimits"]}
    assert (made["RLIMIT_NOFILE"], made["RLIMIT_NPROC"], made["RLIMIT_CORE"]) == ((3, 4), (5, 6), (1, 1))
    assert len(made) == len(limits["process"]["rlimits"])


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


NAMESPACES = b" 21:11 22:12 23:13 24:14 25:15 16:16 27:17"
INSIDE = {"pid": 21, "mnt": 22, "net": 23, "uts": 24, "ipc": 25, "user": 16, "cgroup": 27}
OWN = {"pid": 11, "mnt": 12, "net": 13, "uts": 14, "ipc": 15, "user": 16, "cgroup": 17}
REPORTS: list[tuple[bytes, Any]] = [
    (b"started 77 6.1.0-50 /docker/c" + NAMESPACES + b"\n", Started(77, "6.1.0-50", "/docker/c", INSIDE, OWN)),
    (b"exited 3 0\n", Ended(3, None, 0)),
    (b"killed 15 0\n", Ended(143, 15, 0)),
    (b"killed 9 2\n", Ended(137, 9, 2)),
    (b'refused {"msg":"open executable: Is","level":"error"}\n', Refused("open executable: Is")),
    (b"refused crun: No such file or directory\n", Refused("crun: No such file or directory")),
    (b"refused []\n", Refused("[]")),
    (b"refused " + b"[" * 8000 + b"\n", Refused("[" * 8000)),
    (b'refused {"msg":' + b"[" * 900 + b"]" * 900 + b"}\n", Refused('{"msg":' + "[" * 900 + "]" * 900 + "}")),
]


@pytest.mark.parametrize(("line", "report"), REPORTS, ids=[str(line[:40]) for line, _ in REPORTS])
def test_each_report_is_read(line: bytes, report: Any) -> None:
    assert Control().feed(line) == [report]


def test_reports_come_in_any_pieces() -> None:
    whole, reader = b"".join(line for line, _ in REPORTS), Control()
    assert [report for byte in whole for report in reader.feed(bytes([byte]))] == [report for _, report in REPORTS]


@given(st.binary())
def test_whatever_a_machine_says_is_a_report_or_nothing(data: bytes) -> None:
    for report in Control().feed(data + b"\n"):
        assert isinstance(report, Started | Refused | Ended)


@pytest.mark.parametrize("line", [b"\n", b"refused \n"])
def test_attack_54_so_many_lines_of_a_machine_are_read_and_not_one_more(line: bytes) -> None:
    reader = Control()
    assert len(reader.feed(line * 7000)) in (0, control.MOST_LINES)
    assert reader.feed(b"\nexited 0 0\n") == []


async def test_attack_54_a_machine_that_goes_on_writing_is_read_once_in_a_frame() -> None:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    pieces, begun = listener._pieces(reading), time.monotonic()
    try:
        for _ in range(10):
            os.write(writing, b"\n" * 1000)
            assert await anext(pieces) == b"\n" * 1000
        assert time.monotonic() - begun >= 9 * FRAME_SECONDS
    finally:
        await pieces.aclose()
        os.close(reading)
        os.close(writing)


def test_a_line_without_an_end_takes_no_more_memory_than_one_with() -> None:
    reader = Control()
    for _ in range(4):
        reader.feed(b"x" * 100_000)
    assert len(reader._rest) <= control.LONGEST
    assert reader.feed(b"\nexited 0 0\n") == [Ended(0, None, 0)]


@pytest.mark.parametrize(
    "line",
    [
        b"exited 0",
        b"exited -1 0",
        b"exited 256 0",
        b"killed 0 0",
        b"killed 128 0",
        b"started 7 6.1 /c 1:1",
        b"",
        b"\xff",
    ],
)
def test_lines_that_cannot_be_true_are_passed_over(line: bytes) -> None:
    assert Control().feed(line + b"\n") == []
