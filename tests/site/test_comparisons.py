"""Every demo that compares isolations: one table, whole on a phone, in which a virtual machine is seen to boot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from docker_run import pages
from support import axe
from support.browser import HASTE
from support.built_site import DOCS
from support.readers import Readers
from support.visits import Visit

COMPARED = {
    f"{source}#{demo.id}": demo.options["compare"].split()
    for source, demos in pages.demos(DOCS).items()
    for demo in demos
    if demo.isolation == "container"
}
NAMES = {"container": "컨테이너", "gvisor": "gVisor", "vm": "가상 머신"}
FACTS = ["지금", "첫 출력까지", "끝까지", "기계가 내준 메모리", "uname -r", "기계가 보는 것", "더 든 커널과 시스템"]
WIDTHS = (320, 390, 768, 1440)
COMPARE = """async id => {
    const demo = document.getElementById(id);
    const all = [demo, ...document.querySelectorAll(`docker-run[follows="${id}"]`)];
    const within = part => {
        const {top, bottom, left, right} = part.getBoundingClientRect();
        return top >= 48 && bottom <= innerHeight && left >= 0 && right <= innerWidth;
    };
    const table = () => demo.querySelector("table"), rows = () => [...table().querySelectorAll("tbody tr")];
    demo.scrollIntoView({block: "center"});
    void demo.run();
    const seen = new Set(), grown = new Set();
    while (all.some(one => one.busy)) {
        await new Promise(next => setTimeout(next, 20));
        const vm = rows().map(row => row.lastElementChild);
        if (vm[0].textContent !== "커널 켜는 중") continue;
        const boot = demo.querySelector(".boot summary");
        seen.add([vm[0], vm[2].querySelector(".bar"), boot, demo.querySelector(".stop")].every(within));
        grown.add(vm[2].textContent);
    }
    const bars = [...table().querySelectorAll(".bar")].map(one => one.offsetWidth);
    return {
        id, bars, grown: grown.size, booted: [...seen],
        columns: [...table().querySelectorAll("th[scope=col]")].map(one => one.textContent.replace("기록", "").trim()),
        facts: rows().map(row => row.querySelector("th[scope=row]").textContent),
        empty: [...table().querySelectorAll("tbody td")].filter(one => /^–?$/.test(one.textContent)).length,
        inside: [...table().querySelectorAll("th, td, .bar")].filter(one => one.scrollWidth > one.clientWidth + 1
            || one.getBoundingClientRect().right > table().getBoundingClientRect().right + 1).length,
        tables: all.flatMap(one => [...one.querySelectorAll(".facts table")]).length,
        named: all.map(one => one.querySelector(".wall b").textContent), width: document.documentElement.scrollWidth,
    };
}"""


@dataclass(frozen=True)
class Compared:
    """What a comparison showed when all its runs had ended."""

    id: str
    bars: list[int]
    grown: int
    booted: list[bool]
    columns: list[str]
    facts: list[str]
    empty: int
    inside: int
    tables: int
    named: list[str]
    width: int


@dataclass(frozen=True)
class Seen:
    """The comparisons of one page, and what axe says of it afterwards."""

    compared: list[Compared]
    axe: list[str]


@pytest.fixture(scope="module")
def everywhere(readers: Readers, address: str) -> dict[str, dict[int, Seen]]:
    """Each page with comparisons, all of them run where no backend answers, on screens of each width."""

    def see(visit: Visit) -> dict[int, Seen]:
        source = sources[visit.page.url]
        ids = [name.split("#")[1] for name in COMPARED if name.startswith(f"{source}#")]
        return {width: compare(visit.page, ids, width) for width in WIDTHS}

    sources = {f"{address}/{name.split('.')[0]}/": name.split("#")[0] for name in COMPARED}
    return dict(zip(sources.values(), readers.walk(list(sources), see), strict=True))


def compare(page: Page, ids: list[str], width: int) -> Seen:
    """What the comparisons of a page show when it is loaded anew on a screen so wide."""
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.reload()
    page.evaluate(HASTE)
    compared = [Compared(**page.evaluate(COMPARE, id)) for id in ids]
    return Seen(compared, axe.in_both_schemes(page))


@pytest.fixture(scope="module", params=WIDTHS)
def seen(request: pytest.FixtureRequest, everywhere: dict[str, dict[int, Seen]]) -> dict[str, Seen]:
    """The pages on screens of one width."""
    return {source: page[request.param] for source, page in everywhere.items()}


def all_of(seen: dict[str, Seen]) -> dict[str, Compared]:
    return {f"{source}#{one.id}": one for source, page in seen.items() for one in page.compared}


def wrong(seen: dict[str, Seen], what: Any, fine: Any) -> dict[str, Any]:
    return {name: what(one) for name, one in all_of(seen).items() if not fine(one)}


def test_each_comparison_is_one_table_with_its_isolations_as_columns(seen: dict[str, Seen]) -> None:
    found = all_of(seen)
    assert found.keys() == COMPARED.keys()
    for name, one in found.items():
        assert one.columns == one.named == [NAMES[isolation] for isolation in COMPARED[name]]
        assert (one.tables, one.facts, one.empty) == (1, FACTS, 0), name


def test_no_table_is_wider_than_its_page(seen: dict[str, Seen], request: pytest.FixtureRequest) -> None:
    width = request.node.callspec.params["seen"]
    assert wrong(seen, lambda one: (one.inside, one.width), lambda one: not one.inside and one.width <= width) == {}


def test_the_bars_are_drawn_to_the_longest(seen: dict[str, Seen]) -> None:
    for one in all_of(seen).values():
        # the virtual machine is the last, and takes the longest
        assert sorted(one.bars) == one.bars
        assert one.bars[0] >= 3
        assert one.bars[-1] > 10 * one.bars[0]


def test_a_virtual_machine_is_seen_to_boot_beside_the_button(seen: dict[str, Seen]) -> None:
    assert wrong(seen, lambda one: (one.booted, one.grown), lambda one: one.booted == [True] and one.grown > 3) == {}


def test_axe_finds_nothing_in_them(seen: dict[str, Seen]) -> None:
    assert {source: page.axe for source, page in seen.items() if page.axe} == {}
