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
    assert not platform.parse("linux/arm/v6").offers(platform.parse("linux/arm"))
