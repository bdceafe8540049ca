"""From image to container: what each step claims, read from the run's own events and from the figure that shows it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.sent import Chapter, opened, run
from support.backend import Backend
from support.figures import look_at

pytestmark = pytest.mark.live


@pytest.fixture
def creation(visited: Chapter) -> Page:
    return visited("creation")


@pytest.fixture
def first_visit(page: Page, live: Backend) -> Page:
    """The chapter of a reader whose host is empty."""
    return opened(page, live, "creation")


def slot(page: Page, figure: str, name: str) -> Locator:
    look_at(page, figure)
    return page.locator(f"svg.{figure} [data-slot={name}]").first


@pytest.mark.claim("C23")
def test_the_whole_way_lights_up_with_the_values_of_this_run(first_visit: Page) -> None:
    sent = run(first_visit, "whole")
    made, started, ended = sent.one("created"), sent.one("started"), sent.one("exited")
    assert sent.out == "안녕\n"
    # the pull of the image comes first: this reader's host was empty
    assert [event["state"] for event in sent.all("image")] == ["missing"]
    look_at(first_visit, "p5")
    expect(first_visit.locator("svg.p5 .waits[data-lit]")).to_have_count(first_visit.locator("svg.p5 .waits").count())
    expect(slot(first_visit, "p5", "container")).to_have_text(made["container"][:12] + "…")
    expect(slot(first_visit, "p5", "layers")).to_have_text(str(made["layers"]))
    expect(first_visit.locator("svg.p5 .value[data-slot=argv]")).to_have_text("echo 안녕")
    expect(slot(first_visit, "p5", "pid")).to_have_text(str(started["pid"]))
    expect(slot(first_visit, "p5", "code")).to_have_text(str(ended["code"]))


@pytest.mark.claim("C24")
def test_the_image_is_files_and_a_command(creation: Page) -> None:
    files = run(creation, "snapshot")
    assert {"bin/", "etc/", "usr/"} <= set(files.out.split())
    size = files.one("created")["root_bytes"]
    expect(slot(creation, "p6", "root_bytes")).to_have_text(f"{round(size / 1e6, 1)} MB")
    command = run(creation, "command-list").one("created")
    assert (command["argv"], command["argv_source"]) == (["/hello"], "image")
    expect(slot(creation, "p6", "argv")).to_have_text('["/hello"]')
    expect(creation.locator("svg.p6")).to_contain_text(f"hello-world 층 {command['layers']}개")


@pytest.mark.claim("C25")
def test_the_files_become_a_disk_of_layers_under_a_writable_one(creation: Page) -> None:
    sent = run(creation, "disk")
    made = sent.one("created")
    assert sent.out.splitlines()[1].startswith("overlay")
    look_at(creation, "p7")
    expect(creation.locator("svg.p7 .p7-files[data-lit]")).to_have_count(1)
    expect(slot(creation, "p7", "layers")).to_have_text(str(made["layers"]))
    expect(slot(creation, "p7", "root_bytes")).to_have_text(f"{round(made['root_bytes'] / 1e6, 1)} MB")
    empty = int(sent.out.split()[-4])
    written = run(creation, "write-layer").out.splitlines()
    assert int(written[1].split()[2]) - empty in range(970, 1000)
    assert "1000000" in written[2]
    # and nothing of it is in the next container
    assert int(run(creation, "question-df").out.split()[-4]) == empty


@pytest.mark.claim("C26")
def test_the_command_becomes_the_first_process(creation: Page) -> None:
    sent = run(creation, "disk")
    look_at(creation, "p7")
    expect(creation.locator("svg.p7 .p7-commands[data-lit]")).to_have_count(1)
    expect(slot(creation, "p7", "argv")).to_have_text("df /")
    expect(slot(creation, "p7", "pid")).to_have_text(str(sent.one("started")["pid"]))
    sent = run(creation, "argv")
    assert [line.split() for line in sent.out.splitlines()[1:]] == [["1", "root", "ps"]]
    sent = run(creation, "args")
    assert sent.out.splitlines()[1].split() == ["1", "ps", "-o", "pid,args"]
    assert sent.one("created")["argv"] == ["ps", "-o", "pid,args"]
    sent = run(creation, "question-default")
    assert (sent.one("created")["argv"], sent.one("exited")["code"]) == (["/bin/sh"], 0)


@pytest.mark.claim("C26")
def test_the_first_questions_figure_shows_the_images_own_command_and_no_output(first_visit: Page) -> None:
    # what docker says while it pulls is no output of the process
    sent = run(first_visit, "question-default")
    assert (sent.one("created")["argv_source"], sent.out) == ("image", "")
    assert "Unable to find image" in sent.err
    expect(slot(first_visit, "p8", "argv")).to_have_text("/bin/sh")
    expect(slot(first_visit, "p8", "code")).to_have_text("0")
    expect(slot(first_visit, "p8", "text")).to_be_hidden()


@pytest.mark.claim("C27")
def test_the_process_runs_speaks_and_leaves_a_code(creation: Page) -> None:
    sent = run(creation, "process")
    first, second = sent.all("output")[-2:]
    assert (first["text"], second["text"]) == ("일을 시작해요\n", "끝났어요\n")
    assert second["at"] - first["at"] > 0.9
    started = sent.one("started")
    assert started["pid_inside"] == 1 != started["pid"]
    expect(slot(creation, "p8", "text")).to_have_text("끝났어요")
    expect(slot(creation, "p8", "code")).to_have_text("7")
    expect(slot(creation, "p8", "pid")).to_have_text(str(started["pid"]))
    expect(slot(creation, "p8", "pid_inside")).to_have_text("1")
    path = started["cgroup"]
    expect(slot(creation, "p8", "cgroup")).to_have_text(path[:26] + "…")


@pytest.mark.claim("C25")
@pytest.mark.claim("C26")
@pytest.mark.claim("C27")
def test_the_machine_sees_in_one_process_what_every_step_has_made(creation: Page) -> None:
    sent = run(creation, "process")
    started, seen = sent.one("started"), sent.all("inspection")[-1]
    first, view = seen["processes"][0], sent.demo.root.locator(".inspection")
    assert (first["pid"], first["pid_inside"]) == (started["pid"], 1)
    assert first["command"] == " ".join(sent.one("created")["argv"])
    assert " / / " in seen["root"]
    assert " - overlay " in seen["root"]
    for words in (f"pid {started['pid']}", started["cgroup"], " - overlay ", str(started["namespaces"]["pid"])):
        expect(view).to_contain_text(words)


@pytest.mark.claim("C27")
def test_other_processes_come_after_the_first(creation: Page) -> None:
    lines = [line.split() for line in run(creation, "question-second").out.splitlines()[1:]]
    assert lines[0][:2] == ["1", "sh"]
    assert ["sleep", "1"] in [words[1:] for words in lines[1:]]


@pytest.mark.claim("C28")
def test_a_container_meets_a_linux_kernel_whatever_the_reader_holds(visited: Chapter) -> None:
    page = visited("desktop")
    assert run(page, "kernel").out == run(page, "question-name").out == "Linux\n"
    sent = run(page, "version")
    kernel = sent.one("started")["kernel"]
    assert sent.out.startswith(f"Linux version {kernel} ")
    same = {run(page, id).out for id in ("question-alpine", "question-busybox")}
    assert same == {f"{kernel}\n"}


@pytest.mark.claim("C29")
def test_namespaces_and_limits_are_that_kernels(visited: Chapter) -> None:
    page = visited("desktop")
    sent = run(page, "namespaces")
    for name in ("pid", "net", "uts", "user"):
        assert f"{name}:[{sent.one('started')['namespaces'][name]}]" in sent.out
    ended = run(page, "limit").one("exited")
    assert (ended["code"], ended["reason"]) == (137, "oom")


def test_the_last_question_holds_all_steps(visited: Chapter) -> None:
    page = visited("summary")
    sent = run(page, "question-last")
    assert (sent.out, sent.one("exited")["code"]) == ("harbor\n없음\n", 3)
