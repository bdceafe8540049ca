"""Which part of a page stands beside a live figure, and what leads from a demo to it."""

from __future__ import annotations

import re

import pytest
import stage

OPENING = re.compile(r'<div class="stage(?:-text)?">\n?')


def demo(id: str, command: str = "docker run alpine") -> str:
    inside = f'<docker-run id="{id}" lines="4"><pre><code>{command}</code></pre></docker-run>'
    return f'<div class="docker-run">{inside}</div>\n'


def figure(name: str, demos: str = "", live: bool = True) -> str:
    on = ' data-on="created"' if live else ""
    follows = f' data-demo="{demos}"' if demos else ""
    return (
        f'<figure class="figure" data-search-exclude>\n<svg{follows} aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">그림 {name}</title><g{on}><rect class="image wide"/><br>'
        f'<text class="small is-process">x</text></g></svg>\n<figcaption>{name}</figcaption>\n</figure>\n'
    )


def stages(content: str) -> list[str]:
    """The stages of a page, each from its beginning to its end."""
    found = []
    for begin in re.finditer('<div class="stage">', content):
        depth = 0
        for tag in re.finditer(r"<div\b|</div>", content[begin.start() :]):
            depth += 1 if tag[0] == "<div" else -1
            if not depth:
                found.append(content[begin.start() : begin.start() + tag.end()])
                break
    return found


def test_a_page_without_a_live_figure_stays_as_it_is() -> None:
    for page in ("", "<p>글</p>", demo("a"), "<h2>절</h2>\n" + figure("f", live=False) + demo("a")):
        assert stage.staged(page) == page


def test_the_section_of_a_figure_stands_beside_it_from_its_heading_to_the_next() -> None:
    page = f"<h1>쪽</h1>\n<h2>앞</h2>\n<h2>절</h2>\n<p>글</p>\n{figure('f', 'a')}{demo('a')}<h3>더</h3>\n<h2>뒤</h2>\n"
    made = stage.staged(page)
    before, inside, after = made.partition(stages(made)[0])
    assert before == "<h1>쪽</h1>\n<h2>앞</h2>\n"
    assert re.findall("<h2>.*?</h2>|<h3>.*?</h3>|<figure|<docker-run", inside) == [
        "<h2>절</h2>",
        "<figure",
        "<docker-run",
        "<h3>더</h3>",
    ]
    assert after.strip() == "<h2>뒤</h2>"


def test_a_stage_reaches_to_the_sections_of_the_demos_that_have_no_nearer_figure() -> None:
    page = f"<h2>1</h2>\n{figure('f', 'a')}<h2>2</h2>\n{demo('b')}<h2>3</h2>\n{demo('a')}<h2>4</h2>\n"
    (made,) = stages(stage.staged(page))
    assert re.findall("<h2>(.)", made) == ["1", "2", "3"]


def test_a_head_of_a_page_with_a_figure_stays_above() -> None:
    page = f"<h1>쪽</h1>\n<p>머리</p>\n{figure('f', 'a')}<h2>1</h2>\n{demo('a')}<h2>2</h2>\n"
    (made,) = stages(stage.staged(page))
    assert made.startswith('<div class="stage"><figure id="f-figure"')
    assert "머리" not in made
    assert re.findall("<h2>(.)", made) == ["1"]


def test_no_stage_takes_what_is_another_figures() -> None:
    page = f"<h2>1</h2>\n{figure('f', 'a c')}{demo('a')}{demo('b')}{figure('g', 'b c')}{demo('c')}<h2>2</h2>\n"
    first, second = stages(stage.staged(page))
    assert re.findall('docker-run id="(.)', first) == ["a"]
    assert re.findall('docker-run id="(.)', second) == ["b", "c"]


def test_a_stage_ends_where_a_figure_stands_that_nothing_moves() -> None:
    still = figure("s", live=False)
    page = f"<h2>1</h2>\n<p>글</p>\n{still}{demo('a')}{figure('f', 'a')}<p>글</p>\n{still.replace('s-', 't-')}"
    (made,) = stages(stage.staged(page))
    assert made.count("<figure") == 1
    assert made.count("<p>글</p>") == 1
    assert "docker-run" in made


def test_nothing_of_a_page_is_lost_or_moved() -> None:
    first = f"<h2>1</h2>\n글 <b>밖</b>\n{demo('a')}{figure('f', 'a')}<p>끝<img src=x></p>\n"
    page = f"{first}<h2>2</h2>\n{figure('g', 'b')}{demo('b')}"
    made = re.sub(r'<p class="to-figure">.*?</p>\n|<div class="words".*?</div>', "", stage.staged(page))
    made = OPENING.sub("", re.sub(r' id="\w-figure"', "", made)).replace("\n</div>", "\n")
    assert re.findall("<[^/][^>]*>", made) == re.findall("<[^/][^>]*>", page)
    assert re.sub(r"\s|</div>", "", made) == re.sub(r"\s|</div>", "", page)


def test_a_demo_leads_to_each_of_its_figures_the_nearest_first() -> None:
    f, g, h = (figure(name, "a") for name in "fgh")
    page = f"<h2>1</h2>\n{f}<h2>2</h2>\n{g}{demo('a')}<h2>3</h2>\n{h}{demo('b')}"
    made = stage.staged(page)
    assert re.findall('<a[^>]*href="#(.)-figure" data-from="a" aria-label="[^"]*">(.*?)</a>', made) == [
        ("g", "그림에서 보기"),
        ("h", "아래 그림에서도 보기"),
        ("f", "위 그림에서도 보기"),
    ]
    assert re.findall('class="beside" href="#(.)', made) == ["g"]
    assert made.count('class="to-figure"') == 1


def test_the_isolations_of_a_demo_lead_from_one_place() -> None:
    both = demo("a").replace("</div>", '<docker-run follows="a" id="a-vm"></docker-run></div>')
    made = stage.staged(f"<h2>1</h2>\n{both}{figure('f', 'a-vm other')}")
    assert 'data-from="a-vm"' in made
    assert 'data-demos="a-vm"' in made


def test_a_figure_that_names_no_demo_is_every_demos() -> None:
    made = stage.staged(f"<h2>1</h2>\n{figure('f')}{demo('a')}<h2>2</h2>\n{demo('b')}")
    assert 'data-demos="a b"' in made
    assert made.count("그림에서 보기</a>") == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("docker run alpine ls -l", ["image", "cmd"]),
        ("docker run --rm alpine", ["image", "cmd", "option"]),
        ("docker container run -e A=1 alpine", ["image", "cmd", "option"]),
    ],
)
def test_a_figure_has_a_button_for_each_role_that_it_draws_and_its_commands_have(
    command: str, words: list[str]
) -> None:
    drawn = figure("f", "a").replace('class="image wide"/>', 'class="image wide"/><rect class="machine"/>')
    assert re.findall('data-word="(.*?)"', stage.staged(f"<h2>1</h2>\n{drawn}{demo('a', command)}")) == words


def test_the_title_of_a_figure_is_said_by_its_link_whatever_it_holds() -> None:
    quoted = figure("f", "a").replace("그림 f", 'Cmd는 "ls" &amp; 그 밖')
    assert 'aria-label="그림에서 보기: Cmd는 &quot;ls&quot; &amp; 그 밖"' in stage.staged(quoted + demo("a"))


def test_a_live_figure_without_a_title_ends_the_build() -> None:
    with pytest.raises(ValueError, match="title"):
        stage.staged(figure("f", "a").replace("aria-labelledby", "aria-other"))
