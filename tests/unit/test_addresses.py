"""Who counts as one visitor."""

from __future__ import annotations

import pytest

from sandbox.model.addresses import visitor


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:DB8:1:2::1", "2001:db8:1:2:0:0:0:2"),
        ("::1", "::1"),
    ],
)
def test_one_visitor_has_all_addresses_of_a_network_and_both_spellings_of_one(one: str, other: str) -> None:
    assert visitor(one) == visitor(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("fe80::1%eth0", "fe80::2%eth0"),
        ("", "::1"),
        ("no address", ""),
    ],
)
def test_others_are_others(one: str, other: str) -> None:
    assert visitor(one) != visitor(other)
