"""The chapters on virtual machines and on cgroups and namespaces: what each demo proves, held against the machine."""

from __future__ import annotations

import os
import pwd
import re
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from e2e.sent import Chapter, run
from support.backend import Backend
from support.built_site import DOCS
from support.figures import look_at

pytestmark = pytest.mark.live
KERNEL = os.uname().release
# of a number that the whole machine shares
ATTEMPTS = 6
SPLIT = ("pid", "mnt", "net", "uts", "ipc", "user", "cgroup")
PAGES = {
    "scenario": ("scenario",),
    "vm": ("isolation", "isolations"),
    "isolation": ("isolation", "limits", "isolations"),
}


@pytest.fixture
def vm(visited: Chapter) -> Page:
    return visited("vm")


@pytest.fixture
def isolation(visited: Chapter) -> Page:
    return visited("isolation")


def shown(page: Page, figure: str, slot: str) -> str:
    """What a figure shows in a slot, once it has shown it."""
    look_at(page, figure.split(maxsplit=1)[0])
    place = page.locator(f'svg.{figure} [data-slot="{slot}"]').first
    expect(place).to_have_attribute("data-lit", re.compile("."))
    return place.text_content() or ""


@pytest.mark.parametrize(("page_name", "tests"), PAGES.items())
def test_every_demo_of_these_chapters_is_run_by_a_test(page_name: str, tests: tuple[str, ...]) -> None:
    found = [file for name in tests for file in Path(__file__).parent.glob(f"test_*{name}.py")]
    source = "".join(file.read_text() for file in found)
    ids = re.findall(r'^```docker-run id="([^"]+)"', (DOCS / f"{page_name}.md").read_text(), re.M)
    assert ids
    assert [id for id in ids if f'"{id}"' not in source] == []


@pytest.mark.claim("C13")
def test_two_containers_do_not_see_each_others_files(vm: Page) -> None:
    assert run(vm, "note-write").out == "secret\n"
    other = run(vm, "note-read")
    assert (other.demo.code, other.out) == (1, "")
    assert "No such file or directory" in other.err
    assert run(vm, "question-note").out == "none\n"


@pytest.mark.parametrize(("name", "id"), [("vm", "own-processes"), ("isolation", "ns-pid")])
def test_a_container_lists_its_own_processes_only(visited: Chapter, name: str, id: str) -> None:
    _, *processes = run(visited(name), id).lines
    assert [line.split()[0] for line in processes] == ["1"]


def test_a_container_that_does_nothing_tells_how_long_it_took(vm: Page) -> None:
    sent = run(vm, "start-time")
    assert (sent.demo.code, sent.out) == (0, "")
    steps = dict(step.split(" ", 1) for step in sent.demo.steps)
    assert steps["컨테이너"].endswith(" ms")
    assert steps["종료"].startswith("0 · ")


@pytest.mark.claim("C17")
def test_the_first_process_is_1_inside_and_another_number_on_the_machine(vm: Page) -> None:
    sent = run(vm, "pid-inside")
    assert sent.out == "1\n"
    pid = sent.one("started")["pid"]
    assert pid > 1
    assert (shown(vm, "kernel", "pid_inside"), shown(vm, "kernel", "pid")) == ("1", str(pid))


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_the_machine_knows_the_process_by_the_number_that_is_shown(vm: Page) -> None:
    demo = run(vm, "pid-inside").demo
    before = demo.line.input_value()
    demo.run("docker run alpine sleep 300")
    demo.wait_for("running")
    pid = shown(vm, "kernel", "pid")
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x00300\x00"
    demo.button("멈춤").click()
    demo.wait_for("ended")
    demo.line.fill(before)


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_a_container_answers_with_the_machines_kernel_whatever_its_image(vm: Page) -> None:
    assert run(vm, "uname").out == f"{KERNEL}\n"
    assert (shown(vm, "kernel", "kernel"), shown(vm, "kernel", "text").strip()) == (KERNEL, KERNEL)
    assert run(vm, "question-busybox").out == f"{KERNEL}\n"


def test_the_files_are_the_images_though_the_kernel_is_not(vm: Page) -> None:
    sent = run(vm, "question-os-release")
    assert "ID=" in sent.out
    assert sent.out != Path("/etc/os-release").read_text()


@pytest.mark.claim("C19")
def test_the_cgroup_is_the_root_inside_and_a_long_path_on_the_machine(isolation: Page, live: Backend) -> None:
    sent = run(isolation, "cgroup-path")
    assert sent.lines
    assert all(line.endswith(":/") for line in sent.lines)
    path = sent.one("started")["cgroup"]
    assert path == f"/{live.cgroup}/{sent.one('created')['container']}"
    assert shown(isolation, "views", "cgroup") == path[:27] + "…"


