"""`--device-write-bps` and `--device-read-bps`: how fast a run's own disk is."""

from __future__ import annotations

import pytest

from sandbox.runner.kernel import cgroup
from support import pace
from support.client import Docker, Event, Result
from support.disks import DISK, seconds

pytestmark = pytest.mark.container
MB = 1024 * 1024
WRITE = "time dd if=/dev/zero of=/file bs=64k count=32 oflag=direct"
READ = "time dd if=/file of=/dev/null bs=64k iflag=direct"


def stats(result: Result) -> list[Event]:
    return [event for event in result.events if event["type"] == "stats"]


def test_writing_takes_what_the_rate_says(docker: Docker) -> None:
    result = docker(f"docker run --device-write-bps {DISK}:1mb alpine {WRITE}")
    (took,) = seconds(result)
    assert pace.close(took, 2), result
    written = [event["written_bytes"] for event in stats(result)]
    assert written == sorted(written)
    assert written[-1] == pytest.approx(2 * MB, rel=0.15)
    half = next(event for event in stats(result) if event["written_bytes"] >= MB)
    assert half["at"] - stats(result)[0]["at"] == pytest.approx(1.0, abs=pace.seconds(0.3))


def test_reading_takes_what_the_rate_says(docker: Docker) -> None:
    result = docker(f"docker run --device-read-bps {DISK}:1mb alpine sh -c '{WRITE}; {READ}'")
    write, read = seconds(result)
    assert write < pace.seconds(0.5)
    assert pace.close(read, 2), result
    assert stats(result)[-1]["read_bytes"] == pytest.approx(2 * MB, rel=0.15)


def test_twice_the_rate_is_half_the_time_and_no_flag_is_no_wait(docker: Docker) -> None:
    (fast,) = seconds(docker(f"docker run --device-write-bps {DISK}:2mb alpine {WRITE}"))
    assert pace.close(fast, 1)
    assert docker(f"docker run alpine {WRITE.replace(' oflag=direct', '')}").event("exited")["wall_ms"] < pace.seconds(
        900
    )


def test_what_is_synchronous_waits_too(docker: Docker) -> None:
    result = docker(
        f"docker run --device-write-bps {DISK}:1mb alpine time dd if=/dev/zero of=/file bs=64k count=32 conv=fsync"
    )
    (took,) = seconds(result)
    assert pace.close(took, 2), result


def test_the_strictest_of_two_rates_counts(docker: Docker) -> None:
    line = f"docker run --device-write-bps {DISK}:100mb --device-write-bps {DISK}:1mb alpine {WRITE}"
    (took,) = seconds(docker(line))
    assert pace.close(took, 2)


def test_attack_49_a_disk_does_so_many_operations_whatever_rate_is_named(docker: Docker) -> None:
    """For what is direct, a thread of the kernel works at nobody's account."""
    one_by_one = "bs=4k count=1500"
    lines = [
        f"time dd if=/dev/zero of=/file {one_by_one} oflag=direct",
        f"time dd if=/file of=/dev/null {one_by_one} iflag=direct",
    ]
    for rates in (f"--device-write-bps {DISK}:10gb", f"--device-read-bps {DISK}:10gb"):
        result = docker(f"docker run {rates} alpine sh -ec '{'; '.join(lines)}'")
        took = seconds(result)
        # a busy machine may do fewer
        assert (result.code, [one > 0.85 * 1.5 for one in took]) == (0, [True, True]), result


def test_the_slowest_disk_still_starts_a_program(narrow: Docker) -> None:
    result = narrow(f"docker run --device-write-bps {DISK}:2 --device-read-bps {DISK}:2 alpine echo hi")
    assert (result.stdout, result.code) == ("hi\n", 0)


def test_a_rate_of_0_is_no_limit_as_it_is_for_docker(narrow: Docker) -> None:
    result = narrow(
        f"docker run --device-write-bps {DISK}:0 --device-read-bps {DISK}:0 alpine grep -c overlay /proc/mounts"
    )
    assert (result.stdout, result.code) == ("1\n", 0)
    assert narrow("docker run --device-write-bps /dev/nosuch:0 alpine true").code == 127


@pytest.mark.parametrize("direction", ["read", "write"])
def test_a_rate_that_the_kernel_does_not_take_is_refused_in_plain_words(direction: str, narrow: Docker) -> None:
    result = narrow(f"docker run --device-{direction}-bps {DISK}:1 alpine echo hi")
    if cgroup.layout() == "v2":
        assert (result.code, result.reason) == (125, "not-started")
        assert "2 is the slowest" in result.stderr
        assert "초당 2바이트부터" in result.events[-1]["hint"]
    else:
        assert (result.stdout, result.code) == ("hi\n", 0)
