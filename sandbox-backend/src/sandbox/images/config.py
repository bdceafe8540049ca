"""Reads the OCI image configuration with distrust: what is safe to hand to a runtime, or BadImage.

Pure. The limits are generous for images that people build and small for what a runtime has to carry: Linux takes at
most 128 KiB in one argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.images.manifest import MOST_LAYERS, BadImage, check_spelling, parse_json
from sandbox.model.events import Provenance
from sandbox.model.image import Config
from sandbox.model.plan import MOST_FOLDERS
from sandbox.model.platform import Platform, normalised
from sandbox.oci.users import DOCKERS_LARGEST_ID, OUT_OF_RANGE

LABEL = "io.docker-run.provenance"
LONGEST_TEXT = 128 << 10
# in JSON it is at most six times as long, which has to fit in one reply of the runner
LARGEST_TOTAL = 256 << 10
# of that in JSON, and a long history
LARGEST_CONFIG = 2 << 20
# each costs some hundred bytes of memory and a few microseconds wherever it is read, however short it is
MOST_WORDS = 1000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# what the parts of a platform are made of (containerd/platforms)
_WORD = re.compile(r"[A-Za-z0-9_.-]{0,40}")
_USER = re.compile(r"[^\s:/]*(:[^\s:/]*)?")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """`diff_ids` name the layers' uncompressed tars, lowest first; `created` is an RFC 3339 time or empty."""

    platform: Platform
    diff_ids: tuple[str, ...]
    config: Config
    created: str

    @property
    def provenance(self) -> Provenance:
        """Return who made the image: a stand-in has a label that says so."""
        return "stand-in" if dict(self.config.labels).get(LABEL) == "stand-in" else "official"


def parse(data: bytes) -> ImageConfig:
    """Return the configuration in `data`; BadImage when it holds what no container should be made from."""
    document = parse_json(data, LARGEST_CONFIG)
    rootfs = _object(document, "rootfs")
    diff_ids = tuple(map(check_spelling, _texts(rootfs, "diff_ids", MOST_LAYERS)))
    where = normalised(
        _word(document, "os") or "linux", *(_word(document, name) for name in ("architecture", "variant"))
    )
    created = _text(document, "created")
    config = _config(_object(document, "config"))
    return ImageConfig(where, diff_ids, config, created if _TIME.fullmatch(created) else "")


def _config(values: Mapping[str, Any]) -> Config:
    labels = _object(values, "Labels")
    config = Config(
        entrypoint=_texts(values, "Entrypoint"),
        cmd=_texts(values, "Cmd"),
        env=_texts(values, "Env"),
        workdir=_one_line(values, "WorkingDir"),
        user=_user(_one_line(values, "User")),
        labels=tuple((_clean(name), _text(labels, name)) for name in labels),
        volumes=tuple(map(_clean, _object(values, "Volumes"))),
    )
    _check(config)
    return config


def _check(config: Config) -> None:
    if sum(len([name for name in path.split("/") if name]) for path in config.volumes) > MOST_FOLDERS:
        raise BadImage(f"the configuration's volumes name more than {MOST_FOLDERS} folders")
    if sum(map(len, (config.entrypoint, config.cmd, config.env, config.labels, config.volumes))) > MOST_WORDS:
        raise BadImage(f"the configuration has more than {MOST_WORDS} arguments, variables and labels")
    labels = (word for pair in config.labels for word in pair)
    words = (*config.entrypoint, *config.cmd, *config.env, *config.volumes, *labels)
    if sum(len(word.encode()) for word in words) > LARGEST_TOTAL:
        raise BadImage(f"the configuration holds more than {LARGEST_TOTAL} bytes")


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise BadImage("the user is not a name or a number")
    # containerd GO-2025-3528: a number that does not fit in 32 bits turned into user 0
    if any(map(_is_out_of_range, text.split(":"))):
        raise BadImage(OUT_OF_RANGE)
    return text


def _is_out_of_range(part: str) -> bool:
    digits = part.lstrip("0")
    return part.isascii() and part.isdigit() and (len(digits) > 10 or int(digits or "0") > DOCKERS_LARGEST_ID)


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = values.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadImage(f"{name} is not an object")
    return value or {}


def _texts(values: Mapping[str, Any], name: str, most: int = MOST_WORDS) -> tuple[str, ...]:
    value = values.get(name)
    if value is not None and not isinstance(value, list):
        raise BadImage(f"{name} is not a list")
    if len(value or ()) > most:
        raise BadImage(f"{name} has more than {most} parts")
    return tuple(map(_clean, value or ()))


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return "" if value is None else _clean(value)


def _word(values: Mapping[str, Any], name: str) -> str:
    text = _text(values, name)
    if not _WORD.fullmatch(text):
        raise BadImage(f"{name} is not a word")
    return text


def _one_line(values: Mapping[str, Any], name: str) -> str:
    text = _text(values, name)
    if any(ord(character) < 32 for character in text):
        raise BadImage(f"{name} has a control character")
    return text


def _clean(value: object) -> str:
    """Return a text that can be an argument of a program: no NUL, no half of a surrogate pair, not too long."""
    if not isinstance(value, str):
        raise BadImage("a value is not a text")
    if "\0" in value or len(value) > LONGEST_TEXT:
        raise BadImage("a text has a NUL or is too long")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadImage("a text is not valid Unicode") from error
    return value
