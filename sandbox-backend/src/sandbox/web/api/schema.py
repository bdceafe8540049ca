"""JSON Schema of the wire's dataclasses, from their annotations: the document cannot drift from the code."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

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
    """One schema for each event, by the name of its class, and `Event`, which is any of them."""
    schemas = {f"{kind.__name__}Event": _of_event(kind) for kind in EVENT_TYPES}
    references = {kind.type: f"#/components/schemas/{kind.__name__}Event" for kind in EVENT_TYPES}
    any_of = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
    }
    return {"Event": any_of, **schemas}


def _of_event(kind: type[Any]) -> Schema:
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    # a field that may be None is left out then; `layer` is sent as null
    optional = {name for name in names if type(None) in get_args(hints[name]) and name != "layer"}
    properties = {name: _of(hints[name], nullable=name == "layer") for name in names}
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n\n")[0] if not _generated(kind) else f"The event `{kind.type}`.",
        "properties": {"type": {"const": kind.type}, "at": {"type": "number", "minimum": 0}, **properties},
        "required": ["type", "at", *(name for name in names if name not in optional)],
        "additionalProperties": False,
    }


def _generated(kind: type[Any]) -> bool:
    return (kind.__doc__ or "").startswith(f"{kind.__name__}(")


def _of(hint: Any, nullable: bool = False) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        kinds = [_of(one) for one in arguments if one is not type(None)]
        return {"anyOf": [*kinds, {"type": "null"}]} if nullable else kinds[0]
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1])}
    if dataclasses.is_dataclass(hint):
        return _of_part(hint)
    return dict(PLAIN[hint])


def _of_part(kind: Any) -> Schema:
    hints = get_type_hints(kind)
    return {
        "type": "object",
        "description": kind.__doc__,
        "properties": {name: _of(hint) for name, hint in hints.items()},
        "required": list(hints),
        "additionalProperties": False,
    }
