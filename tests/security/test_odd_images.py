"""Images and lines that once made the runner fail, wait or tell too much: each ends in a result, in Docker's words."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import oci, pace, registry
from support.backend import Backend, running
from support.client import Event, Result, call, new_host, run

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


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend whose images are those."""
    with registry.running(tmp_path_factory.mktemp("registry")) as url:
        for name, (files, config) in IMAGES.items():
            oci.push_image(url, f"library/{name}:latest", [ROOT | files], config)
        with running({"registry": url}) as backend:
            yield backend


def ended(odd: Backend, line: str, host: str = "") -> Result:
    result = run(odd.url, line, host or new_host(odd.url))
    assert result.events[-1]["type"] == "exited", (result.events[-1], odd.log.read_text()[-3000:])
    assert str(odd.runtime) not in result.stderr + result.stdout
    assert str(odd.state) not in result.stderr + result.stdout
    return result


def test_attack_2_the_ids_of_a_container_that_outlives_its_donor_are_nobody_elses(odd: Backend) -> None:
    host, ids, begun = new_host(odd.url), [], threading.Event()
    donor: dict[str, str] = {}
    leaving = threading.Event()

    def donate(event: Event) -> None:
        if event["type"] == "created":
            donor["run"], donor["id"] = str(donor.get("run")), str(event["container"])
        if event["type"] == "accepted":
            donor["run"] = str(event["run"])
        if event["type"] == "started":
            begun.set()

    def note(event: Event) -> None:
        if event["type"] == "output":
            ids.append(int(str(event["text"]).split()[1]))
            leaving.set()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(run, odd.url, "docker run plain sh -c 'sleep 9'", host, each=donate)
        assert begun.wait(pace.seconds(10))
        script = "busybox cat /proc/self/uid_map; busybox sleep 4"
        line = f"docker run --network container:{donor['id']} plain sh -c '{script}'"
        guest = pool.submit(run, odd.url, line, host, each=note)
        assert leaving.wait(pace.seconds(10))
        call(odd.url, "DELETE", f"/v1/runs/{donor['run']}")
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
