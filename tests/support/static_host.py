"""A host that only serves files, as most do: it answers what is not a file in its own way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Files(SimpleHTTPRequestHandler):
    def __init__(self, *request: Any, below: str, policy: str, directory: str) -> None:
        self._below, self._policy = below, policy
        super().__init__(*request, directory=directory)

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(self._below) if path.startswith(self._below) else "/nowhere")

    def end_headers(self) -> None:
        if self._policy:
            self.send_header("Content-Security-Policy", self._policy)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path, below: str = "/", policy: str = "") -> Iterator[str]:
    """The files of `folder` at the address, which ends with `below` less its last slash; with a Content-Security-Policy
    if one is given."""
    handler = partial(_Files, below=below, policy=policy, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{below.rstrip('/')}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
