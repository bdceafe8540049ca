"""What readers do is no reason for a line in the log; what goes wrong in our own tasks is."""

from __future__ import annotations

import subprocess
import sys

import pytest

LEFT = """
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    theirs.close()
    for _ in range(100):
        writer.write(b"x")
"""
LOST = """
    asyncio.get_running_loop().call_exception_handler({"message": "a task has failed"})
"""


@pytest.mark.parametrize(("done", "lines"), [(LEFT, 0), (LOST, 1)], ids=["a reader who has left", "a task that fails"])
def test_attack_79_the_log_has_a_line_of_our_faults_and_none_of_what_readers_do(done: str, lines: int) -> None:
    script = f"import asyncio, socket\nfrom sandbox import handover\nasync def main():{done}\n"
    script += "handover.begin_log()\nasyncio.run(main())\n"
    ended = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, check=True)
    assert len(ended.stderr.splitlines()) == lines
