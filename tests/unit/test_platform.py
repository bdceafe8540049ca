"""A platform has one spelling, whoever names it: a command line, a registry's document or `uname`."""

from __future__ import annotations

import pytest

from sandbox.docker.cli import platforms
from sandbox.model import platform
from sandbox.model.platform import Platform


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x86_64", Platform("linux", "amd64")),
        ("Linux/AMD64", Platform("linux", "amd64")),
        ("linux/amd64/v1", Platform("linux", "amd64")),
        ("linux/amd64/v3", Platform("linux", "amd64", "v3")),
        ("aarch64", Platform("linux", "arm64")),
        ("linux/arm64/v8", Platform("linux", "arm64")),
        ("linux/arm64/8", Platform("linux", "arm64")),
        ("armhf", Platform("linux", "arm", "v7")),
        ("linux/armel", Platform("linux", "arm", "v6")),
        ("linux/arm/7", Platform("linux", "arm", "v7")),
        ("linux/arm", Platform("linux", "arm")),
        ("i386", Platform("linux", "386")),
        ("linux/i386/v3", Platform("linux", "386")),
        ("linux/armhf/v6", Platform("linux", "arm", "v7")),
        ("linux/x86-64/v1", Platform("linux", "amd64")),
        ("macos/arm64", Platform("darwin", "arm64")),
    ],
)
def test_every_spelling_is_one_platform(text: str, named: Platform) -> None:
    assert platform.parse(text) == named
    assert platforms.platform(text) == str(named)


def test_no_variant_means_the_usual_one() -> None:
    for short, whole in (("linux/arm64", "linux/arm64/v8"), ("linux/arm", "linux/arm/v7"), ("amd64", "linux/amd64")):
        assert platform.parse(whole).offers(platform.parse(short))
        assert str(platform.parse(short).whole) == whole


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("amd64", "amd64"),
        ("linux/amd64/v3", "amd64/v3 amd64/v2 amd64"),
        ("linux/arm", "arm/v7 arm/v6 arm/v5"),
        ("linux/arm/v6", "arm/v6 arm/v5"),
        ("linux/arm64", "arm64/v8"),
        ("linux/arm64/v8.2", "arm64/v8.2 arm64/v8.1 arm64/v8"),
        ("linux/arm64/v9.1", "arm64/v9.1 arm64/v9 arm64/v8.6 arm64/v8.5 arm64/v8.4 arm64/v8.3 arm64/v8.2 arm64/v8.1 "
         "arm64/v8"),
        ("linux/amd64/v999999999", "amd64/v999999999"),
        ("linux/amd64/odd", "amd64/odd"),
        ("386", "386"),
    ],
)  # fmt: skip
def test_a_processor_takes_what_is_made_for_lesser_ones_of_its_kind(wanted: str, taken: str) -> None:
    assert [str(one) for one in platform.parse(wanted).taken] == [f"linux/{one}" for one in taken.split()]


def test_the_best_is_what_is_made_for_just_this_one() -> None:
    wanted = platform.parse("linux/arm/v7")
    assert [platform.parse(f"linux/arm/{one}").rank(wanted) for one in ("v7", "v6", "v5", "v8")] == [0, 1, 2, None]
    assert platform.parse("linux/386").rank(platform.parse("linux/amd64")) is None
