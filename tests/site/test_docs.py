"""What an operator can set and what a client can receive is written down for them."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from sandbox.model import events
from sandbox.model.plan import Limits
from sandbox.settings import ENVIRONMENT, Settings
from support.built_site import DOCS

OPERATORS = (DOCS / "operators.md").read_text()
OPERATION = (DOCS / "operation.md").read_text()
EVENTS = get_args(events.Event)


def as_written(value: object) -> str:
    """A default as the settings file would spell it."""
    if value is None:
        return "없음"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (str, Path)):
        return f'`"{value}"`'
    return f"`{json.dumps(value) if isinstance(value, tuple) else value}`"


def defaults(kind: type[Settings] | type[Limits]) -> dict[str, object]:
    made = kind()
    return {one.name: getattr(made, one.name) for one in dataclasses.fields(kind) if one.name != "limits"}


@pytest.mark.parametrize(("name", "value"), [*defaults(Settings).items(), *defaults(Limits).items()])
def test_every_setting_is_documented_with_its_default(name: str, value: object) -> None:
    assert f"| `{name}` | {as_written(value)} |" in OPERATORS


@pytest.mark.parametrize("name", re.findall(r"^\| `([a-z_]+)` \|", OPERATORS, re.M))
def test_every_documented_setting_exists(name: str) -> None:
    assert name in defaults(Settings) | defaults(Limits)


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_every_environment_variable_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in OPERATORS


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_every_event_is_documented_with_its_fields(event: type[events.Accepted]) -> None:
    row = next((line for line in OPERATION.splitlines() if line.startswith(f"| `{event.type}` |")), "")
    assert row
    for one in dataclasses.fields(event):
        assert f"`{one.name}`" in row


@pytest.mark.parametrize("reason", get_args(events.Reason))
def test_every_reason_is_in_the_outcome_table(reason: str) -> None:
    assert f"| `{reason}` |" in OPERATION
