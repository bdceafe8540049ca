"""Many demos of one page at once: over HTTP/1.1 a browser has six connections to a server, and Stop needs one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from support.canned_backend import Canned, Run

COUNT = 8
DEMO = '<docker-run id="d{0}" lines="2"><pre><code>docker run alpine echo {0}</code></pre></docker-run>'
PAGE = """<!doctype html><html lang="ko"><title>여덟</title>
<link rel="stylesheet" href="src/docker_run/assets/docker-run.css">
<script type="module" src="src/docker_run/assets/turns.js"></script>
<script type="module" src="src/docker_run/assets/element.js"></script>""" + "".join(map(DEMO.format, range(COUNT)))


@pytest.fixture
def demos(page: Page, canned: Canned) -> list[Demo]:
    def until_the_end(run: Run) -> None:
        run.begin()
        run.start()
        run.output("out\n")
        run.until("end")
        run.exit()

    canned.script = until_the_end
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.route("**/eight.html", lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
    page.goto(f"{canned.url}/eight.html")
    return [Demo(page, f"d{number}") for number in range(COUNT)]


def test_web_11_of_eight_demos_each_streams_or_waits_in_line_and_all_heed_stop_and_reset(
    demos: list[Demo], canned: Canned
) -> None:
    for demo in demos:
        demo.run()
    for demo in demos[:4]:
        demo.wait_for("running")
        expect(demo.output).to_have_text("out")
    for place, demo in enumerate(demos[4:], start=1):
        expect(demo.result).to_have_text(f"차례를 기다려요. 지금 {place}번째예요.")

    # it is heard: the backend itself has ended the run
    demos[0].button("멈춤").click()
    demos[0].wait_for_end()
    assert demos[0].code == 137
    assert not canned.left.is_set()
    demos[4].wait_for("running")
    expect(demos[4].result).to_be_empty()
    expect(demos[5].result).to_contain_text("지금 1번째예요")

    # one that waits leaves the line
    demos[6].button("멈춤").click()
    expect(demos[6].result).to_have_text("멈췄어요.")
    expect(demos[7].result).to_contain_text("지금 2번째예요")

    demos[1].button("되돌리기").click()
    expect(demos[1].result).to_contain_text("명령을 되돌렸어요")
    assert [path for method, path in canned.asked if method == "DELETE" and re.match("/v1/hosts/", path)]
    demos[5].wait_for("running")

    canned.open("end")
    for number in (2, 3, 4, 5, 7):
        demos[number].wait_for_end()
        assert demos[number].code == 0
    assert demos[6].code is None
