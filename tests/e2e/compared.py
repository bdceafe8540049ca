"""Isolations side by side on a page of the site: what each has sent, and what their table says of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from e2e.pages import Demo

BY_DEMO = """window.byDemo = {};
document.addEventListener("docker-run:event", ({target, detail}) => (byDemo[target.id] ??= []).push(detail));"""
NAMES = {"container": "컨테이너", "gvisor": "gVisor", "vm": "가상 머신"}


def ran(page: Page, *ids: str) -> dict[str, list[dict[str, Any]]]:
    """Press Run on the first of these, and wait until all of them have ended; the events of each."""
    page.evaluate("window.byDemo = {}")
    Demo(page, ids[0]).run()
    for id in ids:
        Demo(page, id).wait_for_end()
    found: dict[str, list[dict[str, Any]]] = page.evaluate("window.byDemo")
    return found


def only(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    assert [event["type"] for event in events].count(kind) == 1, events[-2:]
    (found,) = [event for event in events if event["type"] == kind]
    return found


def out(events: list[dict[str, Any]]) -> str:
    return "".join(event["text"] for event in events if event["type"] == "output" and event["stream"] == "stdout")


def fact(page: Page, id: str, name: str) -> str:
    """What the table of an element and its followers says of one of them."""
    demo = Demo(page, id).root
    leader = page.locator(f"#{demo.get_attribute('follows') or id}")
    columns = [text.removesuffix("기록").strip() for text in leader.get_by_role("columnheader").all_inner_texts()]
    row = leader.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    column = columns.index(NAMES[demo.get_attribute("isolation") or ""])
    return row.get_by_role("cell").nth(column).inner_text().strip()
