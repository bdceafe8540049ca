"""What goes when the store is full."""

from __future__ import annotations

from sandbox.images.inventory import LEAST, Entry, Inventory

SIZE = 10 * LEAST


def inventory(*images: str, kept: tuple[str, ...] = ()) -> Inventory:
    """An inventory of images with one layer of their own each, the first of them used first."""
    made = Inventory(kept)
    for name in images:
        made.add_layer(f"layer {name}", SIZE)
        made.add_image(name, Entry(name, 0, (f"layer {name}",)))
    return made


def room_for(made: Inventory, images: float) -> tuple[list[str], list[str]]:
    made.most = int(images * (SIZE + 2 * LEAST))
    gone, layers = made.give_up()
    return gone, [*layers]


def test_nothing_goes_while_there_is_room() -> None:
    assert room_for(inventory("a", "b", "c"), 3) == ([], [])


def test_what_was_not_used_for_the_longest_time_goes_with_its_layers() -> None:
    made = inventory("a", "b", "c")
    made.touch("a")
    assert room_for(made, 2) == (["b"], ["layer b"])
    assert room_for(made, 1) == (["c"], ["layer c"])


def test_a_layer_goes_with_the_last_image_that_names_it() -> None:
    made = inventory("a", "b", "c")
    made.add_image("a", Entry("a", 0, ("layer a", "layer b")))
    made.touch("c")
    # b goes without its layer, which a names too, and so a has to go as well
    assert room_for(made, 1.5) == (["b", "a"], ["layer a", "layer b"])


def test_layers_that_no_image_names_go_first() -> None:
    made = inventory("a", "b")
    made.add_layer("left by a pull that failed", SIZE)
    assert room_for(made, 2) == ([], ["left by a pull that failed"])


def test_what_is_used_stays_until_it_is_not() -> None:
    made = inventory("a", "b", "c")
    made.add_layer("on its way", SIZE)
    with made.using(["layer a", "on its way"]), made.using(["layer a"]):
        assert room_for(made, 0) == (["b"], ["layer b"])
    assert sorted(room_for(made, 0)[1]) == ["layer a", "on its way"]


def test_what_is_kept_and_what_was_used_last_always_stays() -> None:
    made = inventory("alpine:latest", "b", "c", kept=("alpine:latest",))
    assert room_for(made, 0) == (["b"], ["layer b"])


def test_what_has_gone_is_counted_no_more() -> None:
    made = inventory("a", "b")
    before = made.bytes
    made.add_image("b", Entry("b", 0, ("layer b",)))
    assert made.bytes == before
    room_for(made, 1)
    assert made.bytes == before // 2