@pytest.mark.claim("C21")
@pytest.mark.claim("C22")
@pytest.mark.container("looks at this machine's own kernel and processes")
def test_the_namespaces_have_the_same_numbers_inside_and_on_the_machine(isolation: Page) -> None:
    sent = run(isolation, "ns-ids")
    inside = dict(re.findall(r"'(\w+):\[(\d+)\]'", sent.out))
    outside = sent.one("started")["namespaces"]
    for name in SPLIT:
        assert inside[name] == str(outside[name]) == shown(isolation, "views", f"namespaces.{name}")
        assert int(inside[name]) != Path(f"/proc/self/ns/{name}").stat().st_ino
    assert int(inside["time"]) == Path("/proc/self/ns/time").stat().st_ino


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_the_time_namespace_is_the_machines_own(isolation: Page) -> None:
    assert [run(isolation, "question-time").out for _ in range(2)] == [f"{Path('/proc/self/ns/time').readlink()}\n"] * 2


def test_a_container_has_its_own_files_network_name_and_shared_memory(isolation: Page) -> None:
    assert set(run(isolation, "ns-mnt").lines) not in (set(), {entry.name for entry in Path("/").iterdir()})
    assert re.findall(r"^\d+: (\S+):", run(isolation, "ns-net").out, re.M) == ["lo"]
    assert run(isolation, "ns-uts").out == "web\n"
    assert socket.gethostname() != "web"
    assert len(run(isolation, "ns-ipc").lines) == 1


def test_root_inside_is_no_account_of_the_machine(isolation: Page) -> None:
    inside, outside, count = map(int, run(isolation, "ns-user").out.split())
    assert inside == 0
    accounts = {entry.pw_uid for entry in pwd.getpwall()}
    assert accounts.isdisjoint(range(outside, outside + count))


@pytest.mark.claim("C22")
@pytest.mark.container("looks at this machine's own kernel and processes")
def test_a_new_container_says_how_long_the_machine_has_been_up(isolation: Page) -> None:
    found = re.search(r"up +(?:(\d+) days?, +)?(?:(\d+):)?(\d+)", run(isolation, "uptime").out)
    assert found
    days, hours, minutes = (int(part or 0) for part in found.groups())
    machine = float(Path("/proc/uptime").read_text().split()[0]) / 60
    assert abs((days * 24 + hours) * 60 + minutes - machine) < 2


@pytest.mark.claim("C22")
@pytest.mark.container("looks at this machine's own kernel and processes")
def test_what_a_container_writes_is_kept_in_the_machines_one_page_cache(isolation: Page) -> None:
    written = 20_000_000 / 1024
    grown: list[int] = []
    # others fill and empty it meanwhile, too
    while len(grown) < ATTEMPTS and pytest.approx(written, rel=0.25) not in grown:
        machine = re.search(r"^Cached: +(\d+)", Path("/proc/meminfo").read_text(), re.M)
        before, after = (int(line.split()[1]) for line in run(isolation, "page-cache").lines)
        assert machine
        assert before == pytest.approx(int(machine[1]), rel=0.2)
        grown.append(after - before)
    assert pytest.approx(written, rel=0.25) in grown


@pytest.mark.claim("C22")
def test_the_one_kernel_log_is_kept_from_a_container(isolation: Page) -> None:
    sent = run(isolation, "dmesg")
    assert (sent.demo.code, sent.out) == (1, "")
    assert "Operation not permitted" in sent.err


@pytest.mark.claim("C21")
@pytest.mark.claim("C22")
def test_the_same_processes_are_seen_from_both_sides(isolation: Page) -> None:
    sent = run(isolation, "both-sides")
    assert sent.out.startswith("uid=0(root)")
    inside = {line.split()[0] for line in sent.out.splitlines() if re.match(r" +\d+ ", line)}
    seen = sent.all("inspection")[-1]
    assert {str(one["pid_inside"]) for one in seen["processes"]} & inside
    assert all(one["pid"] != one["pid_inside"] and one["uid"] > 1_000_000 for one in seen["processes"])
    started = sent.one("started")
    assert seen["processes"][0]["pid"] == started["pid"]
    assert seen["processes"][0]["namespaces"] == started["namespaces"]
    view = sent.demo.root.locator(".inspection")
    expect(view).to_contain_text(f"pid {started['pid']} · uid {seen['processes'][0]['uid']}")
    expect(view).to_contain_text(started["cgroup"])


@pytest.mark.claim("C21")
def test_a_namespace_that_is_shared_hides_nothing_any_more(isolation: Page) -> None:
    shared = run(isolation, "share-pid")
    assert "sleep 15" in shared.out
    assert Demo(isolation, "joined").state == "running"
    network, name = run(isolation, "share-net").out.splitlines()
    assert name == "box"
    expect(isolation.locator("#joined .inspection")).to_contain_text(
        f"net {network.removeprefix('net:[').removesuffix(']')}"
    )
    number = run(isolation, "share-ipc").out.strip().removeprefix("ipc:[").removesuffix("]")
    expect(isolation.locator("#joined .inspection")).to_contain_text(f"ipc {number}")
    assert "sleep 15" not in run(isolation, "ns-pid").out
    Demo(isolation, "joined").button("멈춤").click()
    Demo(isolation, "joined").wait_for_end()
