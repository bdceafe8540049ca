"""Isolations side by side: one click runs the same line behind three walls, and the page shows what each costs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.compared import fact, only, out, ran
from e2e.pages import Demo
from e2e.sent import Chapter, opened
from support import axe
from support.backend import Backend, running
from support.figures import look_at

pytestmark = pytest.mark.container("a guest does not offer gVisor and virtual machines")
KERNEL = os.uname().release
ISOLATIONS = ("isolations", "isolations-gvisor", "isolations-vm")


@dataclass(frozen=True)
class Compared:
    """A page whose isolations have run side by side, and the events of each."""

    page: Page
    sent: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def compared(visited: Chapter) -> Compared:
    """One run for the tests that only look at what it left: a virtual machine takes seconds of a processor."""
    page = visited("vm")
    return Compared(page, ran(page, *ISOLATIONS))


@pytest.fixture
def vm(visited: Chapter) -> Page:
    return visited("vm")


@pytest.mark.claim("C12")
@pytest.mark.claim("C16")
@pytest.mark.claim("C18")
def test_one_line_answers_with_the_machines_kernel_and_with_the_virtual_machines_own(compared: Compared) -> None:
    sent = compared.sent
    kernels = [out(sent[id]).strip() for id in ISOLATIONS]
    assert kernels == [only(sent[id], "started")["kernel"] for id in ISOLATIONS]
    assert kernels[0] == KERNEL
    assert len(set(kernels)) == 3
    assert [fact(compared.page, id, "uname -r") for id in ISOLATIONS] == kernels
    assert [only(sent[id], "accepted")["isolation"] for id in ISOLATIONS] == ["container", "gvisor", "vm"]


@pytest.mark.claim("C14")
def test_a_virtual_machine_starts_later_and_takes_more_memory_and_files(compared: Compared) -> None:
    page, sent = compared.page, compared.sent
    exits = [only(sent[id], "exited") for id in ISOLATIONS]
    container, _, machine = [event["wall_ms"] for event in exits]
    assert machine > 5 * container
    memory = [
        max([event["memory_bytes"] for event in sent[id] if event["type"] == "stats"] or [0]) for id in ISOLATIONS
    ]
    assert memory[2] > 64 * 2**20
    assert exits[0]["peak_memory_bytes"] < 16 * 2**20
    sizes = [only(sent[id], "created").get("system_bytes", 0) for id in ISOLATIONS]
    assert sizes[0] == 0 < min(sizes[1:])
    assert [fact(page, id, "더 든 커널과 시스템") == "없음" for id in ISOLATIONS] == [True, False, False]
    boot = page.locator("#isolations .boot pre")
    assert "Linux version" in (boot.text_content() or "")
    expect(boot).to_be_hidden()


def shown(page: Page, demo: str, slot: str) -> str:
    """What the part of the figure of two stacks that follows a demo shows, once that demo's end has come to it."""
    look_at(page, "p4")
    side = page.locator(f'svg.p4 > [data-demo~="{demo}"]')
    expect(side.locator("[data-slot=wall_ms]")).to_have_attribute("data-lit", "exited")
    return (side.locator(f'[data-slot~="{slot}"]').first.text_content() or "").strip().rstrip("…")


def number(text: str) -> float:
    return float(text.removesuffix("초").split()[0])


@pytest.mark.claim("C12")
@pytest.mark.claim("C14")
def test_each_side_of_the_figure_shows_the_run_of_its_own_isolation(vm: Page) -> None:
    sent = ran(vm, "stacks", "stacks-vm")
    for id, events in sent.items():
        started, exited = only(events, "started"), only(events, "exited")
        for slot, told_by_run in (("text", out(events)), ("kernel", started["kernel"]), ("pid", str(started["pid"]))):
            assert shown(vm, id, slot)
            assert told_by_run.startswith(shown(vm, id, slot))
        memory = exited["peak_memory_bytes"] / 1e6
        assert number(shown(vm, id, "peak_memory_bytes")) == pytest.approx(memory, abs=0.06)
        assert fact(vm, id, "기계가 내준 메모리").split()[0] == f"{memory:.1f}"
    assert shown(vm, "stacks-vm", "wall_ms").endswith("초")
    assert shown(vm, "stacks", "wall_ms").endswith(" ms")
    system = only(sent["stacks-vm"], "created")["system_bytes"] / 1e6
    assert number(shown(vm, "stacks-vm", "system_bytes")) == pytest.approx(system, abs=0.06)
    # the machine's kernel is below both, and the events of the container name it
    expect(vm.locator('svg.p4 [data-demo~="stacks-vm"] [data-demo~="stacks"]')).to_contain_text(KERNEL[:14])


@pytest.mark.claim("C22")
def test_a_container_is_as_old_as_the_machines_kernel_and_a_virtual_machine_is_new(vm: Page) -> None:
    sent = ran(vm, "isolations-uptime", "isolations-uptime-vm")
    # that of an emulated processor may be fast
    new = re.compile("up [01] min")
    assert new.search(out(sent["isolations-uptime-vm"]))
    assert not new.search(out(sent["isolations-uptime"]))


