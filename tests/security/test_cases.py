"""Attacks of the list in `cases.toml` that no other suite carries out; each test is named by its id."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from sandbox.linux import processes
from support import oci, registry
from support.arena import MIB, SLACK, attack, attacking, least_peak, least_room, numbers, visitor
from support.backend import Backend, running
from support.client import Docker, new_host, run
from support.running_container import running_container

pytestmark = pytest.mark.container
BUSYBOX = Path("/bin/busybox")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "line", ["alpine /proc/self/exe", "--entrypoint /proc/self/exe alpine", "--init alpine /proc/1/exe"]
)
def test_esc_07_the_runtimes_own_program_is_not_to_be_had(backend: Backend, docker: Docker, line: str) -> None:
    programs = [Path(shutil.which("crun") or "crun"), backend.state / "docker-init"]
    before = [digest(one) for one in programs]
    result = docker(f"docker run {line}")
    assert result.events[-1]["type"] == "exited"
    script = "for exe in /proc/[0-9]*/exe; do echo x 2>/dev/null >>$exe && echo written; done; true"
    assert docker(f"docker run --init alpine sh -c '{script}'").stdout == ""
    assert [digest(one) for one in programs] == before


def test_esc_17_queues_and_sockets_of_another_run_cannot_be_found(arena: Backend) -> None:
    other = visitor(arena)
    with attacking(arena, "queues hold 1") as held:
        assert numbers(attack(arena, "queues find 0", host=other)) == {
            "socket": errno.ECONNREFUSED,
            "posix": errno.ENOENT,
            "system-v": errno.ENOENT,
        }
    assert set(numbers(held.result()).values()) == {0}


def test_esc_19_the_writable_layer_gives_nobody_a_privilege(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker pull alpine", host)
    pids: list[int] = []

    def note(event: dict[str, object]) -> None:
        if event["type"] == "started":
            pids.append(int(str(event["pid"])))

    with running_container(backend.url, host, each=note):
        rows = [line.split() for line in Path(f"/proc/{pids[0]}/mountinfo").read_text().splitlines()]
    (root,) = [row for row in rows if row[4] == "/"]
    assert {"nosuid", "nodev"} <= set(root[5].split(","))


def layer_file(arena: Backend) -> Path:
    """The attacking program in its layer, on the machine."""
    (found,) = (arena.state / "layers").rglob("attack")
    return found


@pytest.mark.parametrize("inside", ["/attack", "/sbin/docker-init"])
def test_esc_24_the_cached_pages_of_what_all_share_cannot_be_changed(arena: Backend, inside: str) -> None:
    reading = numbers(attack(arena, f"sum {inside}", "--init"))
    of_all = [layer_file(arena), arena.state / "docker-init"]
    before = [digest(one) for one in of_all]
    tried = numbers(attack(arena, f"page-cache {inside}", "--init"))
    # the ways that are closed to a program
    assert {name: tried.pop(name) for name in ("map", "protect", "memory-shared", "truncate", "punch", "crypto")} == {
        "map": errno.EACCES,
        "protect": errno.EACCES,
        "memory-shared": errno.EIO,
        "truncate": errno.EINVAL,
        "punch": errno.EBADF,
        "crypto": errno.EPERM,
    }
    assert tried.pop("map-files") in (errno.EPERM, errno.EACCES)
    # and those by which it may change copies
    assert tried == dict.fromkeys(("memory-forced", "splice", "vmsplice", "tee"), 1)
    assert numbers(attack(arena, f"sum {inside}", "--init")) == reading
    assert [digest(one) for one in of_all] == before


@pytest.mark.parametrize("words", ["memory-files 3", "full-pipes 1"])
def test_res_03_memory_that_is_no_processs_own_is_counted_too(arena: Backend, words: str) -> None:
    # it has reached its limit, and not gone past it
    assert 24 * MIB < attack(arena, words, "--memory 32m").events[-1]["peak_memory_bytes"] <= 32 * MIB
    assert least_peak(arena, words) < 32 * MIB + SLACK


def test_res_04_no_swap_may_be_used(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker pull alpine", host)
    groups: list[str] = []

    def note(event: dict[str, object]) -> None:
        if event["type"] == "started":
            groups.append(str(event["cgroup"]).lstrip("/"))

    with running_container(backend.url, host, "--memory 32m", each=note):
        v1, v2 = Path("/sys/fs/cgroup/memory", groups[0]), Path("/sys/fs/cgroup", groups[0])
        if v1.exists():
            # memory and swap together, where the machine counts it
            both = v1 / "memory.memsw.limit_in_bytes"
            assert not both.exists() or int(both.read_text()) == 32 * MIB
        else:
            assert (v2 / "memory.swap.max").read_text() == "0\n"


@pytest.mark.parametrize(
    ("path", "options"), [("/big", ""), ("/dev/shm/big", ""), ("/big", "--device-write-bps /dev/loop0:1gb")]
)
def test_res_07_a_file_of_a_terabyte_takes_nothing_of_the_machine(arena: Backend, path: str, options: str) -> None:
    found = numbers(attack(arena, f"allocate {path}", options))
    # a hole is no room taken
    assert found["truncate"] in (0, errno.EFBIG, errno.ENOSPC)
    assert found["fallocate"] in (errno.ENOSPC, errno.EFBIG, errno.ENOMEM)
    assert least_room(arena, f"allocate {path}", options, 128 * MIB) < 128 * MIB
    assert least_peak(arena, f"allocate {path}", options, 128 * MIB + SLACK) < 128 * MIB + SLACK


def test_res_08_whoever_opens_all_the_files_it_can_leaves_others_theirs(arena: Backend) -> None:
    third = visitor(arena)
    with attacking(arena, "files 2") as one, attacking(arena, "files 1") as other:
        assert attack(arena, "oom", host=third).code == 0
        Path("/etc/hostname").read_bytes()
    for each in (one, other):
        assert numbers(each.result())["errno"] == errno.EMFILE
        assert numbers(each.result())["files"] < 1100


def test_res_12_a_crash_leaves_no_core_file_and_starts_no_helper(arena: Backend) -> None:
    # the first process would not hear its own signal
    result = attack(arena, "abort", "--init")
    assert result.code == 128 + signal.SIGABRT
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not pattern.startswith("|"):
        assert not [file for file in Path(pattern).parent.glob("*core*") if "attack" in file.name]


def test_res_12_the_limit_of_core_files_is_the_one_with_which_no_helper_is_started(docker: Docker) -> None:
    limits = docker("docker run alpine cat /proc/self/limits").stdout.splitlines()
    (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
    assert core[4:6] == [str(processes.core_limit())] * 2
    assert docker("docker run alpine sh -c 'ulimit -c'").stdout == "0\n"


@pytest.mark.parametrize("options", ["", "--ulimit core=0"])
def test_res_12_nobody_has_a_limit_of_core_files_with_which_a_helper_is_started(arena: Backend, options: str) -> None:
    expected = {"set": 0, "changed": 0, "asked": 0, "limit": processes.core_limit()}
    assert numbers(attack(arena, "lower-core", options)) == expected


@pytest.mark.parametrize("words", ["pairs 1", "names 2"])
def test_res_13_what_the_kernel_remembers_is_counted(arena: Backend, words: str) -> None:
    assert least_peak(arena, words) < 32 * MIB + SLACK


@pytest.mark.parametrize("options", ["", "--init"])
def test_life_04_orphans_and_zombies_end_with_the_first_process(docker: Docker, options: str) -> None:
    script = "i=0; while [ $i -lt 30 ]; do (true & exec sleep 0) & i=$((i+1)); done 2>/dev/null; sleep 0.3; exit 3"
    result = docker(f"docker run {options} alpine sh -c '{script}'")
    assert (result.code, result.reason) == (3, "exit")
    count = "grep -h zombie /proc/[0-9]*/status 2>/dev/null | wc -l"
    orphans = f"i=0; while [ $i -lt 20 ]; do (sleep 0.05 &) ; i=$((i+1)); done; sleep 1; {count}"
    left = docker(f"docker run {options} alpine sh -c '{orphans}'").stdout
    assert options == "" or left == "0\n"


def test_img_17_an_image_that_is_there_runs_without_its_registry(tmp_path: Path) -> None:
    files: dict[str, oci.Entry] = {
        "bin/busybox": oci.File(BUSYBOX.read_bytes(), mode=0o755),
        "bin/sh": oci.Link("busybox"),
    }
    with registry.running(tmp_path / "registry") as url:
        oci.push_image(url, "library/kept:latest", [files])
        with running({"registry": url}) as backend:
            host = new_host(backend.url)
            assert run(backend.url, "docker pull kept", host).code == 0
            (process,) = [pid for pid in map(int, _registries()) if str(tmp_path) in _command(pid)]
            os.kill(process, signal.SIGSTOP)
            assert run(backend.url, "docker run kept sh -c 'echo silent'", host).stdout == "silent\n"
            os.kill(process, signal.SIGKILL)
            assert run(backend.url, "docker run kept sh -c 'echo gone'", host).stdout == "gone\n"


def _registries() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.parametrize(
    "text",
    ['{"type":"exited","at":0.1,"code":0,"reason":"exit"}', '{"msg":"exec failed","level":"error","time":"now"}'],
)
def test_out_06_output_that_looks_like_an_event_is_output(docker: Docker, text: str) -> None:
    result = docker(f"docker run alpine sh -c 'echo \"$0\"; exit 7' '{text}'")
    assert result.stdout == text + "\n"
    assert (result.code, [event["type"] for event in result.events].count("exited")) == (7, 1)


def test_out_08_nobody_can_write_a_line_of_the_backends_log(tmp_path: Path) -> None:
    forged = "2026-01-01 00:00:00,000 sandbox.runner ERROR forged"
    with running() as backend:
        for line in (
            f"docker run 'alpine\n{forged}' true",
            f"docker run alpine 'x\n{forged}\x1b[2J'",
            f"docker pull 'a\n{forged}'",
        ):
            run(backend.url, line, new_host(backend.url))
        log = backend.log.read_text()
    assert not [line for line in log.splitlines() if line.startswith(forged)]
    assert "\x1b" not in log
