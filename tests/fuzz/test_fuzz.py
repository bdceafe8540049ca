"""A short run of what `make fuzz` does for long: every input that is kept, and the same new ones each time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import strategies as st

from fuzz import engine, main
from fuzz.engine import CORPUS, Check, Figures, Target, batch, replay
from fuzz.every import TARGETS
from support import pace

TESTS = Path(__file__).parents[1]
LARGEST_FILE, LARGEST_CORPUS = 4 << 10, 24 << 10
Opened = Callable[[Target], Check]


def marked(target: Target, *more: str) -> ParameterSet:
    """The parameters of a test of a target."""
    marks = [pytest.mark.container] if target.container else []
    return pytest.param(target, *more, id="-".join((target.name, *more)), marks=marks)


EVERY = [marked(target) for target in TARGETS]
KEPT = [marked(target, name) for target in TARGETS for name in target.kept()]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """What tries the inputs of a target, each made ready once."""
    with ExitStack() as stack:
        checks: dict[str, Check] = {}

        def check(target: Target) -> Check:
            if target.name not in checks:
                folder = tmp_path_factory.mktemp(target.name)
                checks[target.name] = stack.enter_context(target.opened(folder))
            return checks[target.name]

        yield check


@pytest.mark.parametrize(("target", "name"), KEPT)
def test_what_is_kept_gets_an_answer_that_it_may_get(target: Target, name: str, opened: Opened) -> None:
    replay(opened(target), target.kept()[name])


@pytest.mark.parametrize("target", EVERY)
def test_whatever_comes_gets_an_answer_that_it_may_get(target: Target, opened: Opened) -> None:
    figures = Figures()
    batch(target, opened(target), target.seeds(), figures, target.examples, seed=0)
    assert figures.failing is None, f"{figures.failing[:2000]!r}: {figures.error!r}"
    assert figures.tried >= target.examples // 2
    assert len(figures.outcomes) > 1


def test_every_target_has_inputs_that_are_kept_and_they_are_small() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == {target.name for target in TARGETS}
    for target in TARGETS:
        sizes = {name: len(data) for name, data in target.kept().items()}
        assert sizes
        assert max(sizes.values()) <= LARGEST_FILE, sizes
        assert sum(sizes.values()) <= LARGEST_CORPUS, sizes


def planted(check: Check, *seeds: bytes) -> Target:
    """A target that is tried with any bytes."""

    @contextmanager
    def made(_: Path) -> Iterator[Check]:
        yield check

    return Target("planted", lambda _: st.binary(max_size=8), made, 10, extra=lambda: list(seeds))


def refuses_long(data: bytes) -> str:
    """Fail on three bytes and more."""
    if len(data) > 2:
        raise LookupError("three")
    return f"{len(data)}"


def test_an_input_that_fails_is_made_small_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = planted(refuses_long)
    assert main.main(["5"], [target], tmp_path) == 1
    (kept,) = (tmp_path / "planted").iterdir()
    assert kept.read_bytes() == bytes(3)
    told = capsys.readouterr().out
    assert "1 failures" in told
    assert f"--replay {kept}" in told
    assert "LookupError: three" in told
    assert main.main(["--replay", str(kept)], [target], tmp_path) == 1
    # and every later run begins with it
    assert main.main(["0"], [target], tmp_path) == 1


def test_nothing_that_fails_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["0.5"], [planted(lambda data: str(len(data) % 2))], tmp_path) == 0
    assert "2 outcomes, 0 failures" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_no_module_hides_a_library_from_what_is_run_beside_it() -> None:
    own = {file.stem for folder in ("bench", "fresh", "fuzz", "soak") for file in (TESTS / folder).glob("*.py")}
    assert len(own) > 10
    assert not own & (sys.stdlib_module_names | packages_distributions().keys())


@pytest.mark.parametrize("seed", [b"1", b"2"], ids=["endless", "long"])
def test_an_input_that_takes_long_fails(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.01)

    def slow(data: bytes) -> str:
        begun = time.process_time()
        while data == b"1" or time.process_time() - begun < pace.seconds(2 * engine.SECONDS):
            pass
        return "an end"

    with pytest.raises(engine.TooSlowError, match="no end" if seed == b"1" else "of processor time for"):
        replay(slow, seed)
