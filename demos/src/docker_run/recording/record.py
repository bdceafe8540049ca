"""Runs the demos of a MkDocs site on a real backend and keeps what came as recordings.

The demos of one page run from top to bottom on one fresh Docker host, as a reader would run them. A file whose
recording still says the same is not written again, so that a diff shows only what has really changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.utils.yaml import yaml_load

from docker_run import pages
from docker_run.fence import Fence
from docker_run.recording.client import BackendError, Client
from docker_run.recording.compare import steady
from docker_run.recording.file import SUFFIX, Recording, parse, path_of, read
from docker_run.recording.server import started

# a recording is part of its page, which should not weigh more
MOST_BYTES = 100_000
PLUGIN = "docker-run"


class RecordError(Exception):
    """Recording cannot go on; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Record all demos of a site; return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        config = _config(given.config)
        folder = config.plugins[PLUGIN].config.recordings if PLUGIN in config.plugins else None
        if not folder:
            print("mkdocs.yml에 docker-run 플러그인의 recordings 폴더가 없어요", file=sys.stderr)
            return 2
        demos = pages.demos(Path(config.docs_dir))
        wanted = {fence.isolation for fences in demos.values() for fence in fences if fence.isolation}
        with nullcontext(Client(given.backend)) if given.backend else started(given.data_dir, wanted) as client:
            record(client, demos, Path(folder))
    except (RecordError, BackendError, pages.WrongPageError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n기록을 적지 못했어요: {error}", file=sys.stderr)
        return 1
    return 0


def _config(file: Path) -> MkDocsConfig:
    """Return the site's configuration with only our plugin: others may miss what only a build needs."""
    try:
        with file.open("rb") as opened:
            plugins = yaml_load(opened).get("plugins") or []
    except OSError as error:
        raise RecordError(f"사이트의 설정을 읽지 못했어요: {error}") from error
    each = [{name: options} for name, options in plugins.items()] if isinstance(plugins, dict) else plugins
    return load_config(str(file), plugins=[one for one in each if PLUGIN in ([one] if isinstance(one, str) else one)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m docker_run.recording.record", description=__doc__.split("\n\n")[0])
    parser.add_argument("--config", type=Path, default=Path("mkdocs.yml"), help="the site (mkdocs.yml)")
    parser.add_argument(
        "--backend", metavar="URL", help="a running backend; without it, one is started for the time of recording"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the data folder of the backend that is started")
    return parser


def record(client: Client, demos: dict[str, list[Fence]], folder: Path) -> None:
    """Record the demos of each page into `folder`, and remove the files there that belong to none of them."""
    kept = set()
    for page, fences in demos.items():
        for fence, fresh in zip(fences, fresh_recordings(client, fences), strict=True):
            file = path_of(folder, page, fence.id)
            kept.add(file)
            done = _store(file, fresh) if fresh else f"{fence.isolation} 격리 방식이 없는 백엔드라서 그대로 두었어요"
            print(f"{page}  {fence.id:24} {done}")
    for file in sorted(folder.rglob(f"*{SUFFIX}")):
        if file not in kept:
            file.unlink()
            print(f"{file.relative_to(folder)}  지웠어요")


def fresh_recordings(client: Client, fences: Sequence[Fence]) -> Iterator[Recording | None]:
    """Run the demos of a page on one Docker host; yield each recording, None where its isolation is missing."""
    isolations = client.isolations() if any(fence.isolation for fence in fences) else frozenset()
    commands = {fence.id: fence.command for fence in fences}
    with client.host() as host:
        for fence in fences:
            if fence.isolation is not None and fence.isolation not in isolations:
                yield None
                continue
            with client.running(commands.get(fence.options.get("beside", "")), host):
                yield _fresh(client, fence, host)


def _fresh(client: Client, fence: Fence, host: str) -> Recording:
    today = datetime.now(UTC).date().isoformat()
    lines = tuple(client.run(fence.command, host, fence.isolation))
    try:
        fresh = parse(Recording(fence.command, today, "", lines).text)
    except ValueError as error:
        last = lines[-1] if lines else "사건이 하나도 없어요"
        raise RecordError(f"{fence.command}: 실행이 끝까지 가지 못해서 기록하지 않았어요: {last}") from error
    if len(fresh.text) > MOST_BYTES:
        raise RecordError(f"{fence.command}: 기록이 너무 길어요 ({len(fresh.text)}바이트, {MOST_BYTES}까지)")
    engine = client.engine + (f" · {fence.isolation}" if fence.isolation else "")
    return Recording(fence.command, today, engine, lines)


def _store(file: Path, fresh: Recording) -> str:
    """Write the recording unless the file says the same already; return what was done, for the reader of the log."""
    try:
        before = read(file)
    except ValueError:
        before = None
    same = before and before.command == fresh.command
    if before and same and steady(before.events) == steady(fresh.events):
        return "그대로예요"
    _write(file, fresh.text)
    return "바뀌어서 다시 적었어요" if before else "적었어요"


def _write(file: Path, text: str) -> None:
    """Write the whole file or nothing; under sudo it belongs to the caller's own account."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        if "SUDO_UID" in os.environ:
            owner = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
            for path in (unfinished, file.parent):
                os.chown(path, *owner)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
