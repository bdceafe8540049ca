"""Derives JSON Schema from the annotations of the wire's dataclasses: the document cannot drift from the code."""

from __future__ import annotations

import dataclasses
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from sandbox.model.events import Event

Schema = dict[str, Any]
PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}
EVENT_TYPES: tuple[type[Any], ...] = get_args(Event)


def of_events() -> dict[str, Schema]:
    """Return one schema for each event, by the name of its class, and `Event`, which is any of them."""
    schemas = {f"{kind.__name__}Event": _of_event(kind) for kind in EVENT_TYPES}
    references = {kind.type: f"#/components/schemas/{kind.__name__}Event" for kind in EVENT_TYPES}
    any_of = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
    }
    return {"Event": any_of, **schemas}


def of(kind: Any) -> Schema:
    """Return the schema of a dataclass; a field with a default may be left out of it."""
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n\n")[0],
        "properties": {field.name: _of(hints[field.name], field) for field in fields},
        "required": [field.name for field in fields if field.default is dataclasses.MISSING],
        "additionalProperties": False,
    }


def _of_event(kind: type[Any]) -> Schema:
    schema = of(kind)
    if (kind.__doc__ or "").startswith(f"{kind.__name__}("):  # written by `dataclass` itself
        schema["description"] = f"The event `{kind.type}`."
    stamp = {"type": {"const": kind.type}, "at": {"type": "number", "minimum": 0}}
    # every field of an event is sent, unless it is None by default
    sent = [field.name for field in dataclasses.fields(kind) if field.default is not None]
    return {**schema, "properties": {**stamp, **schema["properties"]}, "required": [*stamp, *sent]}


def _of(hint: Any, field: dataclasses.Field[Any] | None = None) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_of(arguments[0], field), **arguments[1]}
    if origin in (Union, types.UnionType):
        kinds = [_of(one) for one in arguments if one is not type(None)]
        # what is None by default is left out instead of being sent as null
        return kinds[0] if field is not None and field.default is None else {"anyOf": [*kinds, {"type": "null"}]}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1])}
    if dataclasses.is_dataclass(hint):
        return of(hint)
    return dict(PLAIN[hint])
