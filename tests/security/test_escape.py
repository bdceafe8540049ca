"""What a hostile program tries from inside a container."""

from __future__ import annotations

import pytest

from support.client import Docker

pytestmark = pytest.mark.container


def sh(docker: Docker, script: str, options: str = "") -> str:
    """The output, both streams, of a shell script in alpine."""
    quoted = script.replace("'", "'\\''")
    result = docker(f"docker run {options} alpine sh -c '{quoted}'")
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    "file", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/kallsyms", "/proc/interrupts"]
)
def test_masked_kernel_files_are_empty(docker: Docker, file: str) -> None:
    # a kernel may not have the file at all, which is as good
    assert sh(docker, f"head -c 16 {file} 2>/dev/null | wc -c").split()[-1] == "0"


@pytest.mark.parametrize("file", ["kernel/core_pattern", "kernel/panic", "vm/drop_caches", "net/ipv4/ip_forward"])
def test_kernel_settings_cannot_be_written(docker: Docker, file: str) -> None:
    assert "can't create" in sh(docker, f"echo 1 > /proc/sys/{file}")


def test_sysrq_cannot_be_written(docker: Docker) -> None:
    assert "can't create" in sh(docker, "echo h > /proc/sysrq-trigger")


def test_the_kernel_log_is_closed(docker: Docker) -> None:
    assert "not permitted" in sh(docker, "dmesg")


def test_root_inside_is_nobody_outside_and_two_runs_differ(docker: Docker) -> None:
    assert int(sh(docker, "cat /proc/self/uid_map").split()[1]) >= 2_000_000_000


def test_only_three_descriptors_are_open(docker: Docker) -> None:
    # the fourth is ls's own
    assert sh(docker, "ls /proc/self/fd").split() == ["0", "1", "2", "3"]


def test_capabilities_are_at_most_dockers_and_nothing_more_can_be_gained(docker: Docker) -> None:
    status = sh(docker, "grep -E 'Cap|NoNew|Seccomp:' /proc/self/status")
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    assert effective & ~0xA80425FB == 0
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


def test_a_setuid_program_gains_nothing(docker: Docker) -> None:
    script = "cp /bin/busybox /tmp/id; chmod 6755 /tmp/id; chown 0:0 /tmp/id; su nobody -s /bin/sh -c '/tmp/id id -u'"
    assert "0" not in sh(docker, script).split("\n")[0]


def test_mounting_is_refused(docker: Docker) -> None:
    assert "denied" in sh(docker, "mount -t tmpfs none /mnt")
    assert "denied" in sh(docker, "mount -o remount,rw /sys")


def test_nested_namespaces_are_refused(docker: Docker) -> None:
    for flag in ("-U", "-m", "-n", "-p", "-i", "-u"):
        assert "permitted" in sh(docker, f"unshare {flag} true")


def test_device_nodes_cannot_be_made(docker: Docker) -> None:
    assert "permitted" in sh(docker, "mknod /tmp/disk b 254 0")


def test_the_disks_of_the_machine_are_not_there(docker: Docker) -> None:
    devices = set(sh(docker, "ls /dev").split())
    allowed = "console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert devices <= set(allowed.split())


def test_cgroup_limits_cannot_be_lifted(docker: Docker) -> None:
    script = "for f in $(find /sys/fs/cgroup -name 'memory*limit_in_bytes' -o -name memory.max -o -name release_agent);"
    said = sh(docker, script + " do echo 999999999 > $f && echo LIFTED $f; done; mkdir /sys/fs/cgroup/*/x && echo MADE")
    assert "LIFTED" not in said
    assert "MADE" not in said


def test_there_is_no_network_but_loopback(docker: Docker) -> None:
    assert sh(docker, "ls /sys/class/net").split() == ["lo"]
    assert "unreachable" in sh(docker, "ping -c 1 -W 1 169.254.169.254").lower()


def test_the_backend_cannot_be_reached(docker: Docker) -> None:
    said = sh(docker, f"wget -T 1 -q -O - http://127.0.0.1:{docker.port}/v1/health || echo unreachable")
    assert "unreachable" in said
    assert "status" not in said


def test_other_runs_cannot_be_seen(docker: Docker) -> None:
    assert sh(docker, "ls /proc | grep -c '^[0-9]*$'").strip() <= "4"
    assert sh(docker, "ls /dev/shm /dev/mqueue; ipcs | grep -c 0x").count("0x") == 0


def test_no_socket_of_ours_is_inside(docker: Docker) -> None:
    assert sh(docker, "find / -xdev -type s 2>/dev/null; cat /proc/net/unix | grep -c /").strip() == "0"


def test_the_environment_tells_nothing_of_the_machine(docker: Docker) -> None:
    names = {line.split("=")[0] for line in sh(docker, "env").splitlines()}
    assert names <= {"PATH", "HOSTNAME", "HOME", "PWD", "SHLVL"}


def test_the_shared_layers_cannot_be_written(docker: Docker) -> None:
    before = sh(docker, "sha256sum /bin/busybox")
    sh(docker, "echo broken > /bin/busybox; rm -rf /bin /etc")
    assert sh(docker, "sha256sum /bin/busybox") == before


def test_paths_of_the_machine_are_not_told(docker: Docker) -> None:
    listing = sh(docker, "cat /proc/self/mountinfo")
    assert docker.state not in listing
