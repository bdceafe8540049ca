"""Whole stories: what a command line's events are, from `accepted` to the one last event."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from support.client import Result, call, new_host, run
from support.fake_runner import known_image
from support.web_server import Web, serving

RAN = ["created", "started", "exited"]


def kinds(result: Result) -> list[str]:
    """The types in order, without output."""
    return [event["type"] for event in result.events if event["type"] != "output"]


def test_without_a_host_the_image_is_always_pulled(web: Web) -> None:
    for _ in range(2):
        result = run(web.url, "docker run alpine true")
        assert kinds(result) == ["accepted", "image", "pull", "pull", "pull", "pulled", *RAN]
        assert result.event("image")["state"] == "missing"
    host = result.event("accepted")["host"]
    assert call(web.url, "GET", f"/v1/hosts/{host}")[0] == 404


def test_on_a_host_the_second_run_needs_no_pull(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker run alpine true", host)
    result = run(web.url, "docker run alpine true", host)
    assert kinds(result) == ["accepted", "image", *RAN]
    assert result.event("image") | {"at": 0} == {
        "type": "image",
        "at": 0,
        "reference": "alpine:latest",
        "state": "present",
        "provenance": "stand-in",
    }
    assert result.stderr == ""


def test_an_image_that_the_runner_has_removed_is_pulled_again(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker run alpine true", host)
    web.fake.removed.add(known_image("alpine:latest").id)
    result = run(web.url, "docker run alpine true", host)
    assert kinds(result) == ["accepted", "image", "image", "pull", "pull", "pull", "pulled", *RAN]
    assert result.stderr.startswith("Unable to find image 'alpine:latest' locally\n")
    assert result.code == 0


def test_an_image_that_the_runner_has_removed_is_missing_where_none_is_pulled(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    web.fake.removed.add(known_image("alpine:latest").id)
    result = run(web.url, "docker run --pull never alpine true", host)
    assert (result.code, result.reason) == (125, "not-started")
    assert "No such image: alpine:latest" in result.stderr


def test_a_missing_image_is_pulled_in_dockers_words(web: Web) -> None:
    digest = known_image("alpine:latest").digest
    assert run(web.url, "docker run alpine true").stderr == (
        "Unable to find image 'alpine:latest' locally\n"
        "latest: Pulling from library/alpine\n"
        "111111111111: Pulling fs layer\n"
        "111111111111: Pull complete\n"
        f"Digest: {digest}\n"
        "Status: Downloaded newer image for alpine:latest\n"
    )


def test_docker_pull_prints_on_stdout_and_a_second_one_finds_it_up_to_date(web: Web) -> None:
    host = new_host(web.url)
    first = run(web.url, "docker pull alpine", host)
    assert first.stdout.startswith("Using default tag: latest\nlatest: Pulling from library/alpine\n")
    assert first.stdout.endswith("newer image for alpine:latest\ndocker.io/library/alpine:latest\n")
    assert (first.stderr, first.code, first.reason) == ("", 0, "exit")
    assert first.event("pulled")["bytes"] == 1500
    second = run(web.url, "docker pull alpine:latest", host)
    assert "1" * 12 not in second.stdout
    assert "Status: Image is up to date for alpine:latest" in second.stdout
    assert not second.stdout.startswith("Using default tag")
    assert second.event("image")["state"] == "present"
    assert second.event("pulled")["bytes"] == 500


def test_quiet_pulls_print_as_little_as_dockers(web: Web) -> None:
    assert run(web.url, "docker pull -q alpine").stdout == "docker.io/library/alpine:latest\n"
    quiet = run(web.url, "docker run -q alpine true")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert "pulled" in kinds(quiet)


def test_pull_always_pulls_what_is_there(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    result = run(web.url, "docker run --pull=always alpine true", host)
    assert "pulled" in kinds(result)
    assert "Unable to find" not in result.stderr


def test_pull_never_does_not(web: Web) -> None:
    result = run(web.url, "docker run --pull never alpine true")
    assert result.stderr.startswith("docker: Error response from daemon: No such image: alpine:latest\n")
    assert (result.code, result.reason) == (125, "not-started")
    assert kinds(result) == ["accepted", "image", "exited"]
    assert result.events[-1]["hint"]


def test_an_unknown_image_is_a_result_in_the_daemons_words(web: Web) -> None:
    result = run(web.url, "docker run nope")
    assert result.stderr.startswith("Unable to find image 'nope:latest' locally\ndocker: Error response from daemon: ")
    assert (result.code, result.reason) == (125, "not-started")
    assert "provenance" not in result.event("image")
    assert result.events[-1]["message"].startswith("docker: Error response from daemon: pull access denied")
    pull = run(web.url, "docker pull nope")
    assert (pull.code, pull.stderr.split(":")[0]) == (1, "Error response from daemon")


def test_an_image_can_be_run_by_its_id(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    name = run(web.url, "docker images -q", host).stdout.strip()
    assert kinds(run(web.url, f"docker run {name} true", host)) == ["accepted", "image", *RAN]


def test_output_is_relayed_and_a_missing_program_gets_a_hint(web: Web) -> None:
    assert run(web.url, "docker run alpine echo x").stdout == "안녕 👋\n"
    result = run(web.url, "docker run alpine nothere")
    assert (result.code, result.reason) == (127, "not-started")
    assert "nothere" in result.events[-1]["hint"]


def test_a_script_that_is_not_executed_gets_a_hint_and_nothing_else_goes_on(web: Web) -> None:
    result = run(web.url, "docker run alpine script")
    assert kinds(result)[-3:] == ["created", "started", "exited"]
    assert (result.code, result.reason) == (255, "exit")
    assert "CRLF" in result.events[-1]["hint"]


def test_a_line_that_a_shell_would_change_gets_a_notice_first(web: Web) -> None:
    result = run(web.url, 'docker run -e FOO=BAR alpine sh -c "echo $FOO"')
    assert kinds(result)[:2] == ["accepted", "notice"]
    notice = result.event("notice")
    assert notice["code"] == "shell-expansion"
    assert notice["text"].endswith("docker run -e FOO=BAR alpine sh -c 'echo $FOO' 를 실행해 보세요.")
    assert "notice" not in kinds(run(web.url, "docker run -e FOO=BAR alpine sh -c 'echo $FOO'"))


def test_a_pull_and_a_run_of_an_unknown_image_get_the_same_hint(web: Web) -> None:
    hints = {run(web.url, f"docker {verb} ubuntu").events[-1]["hint"] for verb in ("run", "pull")}
    assert len(hints) == 1
    assert "alpine, busybox, hello-world" in hints.pop()


def test_help_is_printed_without_a_container(web: Web) -> None:
    result = run(web.url, "docker run --help")
    assert kinds(result) == ["accepted", "exited"]
    assert result.event("accepted")["command"] == {"name": "printed"}
    assert (result.code, result.reason) == (0, "exit")
    assert result.stdout.startswith("Usage:")


@pytest.mark.parametrize("line", ["docker run --bogus alpine", "dokcer run alpine", "docker run --privileged alpine"])
def test_what_docker_would_refuse_is_printed_with_its_code_and_a_hint(web: Web, line: str) -> None:
    result = run(web.url, line)
    assert kinds(result) == ["accepted", "exited"]
    assert result.reason == "not-started"
    assert result.code > 0
    assert result.stderr
    assert result.events[-1]["hint"]


@pytest.mark.parametrize("line", ["", " ", "docker", "docker run alpine echo \0", "x" * 60_000, "\n", "docker run ''"])
def test_any_text_gets_a_last_event(web: Web, line: str) -> None:
    assert run(web.url, line).events[-1]["type"] == "exited"


def test_docker_images_lists_what_this_host_has(web: Web) -> None:
    host = new_host(web.url)
    assert len(run(web.url, "docker images", host).stdout.splitlines()) == 1
    run(web.url, "docker pull hello-world", host)
    assert run(web.url, "docker images", host).stdout.splitlines()[1].startswith("hello-world:latest ")


def test_times_never_go_back(web: Web) -> None:
    times = [event["at"] for event in run(web.url, "docker run alpine echo x").events]
    assert times == sorted(times)


def test_our_own_failure_is_told_as_such(web: Web) -> None:
    for line, code in {"docker run broken": "store-full", "docker run alpine fail": "sandbox-failed"}.items():
        last = run(web.url, line).events[-1]
        assert (last["type"], last["code"]) == ("failed", code)


@pytest.mark.parametrize("line", ["docker run alpine crash", "docker run alpine garbage", "docker run gone"])
def test_a_runner_that_breaks_off_is_a_failure(web: Web, line: str) -> None:
    last = run(web.url, line).events[-1]
    assert (last["type"], last["code"]) == ("failed", "runner-lost")


def test_a_runner_that_is_away_is_a_failure(tmp_path: Path) -> None:
    with serving(tmp_path, runner=False) as alone:
        result = run(alone.url, "docker run alpine true")
    assert kinds(result) == ["accepted", "failed"]
    assert result.reason == "runner-lost"


def test_the_same_image_can_be_pulled_twice_at_once(web: Web) -> None:
    host, results = new_host(web.url), list[Result]()
    threads = [
        threading.Thread(target=lambda: results.append(run(web.url, "docker run alpine true", host))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.code for result in results] == [0] * 4
    assert len(call(web.url, "GET", f"/v1/hosts/{host}")[1]["images"]) == 1
