"""From a plan and an image's configuration to an OCI runtime configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.model.image import Config
from sandbox.model.plan import ULIMITS, Limits, Plan, Throttle, Tmpfs, Ulimit
from sandbox.oci import process, rlimits, spec
from sandbox.oci.allocation import Allocation, Features, Node, hostname
from sandbox.oci.users import Identity

OWN = Allocation("ab" * 32, "h", "/run/rootfs", "/group/ab", 100_000, (("/etc/hosts", "/run/hosts"),))


def build(
    plan: Plan,
    config: Config | None = None,
    identity: Identity | None = None,
    own: Allocation = OWN,
    features: Features = spec.CRUN,
) -> dict[str, Any]:
    config, identity = config or Config(cmd=("/bin/sh",)), identity or Identity(0, 0)
    return spec.build(plan, config, identity, own, ("note", "filter"), features)


@pytest.mark.parametrize(
    ("entrypoint", "args", "config", "argv", "source"),
    [
        (None, (), Config(cmd=("sh",)), ("sh",), "image"),
        (None, ("ls",), Config(cmd=("sh",)), ("ls",), "request"),
        (None, (), Config(entrypoint=("e",), cmd=("c",)), ("e", "c"), "image"),
        (None, ("a",), Config(entrypoint=("e",), cmd=("c",)), ("e", "a"), "request"),
        (("x",), (), Config(entrypoint=("e",), cmd=("c",)), ("x",), "request"),
        (("x",), ("a",), Config(entrypoint=("e",), cmd=("c",)), ("x", "a"), "request"),
        ((), ("a",), Config(entrypoint=("e",), cmd=("c",)), ("a",), "request"),
        (None, (), Config(), (), "image"),
    ],
)
def test_cmd_is_replaced_and_an_entrypoint_stays(
    entrypoint: tuple[str, ...] | None, args: tuple[str, ...], config: Config, argv: tuple[str, ...], source: str
) -> None:
    assert process.argv(Plan("a", args, entrypoint), config) == (argv, source)


def test_the_environment_has_dockers_order() -> None:
    plan = Plan("a", env=("A=1", "PATH=/x", "GONE"), tty=True)
    made = process.environment(plan, Config(env=("A=2", "B=3", "PATH=/y")), "host")
    assert made == ["PATH=/x", "HOSTNAME=host", "TERM=xterm", "A=1", "B=3"]


@pytest.mark.parametrize(("size", "shown"), [(64 << 20, "65536k"), (1 << 30, "1048576k"), (1, "1k")])
def test_shared_memory_is_as_large_as_the_line_says(size: int, shown: str) -> None:
    mounts = {mount["destination"]: mount["options"] for mount in build(Plan("a", shm_size=size))["mounts"]}
    assert f"size={shown}" in mounts["/dev/shm"]


def test_home_is_the_users_own_unless_given() -> None:
    assert "HOME=/root" in build(Plan("a"), identity=Identity(0, 0, (), "/root"))["process"]["env"]
    given = build(Plan("a", env=("HOME=/h",)), identity=Identity(0, 0, (), "/root"))["process"]["env"]
    assert [entry for entry in given if entry.startswith("HOME=")] == ["HOME=/h"]


def test_a_run_has_no_device_of_its_own_unless_one_is_named() -> None:
    kvm = Node("/dev/kvm", "/run/dev/kvm", 10, 232)
    plain, own = build(Plan("a")), build(Plan("a"), own=replace(OWN, nodes=(kvm,)))
    none = [{"allow": False, "access": "rwm"}]
    assert plain["linux"]["resources"]["devices"] == none
    allowed = {"allow": True, "type": "c", "major": 10, "minor": 232, "access": "rw"}
    assert own["linux"]["resources"]["devices"] == [*none, allowed]
    (mount,) = [mount for mount in own["mounts"] if mount not in plain["mounts"]]
    assert (mount["destination"], mount["type"], mount["source"]) == ("/dev/kvm", "bind", "/run/dev/kvm")
    assert {"nosuid", "noexec"} <= set(mount["options"])
    assert "nodev" not in mount["options"]
    assert all("nodev" in mount["options"] for mount in plain["mounts"] if mount["type"] == "bind")


def test_every_run_has_every_namespace_and_no_new_privileges() -> None:
    made = build(Plan("a"))
    kinds = {entry["type"] for entry in made["linux"]["namespaces"]}
    assert kinds == {"pid", "mount", "network", "uts", "ipc", "cgroup", "user"}
    assert not any("path" in entry for entry in made["linux"]["namespaces"])
    assert made["process"]["noNewPrivileges"] is True
    assert made["linux"]["uidMappings"] == [{"containerID": 0, "hostID": 100_000, "size": 65_536}]


def test_only_root_holds_capabilities_and_cap_drop_takes_them() -> None:
    assert set(build(Plan("a"))["process"]["capabilities"]) == {"bounding", "effective", "permitted"}
    assert set(build(Plan("a"), identity=Identity(1000, 0))["process"]["capabilities"]) == {"bounding"}
    assert build(Plan("a", cap_drop=("all",)))["process"]["capabilities"]["effective"] == []
    left = build(Plan("a", cap_drop=("chown", "CAP_KILL")))["process"]["capabilities"]["bounding"]
    assert "CAP_CHOWN" not in left
    assert "CAP_KILL" not in left
    assert "CAP_SETUID" in left


def test_limits_become_resources_without_swap() -> None:
    made = build(Plan("a", limits=Limits(memory=32 << 20, cpus=0.5, pids=9)))["linux"]["resources"]
    assert made["memory"] == {"limit": 32 << 20, "swap": 32 << 20}
    assert made["cpu"] == {"quota": 50_000, "period": 100_000, "shares": 16_384}
    assert made["pids"] == {"limit": 9}
    assert made["devices"] == [{"allow": False, "access": "rwm"}]


def test_the_slow_disk_is_the_runs_own_at_the_slowest_rate() -> None:
    plan = Plan("a", write_bps=(Throttle("/dev/x", 2000), Throttle("/dev/x", 1000)), read_bps=(Throttle("/dev/x", 30),))
    made = build(plan, own=replace(OWN, disk=(7, 3)))["linux"]["resources"]["blockIO"]
    assert {name: made[f"throttle{name}BpsDevice"] for name in ("Read", "Write")} == {
        "Read": [{"major": 7, "minor": 3, "rate": 30}],
        "Write": [{"major": 7, "minor": 3, "rate": 1000}],
    }


def test_a_disk_has_a_most_in_what_is_not_named_and_above_what_is() -> None:
    plan = Plan("a", write_bps=(Throttle("/dev/x", 1 << 40),), read_bps=(Throttle("/dev/x", 0),))
    made = build(plan, own=replace(OWN, disk=(7, 3)))["linux"]["resources"]["blockIO"]
    assert {name: one["rate"] for name, (one,) in made.items()} == {
        "throttleReadBpsDevice": 64 << 20,
        "throttleReadIOPSDevice": 1000,
        "throttleWriteBpsDevice": 64 << 20,
        "throttleWriteIOPSDevice": 1000,
    }


def test_options_reach_their_place() -> None:
    plan = Plan(
        "a",
        args=("ls",),
        workdir="/w",
        read_only=True,
        init=True,
        tty=True,
        tmpfs=(Tmpfs("/t", 4096, 0o755),),
    )
    made = build(plan)
    assert made["process"]["args"] == ["/sbin/docker-init", "--", "ls"]
    assert made["process"]["cwd"] == "/w"
    assert made["process"]["terminal"] is True
    assert made["hostname"] == "h"
    assert made["root"] == {"path": "/run/rootfs", "readonly": True}
    mount = next(entry for entry in made["mounts"] if entry["destination"] == "/t")
    assert mount["options"] == ["noexec", "nosuid", "nodev", "size=4096", "mode=755", "nr_inodes=4096"]


def test_kernel_paths_are_masked_or_read_only() -> None:
    made = build(Plan("a"))["linux"]
    assert {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"} <= set(made["maskedPaths"])
    assert {"/proc/sys", "/proc/sysrq-trigger", "/proc/pressure"} <= set(made["readonlyPaths"])


@pytest.mark.parametrize(("tty", "option"), [(False, "nodev"), (True, "max=1")])
def test_a_container_has_the_terminal_that_it_was_given_and_no_other(tty: bool, option: str) -> None:
    (mount,) = [mount for mount in build(Plan("a", tty=tty))["mounts"] if mount["type"] == "devpts"]
    assert {"nodev", "max=1"} & set(mount["options"]) == {option}


def test_a_process_has_the_limits_that_no_stranger_may_ask_for_more_of() -> None:
    limits = build(Plan("a"), own=replace(OWN, rlimits={"sigpending": 7, "core": 1}))["process"]["rlimits"]
    assert [(one["type"], one["soft"], one["hard"]) for one in limits] == [
        ("RLIMIT_NOFILE", 1024, 1024),
        ("RLIMIT_SIGPENDING", 7, 7),
        ("RLIMIT_CORE", 1, 1),
    ]


def test_a_container_is_called_as_asked_or_by_the_first_digits_of_its_id() -> None:
    assert hostname(Plan("a", hostname="web"), "cd" * 32) == "web"
    assert hostname(Plan("a"), "cd" * 32) == "cd" * 6


def test_what_is_joined_is_named_by_its_path_and_a_joined_network_keeps_its_settings() -> None:
    made = build(Plan("a"), own=replace(OWN, namespaces={"network": "/n", "user": "/u"}))["linux"]
    assert {entry["type"]: entry["path"] for entry in made["namespaces"] if "path" in entry} == {
        "network": "/n",
        "user": "/u",
    }
    assert made["sysctl"] == {}
    bridged = build(Plan("a"), own=replace(OWN, sysctls={"net.x": "1"}))["linux"]
    assert bridged["sysctl"] == spec.SYSCTLS | {"net.x": "1"}


def test_a_runtime_gets_nothing_that_it_does_not_do() -> None:
    less = Features(cgroups=False, sysctls=False, read_only_root=False, unknown_mounts=frozenset({"mqueue"}))
    made = build(Plan("a", read_only=True, ulimits=(Ulimit("nproc", 1, 2),)), features=less)
    assert not {"resources", "sysctl"} & set(made["linux"])
    assert made["root"]["readonly"] is False
    assert "/dev/mqueue" not in {mount["destination"] for mount in made["mounts"]}
    assert {one["type"] for one in made["process"]["rlimits"]} == {"RLIMIT_NOFILE"}
    assert build(Plan("a"))["linux"]["resources"]


def test_each_ulimit_has_the_kernels_number() -> None:
    assert {name: rlimits.number(Ulimit(name, 0, 0)) for name in sorted(ULIMITS)} == {
        **{"core": 4, "cpu": 0, "data": 2, "fsize": 1, "locks": 10, "memlock": 8, "msgqueue": 12, "nice": 13},
        **{"nofile": 7, "nproc": 6, "rss": 5, "rtprio": 14, "rttime": 15, "sigpending": 11, "stack": 3},
    }
