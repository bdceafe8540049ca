"""The web process: it gives up everything but its listening socket, then serves."""

from __future__ import annotations

import gc
import socket

from sandbox.linux.confine import confine, relinquish
from sandbox.settings import Settings


def main(settings: Settings, listener: int) -> int:
    """Serve on the inherited socket `listener` until SIGTERM."""
    visible = [settings.runtime / "web", *([settings.site] if settings.site else [])]
    confine(settings.web_uid, settings.runtime / "view-web", visible=visible, network=False)
    # imported only now, so that no library's code ever runs with a privilege
    from sandbox.web.http.serving import serve

    # what lives now lives for ever: the collector need not look at it again and again
    gc.freeze()
    serve(settings, socket.socket(fileno=listener))
    return 0


def main_pages(settings: Settings, listener: int) -> int:
    """Serve the pages alone on the inherited socket `listener` until SIGTERM, as whoever has started it."""
    relinquish()
    from sandbox.web.http.serving import serve_pages

    serve_pages(settings, socket.socket(fileno=listener))
    return 0
