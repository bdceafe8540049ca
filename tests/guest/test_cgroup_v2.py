"""On cgroup version 2, which this machine may not have: the guest's kernel has nothing else.

These tests of the other suites run there, chosen for what the kernel's version is seen in: the limits, what is counted
and told of a run, what is slow, what is left after a killed runner and after Ctrl-C, and the doctor. What a version of
cgroups changes nothing of is shown once, on the machine itself. Each is a result here.
"""

from __future__ import annotations

import pytest

from guest.chosen import TESTS
from guest.inside import Outcome

# all of it together has a time of its own
pytestmark = [pytest.mark.guest, pytest.mark.timeout(0)]


@pytest.mark.parametrize("test", TESTS)
def test_it_holds_on_cgroup_v2(outcome: Outcome, test: str) -> None:
    faults = outcome.of(test)
    if not faults:
        pytest.fail(f"it did not run; what was said there last:\n{outcome.said}", pytrace=False)
    if any(faults.values()):
        pytest.fail("\n\n".join(f"{name}\n{fault}" for name, fault in faults.items() if fault), pytrace=False)


def test_nothing_else_was_wrong_there(outcome: Outcome) -> None:
    if outcome.status != 0:
        pytest.fail(f"pytest ended with {outcome.status} there; what it said last:\n{outcome.said}", pytrace=False)
