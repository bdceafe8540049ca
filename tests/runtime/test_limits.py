"""Each limit is hit by a real program, ends that run only, and says which limit it was."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import narrow as soonest
from support import pace
from support.backend import running
from support.client import Docker, Result, new_host, run
from support.footprint import at_rest, settled

pytestmark = pytest.mark.container


def test_over_its_memory(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'a=x; while :; do a=$a$a$a$a; done'")
    assert (result.code, result.reason) == (137, "oom")
    assert narrow("docker run alpine echo still here").stdout == "still here\n"


def test_memory_of_files_counts_too(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60'")
    assert (result.code, result.reason) == (137, "oom")


def test_all_runs_together_are_kept_from_the_machines_memory() -> None:
    with running({"runs_memory": 120 << 20}) as crowded:
        visitors = [Docker(crowded.url, crowded.state) for _ in range(4)]
        assert [docker("docker run alpine true").code for docker in visitors] == [0] * 4
        line = f"docker run alpine sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=50; sleep {pace.seconds(2)}'"
        with ThreadPoolExecutor(4) as pool:
            errors = [result.stderr for result in pool.map(lambda docker: docker(line), visitors)]
        assert "Killed" in "".join(errors)
        assert visitors[0]("docker run alpine echo still here").stdout == "still here\n"


def test_over_its_time(narrow: Docker) -> None:
    begun = time.monotonic()
    result = narrow("docker run alpine sh -c 'trap \"\" TERM INT HUP; echo waiting; while :; do sleep 1; done'")
    assert (result.code, result.reason) == (137, "timeout")
    assert result.stdout == "waiting\n"
    assert time.monotonic() - begun < soonest.seconds() + pace.seconds(2)


def test_a_stopped_process_is_still_ended(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'sh -c \"kill -STOP $$\"; kill -STOP -1; sleep 600'")
    assert result.reason == "timeout"


def test_over_its_output(narrow: Docker) -> None:
    result = narrow("docker run alpine yes")
    assert (result.code, result.reason) == (137, "output-limit")
    assert len(result.stdout) == 65_536
    assert result.event("notice")["code"] == "output-cut"


def test_a_fork_bomb_stays_inside(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'b() { b | b & b; }; b'")
    assert result.code != 0
    assert narrow("docker run alpine echo fine").stdout == "fine\n"


def test_a_full_disk_is_the_programs_own_error(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'dd if=/dev/zero of=/big bs=1M count=20; echo code $?'")
    assert "No space left on device" in result.stderr
    assert result.stdout == "code 1\n"


def test_files_are_counted(narrow: Docker) -> None:
    result = narrow("docker run alpine sh -c 'i=0; while echo -n >/f$i; do i=$((i+1)); done; echo made $i'")
    assert "No space left on device" in result.stderr
    assert 0 < int(result.stdout.split()[1]) < 1000


def test_open_files_are_counted(narrow: Docker) -> None:
    assert narrow("docker run --ulimit nofile=64 alpine sh -c 'ulimit -n'").stdout == "64\n"


def test_a_limit_of_the_readers_own_does_not_hinder_the_runtime(docker: Docker) -> None:
    result = docker("docker run --ulimit fsize=0 --ulimit nproc=0 alpine sh -c 'echo hi; echo x >/f'")
    assert (result.stdout, result.code) == ("hi\n", 1)
    assert "File too large" in result.stderr


def test_the_cpu_is_shared_out(narrow: Docker) -> None:
    result = narrow("docker run --cpus 0.2 alpine sh -c 'while :; do :; done'")
    assert result.reason == "timeout"
    last = result.event("exited")
    assert last["cpu_ms"] < 0.4 * last["wall_ms"]


def test_processes_left_behind_die_with_the_first(docker: Docker) -> None:
    begun = time.monotonic()
    result = docker("docker run alpine sh -c '(setsid sleep 300 &) ; echo done'")
    assert (result.stdout, result.code) == ("done\n", 0)
    assert time.monotonic() - begun < pace.seconds(3)


def test_life_09_an_end_at_the_very_moment_of_the_deadline_is_one_end() -> None:
    limit = pace.seconds(0.3)
    with running({"slots": 8, "limits": {"seconds": limit}}) as own, ThreadPoolExecutor(8) as pool:
        host = new_host(own.url)

        def sleep(seconds: float) -> Result:
            # whose stream has one last event, or this fails
            return run(own.url, f"docker run alpine sleep {seconds:.3f}", host)

        sleep(0)
        before = at_rest(own)
        # the program itself starts some milliseconds after the clock does
        moments = [limit + step / 500 for step in range(-32, 8)]
        ends = {(one.code, one.reason) for one in pool.map(sleep, (0, *moments, 10 * limit))}
        assert ends == {(0, "exit"), (137, "timeout")}
        assert settled(own, before) == before
        # each place is free again
        for one in pool.map(sleep, [limit / 2] * 8):
            assert "queued" not in [event["type"] for event in one.events]
