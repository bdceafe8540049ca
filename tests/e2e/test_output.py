"""What programs draw: colours that can be read, progress bars, wide characters, and output without end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e import bundled_page
from e2e.pages import Demo
from support import pace
from support.built_site import REPOSITORY
from support.canned_backend import Canned, Run, Script
from support.colours import contrast

CASES = json.loads((REPOSITORY / "tests/unit/cases/terminal.json").read_text())
LEAST = 4.5
# of each piece on the screen: the text, its colour, and what is below it: its own paper, or the demo's
SEEN = """screen => [...screen.querySelectorAll("span > span")].map(piece => [piece.textContent, getComputedStyle(piece)
    .color, ...[piece, screen.closest("docker-run")].map(one => getComputedStyle(one).backgroundColor)])"""
LONG_TASKS = """() => { window.longest = 0; new PerformanceObserver(list => { for (const task of list.getEntries())
    window.longest = Math.max(window.longest, task.duration); }).observe({type: "longtask"}); }"""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Canned]:
    with bundled_page.served(tmp_path) as found:
        yield found


@pytest.fixture
def bundled(page: Page, backend: Canned) -> Demo:
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(f"{backend.url}/page.html")
    return Demo(page, "first")


def printing(*pieces: str, stream: str = "stdout") -> Script:
    """A script whose program puts these out, one after the other."""

    def script(run: Run) -> None:
        run.begin()
        run.start()
        for piece in pieces:
            run.output(piece, stream)
        run.exit()

    return script


def drawn(demo: Demo) -> str:
    demo.run()
    demo.wait_for_end()
    return str(demo.output.evaluate("e => e.textContent"))


def test_what_moves_the_cursor_is_loaded_when_a_program_first_does(
    bundled: Demo, backend: Canned, asked: list[str]
) -> None:
    assert drawn(bundled) == "bin\ndev\netc\n"
    assert not [url for url in asked if "rare.js" in url]
    backend.script = printing("10%\r", "20%\r", "100%\n")
    for _ in range(2):
        assert drawn(bundled) == "100%\n"
    assert len([url for url in asked if "rare.js" in url]) == 1


def test_the_published_script_draws_as_a_terminal_does(bundled: Demo, backend: Canned) -> None:
    for name, given, shown in CASES:
        backend.script = printing(*re.findall(r"(?s).{1,3}", given))
        assert drawn(bundled) == shown, name


def test_where_that_cannot_be_had_the_text_is_shown_without(bundled: Demo, backend: Canned) -> None:
    bundled.page.route("**/rare.js", lambda route: route.abort())
    backend.script = printing("\x1b[31mred\x1b[0m\r\n", "done\x07\n")
    assert drawn(bundled) == "red\ndone\n"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_colours_can_be_read_on_both_papers(bundled: Demo, backend: Canned, scheme: str, stream: str) -> None:
    bundled.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    kinds = [str(code) for code in (*range(30, 38), *range(90, 98), *range(40, 48), *range(100, 108), 7)]
    kinds += [f"38;5;{number}" for number in (16, 21, 51, 196, 226, 231, 232, 244, 255)] + [
        "38;2;9;9;9",
        "7;34",
        "33;43",
    ]
    backend.script = printing("".join(f"\x1b[{kind}m<{kind}>\x1b[0m " for kind in kinds), stream=stream)
    drawn(bundled)
    found = bundled.output.evaluate(SEEN)
    assert [text for text, *_ in found] == [f"<{kind}>" for kind in kinds]
    for text, colour, own, paper in found:
        below = paper if own == "rgba(0, 0, 0, 0)" else own
        assert contrast(colour, below) >= LEAST, (text, colour, below)
    red = [int(part) for part in re.findall(r"\d+", found[1][1])]
    assert red[0] > max(red[1:]) + 60


def test_colours_do_not_part_what_is_standard_error(bundled: Demo, backend: Canned) -> None:
    backend.script = printing("a \x1b[31mred\x1b[0m \x1b[1mbold\x1b[0m\nline\n", stream="stderr")
    drawn(bundled)
    expect(bundled.output.get_by_role("group", name="표준 오류")).to_have_count(1)
    expect(bundled.output.get_by_text("bold", exact=True)).to_have_css("font-weight", "700")


def test_a_bar_below_other_output_moves_alone(bundled: Demo, backend: Canned) -> None:
    lines = "".join(f"line {number}\n" for number in range(300))
    bars = [f"\x1b[2K\rlayer {part}: {part * 10}%\n" for part in range(3)]
    backend.script = printing(lines, "".join(bars), "\x1b[3A" + "".join(bars).replace("0%", "9%"), "done\n")
    shown = drawn(bundled)
    assert shown == lines + "".join(bars).replace("\x1b[2K\r", "").replace("0%", "9%") + "done\n"


ENDLESS = {
    "yes": ["y\n" * 8192] * 64,
    "yes with colours": ["\x1b[31my\x1b[0m\n" * 1000] * 80,
    "a rainbow": ["".join(f"\x1b[38;5;{number % 256}m#" for number in range(2000)) + "\n"] * 40,
    "a bar without end": ["\r" + "#" * (number % 80) for number in range(20_000)],
    "one long line": ["x" * 16_384] * 64,
}


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_output_without_end_never_blocks_the_page(bundled: Demo, backend: Canned, pieces: list[str]) -> None:
    backend.script = printing("\x1b[m")
    drawn(bundled)
    bundled.page.evaluate(LONG_TASKS)
    backend.script = printing(*pieces)
    shown = drawn(bundled)
    bundled.page.wait_for_timeout(300)
    # by the clock: beside other suites a task waits for the processor, too
    assert bundled.page.evaluate("window.longest") < 200 * pace.now()
    assert len(shown) <= 830_000
    assert shown.rstrip("\n").endswith(re.sub(r"\x1b\[[\d;]*m|\r", "", pieces[-1]).strip("\n")[-1:])


def test_commands_and_output_are_not_translated(bundled: Demo, backend: Canned) -> None:
    backend.script = printing("out\n")
    drawn(bundled)
    for part in ("textarea", ".mirror", ".screen", ".said"):
        assert bundled.root.locator(part).first.evaluate("e => e.translate") is False, part
    assert bundled.root.locator(".result").evaluate("e => e.translate") is True


def test_half_of_a_character_ends_nothing(bundled: Demo, backend: Canned) -> None:
    def script(run: Run) -> None:
        run.start()
        run.raw(b'{"type":"output","at":0,"stream":"stdout","text":"a\\ud800"}\n')
        run.output("b\n")
        run.exit()

    backend.script = script
    bundled.page.route("**/rare.js", lambda route: route.abort())
    assert drawn(bundled) == "ab\n"
