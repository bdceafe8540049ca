"""The whole site where no backend answers: from a static host, from disk, with a backend that is elsewhere or is not
allowed, and without JavaScript."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mkdocs.config import load_config
from playwright.sync_api import Browser, Page, expect

from docker_run import pages, question
from docker_run.fence import Fence
from docker_run.recording import terminal
from docker_run.recording.file import Recording, path_of, read
from e2e.pages import Demo, finished
from support import static_host
from support.backend import running
from support.browser import HASTE
from support.built_site import DOCS, REPOSITORY
from support.figures import look_at

PAGES = pages.demos(DOCS)
# presses Run on each demo that does not follow another, and waits until it has ended
REPLAY = """async ids => {
    const found = {}, pause = () => new Promise(next => setTimeout(next, 400));
    for (const id of ids) {
        const demo = document.getElementById(id), text = name => demo.querySelector(name).textContent;
        if (!demo.hasAttribute("follows")) {
            demo.parentElement.querySelector("[type=radio]")?.click();
            demo.querySelector(".run").click();
        }
        while (!/ended|failed|offline/.test(demo.getAttribute("state"))) await pause();
        const [state, code] = ["state", "code"].map(name => demo.getAttribute(name));
        found[id] = {state, code, said: text(".source"), output: text(".said") + text(".screen")};
    }
    return found;
}"""


def recorded(page: str, demo: Fence) -> Recording:
    found = read(path_of(REPOSITORY / "demos/recordings", page, demo.id))
    assert found
    return found


def address(page: str) -> str:
    """Where a page is published."""
    stem = page.rsplit(".", 1)[0]
    return "" if stem == "index" else f"{stem.removesuffix('/index')}/"


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    with static_host.serving(site) as found:
        yield found


@pytest.fixture
def page(page: Page) -> Page:
    """A page whose replays do not take their time."""
    page.add_init_script(HASTE)
    return page


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    """A phone without JavaScript, which goes from page to page."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 780})
    yield context.new_page()
    context.close()


def played(source: str, demo: Fence) -> dict[str, str]:
    """What a demo shows that has played its recording to the end and says so."""
    kept = recorded(source, demo)
    return {
        "state": "ended",
        "code": str(kept.events[-1]["code"]),
        "said": f"실행 서버에 닿지 못해 기록을 보여 드려요. {kept.recorded}에 실행한 기록이에요. ({kept.engine})",
        "output": output(kept),
    }


def output(kept: Recording) -> str:
    """All that was put out, as a terminal shows it."""
    return terminal.shown("".join(event["text"] for event in kept.events if event["type"] == "output"))


def replays(page: Page, source: str, demo: Fence) -> None:
    """A reader presses Run, and the demo plays its recording to the end."""
    shown = Demo(page, demo.id)
    # who follows another demo has begun with that one, which comes before it
    if shown.root.get_attribute("follows") is None:
        shown.run()
    shown.wait_for_end()
    docker, program = (part.evaluate("e => e.textContent") for part in (shown.docker, shown.output))
    found = {"state": shown.state, "code": str(shown.code), "said": shown.source.inner_text()}
    assert found | {"output": docker + program} == played(source, demo)


# a recording comes with its page, so that a host which is no disk makes a difference to the page's own files alone
@pytest.mark.parametrize("source", ["run.md", "creation.md"])
def test_every_demo_of_a_page_replays_from_a_static_host(page: Page, host: str, source: str) -> None:
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{host}/{address(source)}")
    for demo in PAGES[source]:
        replays(page, source, demo)


@pytest.mark.parametrize("source", PAGES)
def test_every_demo_of_a_page_replays_from_disk(page: Page, site: Path, source: str) -> None:
    page.goto((site / address(source) / "index.html").as_uri())
    found = page.evaluate(REPLAY, [demo.id for demo in PAGES[source]])
    assert found == {demo.id: played(source, demo) for demo in PAGES[source]}


