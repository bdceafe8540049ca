"""The command `sandbox-backend`: serve, doctor, images."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox import handover
from sandbox import settings as knobs
from sandbox.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    # whoever has started us may ignore it, and then the kernel says of no child how it has ended
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    words = list(sys.argv[1:] if arguments is None else arguments)
    handover.begin_log()
    asked = _parser().parse_args(words)
    try:
        settings = _settings(asked)
    except knobs.SettingsError as error:
        print(f"sandbox-backend: {error}", file=sys.stderr)
        return 2
    return int(asked.run(settings, asked))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox-backend", description="Runs docker run lines of strangers in real, confined containers."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", _serve, "serve the API, and a site beside it, until Ctrl-C")
    serve.add_argument("--site", type=Path, metavar="DIR", help="a folder of static pages to serve at /")
    serve.add_argument("--listen", help="address to listen on (HOST, 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (PORT, 8000)")
    serve.add_argument("--machine", help="where runs are: here, guest or pages, which is nowhere (MACHINE, here)")
    serve.add_argument(
        "--prepare", type=Path, metavar="PROGRAM", help="makes what a guest needs, while pages are served"
    )
    doctor = _command(commands, "doctor", _doctor, "what this machine lacks, and the command that mends it")
    doctor.add_argument("--json", action="store_true", help="for programs")
    images = _command(commands, "images", _images, "the images that are unpacked here")
    images.add_argument("--json", action="store_true", help="for programs")
    return parser


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, as TOML")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where images are kept")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="where sockets and live runs are kept")
    parser.add_argument("--registry", help="an OCI registry (SANDBOX_REGISTRY); by default the local one")
    return parser


def _settings(asked: argparse.Namespace) -> Settings:
    given = {
        name: getattr(asked, name, None)
        for name in ("site", "listen", "port", "machine", "data_dir", "run_dir", "registry")
    }
    for name in ("site", "data_dir", "run_dir"):
        # the processes that serve start elsewhere, and see each folder at its own full path
        if path := given[name]:
            given[name] = Path(path).resolve()
    return knobs.load(asked.config, os.environ, {name: value for name, value in given.items() if value is not None})


def _serve(settings: Settings, asked: argparse.Namespace) -> int:
    if settings.site is not None and not settings.site.is_dir():
        print(f"sandbox-backend: --site: no such folder: {settings.site}", file=sys.stderr)
        return 2
    if settings.machine != "here":
        return _serve_without_privilege(settings, asked.prepare)
    from sandbox import doctor, supervisor

    lacking = doctor.unmet(settings)
    if lacking:
        doctor.report(lacking, sys.stderr)
        return 1
    return supervisor.main(settings)


def _serve_without_privilege(settings: Settings, prepare: Path | None) -> int:
    if settings.machine == "pages":
        if settings.site is None:
            print("sandbox-backend: there are no pages to serve without --site", file=sys.stderr)
            return 2
        from sandbox import pages

        return pages.main(settings)
    from sandbox.guest import serve

    return serve.main(settings, settings.data_dir / "guest", prepare)


def _doctor(settings: Settings, asked: argparse.Namespace) -> int:
    from sandbox import doctor

    return doctor.main(settings, asked.json)


def _images(settings: Settings, asked: argparse.Namespace) -> int:
    from sandbox.images.store import Store
    from sandbox.model import plain

    images = Store(settings).images()
    if asked.json:
        print(json.dumps(images, ensure_ascii=False, indent=2, default=plain.encode))
        return 0
    for one in images:
        print(f"{one.reference:30} {one.id[7:19]}  {one.provenance:9} {len(one.layers)} layers, {one.root_bytes} bytes")
    return 0
