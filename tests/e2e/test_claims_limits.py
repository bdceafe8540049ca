"""The chapter on cgroups: each limit is hit, and what the demo proves is held against the kernel's answer."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from e2e.sent import Chapter, run
from sandbox.linux import machine
from support import pace

pytestmark = pytest.mark.live


@pytest.fixture
def isolation(visited: Chapter) -> Page:
    return visited("isolation")


@pytest.mark.claim("C20")
def test_the_kernel_kills_what_goes_over_its_memory(isolation: Page) -> None:
    sent = run(isolation, "memory")
    exited = sent.one("exited")
    assert (exited["code"], exited["reason"], exited["signal"]) == (137, "oom", "SIGKILL")
    assert exited["peak_memory_bytes"] <= 64 * 2**20
    # the kernel's own log names the very process, by its number in the outermost pid namespace
    pid = str(sent.one("started")["pid"]) if machine.in_first_pid_namespace() else r"\d+"
    killed = re.compile(rf"Memory cgroup out of memory: Killed process {pid} \(tail\) ")
    assert killed.search(sent.one("notice")["text"])
    expect(sent.demo.root).to_contain_text(killed)
    seen = [event["memory_bytes"] for event in sent.events if event["type"] == "stats"]
    assert max(seen) > 48 * 2**20
    expect(sent.demo.root.locator(".charts")).to_contain_text("한도 64.0 MiB 커널이 끝냈어요")
    expect(sent.demo.result).to_contain_text("커널이 끝냈어요")


@pytest.mark.claim("C20")
def test_a_fork_bomb_grows_to_its_limit_and_not_beyond(isolation: Page) -> None:
    sent = run(isolation, "bomb")
    assert 4 < max(event["pids"] for event in sent.events if event["type"] == "stats") <= 16
    expect(sent.demo.root.locator(".charts")).to_contain_text("한도 16개")


@pytest.mark.claim("C20")
@pytest.mark.container("measures time, which an emulated processor has too little of")
def test_a_throttled_write_takes_what_the_limit_says(isolation: Page) -> None:
    sent = run(isolation, "disk")
    minutes, seconds = re.findall(r"real\s+(\d+)m ([\d.]+)s", sent.err)[0]
    assert pace.close(60 * int(minutes) + float(seconds), 2)
    written = [event["written_bytes"] for event in sent.events if event["type"] == "stats"]
    assert written == sorted(written)
    assert written[-1] > 1_500_000
    expect(sent.demo.root.locator(".charts")).to_contain_text("한도 1.0 MB/초")


@pytest.mark.parametrize(("id", "most"), [("pids", 3), ("question-pids", 2)])
def test_the_shell_counts_as_a_process_and_the_rest_cannot_be_made(isolation: Page, id: str, most: int) -> None:
    sent = run(isolation, id)
    assert sent.lines == [str(number + 1) for number in range(most)]
    assert "can't fork" in sent.err
    assert sent.demo.code != 0


@pytest.mark.container("measures time, which an emulated processor has too little of")
def test_a_fifth_of_a_cpu_makes_the_same_sum_take_longer(isolation: Page) -> None:
    sent = run(isolation, "cpus")
    spent = {name: float(seconds) for name, seconds in re.findall(r"^(real|user)\s+0m (\S+)s", sent.err, re.M)}
    assert spent["real"] > 3 * spent["user"] > 0
    assert sent.demo.code == 0


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_a_limit_does_not_change_what_is_seen(isolation: Page) -> None:
    total = re.search(r"Mem: +(\d+)", run(isolation, "free").out)
    machine = re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())
    assert total
    assert machine
    assert abs(int(total[1]) - int(machine[1]) // 1024) <= 1
    assert run(isolation, "question-nproc").out == f"{len(os.sched_getaffinity(0))}\n"


@pytest.mark.claim("C20")
@pytest.mark.container("measures time, which an emulated processor has too little of")
def test_the_network_carries_no_more_than_it_is_set_to(isolation: Page) -> None:
    sent = run(isolation, "net-rate")
    # the other one has said its address before
    assert sent.out == "172.17.0.2\n2000000\n"
    limit = sent.all("created")[-1]["network_bps"]
    found = re.search(r"real\s+0m (\d+\.\d+)s", sent.err)
    assert found
    # what is sent beside the data itself is counted, too
    assert 2_000_000 / limit < float(found[1]) < 2_000_000 / limit * 1.15 + pace.seconds(0.2)
    chart = sent.demo.root.locator(".charts figure.sent")
    expect(chart).to_contain_text("한도 1.0 MB/초")
    expect(chart).to_contain_text(re.compile(r"평균 (9\d\d\.\d kB|1\.0 MB)/초"))
    web = Demo(isolation, "net-web")
    assert web.state == "running"
    assert run(isolation, "net-rate").out == "2000000\n"
    web.button("멈춤").click()
    web.wait_for_end()


@pytest.mark.claim("C20")
@pytest.mark.claim("C21")
def test_the_bridge_has_no_way_out_and_a_container_without_it_no_way_at_all(isolation: Page) -> None:
    out = run(isolation, "net-out")
    assert (out.demo.code, "Network is unreachable" in out.err) == (1, True)
    assert [line.split()[0] for line in out.out.splitlines() if "dev" in line] == ["172.17.0.0/28"]
    assert "172.17.0" not in run(isolation, "ns-net").out
