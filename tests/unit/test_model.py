"""The paper model of image and container: layers lie on each other as Docker's do, and containers share nothing."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_docker import Container, Image, Layer, programs, union
from paper_docker.layer import is_at_or_below

BASE = Layer({"/bin/ls": programs.ls, "/bin/cat": programs.cat, "/bin/echo": programs.echo, "/bin/sh": programs.sh})
TOOLS = Layer({"/bin/rm": programs.rm, "/bin/count": programs.count, "/etc/motd": "안녕하세요\n"})
ALPINE = Image([BASE, TOOLS], cmd=["/bin/sh"])

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))
CHANGES = st.lists(st.tuples(PATHS, st.none() | st.text("xyz", max_size=2)), max_size=8)


def change(container: Container, changes: list[tuple[str, str | None]]) -> None:
    """Write each text, and delete where there is none; what is not there cannot be deleted."""
    for path, text in changes:
        if text is not None:
            container.write(path, text)
        elif any(is_at_or_below(other, path) for other in container.files):
            container.remove(path)


def stacked(*all_changes: list[tuple[str, str | None]]) -> Image:
    """An image whose layers are what containers, each made from the one before, have changed."""
    image = Image([], cmd=["/nothing"])
    for changes in all_changes:
        container = image.create()
        change(container, changes)
        image = image.add(container.layer)
    return image


def on_a_disk(*all_changes: list[tuple[str, str | None]]) -> dict[str, str]:
    """The same changes on an ordinary disk, where a change changes and a deletion deletes."""
    disk: dict[str, str] = {}
    for path, text in (one for changes in all_changes for one in changes):
        disk = {other: kept for other, kept in disk.items() if not is_at_or_below(other, path)}
        if text is not None:
            disk = {other: kept for other, kept in disk.items() if not is_at_or_below(path, other)}
            disk[path] = text
    return disk


@given(CHANGES, CHANGES, CHANGES)
def test_a_stack_of_layers_looks_like_one_disk_on_which_all_was_done(one: Any, two: Any, three: Any) -> None:
    assert stacked(one, two, three).files == on_a_disk(one, two, three)


@given(CHANGES, CHANGES, CHANGES)
def test_containers_of_one_image_see_nothing_of_each_other(base: Any, mine: Any, yours: Any) -> None:
    image = stacked(base)
    before = image.digest, image.files
    me, you = image.create(), image.create()
    change(me, mine)
    assert you.files == image.files
    change(you, yours)
    assert me.files == on_a_disk(base, mine)
    assert (image.digest, image.files) == before


@given(CHANGES, CHANGES)
def test_the_diff_tells_exactly_what_is_different(base: Any, changes: Any) -> None:
    image = stacked(base)
    container = image.create()
    change(container, changes)
    before, after = image.files, container.files
    told = {line.split()[1]: line[0] for line in container.diff()}
    assert {path for path in told if told[path] == "A"} == set(after) - set(before)
    assert {path for path in told if told[path] == "D"} == set(before) - set(after)
    assert {path for path in set(before) & set(after) if before[path] != after[path]} <= set(told)


def test_the_topmost_file_is_seen() -> None:
    assert union([Layer({"/a": "low"}), Layer({"/a": "high"})]) == {"/a": "high"}


def test_a_whiteout_hides_what_lies_below_it_and_not_what_lies_above() -> None:
    hides = Layer(whiteouts=frozenset({"/etc"}))
    assert union([Layer({"/etc/a": "1", "/etcetera": "2"}), hides]) == {"/etcetera": "2"}
    assert union([hides, Layer({"/etc/a": "1"})]) == {"/etc/a": "1"}
    assert union([Layer({"/etc/a": "1"}), Layer({"/etc/b": "2"}, frozenset({"/etc"}))]) == {"/etc/b": "2"}


def test_deleting_a_file_of_the_image_leaves_a_whiteout_and_one_of_its_own_nothing() -> None:
    container = ALPINE.create()
    container.write("/memo", "hi")
    container.remove("/memo")
    assert container.layer == Layer()
    container.remove("/etc/motd")
    assert container.layer == Layer(whiteouts=frozenset({"/etc/motd"}))
    assert container.diff() == ["D /etc/motd"]
    assert ALPINE.create().read("/etc/motd") == "안녕하세요\n"


def test_to_change_a_file_of_the_image_is_to_copy_it_up() -> None:
    container = ALPINE.create()
    assert container.layer.files == {}
    container.write("/etc/motd", "새 인사\n")
    assert container.layer.files == {"/etc/motd": "새 인사\n"}
    assert container.diff() == ["C /etc/motd"]
    assert ALPINE.files["/etc/motd"] == "안녕하세요\n"


def test_a_new_layer_makes_a_new_image_that_shares_the_old_ones() -> None:
    more = ALPINE.add(Layer({"/app": "app"}))
    assert more.digest != ALPINE.digest
    assert more.layers[:2] == ALPINE.layers
    assert "/app" not in ALPINE.files


def test_the_same_content_has_the_same_fingerprint() -> None:
    assert Layer({"/a": "1", "/b": "2"}).digest == Layer({"/b": "2", "/a": "1"}).digest
    assert Layer({"/a": "1"}).digest != Layer({"/a": "2"}).digest
    assert Image([BASE], cmd=["ls"]).digest != Image([BASE], cmd=["sh"]).digest


def test_neither_an_image_nor_a_layer_can_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        ALPINE.cmd = ["ls"]  # type: ignore[misc]
    with pytest.raises(TypeError):
        BASE.files["/etc/motd"] = "다른 인사"  # type: ignore[index]


def test_nobody_keeps_a_hand_on_what_a_layer_was_made_of() -> None:
    files: dict[str, Any] = {"/a": "1"}
    layer = Layer(files)
    files["/a"] = "2"
    assert layer.files["/a"] == "1"


@pytest.mark.parametrize("path", ["memo", "/memo/", "/", "/a//b"])
def test_what_is_no_path_from_the_root_is_refused(path: str) -> None:
    for attempt in (lambda: Layer({path: ""}), lambda: ALPINE.create().write(path, ""), lambda: Layer({}, {path})):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="not a path"):
            attempt()


def test_a_path_is_not_a_file_and_a_folder_at_once() -> None:
    with pytest.raises(ValueError, match="at once"):
        Layer({"/a": "", "/a/b": ""})


@pytest.mark.parametrize(
    ("given", "argv"),
    [
        ({}, ("serve", "--port", "80")),
        ({"cmd": ("--help",)}, ("serve", "--help")),
        ({"entrypoint": ["echo"]}, ("echo",)),
        ({"cmd": ("hi",), "entrypoint": ["echo"]}, ("echo", "hi")),
        ({"cmd": ("ls",), "entrypoint": []}, ("ls",)),
    ],
)
def test_cmd_gives_way_and_an_entrypoint_stays(given: dict[str, Any], argv: tuple[str, ...]) -> None:
    image = Image([BASE], cmd=["--port", "80"], entrypoint=["serve"])
    words = given.get("cmd", ())
    assert image.create(*words, entrypoint=given.get("entrypoint")).argv == argv


def test_without_a_command_nothing_is_created() -> None:
    with pytest.raises(ValueError, match="no command specified"):
        Image([BASE]).create()


@pytest.mark.parametrize(
    ("argv", "output", "code"),
    [
        ([], "", 0),
        (["ls"], "bin\netc\n", 0),
        (["/bin/cat", "/etc/motd"], "안녕하세요\n", 0),
        (["echo", "hi", "there"], "hi there\n", 0),
        (["cat", "/nope"], "cat: /nope: No such file or directory\n", 1),
        (["ls", "/nope"], "ls: /nope: No such file or directory\n", 1),
        (["rm", "/nope"], "rm: /nope: No such file or directory\n", 1),
        (["nope"], 'exec: "nope": executable file not found in $PATH\n', 127),
        (["motd"], 'exec: "motd": executable file not found in $PATH\n', 127),
        (["/nope"], 'exec: "/nope": stat /nope: no such file or directory\n', 127),
        (["/etc"], 'exec: "/etc": is a directory\n', 126),
        (["/etc/motd"], 'exec: "/etc/motd": permission denied\n', 126),
    ],
)
def test_a_run_ends_with_the_code_that_docker_would_give(argv: list[str], output: str, code: int) -> None:
    result = ALPINE.run(*argv)
    assert (result.output, result.code) == (output, code)


def test_a_container_remembers_and_the_next_one_does_not() -> None:
    one, two = ALPINE.create("count"), ALPINE.create("count")
    assert [one.start().output, one.start().output, two.start().output] == ["1\n", "2\n", "1\n"]
    assert ALPINE.run("cat", "/count").code == 1


def test_a_program_is_looked_up_in_the_order_of_the_path() -> None:
    def other_ls(container: Container) -> str:
        return "나는 다른 ls예요\n"

    image = ALPINE.add(Layer({"/usr/local/bin/ls": other_ls}))
    assert image.run("ls").output == "나는 다른 ls예요\n"
    assert image.run("/bin/ls").output == "bin\netc\nusr\n"
