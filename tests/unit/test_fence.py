"""The fence: exact HTML, and every way to write it wrongly ends the build with its place."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
from pymdownx.superfences import SuperFencesException

from docker_run import bundle, fence
from docker_run.plugin import ASSETS, ENTRIES, FENCE, SCRIPT

BUDGET = 12 * 1024
CONFIG = "site_name: t\nplugins:\n  - docker-run\n"


def html(source: str) -> str:
    """What plain superfences make of it, without the plugin."""
    configs = {"pymdownx.superfences": {"custom_fences": [FENCE]}}
    return str(markdown.markdown(source, extensions=list(configs), extension_configs=configs))


def fenced(*content: str, info: str = "docker-run") -> str:
    return "\n".join([f"```{info}", *content, "```"])


def asked(choices: str) -> str:
    return fenced("docker run a", info=f'docker-run predict="{choices}"')


def wrong(source: str) -> list[tuple[int, str]]:
    return [(found.line, found.text) for found in fence.problems(source)]


def test_a_fence_becomes_the_element() -> None:
    assert html(fenced("docker run alpine ls")) == (
        '<div class="docker-run" style="--docker-run-lines: 6"><docker-run lines="6">'
        '<pre translate="no"><code>docker run alpine ls</code></pre></docker-run></div>'
    )


def test_options_become_attributes() -> None:
    info = 'docker-run id="first-1" title="a <b> &amp; c" lines="12"'
    assert html(fenced("docker run alpine", info=info)) == (
        '<div class="docker-run" style="--docker-run-lines: 12"><docker-run id="first-1" '
        'label="a &lt;b&gt; &amp;amp; c" lines="12">'
        '<pre translate="no"><code>docker run alpine</code></pre></docker-run></div>'
    )


def test_the_measures_that_are_drawn_are_named() -> None:
    info = 'docker-run charts="memory cpu"'
    assert '<docker-run charts="memory cpu" lines="6">' in html(fenced("docker run alpine", info=info))


def test_isolations_side_by_side_are_elements_that_follow_the_first() -> None:
    made = html(fenced("docker run alpine uname -r", info='docker-run id="k" compare="container gvisor vm"'))
    assert '<docker-run id="k" isolation="container" lines="6">' in made
    assert '<docker-run id="k-gvisor" isolation="gvisor" follows="k" lines="6">' in made
    assert '<docker-run id="k-vm" isolation="vm" follows="k" lines="6">' in made
    found = list(fence.fences(fenced("docker run a", info='docker-run id="k" compare="container vm"')))
    assert [(one.id, one.isolation) for one in found] == [("k", "container"), ("k-vm", "vm")]


def test_a_question_has_its_choices_before_the_element_and_knows_the_right_one() -> None:
    assert html(fenced("docker run alpine", info='docker-run predict="0 | *<b> &amp; |/bin/sh"')) == (
        '<div class="docker-run" style="--docker-run-lines: 6">'
        '<form class="choices" method="dialog" autocomplete="off" data-right="2" data-search-exclude>'
        "<fieldset><legend>내 예상을 먼저 골라 보세요.</legend>"
        '<label><input type="radio" name="choice" value="1"> 0</label>'
        '<label><input type="radio" name="choice" value="2"> &lt;b&gt; &amp;amp;</label>'
        '<label><input type="radio" name="choice" value="3"> /bin/sh</label></fieldset></form>'
        '<docker-run lines="6" predict><pre translate="no"><code>docker run alpine</code></pre></docker-run></div>'
    )


def test_isolations_side_by_side_are_one_question() -> None:
    made = html(fenced("docker run a", info='docker-run id="k" compare="container vm" predict="*0 | 1"'))
    assert made.count("<form") == 1
    assert made.index("</form>") < made.index('<docker-run id="k"') < made.index('<docker-run id="k-vm"')


def test_markup_in_a_command_is_text() -> None:
    line = """docker run alpine sh -c 'echo "<script>" & ls > /dev/null'"""
    assert "sh -c &#x27;echo &quot;&lt;script&gt;&quot; &amp; ls &gt; /dev/null&#x27;</code>" in html(fenced(line))


def test_a_fence_may_stand_in_a_list_or_a_quote() -> None:
    line = "docker run alpine"
    for before in ("- item\n\n    ", "> "):
        source = before + fenced(line).replace("\n", "\n" + (" " * 4 if before[0] == "-" else before))
        assert wrong(source) == []
        assert f"<code>{line}</code>" in html(source)


WRONG = {
    "unknown option": (fenced("docker run a", info='docker-run idd="x"'), "모르는 옵션이에요: idd"),
    "bad id": (fenced("docker run a", info='docker-run id="1 x"'), "id 값을 쓸 수 없어요"),
    "empty title": (fenced("docker run a", info='docker-run title=" "'), "title 값을 쓸 수 없어요"),
    "no lines": (fenced("docker run a", info='docker-run lines="0"'), "lines 값을 쓸 수 없어요"),
    "too many lines": (fenced("docker run a", info='docker-run lines="21"'), "lines 값을 쓸 수 없어요"),
    "isolations without the container": (
        fenced("docker run a", info='docker-run compare="vm"'),
        "compare 값을 쓸 수 없어요",
    ),
    "a chart of nothing known": (fenced("docker run a", info='docker-run charts="heat"'), "charts 값을 쓸 수 없어요"),
    "three charts": (
        fenced("docker run a", info='docker-run charts="memory cpu pids"'),
        "charts 값을 쓸 수 없어요",
    ),
    "a question without choices": (asked("yes"), "고를 것을 | 로 나눠 2개에서 5개까지 적어요: 'yes'"),
    "six choices": (asked("*1|2|3|4|5|6"), "2개에서 5개까지 적어요"),
    "an empty choice": (asked("0 | * | 125"), "고를 것 가운데 빈 것이 있어요: '0 | * | 125'"),
    "the same choice twice": (asked("0 | 3 | *3"), "고를 것 가운데 같은 것이 있어요"),
    "no right choice": (asked("0 | 3"), "predict 값을 쓸 수 없어요. 맞는 것 하나의 앞에만 * 를 적어요: '0 | 3'"),
    "two right choices": (asked("*0 | *3"), "맞는 것 하나의 앞에만 * 를 적어요"),
    "option twice": (fenced("docker run a", info='docker-run id="a" id="b"'), "같은 옵션이 두 번 있어요: id"),
    "option without quotes": (fenced("docker run a", info="docker-run id=x"), '옵션은 이름="값" 꼴로'),
    "option in single quotes": (fenced("docker run a", info="docker-run id='x'"), '옵션은 이름="값" 꼴로'),
    "option without a value": (fenced("docker run a", info="docker-run id"), '옵션은 이름="값" 꼴로'),
    "a header in braces": (fenced("docker run a", info="{.docker-run}"), "docker-run 이라고만"),
    "a name with an underscore": (fenced("docker run a", info="docker_run"), "docker-run 이라고만"),
    "a name in capitals": (fenced("docker run a", info="Docker-Run"), "docker-run 이라고만"),
    "nothing in it": (fenced(""), "0줄이 있어요"),
    "two commands": (fenced("docker run a", "docker run b"), "2줄이 있어요"),
    "another program": (fenced("podman run a"), "명령은 docker 로 시작해요: 'podman run a'"),
    "a prompt": (fenced("$ docker run a"), "명령은 docker 로 시작해요"),
    "a longer word": (fenced("dockerd run"), "명령은 docker 로 시작해요"),
    "never closed": ("```docker-run\ndocker run a", "닫히지 않았어요"),
    "closed by another mark": ("```docker-run\ndocker run a\n~~~", "닫히지 않았어요"),
    "closed by a longer mark": ("```docker-run\ndocker run a\n````", "닫히지 않았어요"),
    "tildes": ('~~~docker-run idd="x"\ndocker run a\n~~~', "모르는 옵션이에요: idd"),
}


@pytest.mark.parametrize(("source", "text"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_fence_is_found_at_its_line(source: str, text: str) -> None:
    found = wrong(f"# title\n\n{fenced('docker run ok')}\n\n{source}\n")
    assert [line for line, _ in found] == [7]
    assert text in found[0][1]


def test_content_left_of_its_fence_is_found_at_its_own_line() -> None:
    assert wrong("- item\n\n    ```docker-run\n  docker run a\n    ```") == [(4, "명령이 펜스보다 왼쪽에서 시작해요")]


@pytest.mark.parametrize("name", ["docker", "dockerfile", "docker-runner", "console", ""])
def test_other_fences_are_left_alone(name: str) -> None:
    assert wrong(fenced("anything", "at all", info=name)) == []


def test_an_example_inside_a_longer_fence_is_left_alone() -> None:
    source = f"````markdown\n{fenced('wrong', info='docker-run nosuch')}\n````\n\n{fenced('docker run ok')}"
    assert wrong(source) == []
    assert html(source).count("<docker-run") == 1


def test_inline_code_of_three_backticks_opens_nothing() -> None:
    assert wrong("```docker-run``` in a sentence\n") == []


@pytest.mark.parametrize("case", ["unknown option", "bad id", "no right choice", "two commands", "another program"])
def test_superfences_alone_end_the_build_too(case: str) -> None:
    with pytest.raises(SuperFencesException, match="docker-run: "):
        html(WRONG[case][0])


def build(folder: Path, page: str, config: str = CONFIG) -> subprocess.CompletedProcess[str]:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs/index.md").write_text(page)
    (folder / "mkdocs.yml").write_text(config)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_three_lines_of_configuration_are_enough(tmp_path: Path) -> None:
    done = build(tmp_path, fenced("docker run alpine ls"))
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "site/index.html").read_text()
    assert "<docker-run lines=" in page
    assert '<script src="assets/docker-run/docker-run.js" defer>' in page
    assert 'href="assets/docker-run/docker-run.css"' in page
    assert "docker-run-backend" not in page
    published = {file.name for file in (tmp_path / "site/assets/docker-run").iterdir()}
    both = {f"{name}.{kind}" for name in ("docker-run", "panels", "question", "tries") for kind in ("css", "js")}
    assert published == both | {"turns.js", "rare.js"}


def test_a_page_with_a_demo_says_where_what_few_readers_need_comes_from(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text("text")
    done = build(tmp_path, fenced("docker run alpine"))
    assert (done.returncode, done.stderr) == (0, "")
    meta = '<meta name="docker-run-rare" content="assets/docker-run/rare.js">'
    assert meta in (tmp_path / "site/index.html").read_text()
    assert "docker-run-rare" not in (tmp_path / "site/other/index.html").read_text()


def test_only_a_page_with_a_question_loads_what_asks_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text(fenced("docker run alpine"))
    done = build(tmp_path, asked("*0 | 3"))
    assert done.returncode == 0, done.stderr
    script = "assets/docker-run/question.js"
    page = (tmp_path / "site/index.html").read_text()
    assert page.index(f'<script defer src="{script}">') < page.index("assets/docker-run/docker-run.js")
    assert script not in (tmp_path / "site/other/index.html").read_text()


def test_the_backend_setting_reaches_the_page(tmp_path: Path) -> None:
    done = build(tmp_path, "text", CONFIG.replace("run\n", "run:\n      backend: https://run.example\n"))
    assert done.returncode == 0, done.stderr
    meta = '<meta name="docker-run-backend" content="https://run.example">'
    assert meta in (tmp_path / "site/index.html").read_text()


def test_a_backend_that_is_no_address_stops_the_build(tmp_path: Path) -> None:
    done = build(tmp_path, "text", CONFIG.replace("run\n", "run:\n      backend: localhost\n"))
    assert done.returncode != 0
    assert "backend" in done.stderr


def test_a_wrong_fence_stops_the_build_with_its_file_and_line(tmp_path: Path) -> None:
    page = f"---\ntitle: t\n---\n\n\n# h\n\n{WRONG['unknown option'][0]}\n\n{fenced('ls')}\n"
    done = build(tmp_path, page)
    assert done.returncode != 0
    assert "index.md:8: 모르는 옵션이에요: idd" in done.stderr
    assert "index.md:12: 명령은 docker 로 시작해요: 'ls'" in done.stderr


def test_a_sites_own_fences_stay(tmp_path: Path) -> None:
    own = "- {name: x, class: y, format: !!python/name:pymdownx.superfences.fence_code_format }"
    config = f"{CONFIG}markdown_extensions:\n  - pymdownx.superfences:\n      custom_fences:\n        {own}\n"
    done = build(tmp_path, f"{fenced('one', info='x')}\n\n{fenced('docker run a')}", config)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site/index.html").read_text()
    assert '<pre class="y"><code>one' in page
    assert "<docker-run" in page


def test_what_a_page_loads_stays_in_its_budget() -> None:
    loaded = bundle.joined(ENTRIES[SCRIPT]), bundle.shortened_style((ASSETS / "docker-run.css").read_text())
    sizes = [len(gzip.compress(one.encode(), 9)) for one in loaded]
    assert sum(sizes) <= BUDGET, sizes
