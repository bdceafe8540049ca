"""What is remembered of what was used last."""

from __future__ import annotations

from sandbox.images.recent import Recent


def test_what_was_not_used_for_the_longest_time_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    assert len(recent) == 2


def test_what_is_put_again_is_replaced_and_what_is_forgotten_is_gone() -> None:
    recent: Recent[str, int] = Recent(2)
    for value in (1, 2):
        recent.put("a", value)
    assert (recent.get("a"), len(recent)) == (2, 1)
    recent.forget("a")
    recent.forget("never there")
    assert recent.get("a") is None


def test_what_weighs_more_leaves_room_for_less() -> None:
    recent: Recent[str, str] = Recent(10, len)
    for key, value in (("a", "1234"), ("b", "1234"), ("a", "12")):
        recent.put(key, value)
    recent.put("c", "1234")
    assert [recent.get(key) for key in "abc"] == ["12", "1234", "1234"]
    recent.put("d", "1")
    assert (recent.get("a"), len(recent)) == (None, 3)
    recent.put("e", "12345678901")
    assert len(recent) == 0
