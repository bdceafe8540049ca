"""The address that readers come to."""

from __future__ import annotations

import socket

from sandbox.settings import Settings


class NotReady(Exception):
    """The backend cannot serve; the text says why."""


def listen(settings: Settings) -> socket.socket:
    """The site's socket, opened here because the web process has no network to open it in."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        raise NotReady(f"{settings.host}:{settings.port}: {error.strerror}; PORT=… chooses another port") from error
    return listener


def announce(settings: Settings) -> None:
    """Say where the pages are now."""
    print(f"http://{settings.host}:{settings.port}  준비됐어요. 끝내려면 Ctrl-C를 누르세요.", flush=True)
