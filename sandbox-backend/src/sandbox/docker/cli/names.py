"""Lists names that are recognised and not carried out: docker's other commands, and the usual programs."""

from __future__ import annotations

# docker/cli v29 `docker --help`, and the plugins that Docker Desktop and docker-ce install
KNOWN = frozenset(
    """
    attach build builder buildx checkpoint commit compose config container context cp create debug desktop diff events
    exec export extension help history image images import info init inspect kill load login logout logs manifest
    model network node pause plugin port ps pull push rename restart rm rmi run sandbox save scout search secret
    service stack start stats stop swarm system tag top trust unpause update version volume wait
    """.split()
)
SUPPORTED = ("run", "pull", "images", "version", "help")
_CONTAINER = (
    "attach commit cp create diff exec export inspect kill logs ls pause port prune rename restart rm run start"
)
_CONTAINER_MORE = "stats stop top unpause update wait list ps"
_IMAGE = "build history import inspect load ls list prune pull push rm save tag"
# what a management command's own names stand for
MANAGEMENT = {
    "container": dict.fromkeys((_CONTAINER + " " + _CONTAINER_MORE).split(), "ps") | {"run": "run"},
    "image": dict.fromkeys(_IMAGE.split(), "rmi") | {"ls": "images", "list": "images", "pull": "pull"},
}
# programs of the usual small images: what a reader who forgets `docker run alpine` types
PROGRAMS = frozenset(
    """
    ash awk basename bash cat chmod chown clear cp cut date dd df dirname dmesg du echo env expr false file find free
    grep head hostname id ifconfig ip kill less ln ls md5sum mkdir more mount mv nc netstat nproc ping ps pwd rm rmdir
    sed seq sh sha256sum sleep sort stat su tail tar tee test time timeout top touch tr true uname uniq uptime vi wc
    wget whoami xargs yes
    """.split()
)

# more than these are no slip
MOST_EDITS = 2
_FAR = MOST_EDITS + 1


def near(word: str, names: frozenset[str] | tuple[str, ...]) -> str | None:
    """Return the name that `word` was perhaps meant to be: one edit away, two for longer names."""
    if not 1 < len(word) <= 24:
        return None
    ranked = sorted((distance(word, name), name) for name in names if abs(len(name) - len(word)) <= 2)
    if not ranked:
        return None
    steps, name = ranked[0]
    return name if steps <= (1 if len(name) < 4 else 2) else None


def distance(one: str, other: str) -> int:
    """Count the edits between two words, up to MOST_EDITS and one more, which says that they are more; swapping two
    neighbours is one edit. The time grows with the length only."""
    if abs(len(one) - len(other)) > MOST_EDITS:
        return MOST_EDITS + 1
    older: dict[int, int] = {}
    above = {j: j for j in range(MOST_EDITS + 1)}
    for i, letter in enumerate(one, start=1):
        row: dict[int, int] = {0: i}
        # what is further from the diagonal takes more edits than anyone counts
        for j in range(max(1, i - MOST_EDITS), min(len(other), i + MOST_EDITS) + 1):
            cost = above.get(j - 1, _FAR) + (letter != other[j - 1])
            cost = min(cost, above.get(j, _FAR) + 1, row.get(j - 1, _FAR) + 1)
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == other[j - 1]:
                cost = min(cost, older.get(j - 2, _FAR) + 1)
            row[j] = cost
        older, above = above, row
    return min(above.get(len(other), _FAR), _FAR)
