"""A figure that stands beside its demos, in a window that is lower than the figure."""

from __future__ import annotations

from support.readers import Readers

# of every figure beside its demos: whether its head and its foot come into view while the page is
# read, and what it does with what is higher
WHOLE = """async () => {
    const found = {}, frame = () => new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    for (const figure of document.querySelectorAll(".stage > .figure")) {
        const {top, bottom} = figure.parentElement.getBoundingClientRect(), y = scrollY, seen = [false, false];
        for (let at = top + y - innerHeight; at < bottom + y; at += 100) {
            scrollTo(0, at);
            await frame();
            const box = figure.getBoundingClientRect();
            seen[0] ||= box.top >= 48 && box.top < innerHeight;
            seen[1] ||= box.bottom > 48 && box.bottom <= innerHeight;
        }
        found[figure.id] = [...seen, getComputedStyle(figure).overflowY];
    }
    return found;
}"""


def test_a_figure_higher_than_the_window_is_seen_whole_and_does_not_scroll(readers: Readers, address: str) -> None:
    urls = [f"{address}/{name}/" for name in ("scenario", "vm", "run")]
    for found in readers.walk(urls, lambda visit: visit.page.evaluate(WHOLE), viewport={"width": 1440, "height": 640}):
        assert found
        assert {name: seen for name, seen in found.items() if seen != [True, True, "visible"]} == {}
