"""A notebook of the site, as a reader meets it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from support.browser import SHIFTS

# Python is 11 MB, and this machine may be busy
PATIENCE = 60_000
# what a part of the page says from now on
LISTEN = """(part, name) => { window[name] = [];
    new MutationObserver(() => window[name].push(part.textContent)).observe(part, {childList: true}); }"""
# what a policy refuses, and what the console says of it; workers, too, speak there
WATCH = """window.refused = [];
addEventListener("securitypolicyviolation", event => refused.push(event.violatedDirective + " " + event.blockedURI))"""


class Cell:
    """One code cell by its number."""

    def __init__(self, page: Page, number: int) -> None:
        self.root = page.locator(f".notebook-cell[data-cell='{number}']")
        self.code, self.output = self.root.get_by_role("textbox"), self.root.locator(".notebook-output")
        self.state = self.root.locator(".notebook-state")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def says(self, words: str) -> None:
        expect(self.state).to_contain_text(words, timeout=PATIENCE)

    def run(self, source: str | None = None, says: str = "잘 끝났어요") -> str:
        """Run it, with other code if some is given, to its end; what it put out."""
        if source is not None:
            self.code.fill(source)
        self.button("실행").click()
        expect(self.root).not_to_have_attribute("data-busy", "", timeout=PATIENCE)
        self.says(says)
        return self.output.inner_text() if self.output.is_visible() else ""


@dataclass(frozen=True)
class Notebook:
    """The page, whose Python has begun.

    `policy` came with it. `before` and `asked` are the addresses of its requests before the third cell was run and
    until that had ended; `said` and `spoken` are what the cell's own line and that for screen readers said meanwhile,
    and `shift` is how much moved. `thrown` and `refusals` are what the page has thrown since, and what its console has
    said of a policy.
    """

    page: Page
    policy: str
    before: list[str]
    asked: list[str]
    said: list[str]
    spoken: list[str]
    shift: float
    thrown: list[str]
    refusals: list[str]

    def __call__(self, number: int) -> Cell:
        return Cell(self.page, number)

    @property
    def count(self) -> int:
        return self.page.locator(".notebook-cell").count()

    def restore(self) -> None:
        """Bring code and outputs back, and end what runs; what cells have made stays in Python until they run anew."""
        stop = self.page.locator(".notebook-cell .stop:visible")
        if stop.count():
            stop.click()
            expect(self.page.locator(".notebook-cell[data-busy]")).to_have_count(0, timeout=PATIENCE)
        self.page.locator(".notebook-cell .reset").evaluate_all("all => all.forEach(one => one.click())")
        self(self.count).says("처음의 코드와 출력으로 돌아왔어요")
        self.page.locator(".notebook-state").evaluate_all("all => all.forEach(one => { one.textContent = ''; })")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def begun(page: Page, address: str) -> Notebook:
    """Visit the page and run its third cell, and with it those above."""
    asked: list[str] = []
    thrown: list[str] = []
    refusals: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.on("console", lambda message: refusals.append(message.text) if "Security Policy" in message.text else None)
    page.add_init_script(WATCH)
    answer = page.goto(address)
    assert answer
    page.wait_for_load_state("networkidle")
    before, cell = list(asked), Cell(page, 3)
    cell.button("실행").scroll_into_view_if_needed()
    page.evaluate(SHIFTS)
    cell.state.evaluate(LISTEN, "said")
    page.locator(".notebook-tools").get_by_role("status").evaluate(LISTEN, "spoken")
    # so that the click does not excuse what moves
    cell.button("실행").evaluate("e => e.click()")
    cell.says("잘 끝났어요")
    page.wait_for_timeout(100)
    said, spoken, shift = page.evaluate("[window.said, window.spoken, window.shift]")
    policy = answer.headers.get("content-security-policy", "")
    return Notebook(page, policy, before, list(asked), said, spoken, shift, thrown, refusals)
