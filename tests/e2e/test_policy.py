"""The policy that our server sends with its pages allows all that the pages do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.cells import WATCH, Notebook
from e2e.pages import finished
from support.backend import Backend

pytestmark = pytest.mark.live


@pytest.fixture
def said(page: Page) -> list[str]:
    """What the console says of the policy; workers, too, speak there."""
    texts: list[str] = []
    page.on("console", lambda message: texts.append(message.text) if "Security Policy" in message.text else None)
    page.add_init_script(WATCH)
    return texts


def test_search_python_and_a_demo_need_nothing_that_the_policy_refuses(notebook: Notebook) -> None:
    page = notebook.page
    assert "script-src 'self'" in notebook.policy
    page.get_by_role("textbox", name="검색").fill("컨테이너")
    expect(page.locator(".md-search-result__meta")).to_contain_text(re.compile(r"\d+개의 일치하는 문서"))
    page.keyboard.press("Escape")
    notebook(1).run()
    assert finished(page, "pull").code == 0
    # since the page was opened and Python was loaded
    assert page.evaluate("refused") == []
    assert notebook.refusals == []


def test_what_the_policy_refuses_is_seen(page: Page, live: Backend, said: list[str]) -> None:
    page.goto(live.url)
    page.evaluate("new Worker('data:text/javascript,0').onerror = () => {}")
    page.wait_for_timeout(200)
    # by the server's policy, and by the page's own
    assert page.evaluate("refused") == ["worker-src data"] * 2
    assert len(said) == 2


TAKING = """() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'taken'";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", `<img src="none" onerror="document.title = 'taken'">`);
    document.body.insertAdjacentHTML("beforeend", `<a href="javascript:document.title = 'taken'">x</a>`);
    document.body.lastElementChild.click();
}"""


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_a_script_that_gets_into_a_page_is_not_executed(page: Page, live: Backend, said: list[str], path: str) -> None:
    page.goto(f"{live.url}{path}")
    title = page.title()
    assert page.evaluate("refused") == []
    page.evaluate(TAKING)
    page.wait_for_function("refused.length == 3")
    assert {where.split()[0] for where in page.evaluate("refused")} == {"script-src-elem", "script-src-attr"}
    assert page.title() == title
    assert len(said) == 3
