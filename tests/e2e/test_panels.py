"""The panels: charts of what a run uses, and the inspection of a run, with text for who does not see them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from support.axe import findings
from support.canned_backend import Canned, Run

BARE = {
    "cpu_ms": 0.0,
    "throttled_ms": 0.0,
    "memory_bytes": 0,
    "memory_limit": 134217728,
    "pids": 1,
    "read_bytes": 0,
    "written_bytes": 0,
    "received_bytes": 0,
    "sent_bytes": 0,
}
PAGE = """<!doctype html><html lang="ko"><title>그래프</title>
<link rel="stylesheet" href="src/docker_run/assets/docker-run.css">
<link rel="stylesheet" href="src/docker_run/assets/panels/panels.css">
<script type="module" src="src/docker_run/assets/panels/panels.js"></script>
<script type="module" src="src/docker_run/assets/element.js"></script>
<main><h1>그래프</h1>
<docker-run id="one" charts="memory cpu" lines="3"><pre><code>docker run alpine</code></pre></docker-run>
<p id="after">다음 글</p>
<docker-run id="two" charts="pids written" lines="3"><pre><code>docker run alpine</code></pre></docker-run>
<docker-run id="three" view="inspection" lines="3"><pre><code>docker run alpine</code></pre></docker-run></main>"""
NUMBERS = dict(zip(("pid", "mnt", "net", "uts", "ipc", "user", "cgroup"), range(4026532360, 4026532367), strict=True))
SEEN = {
    "processes": [
        {
            "pid": 28629,
            "pid_inside": 1,
            "uid": 2000983040,
            "uid_inside": 0,
            "command": "sh -c ps",
            "namespaces": NUMBERS,
        },
        {
            "pid": 28630,
            "pid_inside": 7,
            "uid": 2000983040,
            "uid_inside": 0,
            "command": "<b>ps</b>",
            "namespaces": NUMBERS,
        },
    ],
    "more": 0,
    "cgroups": ["memory:/runs/5c38", "pids:/runs/5c38"],
    "root": "overlay / rw,lowerdir=/l1:/l0",
    "capabilities": ["CAP_CHOWN", "CAP_KILL"],
    "seccomp": "filter",
    "no_new_privs": True,
    "uid_map": [0, 2000983040, 65536],
}


@pytest.fixture
def charts(page: Page, canned: Canned) -> Page:
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.route("**/charts.html", lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
    page.goto(f"{canned.url}/charts.html")
    return page


def reading(run: Run, at: float, **fields: Any) -> None:
    run.send("stats", **BARE | fields | {"at": at})


def caption(demo: Demo, name: str) -> str:
    return " ".join(demo.root.locator(f"figure.{name} figcaption").inner_text().split())


def test_a_chart_grows_while_it_runs_and_ends_with_the_kernels_answer(charts: Page, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.begin()
        run.start()
        reading(run, 0.1, memory_bytes=2**24, cpu_ms=50.0)
        run.until("more")
        reading(run, 0.2, memory_bytes=2**24 + 2**23, cpu_ms=70.0, throttled_ms=80.0)
        run.exit(137, "oom", signal="SIGKILL", peak_memory_bytes=2**25)

    canned.script, canned.understood = script, {"memory": 2**25, "cpus": 0.2}
    demo = Demo(charts, "one")
    assert caption(demo, "memory") == "메모리"
    demo.run()
    expect(demo.root.locator("figure.memory b")).to_have_text("16.0 MiB · 한도 32.0 MiB")
    expect(demo.root.locator("figure.memory .mark")).to_be_hidden()
    canned.open("more")
    demo.wait_for_end()
    assert caption(demo, "memory") == "메모리 최고 32.0 MiB · 한도 32.0 MiB 커널이 끝냈어요."
    assert caption(demo, "cpu") == "CPU 평균 0.35개 · 한도 0.20개 커널이 80 ms 멈춰 두었어요."
    expect(demo.root.locator("figure.memory .mark")).to_be_visible()
    assert len(str(demo.root.locator("figure.memory polyline").get_attribute("points")).split()) == 3
    expect(demo.status).to_contain_text("최고 32.0 MiB")
    assert findings(charts) == []


@pytest.mark.parametrize(
    ("readings", "exited", "mean"),
    [
        # the first reading has the CPU of two periods, and what comes between readings is not always as long
        ([(0.1, 40.0), (1.1, 220.0)], (1.2, 240.0), "0.20"),
        # a run that begins within a period of the kernel's
        ([(0.1, 40.8), (1.42, 303.3)], (1.44, 304.6), "0.20"),
        ([(0.1, 10.0), (0.2, 60.0), (0.4, 64.0)], (2.0, 100.0), "0.05"),
        # what is really above its limit is said to be so
        ([(0.1, 60.0), (0.5, 200.0)], (0.5, 200.0), "0.40"),
    ],
)
def test_the_mean_is_of_the_whole_run(
    charts: Page, canned: Canned, readings: list[tuple[float, float]], exited: tuple[float, float], mean: str
) -> None:
    def script(run: Run) -> None:
        run.begin()
        run.start()
        for at, used in readings:
            reading(run, at, cpu_ms=used)
        run.exit(at=exited[0], cpu_ms=exited[1])

    canned.script, canned.understood = script, {"cpus": 0.2}
    demo = Demo(charts, "one")
    demo.run()
    demo.wait_for_end()
    assert caption(demo, "cpu") == f"CPU 평균 {mean}개 · 한도 0.20개"


def test_a_limit_of_processes_is_met_and_a_rate_is_what_was_written_in_a_second(charts: Page, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.begin()
        run.start()
        reading(run, 0.5, pids=4, written_bytes=500_000)
        reading(run, 1.0, pids=4, written_bytes=1_000_000)
        run.exit()

    canned.script = script
    canned.understood = {"pids_limit": 4, "write_bps": [{"path": "/dev/vda", "rate": 1_048_576}]}
    demo = Demo(charts, "two")
    demo.run()
    demo.wait_for_end()
    assert caption(demo, "pids") == "프로세스 최고 4개 · 한도 4개 커널이 더 만들지 못하게 했어요."
    assert caption(demo, "written") == "디스크 쓰기 평균 1.0 MB/초 · 한도 1.0 MB/초"


def test_a_run_that_ends_at_once_draws_nothing_and_the_next_begins_anew(charts: Page, canned: Canned) -> None:
    demo = Demo(charts, "two")
    for _ in range(2):
        demo.run()
        demo.wait_for_end()
        assert [caption(demo, name) for name in ("pids", "written")] == ["프로세스", "디스크 쓰기"]
        expect(demo.root.locator(".mark:visible")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_around_a_chart_moves(charts: Page, canned: Canned, width: int) -> None:
    def script(run: Run) -> None:
        run.begin()
        run.start()
        reading(run, 0.1, memory_bytes=2**24)
        run.until("looked")
        run.exit()

    canned.script = script
    charts.set_viewport_size({"width": width, "height": 900})
    after, demo = charts.locator("#after"), Demo(charts, "one")
    demo.run()
    before = after.bounding_box()
    expect(demo.root.locator("figure.memory b")).to_contain_text("16.0 MiB")
    assert after.bounding_box() == before
    canned.open("looked")
    demo.wait_for_end()
    assert after.bounding_box() == before
    assert charts.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_inspection_has_each_process_with_both_its_numbers(charts: Page, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.begin()
        run.start()
        run.send("inspection", **SEEN)
        run.exit()

    canned.script = script
    demo = Demo(charts, "three")
    view = demo.root.locator(".inspection")
    demo.run()
    before = demo.root.evaluate("e => e.offsetHeight")
    demo.wait_for_end()
    rows = [" | ".join(row.locator("td").all_inner_texts()) for row in view.locator("tbody tr").all()]
    assert rows == [
        "sh -c ps | pid 1 · uid 0 | pid 28629 · uid 2000983040",
        "<b>ps</b> | pid 7 · uid 0 | pid 28630 · uid 2000983040",
    ]
    expect(view).to_contain_text("pid 4026532360 · mnt 4026532361")
    expect(view.locator("dd").nth(1)).to_have_text("/runs/5c38")
    expect(view).to_contain_text("CHOWN KILL")
    expect(view).to_contain_text("안의 0번부터 → 기계의 2000983040번부터 65536개")
    assert demo.root.evaluate("e => e.offsetHeight") == before
    assert findings(charts) == []
