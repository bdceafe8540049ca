"""What the first chapters claim, proved by their demos: one line for every program, one mould for many containers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.pages import finished
from e2e.sent import opened, run
from support.backend import Backend
from support.figures import look_at

pytestmark = pytest.mark.live
Open = Callable[[str], Page]


@pytest.fixture
def chapter(page: Page, live: Backend) -> Open:
    """Opens a chapter."""
    return lambda name: opened(page, live, name)


@pytest.mark.claim("C2")
def test_two_versions_whose_libraries_clash_run_on_one_host(chapter: Open) -> None:
    page = chapter("why")
    runs = {version: run(page, f"greeter-{version}") for version in ("1", "2")}
    for version, sent in runs.items():
        assert f"greeter {version} (libgreet {version}):" in sent.out
        assert sent.one("exited")["code"] == 0
    assert len({sent.one("accepted")["host"] for sent in runs.values()}) == 1
    assert len({sent.one("created")["image_digest"] for sent in runs.values()}) == 2
    demo = finished(page, "clash")
    expect(demo.output).to_contain_text("symbol lookup error: /opt/greeter-2: undefined symbol: greet_by_name")
    assert demo.code == 127


@pytest.mark.claim("C2")
def test_the_questions_of_the_first_chapter_end_as_their_answers_say(chapter: Open) -> None:
    page = chapter("why")
    demo = finished(page, "question-clash")
    expect(demo.output).to_contain_text("undefined symbol: greet")
    assert demo.code == 127
    demo = finished(page, "question-again")
    expect(demo.output).to_contain_text("greeter 1 (libgreet 1): 안녕하세요!")


@pytest.mark.claim("C3")
def test_one_line_starts_four_very_different_programs(chapter: Open) -> None:
    page = chapter("container")
    said = {
        "cargo-hello": "Hello from Docker!",
        "cargo-greeter": "greeter 2 (libgreet 2):",
        "cargo-busybox": "December 2020",
        "cargo-alpine": "/etc/passwd",
    }
    for id, text in said.items():
        demo = finished(page, id)
        assert demo.line.input_value().startswith("docker run ")
        expect(demo.output).to_contain_text(text)
        assert demo.code == 0


@pytest.mark.claim("C4")
def test_images_with_very_different_programs_stand_in_one_table(chapter: Open) -> None:
    page = chapter("container")
    for id in ("cargo-hello", "cargo-greeter"):
        finished(page, id)
    lines = finished(page, "same-format").output.inner_text().splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["IMAGE", "greeter:2", "hello-world:latest"]
    demo = finished(page, "question-echo")
    expect(demo.output).to_contain_text("안녕")


@pytest.mark.claim("C5")
def test_an_image_brings_files_and_a_configuration(chapter: Open) -> None:
    page = chapter("image")
    expect(finished(page, "files").output).to_contain_text("etc")
    expect(finished(page, "release").output).to_contain_text("NAME=")
    expect(finished(page, "environment").output).to_contain_text("PATH=/usr/local/sbin:")
    demo = finished(page, "environment", "docker run greeter:2 env")
    expect(demo.output).to_contain_text("PATH=/usr/local/bin:/usr/bin:/bin")


@pytest.mark.claim("C5")
def test_a_layer_that_two_images_share_is_pulled_once(chapter: Open) -> None:
    page = chapter("image")
    expect(finished(page, "layers").output).not_to_contain_text("Already exists")
    expect(finished(page, "shared-layer").output).to_contain_text("Already exists")


@pytest.mark.claim("C6")
def test_each_container_of_an_image_has_a_writable_layer_of_its_own(chapter: Open) -> None:
    page = chapter("image")
    wrote, reads = run(page, "write"), run(page, "read")
    assert wrote.out == "안녕\n"
    assert "No such file or directory" in reads.err
    assert [sent.one("exited")["code"] for sent in (wrote, reads)] == [0, 1]
    wrote_in, read_in = wrote.one("created"), reads.one("created")
    assert wrote_in["image_digest"] == read_in["image_digest"]
    assert wrote_in["container"] != read_in["container"]
    look_at(page, "writable")
    figure = page.locator("svg.writable [data-demo=read]")
    expect(figure.locator("[data-slot=code]")).to_have_text("1")
    expect(figure.locator("[data-slot=argv]")).to_have_text("cat /memo")


@pytest.mark.claim("C6")
def test_what_one_container_deletes_is_still_in_the_image(chapter: Open) -> None:
    page = chapter("image")
    assert finished(page, "question-remove").code == 1
    assert finished(page, "question-remove-after").code == 0
    assert finished(page, "question-memo").code == 1


@pytest.mark.claim("C8")
def test_what_the_dockerfile_says_is_in_the_image(chapter: Open) -> None:
    page = chapter("dockerfile")
    demo = finished(page, "built")
    expect(demo.output).to_contain_text("greeter 2 (libgreet 2):")
    look_at(page, "p1")
    expect(page.locator("svg.p1 [data-slot=argv]")).to_have_text('["greeter"]')
    expect(page.locator("svg.p1 [data-slot=layers]")).to_have_text("2")
    expect(finished(page, "copied").output).to_contain_text("/usr/lib/libgreet.so")
    expect(finished(page, "question-cmd").output).to_have_text("대신")


@pytest.mark.claim("C9")
def test_every_run_is_a_container_of_its_own_that_takes_its_writes_along(chapter: Open) -> None:
    page = chapter("dockerfile")
    runs = [run(page, id) for id in ("first-name", "second-name", "question-name")]
    assert len({sent.out for sent in runs}) == 3
    for sent in runs:
        assert sent.out.strip() == sent.one("created")["container"][:12]
    demo = finished(page, "remove")
    expect(demo.output).to_have_text("/memo")
    demo = finished(page, "gone")
    expect(demo.output).to_contain_text("No such file or directory")
    assert demo.code == 1
