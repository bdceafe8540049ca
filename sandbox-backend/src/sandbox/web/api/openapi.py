"""Makes the OpenAPI 3.1 document of what is really served; its schemas are derived from what is sent."""

from __future__ import annotations

import dataclasses
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sandbox.web.api import answers, problems, schema

Json = dict[str, Any]
COUNT: Json = {"type": "integer", "minimum": 0}
TEXT: Json = {"type": "string"}


def document() -> Json:
    """Return the document as plain values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "docker run sandbox",
            "version": _version(),
            "description": "Runs one docker command line in a real container and streams back what happens.",
        },
        "paths": _paths(),
        "components": {"schemas": {**schema.of_events(), **_schemas()}},
        "x-problems": {code: dataclasses.asdict(kind) for code, kind in problems.CATALOGUE.items()},
    }


def _version() -> str:
    try:
        return version("docker-run-sandbox")
    except PackageNotFoundError:
        return "0"


def _paths() -> Json:
    host, run = _parameter("host"), _parameter("run")
    return {
        "/v1/health": {"get": _call("Can containers be started?", {200: "Health", 503: "Health"})},
        "/v1/hosts": {
            "post": _call("A new, empty Docker host", {201: "NewHost"}, _BODY_ERRORS, body="Nothing", required=False)
        },
        "/v1/hosts/{host}": {
            "parameters": [host],
            "get": _call("Its images and running containers", {200: "Host"}, _HOST_ERRORS),
            "delete": _call("Back to an empty host; ends its runs", {204: None}, _HOST_ERRORS),
        },
        "/v1/runs": {
            "post": _call(
                "Run one docker command line; the answer is one JSON event a line, as it happens",
                {200: "Event"},
                (*_BODY_ERRORS, *_RUN_ERRORS),
                body="RunRequest",
                media_type="application/x-ndjson",
            )
        },
        "/v1/runs/{run}": {
            "parameters": [run],
            "delete": _call("End it; closing the stream does too", {204: None}, _STOP_ERRORS),
        },
        "/v1/openapi.json": {"get": _call("This document", {200: "Document"})},
        "/metrics": {
            "get": _call(
                "Prometheus text, from loopback only", {200: "Metrics"}, ("not-found",), media_type="text/plain"
            )
        },
    }


_EVERYWHERE = ("malformed-request", "foreign-origin", "foreign-host", "method-not-allowed", "internal")
_BODY_ERRORS = (
    *("malformed-json", "not-an-object", "unknown-field", "body-timeout"),
    *("too-large", "not-json"),
)
# what is no id by its form may be no part of a path at all
_HOST_ERRORS, _STOP_ERRORS = ("no-such-host", "not-found"), ("no-such-run", "not-found")
_RUN_ERRORS = (
    "bad-field",
    "isolation-unavailable",
    "no-such-host",
    "too-many",
    "full",
    "stopping",
)


def _call(
    summary: str,
    answers: dict[int, str | None],
    errors: tuple[str, ...] = (),
    *,
    body: str | None = None,
    required: bool = True,
    media_type: str = "application/json",
) -> Json:
    call: Json = {"summary": summary, "responses": {}}
    if body is not None:
        call["requestBody"] = {"required": required, "content": _content("application/json", body)}
    for status, name in answers.items():
        call["responses"][str(status)] = {"description": summary}
        if name is not None:
            call["responses"][str(status)]["content"] = _content(media_type, name)
    for code in (*errors, *_EVERYWHERE):
        _add_problem(call["responses"], code)
    return call


def _add_problem(responses: Json, code: str) -> None:
    kind = problems.CATALOGUE[code]
    response = responses.setdefault(str(kind.status), {"description": kind.title, "content": {}})
    response["content"].setdefault(problems.MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}})
    response.setdefault("x-codes", []).append(code)
    for header, codes in {"Retry-After": ("too-many", "full", "stopping"), "Allow": ("method-not-allowed",)}.items():
        if code in codes:
            response.setdefault("headers", {})[header] = {"schema": TEXT}


def _content(media_type: str, name: str) -> Json:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _schemas() -> Json:
    bodies = (answers.RunRequest, answers.Nothing, answers.Health, answers.NewHost, answers.Host)
    return {
        **{kind.__name__: schema.of(kind) for kind in bodies},
        "Problem": {
            "type": "object",
            "properties": {
                **dict.fromkeys(("type", "title", "detail", "field"), TEXT),
                "status": {"type": "integer"},
                "code": {"enum": list(problems.CATALOGUE)},
                **dict.fromkeys(("position", "most_bytes"), COUNT),
            },
            "required": ["type", "title", "status", "code", "detail"],
            "additionalProperties": False,
        },
        "Document": {"type": "object"},
        "Metrics": TEXT,
    }
