"""What a process of the backend is started with: its settings, and a log on stderr."""

from __future__ import annotations

import dataclasses
import json
import logging

from sandbox import settings as knobs
from sandbox.settings import Settings

LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"


def encode(settings: Settings) -> str:
    """Return the settings as one argument of a command line."""
    return json.dumps(dataclasses.asdict(settings), default=str)


def begin(argument: str) -> Settings:
    """Start this process's log and return the settings that `encode` made `argument` of."""
    begin_log()
    return knobs.from_values(json.loads(argument))


def begin_log() -> None:
    """Log warnings and errors on stderr, each with its time and its source."""
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    # what is written to somebody who has left is a warning to asyncio, each time: strangers would fill the log with it
    logging.getLogger("asyncio").setLevel(logging.ERROR)
