"""Browsers that visit many pages, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from playwright.sync_api import Browser

from support import browser
from support.visits import Visit, visiting, walking

# a visit is mostly waiting for the network to be quiet
AT_ONCE = 3
Seen = TypeVar("Seen")


class Readers:
    """Each is a browser in a thread of its own, as Playwright wants it, that starts with the first page it visits."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[Browser], Any], Future[Any]] | None] = SimpleQueue()
        self._threads = [Thread(target=self._read) for _ in range(AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def each(self, urls: list[str], see: Callable[[Visit], Seen], **context: Any) -> list[Seen]:
        """What is seen on a first visit to each of `urls`, which the readers share out."""

        def visit(url: str, chromium: Browser) -> Seen:
            with visiting(chromium, url, **context) as visited:
                return see(visited)

        asked = [self._ask(partial(visit, url)) for url in urls]
        return [one.result() for one in asked]

    def walk(self, urls: list[str], see: Callable[[Visit], Seen], **context: Any) -> list[Seen]:
        """What is seen of each of `urls` on a walk; each reader goes to some of them."""

        def go(own: list[str], chromium: Browser) -> dict[str, Seen]:
            with walking(chromium, **context) as walk:
                return {url: see(walk.to(url)) for url in own}

        asked = [self._ask(partial(go, urls[number::AT_ONCE])) for number in range(AT_ONCE)]
        seen = {url: one for part in asked for url, one in part.result().items()}
        return [seen[url] for url in urls]

    def close(self) -> None:
        """End them all, when what they were asked is done."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _ask(self, job: Callable[[Browser], Seen]) -> Future[Seen]:
        answer: Future[Seen] = Future()
        self._jobs.put((job, answer))
        return answer

    def _read(self) -> None:
        with ExitStack() as stack:
            own: Browser | None = None
            while asked := self._jobs.get():
                job, answer = asked
                try:
                    own = own or stack.enter_context(browser.chromium())
                    answer.set_result(job(own))
                except BaseException as error:
                    answer.set_exception(error)


@contextmanager
def reading() -> Iterator[Readers]:
    """The readers, until the block is left."""
    readers = Readers()
    try:
        yield readers
    finally:
        readers.close()
