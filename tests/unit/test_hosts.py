"""Visitors' hosts: theirs alone, for as long as they read."""

from __future__ import annotations

import dataclasses
import re

from sandbox.model import reference
from sandbox.web.runs.docker_hosts import DockerHosts
from support.fake_runner import known_image

ALPINE = reference.parse("alpine")
IDLE = 900.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A run that only notes that it was stopped."""

    def __init__(self) -> None:
        self.id, self.stopped = "r", False

    def stop(self) -> None:
        self.stopped = True


def make(most: int = 10) -> tuple[DockerHosts, Clock]:
    """Some hosts and their clock."""
    clock = Clock()
    return DockerHosts(most, IDLE, clock), clock


def test_ids_are_128_random_bits() -> None:
    hosts, _ = make()
    names = {hosts.create("a").id for _ in range(5)}
    assert len(names) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


def test_a_host_is_found_until_nobody_has_used_it_for_the_idle_time() -> None:
    hosts, clock = make()
    host = hosts.create("a")
    clock.now += IDLE - 1
    assert hosts.find(host.id) is host
    clock.now += IDLE - 1
    assert hosts.find(host.id) is host
    clock.now += IDLE + 1
    assert hosts.find(host.id) is None


def test_a_host_with_a_run_is_never_idle() -> None:
    hosts, clock = make()
    host = hosts.create("a")
    host.runs["r"] = Run()
    clock.now += IDLE * 3
    assert hosts.find(host.id) is host


def test_the_longest_unused_idle_host_gives_way() -> None:
    hosts, _ = make(most=3)
    busy, old, new = (hosts.create(address) for address in "abc")
    busy.runs["r"] = Run()
    hosts.find(old.id)
    hosts.find(new.id)
    hosts.create("d")
    assert hosts.find(busy.id) is busy
    assert hosts.find(old.id) is None
    assert hosts.find(new.id) is new


def test_one_address_crowds_out_its_own_hosts_only() -> None:
    hosts, _ = make(most=20)
    other = hosts.create("reader")
    for _ in range(100):
        hosts.create("greedy")
    assert hosts.find(other.id) is other


def test_who_came_first_and_stays_awake_keeps_nobody_out() -> None:
    hosts, _ = make(most=20)
    greedy = [hosts.create("greedy") for _ in range(20)]
    reader = hosts.create("reader")
    for number in range(15):
        for host in greedy:
            hosts.find(host.id)
        hosts.create(f"reader {number}")
    assert hosts.find(reader.id) is reader
    assert len(hosts) == 20


def test_an_emptied_host_has_no_image_and_its_runs_end() -> None:
    hosts, _ = make()
    host, run = hosts.create("a"), Run()
    host.add(known_image("alpine:latest"), ALPINE)
    host.runs["r"] = run
    host.empty()
    assert run.stopped
    assert host.find("alpine", ALPINE) is None
    assert hosts.find(host.id) is host


def test_a_passing_host_ends_with_its_block() -> None:
    hosts, _ = make()
    with hosts.passing("a") as host:
        assert hosts.find(host.id) is host
    assert hosts.find(host.id) is None


def test_an_image_is_found_by_name_and_by_the_beginning_of_its_id() -> None:
    hosts, _ = make()
    host, image = hosts.create("a"), known_image("alpine:latest")
    assert host.find("alpine", ALPINE) is None
    host.add(image, ALPINE)
    assert host.find("alpine:latest", ALPINE) is image
    digits = image.digest[7:19]
    assert host.find(digits, reference.parse(digits)) is image
    assert host.find("bbbbbbbb", reference.parse("bbbbbbbb")) is None
    assert host.find("alpine:3", reference.parse("alpine:3")) is None


def test_an_image_of_another_platform_is_not_there() -> None:
    hosts, _ = make()
    host = hosts.create("a")
    host.add(known_image("alpine:latest"), ALPINE)
    assert host.find("alpine", ALPINE, "linux/amd64") is not None
    assert host.find("alpine", ALPINE, "linux/arm64") is None


def test_a_host_keeps_only_so_many_images() -> None:
    hosts, _ = make()
    host = hosts.create("a")
    for number in range(200):
        name = reference.parse(f"alpine:{number}")
        host.add(dataclasses.replace(known_image("alpine:latest"), reference=name.familiar), name)
    assert len(host.images) == 64
    assert "alpine:199" in host.images


def test_what_is_known_of_an_image_is_kept_once_for_all_hosts_that_have_it() -> None:
    hosts, _ = make()
    one, other = hosts.create("a"), hosts.create("b")
    with hosts.passing("c") as third:
        for host in (one, other, third):
            host.add(known_image("alpine:latest"), ALPINE)
        assert one.images["alpine:latest"] is other.images["alpine:latest"] is third.images["alpine:latest"]
    one.add(dataclasses.replace(known_image("alpine:latest"), digest="sha256:" + "0" * 64), ALPINE)
    assert one.images["alpine:latest"] != other.images["alpine:latest"]


def test_many_names_of_one_image_have_its_parts_in_common() -> None:
    hosts, _ = make()
    one, other = hosts.create("a"), hosts.create("b")
    for number, host in enumerate((one, other, one)):
        # a tag beside a digest is anything at all
        name = reference.parse(f"alpine:{number}@sha256:{'1' * 64}")
        parts = tuple(f"/bin/{program}" for program in ("cat", "sh"))
        host.add(dataclasses.replace(known_image("alpine:latest"), reference=name.familiar, programs=parts), name)
    kept = [*one.images.values(), *other.images.values()]
    assert len({image.reference for image in kept}) == 3
    assert len({id(image.programs) for image in kept}) == len({id(image.layers) for image in kept}) == 1
    # and for as long as any of them is there
    one.empty()
    other.add(dataclasses.replace(known_image("alpine:latest"), programs=("/bin/cat", "/bin/sh")), ALPINE)
    assert len({id(image.programs) for image in other.images.values()}) == 1
