"""`docker images` of one host."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.docker.cli import Images
from sandbox.web.runs.listing import ago, table
from support.fake_runner import known_image

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IMAGES = {name: known_image(name) for name in ("hello-world:latest", "alpine:latest")}


def names(text: str) -> list[str]:
    """The first word of each row."""
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_rows_are_sorted_by_name() -> None:
    assert names(table(Images(), IMAGES, (), NOW)) == ["alpine:latest", "hello-world:latest"]


@pytest.mark.parametrize("pattern", ["alpine", "alpine:latest", "alp*"])
def test_a_reference_lists_only_what_it_names(pattern: str) -> None:
    assert names(table(Images(reference=pattern), IMAGES, (), NOW)) == ["alpine:latest"]


def test_an_unknown_reference_lists_nothing() -> None:
    assert names(table(Images(reference="nope"), IMAGES, (), NOW)) == []


def test_patterns_are_not_kept() -> None:
    def listed(number: int) -> None:
        table(Images(reference="".join(f"[{letter}{number}ā]*a" for letter in "bcdefghijk") * 8), IMAGES, (), NOW)
        table(Images(reference=f"al{number}[a-z]*" * 30), IMAGES, (), NOW)

    listed(0)
    tracemalloc.start()
    try:
        for number in range(1, 601):
            listed(number)
        assert tracemalloc.get_traced_memory()[0] < 24 << 20
    finally:
        tracemalloc.stop()


def test_a_pattern_that_is_longer_than_any_name_lists_nothing() -> None:
    assert len(names(table(Images(reference="*" * 512), IMAGES, (), NOW))) == 2
    assert names(table(Images(reference="*" * 513), IMAGES, (), NOW)) == []


def test_quiet_prints_ids_alone() -> None:
    assert table(Images(quiet=True), IMAGES, (), NOW) == "aaaaaaaaaaaa\nbbbbbbbbbbbb\n"


def test_an_image_in_use_is_marked() -> None:
    rows = table(Images(), IMAGES, ["alpine:latest"], NOW).splitlines()
    assert [row.rstrip().endswith("U") for row in rows[1:]] == [True, False]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "Less than a second ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "About a minute ago"),
        (150, "2 minutes ago"),
        (3600, "About an hour ago"),
        (3600 * 47, "47 hours ago"),
        (86400 * 3, "3 days ago"),
        (86400 * 14, "2 weeks ago"),
        (86400 * 61, "2 months ago"),
        (86400 * 800, "2 years ago"),
    ],
)
def test_ages_are_told_as_docker_tells_them(seconds: int, text: str) -> None:
    assert ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


@pytest.mark.parametrize("created", ["", "yesterday", "2026-01-01T00:00:00"])
def test_a_time_that_is_none_is_not_applicable(created: str) -> None:
    assert ago(created, NOW) == "N/A"
