"""Every question of the site: three choices, a run that waits for one, and a verdict that agrees with the run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from docker_run import pages, question
from docker_run.fence import Fence
from docker_run.recording.file import path_of, read
from support.browser import HASTE
from support.built_site import DOCS, REPOSITORY
from support.readers import Readers
from support.visits import Visit

ASKED = {
    f"{source}#{demo.id}": demo
    for source, demos in pages.demos(DOCS).items()
    for demo in demos
    if "predict" in demo.options
}
WIDTH = 390
ASK = """async ([id, text]) => {
    const demo = document.getElementById(id), block = demo.parentElement;
    let solution = block.nextElementSibling;
    while (solution.matches("p")) solution = solution.nextElementSibling;
    await demo.run();
    const waited = demo.getAttribute("state") === "idle" && document.activeElement.matches("[type=radio]");
    [...block.querySelectorAll("label")].find(one => one.textContent.trim() === text).click();
    await demo.run();
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    const verdict = block.querySelector(".verdict"), {top, bottom} = verdict.getBoundingClientRect();
    const found = {
        id, waited, word: verdict.querySelector("p").textContent,
        rows: [...verdict.querySelectorAll("dl div")].map(one => one.textContent),
        solved: !solution.matches("details") || (solution.open && !!solution.lastElementChild.offsetHeight),
        cut: [...verdict.querySelectorAll("dd")].some(one => one.scrollWidth > one.clientWidth
            || getComputedStyle(one).overflow !== "visible"),
        seen: top >= 48 && bottom <= innerHeight, width: document.documentElement.scrollWidth,
    };
    await demo.restore();
    return {...found, folded: !solution.open};
}"""


@dataclass(frozen=True)
class Answer:
    """What a question showed of one choice."""

    id: str
    waited: bool
    word: str
    rows: list[str]
    solved: bool
    cut: bool
    seen: bool
    width: int
    folded: bool


def choices(demo: Fence) -> question.Choices:
    return question.parse(demo.options["predict"])


@pytest.fixture(scope="module")
def answers(readers: Readers, address: str) -> dict[str, list[Answer]]:
    """Each choice of each question, made and run on a phone where no backend answers, by page and id."""

    def see(visit: Visit) -> list[dict[str, Any]]:
        visit.page.evaluate(HASTE)
        source = sources[visit.page.url]
        demos = [demo for name, demo in ASKED.items() if name.startswith(f"{source}#")]
        return [visit.page.evaluate(ASK, [demo.id, text]) for demo in demos for text in choices(demo).texts]

    sources = {f"{address}/{name.split('.')[0]}/": name.split("#")[0] for name in ASKED}
    urls = list(sources)
    seen = readers.walk(urls, see, viewport={"width": WIDTH, "height": 844})
    found: dict[str, list[Answer]] = {name: [] for name in ASKED}
    for url, many in zip(urls, seen, strict=True):
        for one in many:
            found[f"{sources[url]}#{one['id']}"].append(Answer(**one))
    return found


def wrong(answers: dict[str, list[Answer]], fine: Any) -> list[str]:
    return [f"{name} {number}" for name, many in answers.items() for number, one in enumerate(many, 1) if not fine(one)]


@pytest.mark.parametrize("name", ASKED)
def test_a_question_has_three_choices_in_the_readers_words(name: str) -> None:
    made = choices(ASKED[name])
    assert len(made.texts) == 3
    assert [text for text in made.texts if not text.endswith("요") or len(text) > 30] == []


def test_no_place_is_right_in_more_than_half_of_the_questions() -> None:
    right = [choices(demo).right for demo in ASKED.values()]
    assert max(right.count(place) for place in (1, 2, 3)) <= len(right) / 2


def test_every_run_waits_for_a_choice(answers: dict[str, list[Answer]]) -> None:
    assert all(len(many) == 3 for many in answers.values())
    assert wrong(answers, lambda one: one.waited) == []


def test_every_choice_is_judged_beside_the_end_of_its_run(answers: dict[str, list[Answer]]) -> None:
    for name, many in answers.items():
        made = choices(ASKED[name])
        kept = read(path_of(REPOSITORY / "demos/recordings", name.split("#")[0], ASKED[name].id))
        assert kept
        # the program's answer, not its complaints
        stdout = [one["text"] for one in kept.events if (one["type"], one.get("stream")) == ("output", "stdout")]
        first = "".join(stdout).strip().partition("\n")[0]
        for number, (text, one) in enumerate(zip(made.texts, many, strict=True), 1):
            assert one.rows[0] == f"내 예상{text}"
            assert one.rows[-1].startswith(f"실제종료 코드 {kept.events[-1]['code']} · "), name
            assert first in one.rows[-1], name
            assert one.word.startswith("맞았어요." if number == made.right else "예상과 달랐어요."), (name, text)
            assert one.rows[1:-1] == ([] if number == made.right else [f"맞는 답{made.texts[made.right - 1]}"])


def test_every_solution_unfolds_with_its_answer_and_folds_with_a_reset(answers: dict[str, list[Answer]]) -> None:
    assert wrong(answers, lambda one: one.solved and one.folded) == []


def test_what_happened_is_whole_on_a_phone(answers: dict[str, list[Answer]]) -> None:
    assert wrong(answers, lambda one: not one.cut) == []


@pytest.mark.parametrize("name", ASKED)
def test_no_question_asks_for_what_its_own_line_shows(name: str) -> None:
    source, _, id = name.partition("#")
    asked = pages.markdown(DOCS / source).split(f'docker-run id="{id}"')[0].rsplit("문제", 1)[-1]
    # how the line is to be written
    assert not re.search(r"(?:바꿔|고쳐|적어|써|쳐)야 할까요", asked), asked


def test_every_answer_is_in_view_and_nothing_is_wider_than_the_phone(answers: dict[str, list[Answer]]) -> None:
    assert wrong(answers, lambda one: one.seen and one.width <= WIDTH) == []
