"""The OpenAPI document, held against what the server really does."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import jsonschema
import pytest

from sandbox.model import events, plain
from sandbox.model.events import Event
from sandbox.model.image import Image
from sandbox.web.api.problems import CATALOGUE
from support.client import NoStreamError, call, new_host, run
from support.contract import DOCUMENT, call_of, check, check_problem
from support.fake_runner import created, known_image, started
from support.web_server import Web

ID = "0" * 32
EXAMPLES: tuple[Event, ...] = (
    events.Inspection(
        (events.Process(4121, 1, 10**9, 0, 10**9, 0, "sh", {"pid": 4026532501}),),
        *(0, ("memory:/sandbox/ab",), "/ / overlay", ("CAP_KILL",), "filter", True, (0, 10**9, 65_536)),
    ),
    events.Accepted(ID, ID, {"name": "run"}, "container"),
    events.Queued(1, 0.5),
    events.Image("alpine:latest", "missing"),
    events.Image("alpine:latest", "present", "official"),
    events.Pull(None, "Waiting"),
    events.Pull("1" * 12, "Downloading", 1, 2),
    events.Pulled("sha256:" + "a" * 64, 1),
    created(),
    started(),
    events.Output("stdout", "x"),
    events.Stats(1.0, 0.0, 1, 2, 3, 4, 5, 6, 7),
    events.Notice("output-cut", "잘랐어요."),
    events.Exited(0, "exit"),
    events.Exited(137, "signal", "SIGKILL", "message", "hint", 1.0, 1.0, 1),
    events.Failed("runner-lost", "끊겼어요."),
    events.Heartbeat(),
)


def test_the_served_document_is_the_one_of_these_settings(web: Web) -> None:
    assert call(web.url, "GET", "/v1/openapi.json") == (200, json.loads(json.dumps(DOCUMENT)))
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_schema_is_itself_valid() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(DOCUMENT)
    for name in DOCUMENT["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text, f"{name} is never used"


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_every_event_is_as_the_document_says(event: Event) -> None:
    line = json.loads(events.encode(event, 0.5))
    check(line, "Event")
    check(line, f"{type(event).__name__}Event")
    with pytest.raises(jsonschema.ValidationError):
        check(line | {"colour": "red"}, "Event")
    with pytest.raises(jsonschema.ValidationError):
        check({name: value for name, value in line.items() if name != "at"}, "Event")


def test_the_examples_leave_no_event_type_out() -> None:
    assert {type(event) for event in EXAMPLES} == set(get_args(Event))


@pytest.mark.parametrize(
    "line",
    [
        "docker run alpine echo x",
        "docker run nope",
        "docker pull alpine",
        "docker images",
        "docker --help",
        "docker run alpine crash",
    ],
)
def test_every_line_that_is_really_sent_is_an_event_of_the_document(web: Web, line: str) -> None:
    for event in run(web.url, line).events:
        check(event, "Event")


def test_plain_answers_are_as_the_document_says(web: Web) -> None:
    check(call(web.url, "GET", "/v1/health")[1], "Health")
    check(call(web.url, "POST", "/v1/hosts")[1], "NewHost")
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    check(call(web.url, "GET", f"/v1/hosts/{host}")[1], "Host")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/runs", {"command": 1}),
        ("POST", "/v1/runs", {"command": "", "x": 1}),
        ("POST", "/v1/runs", {"command": "", "isolation": "vm"}),
        ("POST", "/v1/runs", {"command": "", "files": {}}),
        ("POST", "/v1/runs", {"command": "", "host": ID}),
        ("POST", "/v1/runs", {"command": "x" * 70_000}),
        ("DELETE", "/v1/runs/{run}", None),
        ("GET", "/v1/hosts/{host}", None),
        ("DELETE", "/v1/hosts/{host}", None),
        ("POST", "/v1/hosts", {"x": 1}),
        ("POST", "/v1/health", None),
    ],
)
def test_problems_are_among_those_that_the_document_gives_for_the_call(
    web: Web, method: str, path: str, body: object
) -> None:
    status, problem = call(web.url, method, path.format(run=ID, host=ID), body)
    served = call_of(method, path.format(run=ID, host=ID))
    assert served
    check_problem(served, status, problem)
    assert DOCUMENT["x-problems"][problem["code"]] == dataclasses.asdict(CATALOGUE[problem["code"]])


def test_every_path_of_the_document_is_served_and_no_other(web: Web) -> None:
    for path, calls in DOCUMENT["paths"].items():
        for method in ("get", "post", "delete", "put", "patch"):
            status, problem = (
                call(web.url, method.upper(), path.format(run=ID, host=ID))
                if path != "/metrics" or method != "get"
                else (200, None)
            )
            assert (status == 405) == (method not in calls), (method, path, status, problem)


def test_a_request_body_that_the_document_refuses_is_refused(web: Web) -> None:
    for body in (
        {},
        {"command": 1},
        {"command": "docker images", "x": 1},
        {"command": "docker images", "isolation": "none"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check(body, "RunRequest")
        assert call(web.url, "POST", "/v1/runs", body)[0] == 400
    check({"command": "docker images", "isolation": "container"}, "RunRequest")
    assert run(web.url, "docker images").code == 0
    with pytest.raises(NoStreamError):
        run(web.url, "docker images", host=ID)


def test_an_image_of_the_runner_is_what_a_host_shows() -> None:
    known = known_image("alpine:latest")
    assert plain.decode(Image, json.loads(plain.line(plain.encode(known)))) == known
