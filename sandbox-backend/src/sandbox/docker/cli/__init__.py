"""Parses a command line into a typed command, with Docker's own grammar and error messages. No input or output.

`parse` takes any text and never raises. What it cannot carry out comes back as `Printed`: what docker or the shell
would print, their exit code, a Korean hint, and lines that were perhaps meant.
"""

from sandbox.docker.cli.command import Command, Images, Printed, Pull, Run, as_dict
from sandbox.docker.cli.line import parse

__all__ = ["Command", "Images", "Printed", "Pull", "Run", "as_dict", "parse"]
