"""Images as people build them, and options that people paste: what Docker makes of them is made of them here, too."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from support import oci, pace, registry
from support.backend import Backend, running
from support.box import BOX
from support.client import Docker, run
from support.oci import File, Folder, Link

pytestmark = pytest.mark.container
PROGRAMS = "dd df grep id ls stat tail touch wc".split()
TOOLS: dict[str, oci.Entry] = {**BOX, **{f"bin/{name}": Link("busybox") for name in PROGRAMS}}
LAYERS = 127
ROWS = 39_000
PASSWD = "root:x:0:0:root:/root:/bin/sh\nfour:x:4:40\nfive:x:5:50:Five\nsix:x:6:60:Six:/six\n" + "".join(
    f"learner{number}:x:{1000 + number}:100:A learner of the course:/home/learner{number}:/bin/sh\n"
    for number in range(ROWS)
)
GROUP = "root:x:0:\naudio:x:29:four\n" + "".join(f"class{number}:x:{1000 + number}:\n" for number in range(ROWS))
PNPM = "node_modules/.pnpm/pad@1.3.0/node_modules/pad"
# the beginning of a program for arm64 (elf(5)): EM_AARCH64 is 183
ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(100)
# a whole program of 32 bits: mov eax, 1 (exit); mov ebx, 7; int 0x80
EXITS = bytes.fromhex("b801000000bb07000000cd80")
BASE, SIZE = 0x08048000, 84 + len(EXITS)
I386 = (
    b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, BASE + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
)
I386 += struct.pack("<8I", 1, 0, BASE, BASE, SIZE, SIZE, 5, 0x1000) + EXITS
IMAGES: dict[str, tuple[list[oci.Tree], dict[str, object]]] = {
    "volumes": ([TOOLS], {"Volumes": {"/vol2": {}, "/data/deep": {}, "/tmp/": {}, "relative": {}}}),
    "volume-links": (
        [{**TOOLS, "data": Link("/srv/data"), "opt": Link("../x/y")}],
        {"Volumes": {"/data": {}, "/opt/a": {}}},
    ),
    "volume-file": ([{**TOOLS, "etc/passwd": PASSWD[:30].encode()}], {"Volumes": {"/etc/passwd": {}}}),
    "layers": (
        [TOOLS, *({f"many/{number}": b"%d" % number, "last": b"%d" % number} for number in range(LAYERS - 1))],
        {},
    ),
    "users": ([{**TOOLS, "etc/passwd": PASSWD.encode(), "etc/group": GROUP.encode()}], {}),
    "high": ([{**TOOLS, "f": File(uid=70_000, gid=1_000_620_000)}], {"User": "1000620000"}),
    "pnpm": (
        [
            [
                *TOOLS.items(),
                (PNPM, Folder()),
                ("node_modules/pad", Link(f"../{PNPM}")),
                ("node_modules/pad/index", b"pad"),
            ]
        ],
        {},
    ),
}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with registry.running(tmp_path_factory.mktemp("registry")) as url:
        for name, (layers, config) in IMAGES.items():
            oci.push_image(url, f"library/{name}:latest", layers, config)
        oci.push_image(url, "library/arm:latest", [{"bin/tool": File(ARM, 0o755)}], architecture="arm64")
        oci.push_image(url, "library/i386:latest", [{"bin/tool": File(I386, 0o755)}], architecture="386")
        oci.push_image(url, "library/alpine:latest", [{**TOOLS, "etc/group": b"root:x:0:\naudio:x:29:\n"}])
        with running({"registry": url}) as backend:
            yield backend


@pytest.fixture(scope="module")
def docker(backend: Backend) -> Docker:
    return Docker(backend.url, backend.state)


def said(docker: Docker, line: str) -> str:
    result = docker(line)
    assert result.code == 0, result
    return result.stdout


@pytest.mark.parametrize("options", ["", "--read-only", "-w /vol2"])
def test_the_folders_of_volumes_are_there(docker: Docker, options: str) -> None:
    shown = said(docker, f"docker run {options} volumes stat -c '%a %u %g' /vol2 /data /data/deep /relative")
    assert shown == "755 0 0\n" * 4


def test_the_folder_of_a_volume_is_where_a_link_leads(docker: Docker) -> None:
    shown = said(docker, "docker run volume-links stat -c '%a %F' /srv/data /x/y/a /data/ /opt/a")
    assert shown == "755 directory\n" * 4


def test_a_volume_in_the_place_of_a_file_is_refused_as_docker_does(docker: Docker) -> None:
    result = docker("docker run volume-file true")
    assert (result.stdout, result.code) == ("", 125)
    assert "cannot mount volume over existing file, file exists /etc/passwd" in result.stderr


@pytest.mark.parametrize("isolation", ["container", "gvisor"])
def test_an_image_of_as_many_layers_as_docker_makes_runs(backend: Backend, docker: Docker, isolation: str) -> None:
    line = "docker run layers sh -c 'ls /many | wc -l; cat /last; touch /many/new && ls /many/new'"
    result = run(backend.url, line, docker.host, isolation=isolation)
    assert result.stdout == f"{LAYERS - 1}\n{LAYERS - 2}/many/new\n", (result, backend.log.read_text()[-2000:])
    assert result.event("created")["layers"] == LAYERS


def test_the_root_of_very_many_layers_shows_no_path_of_the_machine(backend: Backend, docker: Docker) -> None:
    result = docker("docker run layers sleep 0.5")
    assert "overlay" in result.event("inspection")["root"]
    assert "/proc/self/fd" not in result.event("inspection")["root"]
    assert str(backend.runtime) not in result.event("inspection")["root"]


def test_a_program_for_another_processor_is_warned_of_and_tried(docker: Docker) -> None:
    result = docker("docker run arm /bin/tool")
    assert "WARNING: The requested image's platform (linux/arm64) does not match the detected host" in result.stderr
    assert "exec format error" in result.stderr
    assert result.code not in (0, 125)
    asked = docker("docker run --platform linux/amd64 arm /bin/tool")
    assert asked.code == 125
    assert "was found but does not provide the specified platform (linux/amd64)" in asked.stderr
    assert "WARNING" not in docker("docker run --platform linux/arm64 arm /bin/tool").stderr


def test_a_program_of_32_bits_is_told_that_none_runs_here(docker: Docker) -> None:
    result = docker("docker run i386 /bin/tool")
    assert (result.code, result.event("exited")["signal"]) == (159, "SIGSYS")
    assert "64비트 프로그램만" in result.event("exited")["hint"]


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        (f"learner{ROWS - 1}", f"{ROWS + 999} 100"),
        (f"{ROWS + 999}", f"{ROWS + 999} 100"),
        (f"0:class{ROWS - 1}", f"0 {ROWS + 999}"),
        ("four", "4 40 29"),
        ("five", "5 50"),
        ("six", "6 60"),
    ],
)
def test_a_user_is_found_in_a_long_file_and_in_a_short_row(docker: Docker, user: str, ids: str) -> None:
    result = docker(f"docker run -u {user} users sh -c 'echo $(id -u) $(id -G)'")
    assert result.stdout == f"{ids}\n", result


def test_a_long_file_of_users_is_read_while_others_run(backend: Backend, docker: Docker) -> None:
    result = docker(f"docker run -u learner{ROWS - 1} users true")
    assert result.code == 0
    assert result.event("created")["at"] < pace.seconds(2), backend.log.read_text()[-1000:]


def test_a_number_that_no_container_has_is_said_in_our_own_words(docker: Docker) -> None:
    for line in ("docker run high true", "docker run -u 70000 alpine true", "docker run --group-add 70000 alpine true"):
        result = docker(line)
        assert result.code == 125
        assert "is not available on this host: a container has the user and group ids 0-65535" in result.stderr
        assert "65535번까지" in result.event("exited")["hint"]
    assert said(docker, "docker run -u 0 high stat -c '%u %g' /f") == "65534 65534\n"


def test_what_was_packed_below_a_link_is_where_it_leads(docker: Docker) -> None:
    assert said(docker, f"docker run pnpm cat /{PNPM}/index /node_modules/pad/index") == "padpad"


def test_hosts_are_added(docker: Docker) -> None:
    shown = said(docker, "docker run --add-host db:10.0.0.5 --add-host six=[2001:db8::7] alpine cat /etc/hosts")
    assert shown.splitlines()[-2:] == ["10.0.0.5\tdb", "2001:db8::7\tsix"]
    assert "127.0.0.1\tlocalhost" in shown


def test_groups_are_added(docker: Docker) -> None:
    assert said(docker, "docker run --group-add 5 --group-add audio alpine id -G") == "0 5 29\n"
    missing = docker("docker run --group-add nosuch alpine id")
    assert "unable to find group nosuch: no matching entries in group file" in missing.stderr


@pytest.mark.parametrize(("options", "size"), [("--shm-size 16m", 16384), ("--shm-size 1g", 1048576), ("", 65536)])
def test_shared_memory_is_as_large_as_the_line_says(docker: Docker, options: str, size: int) -> None:
    line = f"docker run {options} alpine sh -c 'df -k /dev/shm | tail -n 1'"
    assert said(docker, line).split()[1] == str(size)


def test_shared_memory_that_is_larger_than_the_limit_is_memory_all_the_same(docker: Docker) -> None:
    result = docker("docker run -m 16m --shm-size 1g alpine dd if=/dev/zero of=/dev/shm/x bs=1M count=64")
    assert (result.code, result.reason) == (137, "oom")


def test_swap_that_is_not_there_is_told_and_no_obstacle(docker: Docker) -> None:
    result = docker("docker run -m 32m --memory-swap 64m alpine echo ran")
    assert (result.stdout, result.code) == ("ran\n", 0)
    assert result.event("notice")["code"] == "no-swap"
    assert "32MiB" in result.event("notice")["text"]


@pytest.mark.parametrize("options", ["--expose 80", "--sig-proxy=false", "--no-healthcheck"])
def test_what_changes_nothing_changes_nothing(docker: Docker, options: str) -> None:
    assert said(docker, f"docker run {options} alpine echo ran") == "ran\n"
