"""The chapter on the way of `docker run`: pulled when the image is missing, made at once when it is there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.sent import opened, run
from support.backend import Backend
from support.figures import look_at

pytestmark = pytest.mark.live
PULL_LINES = (
    "Unable to find image 'hello-world:latest' locally",
    "latest: Pulling from library/hello-world",
    ": Pull complete",
    "Status: Downloaded newer image for hello-world:latest",
)
LIT = re.compile(".")


@pytest.fixture
def scenario(page: Page, live: Backend) -> Page:
    return opened(page, live, "scenario")


def registry(page: Page, figure: str) -> Locator:
    """The registry of a figure, with what lights it."""
    return page.locator(f"svg.{figure} g[data-on]", has=page.locator("> .registry"))


def parts(page: Page, figure: str) -> Locator:
    return page.locator(f"svg.{figure} :is(.waits, .moves)")


def is_over(page: Page, figure: str) -> None:
    """Until the figure has shown the run's end, whichever parts it lit on the way."""
    look_at(page, figure)
    expect(page.locator(f"svg.{figure} .waits[data-on=exited][data-lit]")).to_have_count(2)


@pytest.mark.claim("C10")
def test_a_missing_image_is_pulled_and_the_container_made_from_it(scenario: Page) -> None:
    sent = run(scenario, "hello-missing")
    kinds = list(dict.fromkeys(event["type"] for event in sent.events if event["type"] not in ("output", "stats")))
    assert kinds == ["accepted", "image", "pull", "pulled", "created", "started", "exited"]
    assert sent.one("image")["state"] == "missing"
    assert sent.one("pulled")["bytes"] > 0
    assert sent.one("created")["image_digest"] == sent.one("pulled")["digest"]
    assert sent.demo.code == 0
    assert "Hello from Docker!" in sent.out
    for line in (*PULL_LINES, f"Digest: {sent.one('pulled')['digest']}"):
        assert line in sent.err


@pytest.mark.claim("C10")
def test_the_picture_shows_the_pull_with_its_true_values(scenario: Page) -> None:
    sent = run(scenario, "hello-missing")
    is_over(scenario, "p2")
    expect(registry(scenario, "p2")).to_have_attribute("data-lit", LIT)
    for part in parts(scenario, "p2").all():
        expect(part).to_have_attribute("data-lit", LIT)
    picture = scenario.locator("svg.p2")
    expect(picture.locator("[data-slot=bytes]")).to_have_text(str(sent.one("pulled")["bytes"]))
    expect(picture.locator("[data-slot=layers]")).to_have_text(str(sent.one("created")["layers"]))
    expect(picture.locator("[data-slot=container]")).to_have_text(sent.one("created")["container"][:12] + "…")
    expect(picture.locator("[data-slot=code]")).to_have_text("0")
    expect(picture).to_contain_text("방금 받았어요")


@pytest.mark.claim("C11")
def test_an_image_that_is_there_is_not_pulled_again(scenario: Page) -> None:
    first = run(scenario, "hello-missing")
    again = run(scenario, "hello-present")
    assert again.one("image")["state"] == "present"
    assert again.all("pull") + again.all("pulled") == []
    assert (again.err, again.out, again.demo.code) == ("", first.out, 0)
    assert again.one("created")["container"] != first.one("created")["container"]
    is_over(scenario, "p3")
    assert registry(scenario, "p3").get_attribute("data-lit") is None
    for part in parts(scenario, "p3").all():
        expect(part).to_have_attribute("data-lit", LIT)
    expect(scenario.locator("svg.p3")).to_contain_text("전부터 있었어요")


@pytest.mark.claim("C11")
def test_the_first_picture_leaves_the_registry_dark_when_nothing_is_pulled(scenario: Page) -> None:
    run(scenario, "hello-missing")
    is_over(scenario, "p2")
    run(scenario, "hello-missing")
    is_over(scenario, "p2")
    assert registry(scenario, "p2").get_attribute("data-lit") is None
    expect(registry(scenario, "p2")).to_have_css("opacity", "0.3")
    expect(scenario.locator("svg.p2 .parcel")).to_have_css("opacity", "0")
    expect(scenario.locator("svg.p2")).to_contain_text("전부터 있었어요")


@pytest.mark.claim("C11")
def test_reset_brings_the_pull_back(scenario: Page) -> None:
    run(scenario, "hello-missing")
    demo = run(scenario, "hello-present").demo
    demo.button("되돌리기").click()
    expect(demo.result).to_contain_text("되돌렸어요")
    sent = run(scenario, "hello-present")
    assert sent.one("pulled")["bytes"] > 0
    is_over(scenario, "p3")
    expect(registry(scenario, "p3")).to_have_attribute("data-lit", LIT)


def test_a_run_that_must_not_pull_lights_no_registry(scenario: Page) -> None:
    sent = run(scenario, "hello-missing", "docker run --pull never hello-world")
    assert sent.demo.code == 125
    is_over(scenario, "p2")
    assert registry(scenario, "p2").get_attribute("data-lit") is None
    expect(scenario.locator("svg.p2 [data-slot=bytes]")).to_be_hidden()


def test_the_image_stays_on_the_host_when_the_container_has_ended(scenario: Page) -> None:
    assert "hello-world" not in run(scenario, "images").out
    run(scenario, "hello-missing")
    assert "hello-world:latest" in run(scenario, "images").out


def test_a_layer_that_is_there_is_not_pulled_again(scenario: Page) -> None:
    first, second = run(scenario, "pull-ahead"), run(scenario, "question-layers")
    assert (first.out.count("Pull complete"), first.out.count("Already exists")) == (2, 0)
    assert (second.out.count("Pull complete"), second.out.count("Already exists")) == (1, 1)
    assert first.all("created") == []


def test_pull_always_asks_and_finds_the_same_image(scenario: Page) -> None:
    run(scenario, "hello-missing")
    sent = run(scenario, "pull-always")
    assert "Status: Image is up to date for hello-world:latest" in sent.err
    assert [event for event in sent.all("pull") if event["status"] == "Downloading"] == []
    assert sent.demo.code == 0


def test_an_image_that_may_not_be_pulled_is_not_run(scenario: Page) -> None:
    sent = run(scenario, "question-never")
    assert "No such image: busybox:latest" in sent.err
    assert (sent.demo.code, sent.all("pulled"), sent.all("created")) == (125, [], [])


def test_a_name_that_the_registry_does_not_know_ends_with_125(scenario: Page) -> None:
    sent = run(scenario, "question-typo")
    assert sent.err.startswith("Unable to find image 'hello-wrold:latest' locally")
    assert "pull access denied" in sent.err
    assert (sent.demo.code, sent.all("created")) == (125, [])


@pytest.mark.claim("C11")
def test_the_greeting_speaks_of_a_pull_even_when_there_was_none(scenario: Page) -> None:
    run(scenario, "hello-missing")
    sent = run(scenario, "hello-present")
    assert 'pulled the "hello-world" image from the Docker Hub' in sent.out
    assert sent.all("pulled") == []
