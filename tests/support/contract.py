"""What the OpenAPI document says of calls and answers."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema

from sandbox.web.api import openapi

DOCUMENT = openapi.document()


def check(value: object, name: str) -> None:
    """Hold `value` against a schema of the document."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def call_of(method: str, path: str) -> dict[str, Any] | None:
    """What the document says of a call; None where it has no such path, a `method` of its own for a wrong one."""
    for template, calls in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            served: dict[str, Any] = calls[method.lower()] if method.lower() in calls else _any(calls)
            return served
    return None


def _any(calls: dict[str, Any]) -> dict[str, Any]:
    """One of the calls of a path, which all have the errors alike that there are for every call."""
    return next(call for name, call in calls.items() if name != "parameters")


def check_problem(call: dict[str, Any], status: int, problem: dict[str, Any]) -> None:
    """Hold a problem against what the document has for the call."""
    check(problem, "Problem")
    assert problem["status"] == status
    assert problem["code"] in call["responses"][str(status)]["x-codes"]
    assert problem["type"].endswith("/" + problem["code"])


# what is said of a body that is JSON and not as it should be
OF_BODIES = frozenset({"not-an-object", "unknown-field", "bad-field"})


def check_taken(call: dict[str, Any], body: bytes, code: str) -> None:
    """Hold what became of a request's body against the document: `code` is the problem's, empty without one."""
    content = call.get("requestBody", {}).get("content")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    if content and (code in OF_BODIES or not code):
        name = str(content["application/json"]["schema"]["$ref"]).rpartition("/")[2]
        assert _is(value, name) == (not code), f"{name} {value!r}: {code}"


def _is(value: object, name: str) -> bool:
    try:
        check(value, name)
    except jsonschema.ValidationError:
        return False
    return True


def schema_of(call: dict[str, Any], status: int, media_type: str) -> str:
    """The name of the schema that an answer has."""
    content = call["responses"][str(status)]["content"]
    assert media_type in content, f"{media_type} is not among {list(content)}"
    return str(content[media_type]["schema"]["$ref"]).rpartition("/")[2]
