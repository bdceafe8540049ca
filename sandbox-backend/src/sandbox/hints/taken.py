"""Finds words that an option has taken though they were not meant for it, or has left though they are its value's, and
words of which one letter was taken for an option."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.docker.cli import shell, wording
from sandbox.docker.cli.pflag import FlagError, HelpAskedError, Scan, Use, scan
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.hints import options, text
from sandbox.hints import wording as texts
from sandbox.hints.world import World

MOST_WORDS = 4
_NAMES = frozenset({"name", "hostname", "label"})
_PATHS = (("docker", "run"), ("docker", "container", "run"))


def eaten(line: str, world: World) -> str:
    """Return what to say when an option has the next option for its value, or the image; empty when none has."""
    found, words = _read(line)
    if found is None:
        return ""
    use = next((use for use in found.uses if _is_apart(use) and use.text != "-" and _is_option(use.text)), None)
    last = found.uses[-1] if found.uses else None
    # before another image, it may be just the name that a container is given
    if last and found.rest and (last.flag.name in _NAMES or world.find(words[found.rest[0]].text)):
        last = None
    if use is None and last is not None and _is_apart(last) and world.find(last.text):
        use = last
    if use is None:
        return ""
    said = texts.TAKEN.format(flag=use.flag.shown, word=use.text)
    example = wording.EXAMPLES.get(use.flag.name)
    return f"{said} 예: {example}" if example else said


def joined(line: str) -> Iterator[str]:
    """Yield the line with one word more each time in the value of the last option before the image, in quotes."""
    found, words = _read(line)
    if found is None or not found.uses or not found.rest:
        return
    use, image = found.uses[-1], found.rest[0]
    if use.flag.is_boolean or use.last != image - 1 or use.text.startswith("-"):
        return
    for end in range(image, min(image + MOST_WORDS, len(words) - 1)):
        value = " ".join(word.text for word in words[use.last : end + 1])
        yield f"{line[: words[use.last].start]}{shell.quote(value)}{line[words[end].end :]}"


def two_hyphens(line: str) -> Iterator[str]:
    """Yield the line with another hyphen before each long name that has one, and whose letters were read."""
    better = line
    for _ in range(MOST_WORDS):
        found, words = _read(better)
        starts = [words[use.first] for use in found.uses] if found else []
        word = next((word for word in starts if options.has_one_hyphen(word.text)), None)
        if word is None:
            break
        better = f"{better[: word.start]}-{better[word.start :]}"
    if better != line:
        yield better


def _read(line: str) -> tuple[Scan | None, Sequence[shell.Word]]:
    """Return the flags of a `docker run`, and its words from them on; None when they cannot be read."""
    split = text.words(line)
    path = next((path for path in _PATHS if split.texts[: len(path)] == path), None)
    if path is None or split.stop is not None:
        return None, ()
    words = split.words[len(path) :]
    try:
        return scan([word.text for word in words], RUN, interspersed=False), words
    except (FlagError, HelpAskedError):
        return None, words


def _is_apart(use: Use) -> bool:
    """Return whether the value of a use is a word of its own."""
    return not use.flag.is_boolean and use.last > use.first


def _is_option(text: str) -> bool:
    return text.startswith("-") and options.is_known(text)
