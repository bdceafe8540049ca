"""The puller's side of its socket: whoever asks gets an answer, whatever goes wrong."""

from __future__ import annotations

import socket
from typing import cast

import pytest

from sandbox.images.puller import messages
from sandbox.images.puller.connections import Use
from sandbox.images.puller.messages import Check, Failed
from sandbox.images.puller.process import Service
from sandbox.images.puller.registry import Registry, RegistryError

NUMBER = 7


class Broken:
    """Stands for a registry client that raises an `error`."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def check(self) -> None:
        """Raise it."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RegistryError("registry-down", "EOF"), Failed("registry-down", "EOF")),
        (OSError("no"), Failed("puller-failed", "OSError: no")),
        # of which nobody has thought
        (KeyError("x" * 9000), Failed("puller-failed", f"KeyError: '{'x' * 9000}'"[:4000])),
    ],
    ids=["of the registry", "of the machine", "of nobody"],
)
def test_every_error_is_an_answer(error: Exception, said: Failed) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.settimeout(10)
        service = Service(theirs, cast(Registry, Broken(error)))
        service._wanted[NUMBER] = Use()
        service.answer(NUMBER, Check(), [])
        assert messages.decode_reply(ours.recv(messages.LARGEST_MESSAGE)) == (NUMBER, said)