@pytest.mark.claim("C22")
def test_what_containers_share_with_the_machine_a_virtual_machine_has_for_itself(visited: Chapter) -> None:
    page = visited("isolation")
    sent = ran(page, "isolations-own", "isolations-own-vm")
    (kernel, up, cached), (other, new, own) = (
        out(sent[id]).splitlines() for id in ("isolations-own", "isolations-own-vm")
    )
    assert kernel == KERNEL != other
    assert "up 0 min" in new
    assert "up 0 min" not in up
    assert int(own.split()[1]) < 100_000 < int(cached.split()[1])
    assert "Linux version" in (page.locator("#isolations-own .boot pre").text_content() or "")


@pytest.fixture
def desktop(visited: Chapter) -> Page:
    return visited("desktop")


@pytest.mark.claim("C28")
def test_a_container_in_a_virtual_machine_meets_that_ones_kernel(desktop: Page) -> None:
    sent = ran(desktop, "isolations-kernel", "isolations-kernel-vm")
    outside, inside = (out(sent[id]).strip() for id in ("isolations-kernel", "isolations-kernel-vm"))
    assert outside == KERNEL != inside
    assert in_picture(desktop, "isolations-kernel-vm", "kernel", inside)
    assert in_picture(desktop, "isolations-kernel-vm", "text", inside)
    assert in_picture(desktop, "isolations-kernel", "kernel", outside)


def in_picture(page: Page, demo: str, slot: str, value: str) -> bool:
    """Whether the figure of the two systems shows the value, cut or not, in its part that follows the demo."""
    look_at(page, "p9")
    shown = page.locator(f'svg.p9 [data-demo~="{demo}"] [data-slot="{slot}"]').locator("visible=true")
    text = (shown.text_content() or "").strip()
    return text == value or (text.endswith("…") and value.startswith(text[:-1]))


@pytest.mark.claim("C29")
def test_the_virtual_machines_kernel_gives_its_container_namespaces_and_a_cgroup_of_its_own(desktop: Page) -> None:
    sent = ran(desktop, "isolations-inside", "isolations-inside-vm")
    guest = only(sent["isolations-inside-vm"], "started")["guest"]
    for kind in ("pid", "net"):
        assert f"{kind}:[{guest['namespaces'][kind]}]" in out(sent["isolations-inside-vm"])
        assert guest["namespaces"][kind] != guest["own_namespaces"][kind]
        assert f"{kind}:[{only(sent['isolations-inside'], 'started')['namespaces'][kind]}]" in out(
            sent["isolations-inside"]
        )
    assert guest["cgroup"].startswith("/docker/")
    assert in_picture(desktop, "isolations-inside-vm", "guest.cgroup", guest["cgroup"])
    assert in_picture(desktop, "isolations-inside-vm", "guest.namespaces.pid", str(guest["namespaces"]["pid"]))
    assert all(out(sent[id]).splitlines()[0].endswith(":/") for id in sent)


def test_axe_finds_nothing_in_the_isolations(compared: Compared) -> None:
    assert axe.in_both_schemes(compared.page, ".docker-run.isolations") == []


@pytest.mark.claim("C15")
@pytest.mark.claim("C17")
def test_the_machine_sees_the_containers_program_but_of_a_virtual_machine_qemu_and_stop_and_reset_are_for_all_of_them(
    vm: Page,
) -> None:
    lead = Demo(vm, "isolations")
    lead.run("docker run alpine sleep 60")
    for id in ISOLATIONS:
        Demo(vm, id).wait_for("running")
    seen = {}
    for id in ISOLATIONS[::2]:
        pid = int(re.findall(r"pid (\d+)", fact(vm, id, "기계가 보는 것"))[0])
        seen[id] = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    assert seen["isolations"] == b"sleep"
    assert b"qemu-system" in seen["isolations-vm"]
    assert fact(vm, "isolations-vm", "기계가 보는 것").startswith("QEMU")
    lead.button("멈춤").click()
    for id in ISOLATIONS:
        Demo(vm, id).wait_for("ended")
        assert Demo(vm, id).code == 137
    lead.button("되돌리기").click()
    for id in ISOLATIONS:
        Demo(vm, id).wait_for("idle")
    assert lead.line.input_value() == "docker run alpine uname -r"


@pytest.fixture(scope="module")
def bare(site: Path) -> Iterator[Backend]:
    """A backend without the other isolations."""
    with running({"runsc": "no-such-runsc"}, site=site) as own:
        yield own


def test_an_isolation_that_is_missing_plays_its_recording_and_says_why(page: Page, bare: Backend) -> None:
    opened(page, bare, "vm")
    lead, other = Demo(page, "isolations"), Demo(page, "isolations-gvisor")
    lead.run()
    lead.wait_for_end()
    other.wait_for_end()
    expect(lead.source).to_be_empty()
    expect(other.source).to_contain_text("이 서버에는 이 방식이 없어서 기록을 보여 드려요.")
    assert other.root.get_attribute("absent") is not None
    heads = page.locator("#isolations").get_by_role("columnheader")
    expect(heads).to_have_text(["컨테이너", "gVisor 기록", "가상 머신 기록"])
    assert fact(page, "isolations-gvisor", "uname -r") == "4.4.0"
