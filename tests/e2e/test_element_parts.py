"""The parts of the element around the output: copying, hints, the progress of a pull, the turn."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.pages import Demo
from support.canned_backend import Canned, Run


def test_copy_copies_the_line_and_says_so(demo: Demo) -> None:
    demo.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.line.fill("docker run busybox")
    demo.button("복사").click()
    expect(demo.status).to_have_text("명령을 복사했어요.")
    assert demo.page.evaluate("navigator.clipboard.readText()") == "docker run busybox"


def test_copy_works_without_a_clipboard_as_on_plain_http(demo: Demo) -> None:
    demo.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    demo.button("복사").click()
    expect(demo.status).to_contain_text("복사했어요")


def test_the_hints_button_puts_the_corrected_line_in_place(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.exit(127, "not-started", hint="dokcer 가 아니에요. docker run alpine ls -l 를 실행해 보세요.")

    canned.script = script
    demo.run("dokcer run alpine ls -l")
    demo.wait_for_end()
    expect(demo.hint.locator("code")).to_have_text("docker run alpine ls -l")
    demo.button("이 줄로 바꾸기").click()
    expect(demo.line).to_have_value("docker run alpine ls -l")
    expect(demo.line).to_be_focused()


def test_the_pull_shows_its_progress_and_then_its_size(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.begin(pulls=True)
        for layer in ("aa", "bb"):
            run.send("pull", layer=layer, status="Downloading", current=1_000_000, total=2_000_000)
        run.until("pulled")
        run.send("pulled", digest="sha256:", bytes=4_000_000)
        run.exit()

    canned.script = script
    demo.run()
    expect(demo.root.locator(".done")).to_have_text(["이미지 받는 중 2.0/4.0 MB"])
    assert demo.state == "pulling"
    canned.open("pulled")
    demo.wait_for_end()
    assert demo.steps[0] == "이미지 받음 4.0 MB"


def test_the_place_in_line_is_shown(demo: Demo, canned: Canned) -> None:
    def script(run: Run) -> None:
        run.send("queued", position=3, retry_seconds=2.0)
        run.until("end")
        run.exit()

    canned.script = script
    demo.run()
    expect(demo.result).to_contain_text("3번째")
    assert demo.state == "queued"
    canned.open("end")
    demo.wait_for_end()
