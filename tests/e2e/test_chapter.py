"""The chapter on `docker run` as a reader meets it: the real site, the real backend, real containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import Demo, finished
from support.backend import Backend
from support.figures import look_at

pytestmark = pytest.mark.live


@pytest.fixture
def chapter(page: Page, live: Backend) -> Page:
    """The chapter, in a tab of a reader who has not been here; it must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{live.url}/run/")
    return page


@pytest.mark.claim("C30")
def test_hello_world_is_pulled_once_and_greets(chapter: Page) -> None:
    demo = finished(chapter, "hello-world")
    expect(demo.docker).to_contain_text("Unable to find image 'hello-world:latest' locally")
    expect(demo.output).to_contain_text("Hello from Docker!")
    assert demo.code == 0
    demo = finished(chapter, "hello-world")
    expect(demo.output).to_contain_text("Hello from Docker!")
    expect(demo.docker).not_to_contain_text("Unable to find image")


@pytest.mark.claim("C30")
def test_alpine_alone_ends_at_once_without_a_word(chapter: Page) -> None:
    finished(chapter, "alpine")
    demo = finished(chapter, "alpine")
    assert demo.code == 0
    assert demo.output.inner_text().strip() == ""


@pytest.mark.claim("C30")
def test_hello_world_has_no_ls_and_a_hint_says_so(chapter: Page) -> None:
    demo = finished(chapter, "hello-world-ls")
    assert demo.code == 127
    expect(demo.output).to_contain_text('exec: "ls": executable file not found in $PATH')
    expect(demo.hint).to_contain_text("docker run alpine ls")
    demo.button("이 줄로 바꾸기").click()
    expect(demo.line).to_have_value("docker run alpine ls")
    demo.line.press("Enter")
    demo.wait_for("ended")
    expect(demo.root).to_have_attribute("code", "0")


@pytest.mark.claim("C30")
def test_alpine_ls_lists_the_images_folders(chapter: Page) -> None:
    demo = finished(chapter, "alpine-ls")
    assert demo.code == 0
    for folder in ("bin", "etc", "proc", "usr"):
        expect(demo.output).to_contain_text(folder)


@pytest.mark.claim("C31")
def test_cmd_replaces_the_images_own_and_an_entrypoint_stays(chapter: Page) -> None:
    demo = finished(chapter, "entrypoint", "docker run --rm --entrypoint echo alpine ls /etc")
    expect(demo.output).to_contain_text("ls /etc")
    assert demo.code == 0


@pytest.mark.claim("C31")
def test_the_figure_shows_the_argv_that_truly_ran(chapter: Page) -> None:
    for figure, id in (("p10", "alpine-ls"), ("p11", "cmd")):
        shown = chapter.locator(f'svg.{figure} [data-demo="{id}"] [data-slot="argv"]')
        expect(shown).to_have_text('["ls"]')
        finished(chapter, id, "docker run alpine uname -s")
        look_at(chapter, figure)
        expect(shown).to_have_text('["uname","-s"]')
        assert Demo(chapter, id).code == 0


def test_the_figure_lights_the_exit_code_of_the_run(chapter: Page) -> None:
    finished(chapter, "hello-world-ls")
    look_at(chapter, "p10")
    lit = chapter.locator(
        '.figure [data-demo~="hello-world-ls"][data-lit], .figure [data-demo~="hello-world-ls"] [data-lit]'
    )
    expect(lit.first).to_be_visible()


def test_reset_brings_the_first_pull_back(chapter: Page) -> None:
    finished(chapter, "alpine-ls")
    demo = finished(chapter, "alpine-ls")
    expect(demo.docker).not_to_contain_text("Unable to find image")
    demo.button("되돌리기").click()
    expect(demo.root).to_have_attribute("state", "idle")
    demo = finished(chapter, "alpine-ls")
    expect(demo.docker).to_contain_text("Unable to find image 'alpine:latest' locally")


def test_output_streams_from_a_real_container(chapter: Page) -> None:
    finished(chapter, "alpine-ls")
    demo = Demo(chapter, "alpine-ls")
    demo.run("docker run alpine sh -c 'echo first; sleep 1; echo second'")
    expect(demo.output).to_contain_text("first")
    expect(demo.output).not_to_contain_text("second")
    demo.wait_for("ended")
    expect(demo.output).to_contain_text("second")


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_stop_ends_the_real_process(chapter: Page) -> None:
    finished(chapter, "alpine-ls")
    demo = Demo(chapter, "alpine-ls")
    demo.run("docker run alpine sleep 300")
    demo.wait_for("running")
    pid = int(demo.steps[-1].split()[-1])
    assert Path(f"/proc/{pid}").exists()
    demo.button("멈춤").click()
    demo.wait_for("ended")
    assert demo.code == 137
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.container("looks at this machine's own kernel and processes")
def test_leaving_the_page_ends_the_real_process(chapter: Page, live: Backend) -> None:
    finished(chapter, "alpine-ls")
    demo = Demo(chapter, "alpine-ls")
    demo.run("docker run alpine sleep 300")
    demo.wait_for("running")
    pid = int(demo.steps[-1].split()[-1])
    chapter.goto(f"{live.url}/")
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        chapter.wait_for_timeout(20)
    pytest.fail("the process runs on")


def test_a_slip_is_answered_with_the_line_that_works(chapter: Page) -> None:
    demo = finished(chapter, "alpine-ls", "dokcer run alpine ls")
    assert demo.code == 127
    expect(demo.hint).to_contain_text("docker run alpine ls")


def test_no_request_leaves_this_origin(page: Page, live: Backend) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live.url}/run/")
    finished(page, "hello-world")
    assert asked
    assert [url for url in asked if not url.startswith((live.url, "data:", "blob:"))] == []
