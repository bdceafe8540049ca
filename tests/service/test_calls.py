"""The HTTP calls, one by one, on a real socket."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support.client import call, new_host, run
from support.web_server import Web, serving

ID = "0" * 32


def test_health_is_ok_when_the_runner_can_start_containers(web: Web) -> None:
    status, answer = call(web.url, "GET", "/v1/health")
    assert status == 200
    assert answer == {
        "status": "ok",
        "isolations": ["container"],
        "running": 0,
        "slots": 8,
        "queued": 0,
        "emulated": False,
    }


def test_health_is_unavailable_without_a_runner(tmp_path: Path) -> None:
    with serving(tmp_path, runner=False) as alone:
        status, answer = call(alone.url, "GET", "/v1/health")
    assert status == 503
    assert answer["status"] == "unavailable"
    assert answer["reason"] == "the runner does not answer"


def test_health_is_unavailable_when_no_container_could_be_started(tmp_path: Path) -> None:
    with serving(tmp_path) as sick:
        sick.fake.reason = "seccomp is not active"
        status, answer = call(sick.url, "GET", "/v1/health")
    assert (status, answer["reason"]) == (503, "seccomp is not active")


def test_a_new_host_is_empty_and_has_an_id_that_nobody_guesses(web: Web) -> None:
    status, answer = call(web.url, "POST", "/v1/hosts")
    assert status == 201
    assert re.fullmatch("[0-9a-f]{32}", answer["host"])
    assert answer["idle_seconds"] == 900
    assert call(web.url, "GET", f"/v1/hosts/{answer['host']}") == (
        200,
        {"host": answer["host"], "images": [], "containers": []},
    )


def test_a_host_can_be_asked_for_with_an_empty_object(web: Web) -> None:
    assert call(web.url, "POST", "/v1/hosts", {})[0] == 201
    assert call(web.url, "POST", "/v1/hosts", {"name": "x"})[1]["code"] == "unknown-field"


def test_a_pulled_image_is_there_until_the_host_is_reset(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    images = call(web.url, "GET", f"/v1/hosts/{host}")[1]["images"]
    assert [(one["reference"], one["provenance"]) for one in images] == [("alpine:latest", "stand-in")]
    assert call(web.url, "DELETE", f"/v1/hosts/{host}") == (204, None)
    assert call(web.url, "GET", f"/v1/hosts/{host}")[1]["images"] == []


def test_two_hosts_do_not_share_images(web: Web) -> None:
    one, other = new_host(web.url), new_host(web.url)
    run(web.url, "docker pull alpine", one)
    assert call(web.url, "GET", f"/v1/hosts/{other}")[1]["images"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"/v1/hosts/{ID}", None, 404, "no-such-host"),
        ("DELETE", f"/v1/hosts/{ID}", None, 404, "no-such-host"),
        ("DELETE", f"/v1/runs/{ID}", None, 404, "no-such-run"),
        ("POST", "/v1/runs", {"command": "docker images", "host": ID}, 404, "no-such-host"),
        ("POST", "/v1/runs", {"command": "docker images", "isolation": "gvisor"}, 400, "isolation-unavailable"),
        ("POST", "/v1/runs", {"command": "docker images", "files": {"Dockerfile": ""}}, 400, "unknown-field"),
        ("POST", "/v1/runs", {"command": "docker images", "colour": "red"}, 400, "unknown-field"),
        ("POST", "/v1/runs", {"command": ["docker", "images"]}, 400, "bad-field"),
        ("POST", "/v1/runs", {"command": "docker images", "host": None}, 400, "bad-field"),
        ("POST", "/v1/runs", {}, 400, "bad-field"),
        ("POST", "/v1/runs", [], 400, "not-an-object"),
        ("GET", "/v1/terminal", None, 404, "not-found"),
        ("POST", f"/v1/hosts/{ID}/prepare", {"command": "x"}, 404, "not-found"),
        ("GET", "/v1", None, 404, "not-found"),
        ("GET", "/v1/", None, 404, "not-found"),
        ("GET", "/nowhere", None, 404, "not-found"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    web: Web, method: str, path: str, body: object, status: int, code: str
) -> None:
    got, problem = call(web.url, method, path, body)
    assert (got, problem["status"], problem["code"]) == (status, status, code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/runs", {"POST"}),
        ("PUT", "/v1/hosts", {"POST"}),
        ("POST", f"/v1/hosts/{ID}", {"GET", "HEAD", "DELETE"}),
        ("POST", "/v1/health", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_which_are_right(web: Web, method: str, path: str, allowed: set[str]) -> None:
    request = urllib.request.Request(web.url + path, method=method)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    with error.value as answer:
        assert answer.code == 405
        assert set(answer.headers["Allow"].split(", ")) == allowed
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_metrics_are_prometheus_text(web: Web) -> None:
    run(web.url, "docker run alpine true")
    run(web.url, "docker run alpine nothere")
    call(web.url, "GET", "/v1/nowhere")
    with urllib.request.urlopen(web.url + "/metrics") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = answer.read().decode().splitlines()
    assert 'sandbox_commands_total{command="run",outcome="not-started"} 1' in lines
    assert any(line.startswith('sandbox_problems_total{code="not-found"} ') for line in lines)
    assert "sandbox_running 0" in lines
    form = re.compile(r'# TYPE [a-z_]+ (gauge|counter|histogram)|[a-z_]+({[a-z]+="[^"]*"(,[a-z]+="[^"]*")*})? [0-9.]+')
    assert [line for line in lines if not form.fullmatch(line)] == []


@pytest.mark.parametrize(
    ("said", "told"), [(None, {}), ("", {"registry": "ok"}), ("refused", {"registry": "unreachable"})]
)
def test_health_says_whether_the_registry_answers_and_is_no_worse_for_it(
    tmp_path: Path, said: str | None, told: dict[str, str]
) -> None:
    with serving(tmp_path) as web:
        web.fake.about = {"registry": said}
        status, answer = call(web.url, "GET", "/v1/health")
    assert (status, answer["status"]) == (200, "ok")
    assert {name: value for name, value in answer.items() if name == "registry"} == told


@pytest.mark.parametrize("measured", [None, 213.4])
def test_health_says_that_the_machine_is_emulated_and_what_a_run_takes_once_that_is_measured(
    tmp_path: Path, measured: float | None
) -> None:
    for emulated in (True, False):
        with serving(tmp_path, emulated=emulated) as web:
            web.fake.about = {"run_ms": measured}
            answer = call(web.url, "GET", "/v1/health")[1]
        assert answer["emulated"] is emulated
        assert answer.get("run_ms") == (measured if emulated else None)
        assert ("run_ms" in answer) == (emulated and measured is not None)
