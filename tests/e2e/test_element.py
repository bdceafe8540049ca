"""What a reader does with a demo, and what they see while it runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.pages import Demo
from support.canned_backend import HINT, Canned, Run

FULL = ["이미지 있음", "컨테이너 3.2 ms", "프로세스 pid 4121", "종료 0 · 9.1 ms"]


def step_by_step(run: Run) -> None:
    run.begin()
    run.until("create")
    run.start()
    run.output("first\n")
    run.until("more")
    run.output("second\n")
    run.until("end")
    run.exit()


def test_output_and_steps_appear_as_they_happen_and_not_before(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.run()
    expect(demo.root.locator(".done")).to_have_text(["이미지 있음"])
    assert demo.state == "queued"
    canned.open("create")
    expect(demo.output).to_have_text("first")
    assert (demo.state, demo.code, demo.steps) == ("running", None, FULL[:3])
    canned.open("more")
    expect(demo.output).to_have_text("first second")
    assert demo.state == "running"
    canned.open("end")
    demo.wait_for_end()
    assert (demo.state, demo.code, demo.steps) == ("ended", 0, FULL)
    expect(demo.result).to_have_text("종료 코드 0. 잘 끝났어요.")


def test_every_wire_event_becomes_a_dom_event_that_bubbles(demo: Demo, canned: Canned) -> None:
    demo.page.evaluate(
        """window.seen = []; document.body.addEventListener("docker-run:event",
        event => window.seen.push([event.target.id, event.detail.type]))"""
    )
    demo.run()
    demo.wait_for_end()
    types = ["accepted", "image", "created", "started", "output", "exited"]
    assert demo.page.evaluate("window.seen") == [["first", type] for type in types]


def test_stop_stands_where_run_was_and_ends_the_run(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.run()
    expect(demo.button("실행")).to_be_hidden()
    expect(demo.button("멈춤")).to_be_focused()
    canned.open("create")
    demo.wait_for("running")
    demo.button("멈춤").click()
    demo.wait_for_end()
    assert (demo.state, demo.code) == ("ended", 137)
    expect(demo.result).to_have_text("종료 코드 137. 멈췄어요.")
    expect(demo.button("실행")).to_be_focused()
    assert [path for method, path in canned.asked if method == "DELETE"] == [f"/v1/runs/{max(canned.runs)}"]


def test_a_double_click_on_run_does_not_stop_it(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.button("실행").dblclick()
    canned.open("create")
    demo.wait_for("running")


def test_a_run_can_be_stopped_before_its_id_is_known(demo: Demo, canned: Canned) -> None:
    demo.page.route("**/v1/hosts", lambda _: None)
    demo.run()
    demo.button("멈춤").click()
    demo.wait_for("idle")
    expect(demo.result).to_have_text("멈췄어요.")
    demo.page.unroute("**/v1/hosts")
    demo.run()
    demo.wait_for_end()
    assert demo.code == 0


def test_a_backend_that_does_not_heed_stop_is_left(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.page.route("**/v1/runs/*", lambda _: None)
    demo.run()
    expect(demo.root.locator(".done")).to_have_count(1)
    demo.button("멈춤").click()
    demo.wait_for("idle")
    assert canned.left.wait(5)


def test_enter_runs_and_escape_stops(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.line.fill("docker run busybox")
    demo.line.press("Enter")
    expect(demo.root.locator(".done")).to_have_count(1)
    demo.line.press("Escape")
    demo.wait_for_end()
    assert (demo.code, canned.commands) == (137, ["docker run busybox"])


@pytest.mark.parametrize("how", ["isComposing: true", "keyCode: 229", "repeat: true"])
def test_enter_that_ends_a_composition_or_is_held_down_does_not_run(demo: Demo, how: str) -> None:
    event = f'new KeyboardEvent("keydown", {{key: "Enter", bubbles: true, cancelable: true, {how}}})'
    assert demo.line.evaluate(f"e => e.dispatchEvent({event})") is False
    assert demo.state == "idle"
    assert demo.line.evaluate(f"e => e.dispatchEvent({event.replace(how, '')})") is False
    demo.wait_for_end()


def test_escape_that_ends_a_composition_does_not_stop(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    demo.run()
    expect(demo.root.locator(".done")).to_have_count(1)
    demo.line.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true, isComposing: true}))"
    )
    canned.open("create")
    demo.wait_for("running")


def test_the_arrows_bring_back_what_was_run_and_what_was_typed(demo: Demo, canned: Canned) -> None:
    for line in ("docker run one", "docker run two"):
        demo.run(line)
        demo.wait_for_end()
    demo.line.fill("docker run dra")
    for key, line in [("Up", "two"), ("Up", "one"), ("Up", "one"), ("Down", "two"), ("Down", "dra"), ("Down", "dra")]:
        demo.line.press(f"Arrow{key}")
        expect(demo.line).to_have_value(f"docker run {line}")


def test_an_empty_line_is_not_sent(demo: Demo, canned: Canned) -> None:
    demo.run("  ")
    expect(demo.result).to_contain_text("명령을 적어 주세요")
    assert (demo.state, canned.asked) == ("idle", [])
    demo.run("docker run alpine")
    demo.wait_for_end()


def test_an_empty_line_after_a_failed_one_leaves_nothing_of_that(demo: Demo, canned: Canned) -> None:
    def failing(run: Run) -> None:
        run.begin()
        run.output("docker: error\n", "stderr")
        run.exit(127, "not-started", hint=HINT)

    canned.script = failing
    demo.run("docker run hello-world ls")
    expect(demo.hint).to_be_visible()
    demo.run("")
    expect(demo.result).to_have_text("실행할 명령을 적어 주세요. docker run alpine ls 처럼요.")
    expect(demo.hint).to_have_count(0)
    expect(demo.output).to_be_empty()
    assert (demo.state, demo.code, demo.steps, len(canned.commands)) == ("idle", None, [], 1)


def test_of_a_pasted_text_the_first_line_is_taken_and_a_continued_line_is_one(demo: Demo) -> None:
    demo.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for pasted, taken, shown in [
        ("docker pull alpine\ndocker run alpine", "docker pull alpine", 1),
        ("docker run \\\n  --rm alpine", "docker run --rm alpine", 1),
        ("docker run busybox\n", "docker run busybox", 1),
    ]:
        demo.page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
        demo.line.select_text()
        demo.line.press("Control+v")
        expect(demo.line).to_have_value(taken)
        expect(demo.root.get_by_text("첫 줄만 넣었어요").first).to_be_visible()
        assert demo.root.locator(".outcome").get_by_text("첫 줄만").count() == shown


def test_reset_empties_the_host_and_brings_the_first_line_back(demo: Demo, canned: Canned) -> None:
    demo.run("docker run busybox")
    demo.wait_for_end()
    demo.button("되돌리기").click()
    demo.wait_for("idle")
    expect(demo.line).to_have_value("docker run alpine ls")
    expect(demo.output).to_be_empty()
    expect(demo.result).to_contain_text("되돌렸어요")
    assert (demo.code, demo.steps, canned.hosts) == (None, [], set())
    demo.run()
    demo.wait_for_end()
    assert len(canned.hosts) == 1


def test_reset_while_it_runs_leaves_nothing_of_the_run(demo: Demo, canned: Canned) -> None:
    canned.script = step_by_step
    canned.open("create")
    demo.run()
    expect(demo.output).to_have_text("first")
    demo.button("되돌리기").click()
    demo.wait_for("idle")
    assert canned.left.wait(5)
    expect(demo.output).to_be_empty()
    expect(demo.result).to_contain_text("되돌렸어요")


def test_two_demos_share_the_visitors_host(demo: Demo, canned: Canned) -> None:
    other = Demo(demo.page, "second")
    for one in (demo, other, demo):
        one.run()
        one.wait_for_end()
    assert canned.asked.count(("POST", "/v1/hosts")) == 1


def test_a_browser_that_lets_the_page_connect_to_nobody_is_offline(page: Page, canned: Canned) -> None:
    def guarded(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "connect-src 'none'"})

    page.route("**/example.html", guarded)
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{canned.url}/example.html")
    demo = Demo(page, "first")
    demo.run()
    demo.wait_for("offline")
    expect(demo.result).to_contain_text("닿지 못했어요")
    assert canned.asked == []
