"""A `<docker-run>` on a page, as a reader meets it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from support import pace


class Demo:
    """One demo by its id."""

    def __init__(self, page: Page, id: str) -> None:
        self.page, self.root = page, page.locator(f"docker-run#{id}")
        self.line = self.root.get_by_role("textbox")
        # what docker itself says before there is a container, and what the program puts out
        self.docker, self.output = self.root.locator(".said"), self.root.locator(".screen")
        self.result, self.status = self.root.locator(".result"), self.root.get_by_role("status")
        self.badge = self.root.locator(".badge")
        self.hint, self.source = self.root.locator(".hint"), self.root.locator(".source")
        # of a question
        block = page.locator(".docker-run", has=self.root)
        self.choices, self.verdict = block.get_by_role("radio"), block.locator(".verdict")

    def button(self, name: str) -> Locator:
        """실행, 멈춤, 복사, 되돌리기, 지난 기록 or 이 줄로 바꾸기."""
        return self.root.get_by_role("button", name=name, exact=True)

    def run(self, line: str | None = None) -> None:
        """Press Run, with another line if one is given; of a question the first choice is made where none is."""
        if line is not None:
            self.line.fill(line)
        elif self.choices.count() and not self.chosen:
            self.choices.first.check()
        self.button("실행").click()

    @property
    def chosen(self) -> str:
        """The text of the choice that is made; empty where none is."""
        made = self.choices.and_(self.page.locator(":checked"))
        return made.locator("xpath=..").inner_text().strip() if made.count() else ""

    @property
    def state(self) -> str | None:
        return self.root.get_attribute("state")

    @property
    def code(self) -> int | None:
        """The exit code, once there is one."""
        code = self.root.get_attribute("code")
        return None if code is None else int(code)

    @property
    def steps(self) -> list[str]:
        """The steps that have happened, as they read: `이미지 있음`."""
        return [" ".join(text.split()) for text in self.root.locator(".done").all_inner_texts()]

    def wait_for(self, state: str) -> None:
        # a virtual machine takes its time to boot
        expect(self.root).to_have_attribute("state", state, timeout=pace.seconds(30) * 1000)

    def wait_for_end(self, seconds: float = 90) -> None:
        """Until the run has ended, however it did."""
        ended = self.root.and_(self.page.locator(":is([state=ended], [state=failed], [state=offline])"))
        expect(ended).to_be_visible(timeout=pace.seconds(seconds) * 1000)


def finished(page: Page, id: str, line: str | None = None) -> Demo:
    """The demo, run to its end."""
    demo = Demo(page, id)
    demo.run(line)
    demo.wait_for_end()
    return demo
