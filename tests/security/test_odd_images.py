"""Images and lines that once made the runner fail, wait or tell too much: each ends in a result, in Docker's words."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import oci, pace, registry
from support.backend import Backend, running
from support.client import Event, Result, call, new_host, run
from support.streams import reach, reading

pytestmark = pytest.mark.container
BUSYBOX = Path("/bin/busybox").read_bytes()
ROOT: dict[str, oci.Entry] = {"bin/busybox": oci.File(BUSYBOX, mode=0o755), "bin/sh": oci.Link("busybox")}
# each takes six characters in JSON
CONTROLS = "\x01" * 100_000
PASSWD = "root:x:0:0:root:/root:/bin/sh\nodd:x:²:²::/:/bin/sh\n"
IMAGES: dict[str, tuple[dict[str, oci.Entry], dict[str, object]]] = {
    "plain": ({}, {}),
    "long": ({}, {"Env": [f"V{number}={CONTROLS}" for number in range(2)]}),
    "linked": (
        {"px": oci.Link("/proc"), "dx": oci.Link("/data"), "data/": oci.Folder(), "round": oci.Link("round")},
        {},
    ),
    "digits": ({"etc/passwd": PASSWD.encode(), "etc/group": "root:x:0:\nodd:x:²:root\n".encode()}, {}),
    "looping": ({"round": oci.Link("round")}, {"WorkingDir": "/round"}),
    "file": ({"sbin": b"no folder"}, {}),
    "folder": ({"sbin/docker-init/": oci.Folder()}, {}),
}


NODES = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"]
FOLDERS = ["pts", "shm", "mqueue"]


@pytest.fixture(scope="module")
def decoy() -> Iterator[Path]:
    """A folder of the machine that anybody may write to, with a file that anybody may, too."""
    with tempfile.TemporaryDirectory(prefix="decoy-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "file").write_text("as it was")
        (folder / "file").chmod(0o666)
        yield folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, decoy: Path) -> Iterator[str]:
    """A registry that has those images, and some whose devices lead to the decoy, or are files."""
    with registry.running(tmp_path_factory.mktemp("registry")) as url:
        for name, (files, config) in (IMAGES | _with_devices(decoy)).items():
            oci.push_image(url, f"library/{name}:latest", [ROOT | files], config)
        yield url


def _with_devices(decoy: Path) -> dict[str, tuple[dict[str, oci.Entry], dict[str, object]]]:
    def linked(to: Path | str) -> dict[str, oci.Entry]:
        nodes: dict[str, oci.Entry] = {f"dev/{name}": oci.Link(f"{to}/file") for name in NODES}
        return nodes | {f"dev/{name}": oci.Link(str(to)) for name in FOLDERS}

    files: dict[str, oci.Entry] = {f"dev/{name}": oci.File(b"as it was", 0o666) for name in [*NODES, *FOLDERS]}
    return {"led": (linked(decoy), {}), "climbing": (linked(f"../../../../..{decoy}"), {}), "filed": (files, {})}


@pytest.fixture(scope="module")
def odd(shelf: str) -> Iterator[Backend]:
    """A backend whose images are those."""
    with running({"registry": shelf}) as backend:
        yield backend


def ended(odd: Backend, line: str, host: str = "", isolation: str = "container") -> Result:
    result = run(odd.url, line, host or new_host(odd.url), isolation=isolation)
    assert result.events[-1]["type"] == "exited", (result.events[-1], odd.log.read_text()[-3000:])
    assert str(odd.runtime) not in result.stderr + result.stdout
    assert str(odd.state) not in result.stderr + result.stdout
    return result


def seen(*paths: Path) -> list[tuple[object, ...]]:
    """What can be told of files without reading when they were last read."""
    found = [(path, path.stat()) for path in paths]
    return [(path.name, one.st_mode, one.st_uid, one.st_gid, one.st_size, one.st_mtime_ns) for path, one in found]


@pytest.mark.parametrize(("isolation", "options"), [("container", ""), ("container", "-t"), ("gvisor", "")])
@pytest.mark.parametrize("image", ["led", "climbing", "filed"])
def test_esc_03_devices_are_nodes_whatever_an_image_has_in_their_places(
    odd: Backend, decoy: Path, image: str, isolation: str, options: str
) -> None:
    nodes = [name for name in NODES if name != "console" or options]
    before = seen(decoy, decoy / "file")
    script = (
        f"cd /dev; for name in {' '.join(nodes)}; do busybox test -c $name || echo $name; done; busybox rm ptmx;"
        f" for name in {' '.join(nodes)}; do busybox test -L $name && echo $name; done;"
        # gVisor has no message queues
        f" for name in {' '.join(FOLDERS)}; do busybox test -L $name -o -f $name && echo $name; done;"
        " echo taken 2>&1 >null; echo taken >shm/file; echo taken >zero; echo tried"
    )
    assert ended(odd, f"docker run {options} {image} sh -c '{script}'", isolation=isolation).stdout.split() == ["tried"]
    assert seen(decoy, decoy / "file") == before
    assert (decoy / "file").read_text() == "as it was"
    layers = [file for file in (odd.state / "layers").rglob("dev/null") if not file.is_symlink()]
    assert {file.read_text() for file in layers} <= {"as it was"}


def test_img_15_a_tag_that_leads_elsewhere_now_changes_no_image_that_a_visitor_has(odd: Backend, shelf: str) -> None:
    hosts = [new_host(odd.url), new_host(odd.url)]
    line = "docker run moving busybox cat /which"
    for which, host in zip((b"first", b"second"), hosts, strict=True):
        oci.push_image(shelf, "library/moving:latest", [ROOT | {"which": which}])
        assert ended(odd, line, host).stdout == which.decode()
    assert [ended(odd, line, host).stdout for host in hosts] == ["first", "second"]
    created = [ended(odd, line, host).event("created")["image_digest"] for host in hosts]
    assert len(set(created)) == 2


def test_attack_2_the_ids_of_a_container_that_outlives_its_donor_are_nobody_elses(odd: Backend) -> None:
    host, ids, leaving = new_host(odd.url), [], threading.Event()
    ended(odd, "docker run plain sh -c 'exit 0'", host)

    def note(event: Event) -> None:
        if event["type"] == "output":
            ids.append(int(str(event["text"]).split()[1]))
            leaving.set()

    with ThreadPoolExecutor(1) as pool:
        with reading(odd, "docker run plain sh -c 'busybox sleep 20'", host) as donor:
            name = reach(donor, "created")["container"]
            reach(donor, "started")
            script = "busybox cat /proc/self/uid_map; busybox sleep 4"
            line = f"docker run --network container:{name} plain sh -c '{script}'"
            guest = pool.submit(run, odd.url, line, host, each=note)
            assert leaving.wait(pace.seconds(10))
        # the donor's reader has hung up
        for _ in range(8):
            stranger = ended(odd, "docker run plain sh -c 'busybox cat /proc/self/uid_map'")
            assert int(stranger.stdout.split()[1]) != ids[0]
        assert not guest.done()
        guest.result()


def test_attack_10_a_configuration_of_megabytes_is_refused_and_nobody_waits_for_it(odd: Backend) -> None:
    host = new_host(odd.url)
    ended(odd, "docker run plain sh -c 'exit 0'", host)
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(ended, odd, "docker run --cpus 0.01 long sh -c 'exit 0'")
        longest = 0.0
        while not long.done():
            before = time.monotonic()
            ended(odd, "docker run plain sh -c 'exit 0'", host)
            longest = max(longest, time.monotonic() - before)
        result = long.result()
    assert "argument list too long" in result.stderr
    assert result.code != 0
    assert longest < pace.seconds(0.3), (longest, time.monotonic() - begun)


@pytest.mark.parametrize("path", ["/px", "/px/sys", "/proc", "/sys/fs"])
def test_attack_11_nothing_is_mounted_over_what_a_container_is_confined_by(odd: Backend, path: str) -> None:
    result = ended(odd, f"docker run --tmpfs {path} linked sh -c 'echo started'")
    assert result.stdout == ""
    assert result.code == 125
    assert "proc" in result.stderr or "sys" in result.stderr


@pytest.mark.parametrize("path", ["/proc2", "/systems/x"])
def test_attack_11_a_folder_with_a_longer_name_is_another_one(odd: Backend, path: str) -> None:
    result = ended(odd, f"docker run --tmpfs {path} plain sh -c 'busybox grep -o \" {path} tmpfs\" /proc/mounts'")
    assert result.stdout == f" {path} tmpfs\n"


def test_attack_11_a_link_is_followed_inside_the_root(odd: Backend) -> None:
    result = ended(odd, "docker run --tmpfs /dx linked sh -c 'busybox grep -o \" /data tmpfs\" /proc/mounts'")
    assert result.stdout == " /data tmpfs\n"
    assert ended(odd, "docker run --tmpfs /round linked sh -c 'echo started'").stdout == ""


@pytest.mark.parametrize(
    "line",
    [
        "docker run -u odd digits sh -c 'echo started'",
        "docker run -u 0:odd digits sh -c 'echo started'",
        f"docker run -w /{'x' * 300} plain sh -c 'echo started'",
        "docker run looping sh -c 'echo started'",
    ],
    ids=["user", "group", "a long name", "a link to itself"],
)
def test_attack_12_what_an_image_has_wrong_is_a_result(odd: Backend, line: str) -> None:
    result = ended(odd, line)
    assert (result.stdout, result.code) == ("", 125)
    assert "docker: Error response from daemon: " in result.stderr


@pytest.mark.parametrize("image", ["file", "folder"])
def test_attack_13_no_error_shows_a_path_of_the_machine(odd: Backend, image: str) -> None:
    assert ended(odd, f"docker run --init {image} sh -c 'echo started'").code == 125


def test_attack_14_an_address_that_is_not_there_is_not_redirected(odd: Backend) -> None:
    assert call(odd.url, "POST", "/v1/runs/", {"command": "docker run plain true"})[0] == 404
