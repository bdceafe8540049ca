"""From a typed run and this host's limits to a plan; the refusals are among the golden command lines."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox import policy
from sandbox.docker.cli import Run, parse
from sandbox.docker.errors import DockerError
from sandbox.model import plain, plan
from sandbox.model.isolations import PROFILES
from sandbox.model.plan import MIB, UNLIMITED, ExtraHost, Limits, Plan, Throttle, Tmpfs, Ulimit

LIMITS = Limits()


def decided(options: str, limits: Limits = LIMITS) -> Plan:
    command = parse(f"docker run {options} alpine")
    assert isinstance(command, Run)
    return policy.decide(command, limits)


def refused(options: str, limits: Limits = LIMITS) -> DockerError:
    command = parse(f"docker run {options} alpine")
    assert isinstance(command, Run)
    with pytest.raises(DockerError) as found:
        policy.decide(command, limits)
    return found.value


def test_a_bare_run_gets_the_hosts_limits_and_nothing_else() -> None:
    assert decided("") == Plan(image="alpine:latest", limits=LIMITS)


def test_lower_limits_are_honoured() -> None:
    limits = decided("-m 64m --memory-swap 64m --cpus 0.25 --pids-limit 7").limits
    assert (limits.memory, limits.cpus, limits.pids) == (64 * MIB, 0.25, 7)
    assert (limits.seconds, limits.output, limits.disk) == (LIMITS.seconds, LIMITS.output, LIMITS.disk)


def test_the_ceiling_itself_is_allowed_and_one_more_is_not() -> None:
    assert decided(f"-m {LIMITS.memory} --cpus 1 --pids-limit {LIMITS.pids}").limits == LIMITS
    for options in (f"-m {LIMITS.memory + 1}", "--cpus 1.01", f"--pids-limit {LIMITS.pids + 1}"):
        answer = refused(options)
        assert answer.code == 125
        assert answer.hint


def test_zero_means_unset_as_with_docker() -> None:
    assert decided("-m 0 --memory-swap 0 --cpus 0 --pids-limit 0").limits == LIMITS


def test_the_hint_names_the_ceiling_in_force() -> None:
    answer = refused("-m 1g", Limits(memory=32 * MIB))
    assert "32MiB" in (answer.hint or "")
    assert "there are only 2 CPUs available" in refused("--cpus 3", Limits(cpus=2)).stderr


def test_everything_that_a_line_says_of_the_container_arrives_in_the_plan() -> None:
    found = decided(
        "--rm --name web -it -e A=B -e C -w /tmp -u 1:2 -h box --read-only --network none --entrypoint /x --pull never "
        "--label a=b --init --stop-signal int --ulimit nofile=5:6 --cap-drop net_raw -q --platform amd64 "
        "--device-read-bps /dev/a:10m --device-read-bps /dev/a:20m --device-write-bps /dev/b:0"
    )
    assert found == Plan(
        image="alpine:latest",
        entrypoint=("/x",),
        env=("A=B", "C"),
        workdir="/tmp",
        user="1:2",
        hostname="box",
        tty=True,
        init=True,
        read_only=True,
        ulimits=(Ulimit("nofile", 5, 6),),
        cap_drop=("CAP_NET_RAW",),
        read_bps=(Throttle("/dev/a", 20 * MIB),),
        write_bps=(Throttle("/dev/b", 0),),
        limits=LIMITS,
    )
    assert plain.decode(Plan, json.loads(plain.line(plain.encode(found)))) == found


def test_what_changes_nothing_outside_arrives_in_the_plan_too() -> None:
    found = decided(
        "--add-host a:1.2.3.4 --add-host b=[::1] --group-add 5 --group-add audio --group-add 5 --shm-size 1g"
    )
    assert found.hosts == (ExtraHost("a", "1.2.3.4"), ExtraHost("b", "::1"))
    assert (found.groups, found.shm_size) == (("5", "audio"), 1 << 30)
    assert decided("--shm-size 0").shm_size == decided("").shm_size == 64 * MIB
    assert plain.decode(Plan, json.loads(plain.line(plain.encode(found)))) == found
    plan.check(found, LIMITS)
    for options in ("--expose 80 --expose 5000-6000/UDP", "--sig-proxy=false", "--no-healthcheck"):
        assert decided(options) == decided("")


def test_hosts_and_groups_that_cannot_be_had_are_refused() -> None:
    shared = refused("--network container:web --add-host a:1.2.3.4")
    assert "conflicting options: custom host-to-IP mapping and the network mode" in shared.stderr
    most = " ".join(f"--group-add {number}" for number in range(plan.MOST_GROUPS + 1))
    assert "more than 64 groups" in refused(most).stderr


@pytest.mark.parametrize("options", ["-m 32m --memory-swap 64m", "-m 32m --memory-swap -1", "--memory-swap -1"])
def test_swap_is_not_refused_and_said_to_be_none(options: str) -> None:
    command = parse(f"docker run {options} alpine")
    assert isinstance(command, Run)
    limits = policy.decide(command, LIMITS).limits
    assert limits.memory == (32 * MIB if "-m" in options.split() else LIMITS.memory)
    assert f"{limits.memory // MIB}MiB" in (policy.without_swap(command, LIMITS) or "")


@pytest.mark.parametrize("options", ["", "-m 32m", "-m 32m --memory-swap 32m", "-m 32m --memory-swap 0"])
def test_nothing_is_said_of_swap_that_nobody_asks_for(options: str) -> None:
    command = parse(f"docker run {options} alpine")
    assert isinstance(command, Run)
    assert policy.without_swap(command, LIMITS) is None


def test_an_empty_entrypoint_takes_the_images_away() -> None:
    assert decided('--entrypoint ""').entrypoint == ()
    assert decided("").entrypoint is None


def test_below_zero_there_is_no_limit() -> None:
    assert decided("--ulimit nproc=-1").ulimits == (Ulimit("nproc", UNLIMITED, UNLIMITED),)
    assert decided("--ulimit nproc=5:-1").ulimits == (Ulimit("nproc", 5, UNLIMITED),)
    assert decided("--ulimit nproc=-7") == decided("--ulimit nproc=-1")
    assert refused("--ulimit nofile=5:-1").code == 125


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("/tmp", Tmpfs("/tmp", LIMITS.disk)),
        ("/tmp/", Tmpfs("/tmp", LIMITS.disk)),
        ("//tmp/../run", Tmpfs("/run", LIMITS.disk)),
        ("/tmp:size=1m", Tmpfs("/tmp", MIB)),
        ("/tmp:size=0", Tmpfs("/tmp", LIMITS.disk)),
        ("/tmp:size=50%", Tmpfs("/tmp", LIMITS.disk // 2)),
        ("/tmp:mode=755,exec", Tmpfs("/tmp", LIMITS.disk, 0o755, ("exec", "nosuid", "nodev"))),
        ("/tmp:suid,dev,uid=5,ro", Tmpfs("/tmp", LIMITS.disk, 0o1777, ("noexec", "nosuid", "nodev", "ro", "uid=5"))),
        ("/tmp:nr_inodes=9", Tmpfs("/tmp", LIMITS.disk)),
    ],
)
def test_tmpfs_is_read_as_docker_reads_it(text: str, mount: Tmpfs) -> None:
    assert decided(f"--tmpfs {text}").tmpfs == (mount,)


def test_a_later_tmpfs_replaces_an_earlier_one() -> None:
    assert decided("--tmpfs /a:size=1m --tmpfs /a:size=2m").tmpfs == (Tmpfs("/a", 2 * MIB),)


def test_tmpfs_mounts_share_what_the_run_may_write() -> None:
    both = decided("--tmpfs /a:size=4m --tmpfs /b --tmpfs /c").tmpfs
    assert [mount.size for mount in both] == [4 * MIB, *[(LIMITS.disk - 4 * MIB) // 2] * 2]
    assert refused("--tmpfs /a:size=60m --tmpfs /b:size=60m").code == 125
    assert refused("--tmpfs /a:size=100% --tmpfs /b").code == 125


@pytest.mark.parametrize("options", ["", ":suid,dev", ":noatime,sync,nodiratime", ":uid=1000,gid=1000", ":defaults"])
def test_the_runner_takes_every_tmpfs_that_policy_lets_through(options: str) -> None:
    plan.check(decided(f"--tmpfs /a{options} --tmpfs /b"), LIMITS)


def test_many_tmpfs_mounts_are_too_many() -> None:
    assert refused(" ".join(f"--tmpfs /{n}" for n in range(17))).code == 125


@pytest.mark.parametrize("options", ["-w {}", "--tmpfs {}", "-w {} --tmpfs /x"])
def test_a_line_names_so_many_folders_and_not_one_more(options: str) -> None:
    most = plan.MOST_FOLDERS - options.count("/x")
    allowed = decided(options.format("/a" * most))
    plan.check(allowed, LIMITS)
    answer = refused(options.format("/a" * (most + 1)))
    assert (answer.code, f"{plan.MOST_FOLDERS}개까지" in (answer.hint or "")) == (125, True)


@pytest.mark.parametrize("path", ["/proc", "/sys/fs/cgroup", "/x/../proc", "//proc", "/./sys"])
def test_the_kernels_folders_are_not_covered(path: str) -> None:
    assert "inside /" in refused(f"--tmpfs {path}").stderr


@pytest.mark.parametrize("signal", ["0", "999999999999", "TERMX", "SIGSIGTERM", "¹"])
def test_a_signal_that_is_none_is_refused(signal: str) -> None:
    assert refused(f"--stop-signal {signal}").stderr.startswith(
        f"docker: Error response from daemon: invalid signal: {signal}\n"
    )


@pytest.mark.parametrize("signal", ["SIGTERM", "term", "15", "RTMIN+3"])
def test_a_signal_may_be_a_name_or_a_number(signal: str) -> None:
    assert decided(f"--stop-signal {signal}") == decided("")


@pytest.mark.parametrize("network", ["host", "container:", "web", "name=web"])
def test_no_network_but_loopback_and_ones_own_bridge(network: str) -> None:
    assert refused(f"--network {network}").code == 125
    assert decided("--network default") == decided("--network none")
    assert decided("--network bridge") == replace(decided(""), bridge=True)


REFUSED = [
    ("--network container:web", "gvisor vm", "a namespace of another container can be joined in the isolation", 125),
    ("--network bridge", "gvisor vm", "--network bridge is available in the isolation container only here", 125),
    ("--device-read-bps /dev/sda:1mb", "vm", "stat /dev/sda: no such file or directory", 127),
    ("--read-only", "", "", 0),
]


@pytest.mark.parametrize(("options", "isolations", "text", "code"), REFUSED)
def test_each_isolation_refuses_what_it_lacks(options: str, isolations: str, text: str, code: int) -> None:
    for name in PROFILES:
        if name not in isolations.split():
            policy.check(name, decided(options))
            continue
        with pytest.raises(DockerError) as found:
            policy.check(name, decided(options))
        assert found.value.stderr.startswith(f"docker: Error response from daemon: {text}")
        assert found.value.code == code