def test_a_replay_moves_the_figure_with_the_recorded_values(page: Page, host: str) -> None:
    page.goto(f"{host}/run/")
    demo = next(one for one in PAGES["run.md"] if one.id == "hello-world-ls")
    card = page.locator("svg.p10 [data-demo=hello-world-ls]")
    expect(card.locator("[data-lit]")).to_have_count(0)
    replays(page, "run.md", demo)
    look_at(page, "p10")
    expect(card.locator(".frame")).to_have_attribute("data-lit", "exited")
    expect(card.locator("[data-slot=code]")).to_have_text("127")
    created = next(event for event in recorded("run.md", demo).events if event["type"] == "created")
    expect(card.locator("[data-slot=argv]")).to_have_text(json.dumps(created["argv"], separators=(",", ":")))


def test_a_changed_command_says_on_a_static_host_what_it_needs(page: Page, host: str) -> None:
    page.goto(f"{host}/run/")
    demo = finished(page, "alpine-ls", "docker run alpine ls -l")
    assert demo.state == "offline"
    expect(demo.result).to_contain_text("실행 서버가 있어야")


@pytest.mark.parametrize("source", PAGES)
def test_without_javascript_a_page_reads_complete(bare: Page, host: str, source: str) -> None:
    page = bare
    page.goto(f"{host}/{address(source)}")
    for answer in page.locator("details.question").all():
        assert answer.inner_text() == "풀이"
        answer.locator("summary").click()
        expect(answer.locator("p").first).to_be_visible()
    for demo in PAGES[source]:
        kept, shown = recorded(source, demo), page.locator(f"docker-run#{demo.id}")
        expect(shown.locator("> pre")).to_have_text(demo.command)
        if "predict" in demo.options:
            expect(page.locator(".docker-run", has=shown).locator("label")).to_have_text(
                question.parse(demo.options["predict"]).texts, use_inner_text=True
            )
            expect(shown.get_by_text(f"종료 코드 {kept.events[-1]['code']}")).to_be_hidden()
            shown.locator("summary").click()
        for words in (f"종료 코드 {kept.events[-1]['code']}", f"{kept.recorded}에 실행한 기록이에요. ({kept.engine})"):
            expect(shown.get_by_text(words, exact=True)).to_be_visible()
        if output(kept):
            assert shown.locator("samp").evaluate("e => e.textContent") == output(kept)
            expect(shown.locator("samp")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_site_takes_the_address_of_its_backend_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_RUN_BACKEND", "https://run.example")
    assert load_config(str(REPOSITORY / "mkdocs.yml")).plugins["docker-run"].config.backend == "https://run.example"


def pointed(site: Path, folder: Path, backend: str) -> None:
    """The site in `folder`, with the element in it that a build with such an address writes (`unit/test_fence.py`)."""
    shutil.copytree(site, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pyodide"))
    for page in folder.rglob("*.html"):
        page.write_text(
            page.read_text().replace("</head>", f'<meta name="docker-run-backend" content="{backend}"></head>')
        )


@pytest.fixture(scope="module")
def apart(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The site on two origins, with its backend on a third, which allows only the first."""
    folder = tmp_path_factory.mktemp("apart")
    with (
        static_host.serving(folder) as allowed,
        static_host.serving(folder) as foreign,
        running({"origins": [allowed]}) as backend,
    ):
        pointed(site, folder, backend.url)
        yield allowed, foreign


@pytest.mark.container
def test_a_backend_on_another_origin_runs_what_its_pages_ask(page: Page, apart: tuple[str, str]) -> None:
    page.goto(f"{apart[0]}/run/")
    demo = finished(page, "alpine-ls", "docker run alpine echo live")
    expect(demo.output).to_contain_text("live")
    assert demo.code == 0
    expect(demo.source).to_be_empty()


@pytest.mark.container
def test_a_backend_that_does_not_know_the_origin_leaves_the_recording(page: Page, apart: tuple[str, str]) -> None:
    page.goto(f"{apart[1]}/run/")
    replays(page, "run.md", next(one for one in PAGES["run.md"] if one.id == "alpine-ls"))
    demo = Demo(page, "alpine-ls")
    demo.run("docker run alpine echo live")
    demo.wait_for("offline")
    expect(demo.result).to_contain_text("실행 서버가 있어야")
