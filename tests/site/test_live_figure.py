"""A run moves the figure that follows its demo, and no other; what it leaves standing are that run's own values.

The reader looks at the figure; `test_stage` has what happens when nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.figures import DF_RUN, send, tell


@pytest.fixture(scope="module")
def chapter(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_page(locale="ko-KR")
    page.goto(f"{address}/run/")
    yield page
    page.close()


def ran(argv: list[str], code: int, source: str = "request") -> list[dict[str, Any]]:
    return [
        {"type": "accepted", "command": {"args": argv if source == "request" else []}},
        {"type": "created", "argv": argv, "argv_source": source},
        {"type": "exited", "code": code, "reason": "exit"},
    ]


def card(page: Page, demo: str, figure: str = "p10") -> Locator:
    return page.locator(f"svg.{figure} [data-demo={demo}]")


def test_the_card_of_the_demo_that_ran_lights_up_and_no_other(chapter: Page) -> None:
    tell(chapter, "p10", "alpine-ls", ran(["ls"], 0))
    assert card(chapter, "alpine-ls").locator(".frame").get_attribute("data-lit") == "exited"
    assert card(chapter, "alpine").locator(".frame").get_attribute("data-lit") is None


def test_a_card_shows_the_true_exit_code_and_argv(chapter: Page) -> None:
    tell(chapter, "p10", "alpine", ran(["sh", "-c", "exit 3"], 3))
    assert card(chapter, "alpine").locator("[data-slot=code]").text_content() == "3"
    assert card(chapter, "alpine").locator("[data-slot=argv]").text_content() == '["sh","-c","ex…'
    assert card(chapter, "alpine").locator("text.then").is_visible()
    assert not card(chapter, "alpine").locator("text.until").is_visible()


ASKED = {"type": "accepted", "command": {"name": "run", "image": "busybox", "args": ["ls"]}}


def seen(where: Locator) -> str:
    return " ".join(where.locator("text").locator("visible=true").all_text_contents())


def test_a_card_says_which_image_was_run_and_nothing_of_the_one_that_it_was_drawn_for(chapter: Page) -> None:
    chapter.reload()
    drawn = card(chapter, "alpine-ls")
    assert "docker run alpine ls" in seen(drawn)
    assert "/bin/sh" in seen(drawn)
    tell(chapter, "p10", "alpine-ls", [ASKED, *ran(["ls"], 1)[1:]])
    expect(drawn.locator("text.mono.bold")).to_have_text("docker run busybox ls")
    assert [words for words in ("alpine", "/bin/sh", "뿌리 폴더의 이름을 찍고") if words in seen(drawn)] == []
    assert "바꾼 명령을 실행한 결과예요" in seen(drawn)
    # its end is no good one
    bad = card(chapter, "hello-world-ls").locator("text.bad.end").evaluate("one => getComputedStyle(one).fill")
    expect(drawn.locator("text.good.end")).to_have_css("fill", bad)


def test_the_image_of_the_cmd_figure_is_that_of_the_run(chapter: Page) -> None:
    tell(chapter, "p11", "cmd", [ASKED, *ran(["ls"], 0)[1:]])
    drawn = card(chapter, "cmd", "p11")
    assert "docker run busyb…" in seen(drawn)
    assert "/bin/sh" not in seen(drawn)


def test_of_several_cards_the_latest_run_has_the_frame_and_says_so(chapter: Page) -> None:
    for demo in ("alpine", "alpine-ls"):
        tell(chapter, "p10", demo, ran(["ls"], 0))
    expect(chapter.locator("svg.p10 .just").locator("visible=true")).to_have_count(1)
    expect(card(chapter, "alpine-ls").locator(".just")).to_be_visible()
    expect(card(chapter, "alpine-ls").locator(".frame")).to_have_css("stroke-width", "3px")
    expect(card(chapter, "alpine").locator(".frame")).to_have_css("stroke-width", "2px")
    expect(card(chapter, "alpine").locator(".nth")).to_have_text("둘째")


def test_a_run_that_is_undone_leaves_the_still_picture(chapter: Page) -> None:
    chapter.reload()
    drawn, demo = card(chapter, "alpine-ls"), chapter.locator("docker-run#alpine-ls")
    before = seen(drawn)
    tell(chapter, "p10", "alpine-ls", [ASKED, *ran(["cat"], 126)[1:]])
    assert seen(drawn) != before
    demo.get_by_role("textbox").fill("docker run alpine ls")
    demo.get_by_role("button", name="실행", exact=True).click()
    expect(demo).to_have_attribute("state", "ended")
    demo.get_by_role("button", name="되돌리기").click()
    expect(drawn.locator("[data-lit]")).to_have_count(0)
    assert seen(drawn) == before
    assert drawn.get_attribute("data-begun") is None


def test_a_new_run_starts_from_the_still_picture(chapter: Page) -> None:
    tell(chapter, "p10", "hello-world-ls", ran(["cat"], 126))
    tell(chapter, "p10", "hello-world-ls", [{"type": "accepted"}])
    assert card(chapter, "hello-world-ls").locator("[data-slot=code]").text_content() == "127"
    assert card(chapter, "hello-world-ls").locator("text.until").is_visible()
    assert card(chapter, "hello-world-ls").locator("[data-lit]").count() == 0


def test_the_source_of_the_argv_is_said_in_words(chapter: Page) -> None:
    tell(chapter, "p11", "cmd", ran(["/bin/sh"], 0, "image"))
    assert card(chapter, "cmd", "p11").locator("[data-slot=argv_source]").text_content() == "이미지의 설정"
    tell(chapter, "p11", "cmd", ran(["ls"], 0))
    assert card(chapter, "cmd", "p11").locator("[data-slot=argv_source]").text_content() == "명령줄의 CMD"


def test_the_cmd_that_was_given_is_shown_as_words_and_its_absence_too(chapter: Page) -> None:
    given = card(chapter, "cmd", "p11").locator('[data-slot="command.args"]')
    tell(chapter, "p11", "cmd", ran(["echo", "hi"], 0))
    assert given.text_content() == "echo hi"
    tell(chapter, "p11", "cmd", ran(["/bin/sh"], 0, "image"))
    assert given.text_content() == "(없음)"


def test_a_demo_that_no_figure_names_moves_nothing(chapter: Page) -> None:
    before = chapter.evaluate("[...document.querySelectorAll('.figure')].map(one => one.innerHTML)")
    send(chapter, "question-etc", ran(["/etc"], 126))
    assert chapter.evaluate("[...document.querySelectorAll('.figure')].map(one => one.innerHTML)") == before


@pytest.mark.parametrize("name", ["printed", "images"])
def test_what_docker_answers_by_itself_moves_nothing(chapter: Page, name: str) -> None:
    tell(chapter, "p10", "alpine-ls", ran(["ls"], 0))
    before = chapter.evaluate("[...document.querySelectorAll('.figure')].map(one => one.innerHTML)")
    send(chapter, "alpine-ls", [{"type": "accepted", "command": {"name": name}}, {"type": "exited", "code": 127}])
    assert chapter.evaluate("[...document.querySelectorAll('.figure')].map(one => one.innerHTML)") == before


LIT = "[...document.querySelectorAll('svg.p7 .moves')].map(part => part.dataset.lit ?? null)"


def until(chapter: Page, lit: list[str | None]) -> None:
    for _ in range(100):
        if chapter.evaluate(LIT) == lit:
            return
        chapter.wait_for_timeout(20)
    assert chapter.evaluate(LIT) == lit


def test_parts_move_in_the_order_of_the_events_with_a_pause_between(chapter: Page, address: str) -> None:
    chapter.goto(f"{address}/creation/")
    tell(chapter, "p7", "disk", DF_RUN)
    assert chapter.evaluate(LIT) == [None, None]
    until(chapter, ["created", None])
    until(chapter, ["created", "started"])
    assert chapter.locator("svg.p7 [data-slot=root_bytes]").text_content() == "2.1 MB"


@pytest.mark.parametrize(("figure", "demo"), [("p5", "whole"), ("p7", "disk"), ("p8", "process")])
def test_a_value_that_the_run_has_not_told_yet_is_not_shown(
    chapter: Page, address: str, figure: str, demo: str
) -> None:
    chapter.goto(f"{address}/creation/")
    pid = chapter.locator(f"svg.{figure} [data-slot=pid]").locator("visible=true")
    assert pid.count() == 1
    tell(chapter, figure, demo, DF_RUN[:2])
    expect(chapter.locator(f"svg.{figure} .value[data-slot=argv]")).to_have_text("df /")
    assert pid.count() == 0
    tell(chapter, figure, demo, DF_RUN[2:3])
    expect(pid).to_have_text("77")


def test_parts_of_one_figure_follow_different_isolations(chapter: Page, address: str) -> None:
    chapter.goto(f"{address}/vm/")
    vm, container = (chapter.locator(f'svg.p4 > [data-demo~="{id}"]') for id in ("stacks-vm", "stacks"))
    before = container.inner_html()
    started = {"type": "started", "pid": 77, "pid_inside": 1, "kernel": "5.4.3"}
    booted = {"type": "notice", "code": "boot", "text": "[    0.000000] Linux version 5.4.3"}
    tell(chapter, "p4", "stacks-vm", [*DF_RUN[:2], booted, started, {"type": "stats", "memory_bytes": 98_765_432}])
    memory = vm.locator('[data-slot~="memory_bytes"]')
    expect(memory).to_have_text("98.8 MB")
    assert vm.locator("[data-slot=kernel]").first.text_content() == "5.4.3"
    exited = {"type": "exited", "code": 0, "wall_ms": 2345.6, "peak_memory_bytes": 876_543}
    tell(chapter, "p4", "stacks-vm", [exited])
    expect(memory).to_have_text("876.5 kB")
    assert vm.locator("[data-slot=wall_ms]").text_content() == "2.3초"
    assert container.inner_html() == before
    tell(chapter, "p4", "stacks", [*DF_RUN[:1], exited | {"wall_ms": 17.25}])
    expect(container.locator("[data-slot=wall_ms]")).to_have_text("17.3 ms")
    expect(memory).to_have_text("876.5 kB")
    tell(chapter, "p4", "stacks", [*DF_RUN[:1], exited | {"code": 127, "peak_memory_bytes": 0}])
    expect(container.locator('[data-slot~="memory_bytes"]')).to_have_text("–")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_long_kernel_version_is_shown_whole_and_inside_its_container(chapter: Page, address: str, width: int) -> None:
    chapter.set_viewport_size({"width": width, "height": 900})
    chapter.goto(f"{address}/desktop/")
    said = {"type": "output", "stream": "stdout", "text": "6.1.0-50-cloud-amd64\n"}
    tell(chapter, "p9", "isolations-kernel-vm", [*DF_RUN[:1], said])
    answer = chapter.locator("svg.p9 [data-slot=text]")
    expect(answer).to_have_text("6.1.0-50-cloud-amd64")
    around, text = (one.bounding_box() for one in (chapter.locator("svg.p9 rect.container").first, answer))
    assert around
    assert text
    assert text["x"] + text["width"] + 6 < around["x"] + around["width"]


def test_a_part_waits_until_its_own_layer_is_switched_on(chapter: Page, address: str) -> None:
    chapter.goto(f"{address}/vm/")
    tell(chapter, "p4", "stacks-vm", DF_RUN[:2])
    waits = chapter.locator('svg.p4 > [data-demo~="stacks-vm"] .waits')
    assert waits.count() == 2
    for one in waits.all():
        # it fades
        expect(one).not_to_have_css("opacity", "1")


def test_an_image_that_the_picture_was_not_drawn_for_is_not_shown_as_it(chapter: Page, address: str) -> None:
    chapter.goto(f"{address}/creation/")
    asked = {"type": "accepted", "command": {"image": "busybox", "args": []}}
    tell(chapter, "p6", "snapshot", [asked, {"type": "image", "reference": "busybox:latest"}, *DF_RUN[1:]])
    expect(chapter.locator("svg.p6")).to_contain_text("이미지 busybox")
    seen = " ".join(chapter.locator("svg.p6 text").locator("visible=true").all_text_contents())
    assert "PATH" in seen
    assert [words for words in ("/bin/sh", "hello", "passwd") if words in seen] == []


def test_parts_move_at_once_for_a_reader_who_wants_no_motion(chapter: Page, address: str) -> None:
    chapter.emulate_media(reduced_motion="reduce")
    chapter.goto(f"{address}/creation/")
    tell(chapter, "p7", "disk", DF_RUN)
    assert chapter.evaluate(LIT) == ["created", "started"]
