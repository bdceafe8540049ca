"""When something is not as it should be: refusals, broken streams, hostile and endless output, readers who leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo
from support import pace
from support.canned_backend import Canned, Run

HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\n"
    "\x1b]0;taken\x07\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ \x1b[2J\x1b[31mred\x1b[0m user\u202eexe.txt\n"
)
SHOWN = (
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\n"
    "link red user⟨U+202E⟩exe.txt\n"
)


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [(429, "too-many", "7초 뒤에"), (503, "full", "7초 뒤에"), (403, "foreign-origin", "잠시")],
)
def test_a_refusal_is_told_in_the_backends_words(
    demo: Demo, canned: Canned, status: int, code: str, shown: str
) -> None:
    headers = {} if status == 403 else {"Retry_After": "7"}
    canned.refuse(status, code, f"{code} 때문에 안 돼요. 잠시 뒤에 다시 해 보세요.", **headers)
    demo.run()
    demo.wait_for("failed")
    expect(demo.result).to_contain_text(f"{code} 때문에")
    expect(demo.result).to_contain_text(shown)
    demo.run()
    demo.wait_for_end()
    assert demo.code == 0


def test_a_host_that_has_expired_is_made_anew_without_a_word(demo: Demo, canned: Canned) -> None:
    demo.run()
    demo.wait_for_end()
    canned.hosts.clear()
    demo.run()
    demo.wait_for_end()
    assert (demo.code, canned.asked.count(("POST", "/v1/hosts"))) == (0, 2)


def test_a_backend_that_knows_no_host_at_all_is_asked_twice_only(demo: Demo, canned: Canned) -> None:
    canned.refuse(404, "no-such-host", "없어요.")
    canned.refuse(404, "no-such-host", "없어요.")
    demo.run()
    demo.wait_for("failed")
    assert canned.asked.count(("POST", "/v1/runs")) == 2


def test_no_backend_in_reach_is_offline(demo: Demo) -> None:
    demo.page.route("**/v1/**", lambda route: route.abort())
    demo.run()
    demo.wait_for("offline")
    expect(demo.result).to_contain_text("닿지 못했어요")


def test_a_page_server_without_a_backend_is_offline(demo: Demo) -> None:
    demo.page.route("**/v1/**", lambda route: route.fulfill(status=405, body="<h1>405</h1>", content_type="text/html"))
    demo.run()
    demo.wait_for("offline")


def test_a_stream_that_is_cut_is_told_and_its_output_stays(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.start()
        run.output("half \x1b[3")
        run.until("cut")
        raise BrokenPipeError

    canned.script = script
    demo.run()
    expect(demo.output).to_have_text("half")
    canned.open("cut")
    demo.wait_for("failed")
    expect(demo.result).to_contain_text("연결이 끊겼어요")
    expect(demo.output).to_have_text("half ␛[3")


def test_our_own_failure_is_told_apart_from_a_result(demo: Demo, canned: Canned) -> None:
    canned.script = lambda run: run.send("failed", code="internal", text="서버에 문제가 생겼어요.")
    demo.run()
    demo.wait_for_end()
    assert (demo.state, demo.code, demo.steps) == ("failed", None, ["종료 실패"])
    expect(demo.result).to_have_text("서버에 문제가 생겼어요.")


def test_hostile_output_stays_text(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.output(HOSTILE)
        run.send("notice", code="x", text="<b>notice</b>")
        run.exit(1, hint="<i>hint</i>")

    canned.script = script
    title = demo.page.title()
    demo.run("docker run <b>")
    demo.wait_for_end()
    assert demo.output.evaluate("e => e.textContent") == SHOWN
    assert demo.page.title() == title
    assert demo.root.locator("img, script, i, .screen a, .outcome b").count() == 0


def test_stdout_and_stderr_share_a_line_as_on_a_terminal_and_are_told_apart(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.start()
        run.output("out ")
        run.output("err\n", "stderr")
        run.output("100%\r\n")
        run.exit()

    canned.script = script
    demo.run()
    demo.wait_for_end()
    assert demo.output.evaluate("e => e.textContent") == "out err\n100%\n"
    expect(demo.output.get_by_role("group", name="표준 오류")).to_have_text("err")
    assert demo.output.evaluate("e => e.firstChild.getClientRects().length") == 1


def test_a_flood_keeps_the_page_responsive_and_its_memory_bounded(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.start()
        line = b'{"type":"output","at":1,"stream":"%s","text":"%s"}\n'
        block = b"".join(line % (b"stdout", b"\\n" if i % 40 == 39 else b"x") for i in range(1000))
        for _ in range(200):
            run.raw(block)
        run.exit()

    canned.script = script
    demo.page.evaluate(
        """() => { let last = performance.now(); window.worst = 0;
        const beat = () => { const now = performance.now(); window.worst = Math.max(window.worst, now - last);
                             last = now; setTimeout(beat, 10); }; beat(); }"""
    )
    demo.run()
    demo.wait_for_end()
    assert demo.page.evaluate("window.worst") < 250 * pace.now()
    assert demo.output.evaluate("e => e.textContent.length") == 200_000
    assert demo.output.locator("*").count() < 200
    assert demo.output.evaluate("e => e.scrollTop") == 0


def test_old_output_is_dropped_and_the_newest_kept(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        for number in range(40):
            run.output(f"{number:06d} {'x' * 32}\n" * 1000)
        run.exit()

    canned.script = script
    demo.run()
    demo.wait_for_end()
    shown = demo.output.evaluate("e => e.textContent")
    assert 300_000 < len(shown) < 500_000
    assert shown.endswith(f"000039 {'x' * 32}\n")


def lines_at_gates(run: Run) -> None:
    run.output("".join(f"{number}\n" for number in range(100)))
    for gate in ("later", "end"):
        run.until(gate)
        run.output(f"{gate}\n" * 100)
    run.exit()


def to_its_second_second(demo: Demo, canned: Canned) -> None:
    canned.script = lines_at_gates
    demo.run()
    expect(demo.output).to_contain_text("99")
    assert demo.output.evaluate("e => e.scrollTop") == 0
    demo.page.wait_for_timeout(1100)
    canned.open("later")
    expect(demo.output).to_contain_text("later")


def test_a_long_run_is_followed_and_ends_at_its_first_line(demo: Demo, canned: Canned) -> None:
    to_its_second_second(demo, canned)
    assert demo.output.evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight") < 24
    canned.open("end")
    demo.wait_for_end()
    assert demo.output.evaluate("e => e.scrollTop") == 0


def test_where_the_reader_has_scrolled_to_stays(demo: Demo, canned: Canned) -> None:
    to_its_second_second(demo, canned)
    demo.output.evaluate("e => e.scrollTop = 63")
    canned.open("end")
    demo.wait_for_end()
    assert demo.output.evaluate("e => e.scrollTop") == 63


def test_a_run_that_has_lost_its_first_lines_ends_at_its_last(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.output("x\n" * 300_000)
        run.exit()

    canned.script = script
    demo.run()
    demo.wait_for_end()
    assert demo.output.evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight") < 24


def test_reset_in_a_flood_leaves_nothing_of_it(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        line = b'{"type":"output","at":1,"stream":"stdout","text":"x"}\n'
        while not run.stopped.is_set():
            run.raw(line * 5000)

    canned.script = script
    demo.run()
    expect(demo.output).to_contain_text("x")
    demo.button("되돌리기").click()
    expect(demo.result).to_contain_text("되돌렸어요")
    demo.page.wait_for_timeout(200)
    expect(demo.output).to_be_empty()
    assert demo.state == "idle"


def left(page: Page) -> None:
    # not location.href, and at once the end: Chromium 156 never closes a tab that is told to close while another page
    # comes into it, whatever is on the page; goto waits until this one has gone
    page.goto("about:blank")


def kept(page: Page) -> None:
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")


def removed(page: Page) -> None:
    page.evaluate("document.querySelector('docker-run').remove()")


@pytest.mark.parametrize("leave", [left, kept, removed], ids=lambda leave: leave.__name__)
def test_leaving_ends_the_run(demo: Demo, canned: Canned, leave: Callable[[Page], object]) -> None:
    canned.script = lambda run: run.until("never")
    demo.run()
    expect(demo.button("멈춤")).to_be_visible()
    while not canned.runs:
        demo.page.wait_for_timeout(10)
    leave(demo.page)
    assert canned.left.wait(5)
