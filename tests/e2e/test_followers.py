"""A leader and the isolations that follow it: its button and words are for all of them, until the last has ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.pages import Demo
from support import axe
from support.canned_backend import Canned, Run

FOLLOWER = (
    '<docker-run id="k-{0}" isolation="{0}" follows="k" lines="3">'
    "<pre><code>docker run alpine</code></pre></docker-run>"
)
PAGE = (
    """<!doctype html><html lang="ko"><title>나란히</title>
<link rel="stylesheet" href="src/docker_run/assets/docker-run.css">
<link rel="stylesheet" href="src/docker_run/assets/panels/panels.css">
<script type="module" src="src/docker_run/assets/panels/panels.js"></script>
<script type="module" src="src/docker_run/assets/element.js"></script>
<main><h1>나란히</h1><div class="docker-run isolations">
<docker-run id="k" isolation="container" lines="3"><pre><code>docker run alpine</code></pre></docker-run>"""
    + "".join(map(FOLLOWER.format, ("gvisor", "vm")))
    + "</div><p id=after>다음 글</p></main>"
)


@pytest.fixture
def lead(page: Page, canned: Canned) -> Demo:
    def each_to_its_gate(run: Run) -> None:
        run.begin()
        run.start()
        run.until(run.isolation)
        run.exit()

    canned.script = each_to_its_gate
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.route("**/isolations.html", lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
    page.goto(f"{canned.url}/isolations.html")
    return Demo(page, "k")


def heights(page: Page) -> list[int]:
    found: list[int] = page.evaluate("[...document.querySelectorAll('docker-run, #after')].map(e => e.offsetTop)")
    return found


@pytest.mark.parametrize("width", [360, 1440])
def test_stop_stays_and_words_say_who_still_runs_until_the_last_isolation_has_ended(
    lead: Demo, canned: Canned, width: int
) -> None:
    lead.page.set_viewport_size({"width": width, "height": 900})
    lead.run()
    before = heights(lead.page)
    for isolation, words in [
        ("container", "gVisor와 가상 머신은 아직 돌고 있어요."),
        ("gvisor", "가상 머신은 아직 돌고 있어요."),
    ]:
        canned.open(isolation)
        expect(lead.result).to_have_text(f"종료 코드 0. 잘 끝났어요. {words}")
        expect(lead.status).to_contain_text(words)
        expect(lead.button("멈춤")).to_be_focused()
        expect(lead.button("실행")).to_be_hidden()
        assert heights(lead.page) == before
    canned.open("vm")
    expect(lead.button("실행")).to_be_focused()
    expect(lead.result).to_have_text("종료 코드 0. 잘 끝났어요.")
    expect(lead.status).not_to_contain_text("아직")
    assert heights(lead.page) == before


def test_stop_after_the_leader_has_ended_stops_what_still_runs(lead: Demo, canned: Canned) -> None:
    lead.run()
    canned.open("container")
    lead.wait_for_end()
    for isolation in ("gvisor", "vm"):
        Demo(lead.page, f"k-{isolation}").wait_for("running")
    lead.button("멈춤").click()
    expect(lead.button("실행")).to_be_visible()
    assert [Demo(lead.page, id).code for id in ("k", "k-gvisor", "k-vm")] == [0, 137, 137]
    expect(lead.result).to_have_text("종료 코드 0. 잘 끝났어요.")


def test_nothing_new_begins_while_an_isolation_still_runs(lead: Demo, canned: Canned) -> None:
    lead.run()
    canned.open("container")
    lead.wait_for_end()
    lead.line.press("Enter")
    expect(lead.result).to_contain_text("아직 돌고 있어요")
    assert len(canned.commands) == 3


SECONDS = {"container": 0.5, "gvisor": 1.0, "vm": 2.0}


def each_in_its_time(run: Run) -> None:
    """A run that takes as long as its isolation does; the times are in its events."""
    ends = SECONDS[run.isolation]
    run.send("image", at=0.25, reference="alpine:latest", state="present", provenance="official")
    run.send("created", at=0.25, container="12" * 32, argv=["ls"], argv_source="request", created_ms=3.21)
    run.send("notice", at=0.25 + ends / 2, code="boot", text="[ 0.1] Linux version\n[ 0.2] Command")
    run.until(run.isolation)
    run.send("started", at=ends, pid=4121, pid_inside=1, kernel="6.1.0-50-cloud-amd64")
    run.send("output", at=ends, stream="stdout", text="bin\n")
    run.exit(at=0.25 + ends, peak_memory_bytes=2_000_000)


def row(lead: Demo, name: str) -> Locator:
    """The values of a fact, one for each isolation."""
    head = lead.page.get_by_role("rowheader", name=name, exact=True)
    return lead.root.get_by_role("row").filter(has=head).get_by_role("cell")


def bars(lead: Demo) -> list[str]:
    found: list[str] = lead.root.locator(".bar").evaluate_all("all => all.map(one => one.style.width)")
    return found


@pytest.mark.parametrize("width", [360, 1440])
def test_one_table_has_a_column_for_each_isolation_and_is_filled_as_they_run(
    lead: Demo, canned: Canned, width: int
) -> None:
    canned.script = each_in_its_time
    lead.page.set_viewport_size({"width": width, "height": 900})
    expect(lead.root.get_by_role("table")).to_be_hidden()
    lead.run()
    expect(lead.page.get_by_role("table", name="격리 방식을 나란히 견준 표")).to_have_count(1)
    heads = lead.root.get_by_role("columnheader")
    expect(heads).to_have_text(["컨테이너", "gVisor", "가상 머신"])
    expect(lead.root.locator(".facts td.total").last).to_have_text("1.0초")
    expect(row(lead, "지금")).to_have_text(["시작하는 중", "시작하는 중", "커널 켜는 중"])
    expect(row(lead, "끝까지")).to_have_text(["250 ms", "500 ms", "1.0초"])
    assert bars(lead) == ["25%", "50%", "100%"]
    expect(lead.root.locator(".boot summary")).to_contain_text("[ 0.1] Linux version")
    before = heights(lead.page)
    for isolation in SECONDS:
        canned.open(isolation)
    for id in ("k", "k-gvisor", "k-vm"):
        Demo(lead.page, id).wait_for("ended")
    expect(row(lead, "지금")).to_have_text(["종료 코드 0"] * 3)
    expect(row(lead, "첫 출력까지")).to_have_text(["250 ms", "750 ms", "1.8초"])
    expect(row(lead, "기계가 보는 것")).to_have_text(["프로그램 pid 4121", "runsc pid 4121", "QEMU pid 4121"])
    expect(row(lead, "uname -r")).to_have_text(["6.1.0-50-cloud-amd64"] * 3)
    assert bars(lead) == ["25%", "50%", "100%"]
    assert heights(lead.page) == before
    assert lead.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_reset_takes_the_table_away_and_the_next_run_begins_with_an_empty_one(lead: Demo, canned: Canned) -> None:
    canned.script = each_in_its_time
    for isolation in SECONDS:
        canned.open(isolation)
    lead.run()
    for id in ("k", "k-gvisor", "k-vm"):
        Demo(lead.page, id).wait_for("ended")
    lead.button("되돌리기").click()
    expect(lead.root.get_by_role("table")).to_be_hidden()
    canned.script = lambda run: run.until("nothing")
    lead.run()
    expect(row(lead, "끝까지")).to_have_text(["–"] * 3)
    expect(row(lead, "uname -r")).to_have_text(["–"] * 3)
    assert bars(lead) == ["0%"] * 3
    assert axe.findings(lead.page) == []
