"""On a bridge a container of this backend sees what one of Docker's does, but for the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.sides import BackendSide
from support import engine
from support.client import new_host, run
from support.engine import Engine
from support.running_container import running_container

pytestmark = [pytest.mark.engine, pytest.mark.container]
LINE = "docker run --network bridge --hostname web alpine"


@pytest.fixture(scope="module")
def bridged(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with its default bridge, which the one of the other tests does without."""
    with engine.running(None) as started:
        started.load(images, "alpine", tmp_path_factory.mktemp("images"))
        yield started


@pytest.fixture
def host(here: BackendSide) -> str:
    name = new_host(here.base)
    run(here.base, "docker pull -q alpine", name)
    return name


@pytest.mark.parametrize(
    "command", ["hostname -i", "ls /sys/class/net", "cat /sys/class/net/eth0/mtu", "cat /etc/hosts", "ping -c 1 web"]
)
def test_docker_and_this_backend_answer_alike(bridged: Engine, here: BackendSide, host: str, command: str) -> None:
    docker, ours = bridged.run(f"{LINE} {command}"), run(here.base, f"{LINE} {command}", host)
    assert (ours.code, _shape(ours.stdout)) == (docker.code, _shape(docker.stdout))


def _shape(text: str) -> list[str]:
    """The lines without what a clock has measured."""
    return [line for line in text.splitlines() if "time=" not in line and "round-trip" not in line]


def test_the_way_out_is_dockers_only(bridged: Engine, here: BackendSide, host: str) -> None:
    docker, ours = bridged.run(f"{LINE} ip route"), run(here.base, f"{LINE} ip route", host)
    assert docker.stdout.splitlines()[0].startswith("default via 172.17.0.1 dev eth0")
    assert docker.stdout.splitlines()[1].startswith("172.17.0.0/16 dev eth0")
    assert [line.split()[0] for line in ours.stdout.splitlines()] == ["172.17.0.0/28"]


def test_the_next_container_has_the_next_address(bridged: Engine, here: BackendSide, host: str) -> None:
    line = f"{LINE} hostname -i"
    first = bridged.must("run", "-d", "--network", "bridge", "alpine", "sleep", "20")
    with running_container(here.base, host, "--network bridge"):
        assert bridged.run(line).stdout == run(here.base, line, host).stdout == "172.17.0.3\n"
    bridged.must("rm", "-f", *first)
    assert bridged.run(line).stdout == run(here.base, line, host).stdout == "172.17.0.2\n"
