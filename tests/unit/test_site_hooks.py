"""What the site's build makes of words and files, without a build."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import assets
import counts
import lines
import orientation
import policy
import pytest
import search

from support.built_site import DOCS


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("컨테이너", "zjsxpdlsj"),
        ("이미지", "dlalwl"),
        ("값", "rkqt"),
        ("쉘 의", "tnpf dml"),
        ("run 실행", "run tlfgod"),
    ],
)
def test_a_korean_word_is_known_by_the_keys_of_its_keyboard(word: str, typed: str) -> None:
    assert search.keys(word) == typed


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("도커컨테이너에서", "컨테이너", True),
        ("Docker Hub에서", "docker hub", True),
        ("dockerd가", "docker", False),
        ("mycgroup", "cgroup", False),
        ("쓰기 층을", "층", True),
        ("계층을", "층", False),
    ],
)
def test_a_name_is_in_a_text_as_a_word(text: str, name: str, said: bool) -> None:
    assert search.contains(text, name) is said


def test_a_section_gets_the_other_names_of_what_it_says_and_no_others() -> None:
    names = search.named({"title": "네임스페이스", "text": "<p>커널이 나눠요</p>"})
    assert {"namespace", "이름공간", "spdlatmvpdltm"} <= set(names["title_names"].split())
    assert {"kernel", "zjsjf"} == set(names["text_names"].split())


@pytest.mark.parametrize(
    ("glued", "parts"),
    [
        ("도커컨테이너", ["도커", "컨테이너"]),
        ("가상머신", ["가상", "머신"]),
        ("컨테이너이미지", ["컨테이너", "이미지"]),
        ("컨테이너", ["컨테이너"]),
        ("안내서", ["안내서"]),
    ],
)
def test_a_compound_is_cut_where_a_known_word_begins(glued: str, parts: list[str]) -> None:
    assert re.split(search.before(search.glued()), glued) == parts


@pytest.mark.parametrize("location", ["operators/", "operators/#limits", "operators.html", "operators.html#limits"])
def test_a_page_has_its_weight_on_a_host_and_from_disk(location: str) -> None:
    assert search.weighed({"location": location})["boost"] == search.WEIGHTS["operators/"] < 1
    assert search.weighed({"location": "nowhere/"})["boost"] == 1
    assert search.weighed({"location": location, "boost": 3})["boost"] == 3


def test_no_name_stands_for_two_things() -> None:
    every = [name for group in search.NAMES for name in group]
    assert len(every) == len(set(every))


def test_a_joined_file_has_all_parts_in_their_order_and_no_source_map() -> None:
    parts = ["a{}\n/*# sourceMappingURL=a.css.map */\n", "b{}"]
    assert assets.joined(parts) == "a{}\nb{}\n"
    assert assets.joined(["a();\n//# sourceMappingURL=a.js.map", "b();"]) == "a();\nb();\n"


def test_the_name_of_a_file_changes_with_its_content() -> None:
    assert assets.fingerprint("a") != assets.fingerprint("b")
    assert re.fullmatch("[0-9a-f]{8}", assets.fingerprint("a"))


def test_the_dark_sheet_has_the_dark_colours_and_those_that_count_after_them_in_their_order() -> None:
    slate = '[data-md-color-scheme="slate"]'
    first = "@media screen{[data-md-color-scheme=slate]{--a:1}[data-md-color-scheme=slate] img{--b:2}}"
    then = f'[data-md-color-scheme] {{--a:3}}[data-md-color-scheme="default"]{{--c:4}}{slate} {{\n--d:5}}'
    wanted = ("{--a:1}", "{--a:3}", "{\n--d:5}")
    assert assets.dark(first + then) == "".join(f"[data-md-color-scheme]{one}\n" for one in wanted)


def test_the_minutes_are_those_of_the_letters_that_are_read_as_prose() -> None:
    unread = "<pre>{0}</pre><docker-run><p>{0}</p><pre>{0}</pre></docker-run><svg><text>{0}</text></svg>".format(
        "가" * 4000
    )
    assert orientation.minutes(f"<p>{'가 ' * 1200}</p>{unread}<script>{'a' * 4000}</script>") == 3
    assert orientation.minutes(f"<p>{'가' * 900}</p>{unread}<p>{'가' * 900}</p>") == 4
    assert orientation.minutes("<p>짧아요</p>") == 1


def test_a_demo_that_compares_isolations_counts_once_and_none_is_not_told() -> None:
    fences = [
        '```docker-run id="a"',
        "docker run a",
        "```",
        '```docker-run id="b" compare="container vm"',
        "docker run b",
    ]
    markdown = "\n".join([*fences, "```"])
    assert [*orientation.facts("2/9", "<p>글</p>", markdown)] == ["2/9", "약 1분", "데모 2개"]
    assert [*orientation.facts("9/9", "<p>글</p>", "글")] == ["9/9", "약 1분"]


def test_a_page_names_each_of_its_scripts_once_before_the_first_and_what_is_no_page_stays() -> None:
    head = f"<head>{policy.CHARSET}"
    page = f'{head}<script>0</script><script src="a.js"></script><script>0</script><script type="x">no</script>'
    # echo -n 0 | openssl dgst -sha256 -binary | base64
    allowed = "script-src 'self' 'wasm-unsafe-eval' 'sha256-X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k='"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    assert policy.guarded(page) == page.replace(head, head + meta)
    assert policy.guarded("<urlset></urlset>") == "<urlset></urlset>"


def test_the_home_page_gets_its_numbers_from_its_list_and_from_the_pages() -> None:
    page = "모두 {chapters}장, 명령 {demos}개\n\n1. [하나](a.md)\n2. [둘](b.md)\n\n2. 글\n"
    assert counts.counted(page, 7).startswith("모두 2장, 명령 7개\n")


def test_a_demo_that_compares_isolations_counts_once(tmp_path: Path) -> None:
    plain, compared = 'docker-run id="a"', 'docker-run id="b" compare="container vm"'
    fences = "\n".join(f"```{info}\ndocker run a\n```\n" for info in (plain, compared))
    (tmp_path / "page.md").write_text(f"{fences}\n````markdown\n{fences}````\n")
    (tmp_path / "other.md").write_text(fences)
    assert counts.fences(tmp_path) == 4


@pytest.mark.parametrize("script", ["harbour.js", "made.js"])
def test_a_delight_costs_less_than_a_kilobyte(script: str) -> None:
    alone = assets.alone((DOCS / "assets" / script).read_text())
    assert len(gzip.compress(alone.encode(), 9)) < 1024


def test_what_works_all_styles_of_a_page_out_anew_on_every_visit_is_left_out() -> None:
    rule = "[data-md-color-switching] *,[data-md-color-switching] :after{transition-duration:0s!important}"
    assert assets.SWITCHING.sub("", f".a{{b:c}}{rule}.d{{e:f}}") == ".a{b:c}.d{e:f}"


@pytest.mark.parametrize(
    ("content", "set_"),
    [
        ("<b>태그</b>(tag)예요. (끝)", '<b>태그</b>(tag<span class="whole">)예요</span>. (끝)'),
        ("<code>--rm</code>을", '<code class="whole">--rm</code>을'),
        ('<a title="(가)나">(가) 나</a>', '<a title="(가)나">(가) 나</a>'),
        ("<code>docker run --rm</code>", "<code>docker run --rm</code>"),
        ("<code>f(a)가</code>", "<code>f(a)가</code>"),
        ("<code>--device-write-bps</code>", "<code>--device-write-bps</code>"),
        ("<pre><code>--rm</code>(a)가</pre>", "<pre><code>--rm</code>(a)가</pre>"),
        ("<svg><text>(a)가</text></svg>", "<svg><text>(a)가</text></svg>"),
    ],
)
def test_what_is_one_word_to_a_reader_is_marked_in_prose_alone(content: str, set_: str) -> None:
    assert lines.whole(content) == set_
