"""On cgroup version 2, which this machine may not have: the guest's kernel has nothing else. The limits, the
namespaces, what is slow, what is left after a killed runner and after Ctrl-C, and the doctor."""

from __future__ import annotations

import pytest

from guest import inside

pytestmark = pytest.mark.guest

FILES = "limits view sharing lifecycle disk network meter doctor".split()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """What became of the tests inside."""
    files = [f"tests/runtime/test_{name}.py" for name in FILES]
    return inside.run(tmp_path_factory.mktemp("guest"), [*files, "-m", "'not lanes'"])


@pytest.mark.parametrize("name", FILES)
def test_it_holds_on_cgroup_v2(outcomes: tuple[dict[str, str], str], name: str) -> None:
    became, said = outcomes
    own = {test: outcome for test, outcome in became.items() if f"test_{name}.py" in test}
    assert own, said[-4000:]
    assert set(own.values()) == {"PASSED"}, (
        "\n".join(f"{outcome} {test}" for test, outcome in own.items()) + said[-8000:]
    )


def test_the_layout_there_is_v2(outcomes: tuple[dict[str, str], str]) -> None:
    became, _ = outcomes
    assert any("test_doctor" in test for test in became)
