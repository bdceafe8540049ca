"""Serves the static pages on the origin of the API: right types, revalidation by ETag, parts of files.

A compressed copy that lies beside a file, as the build of the pages leaves it, is sent to whoever takes it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.loop_turns import Turns

# of our own, because the machine's table may lack some and may be out of sight
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".ndjson": "application/x-ndjson",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".gz": "application/gzip",
    ".whl": "application/zip",
    ".ipynb": "application/json",
}
# the best first
ENCODINGS = {"br": ".br", "gzip": ".gz"}
FINGERPRINT = re.compile(r"\.[0-9a-f]{8,}\.")
FOR_EVER = "public, max-age=31536000, immutable"
# no page has a longer one, and each folder in it is looked for by itself
LONGEST_PATH = 512


class Pages(StaticFiles):
    """Static files with the types and cache headers that browsers need."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        accepted = _accepted(scope)
        copies = {name: Path(f"{full_path}{suffix}") for name, suffix in ENCODINGS.items() if name in accepted}
        name = next((name for name, copy in copies.items() if copy.is_file()), "")
        path, found = (copies[name], copies[name].stat()) if name else (full_path, stat_result)
        response = super().file_response(path, found, scope, status_code)
        _describe(response, PurePath(full_path))
        response.headers["vary"] = "Accept-Encoding"
        if name:
            response.headers["content-encoding"] = name
        return response

    def get_path(self, scope: Scope) -> str:
        if len(scope["path"]) > LONGEST_PATH:
            raise HTTPException(404)
        return super().get_path(scope)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except PermissionError:
            raise HTTPException(404) from None
        except HTTPException as error:
            raise HTTPException(404 if error.status_code == 401 else error.status_code, headers=error.headers) from None
        if isinstance(response, RedirectResponse):
            # a path, not an address: only the reader's browser has the scheme that a proxy serves
            response.headers["location"] = "/" + quote(scope["path"].strip("/")) + "/"
        elif isinstance(response, FileResponse) and response.status_code == 404:
            _describe(response, PurePath("404.html"))
        return response


class _InTurns:
    """Lets a reader's many files be sent part by part, each in the reader's turn."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self._app, self._turns = app, turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_turn(message: Message) -> None:
            if message["type"] == "http.response.body":
                await self._turns.turn()
            await send(message)

        await self._app(scope, receive, send_in_turn)


def make(folder: Path, turns: Turns) -> ASGIApp:
    """Return the pages of `folder`, with its `404.html` for what is not there; each part of a file is sent in its
    reader's turn."""
    return _InTurns(Pages(directory=folder, html=True), turns)


def _accepted(scope: Scope) -> set[str]:
    """The encodings that the reader takes; one of quality 0 is refused by that (RFC 9110, 12.5.3)."""
    entries = Headers(scope=scope).get("accept-encoding", "").replace(" ", "").split(",")
    named = (entry.split(";") for entry in entries)
    return {name for name, *rest in named if not any(re.fullmatch(r"q=0(\.0*)?", one) for one in rest)}


def _describe(response: Response, path: PurePath) -> None:
    media_type = TYPES.get(path.suffix, "application/octet-stream")
    text = media_type.startswith("text/")
    response.headers["content-type"] = f"{media_type}; charset=utf-8" if text else media_type
    response.headers["cache-control"] = FOR_EVER if FINGERPRINT.search(path.name) else "no-cache"
