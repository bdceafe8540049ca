"""Formats what Docker 29's client and daemon print by themselves. Pure; every text ends as printed.

Sources: docker/cli `cli/command/container/{run,create}.go`, `cli/command/image/{pull,tree}.go`; moby
`daemon/containerd/image_pull.go`; go-units `size.go`. Output is that of a client whose stdout is no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.model.image import Image
from sandbox.model.reference import DEFAULT_DOMAIN, DEFAULT_TAG, Reference

DAEMON = "Error response from daemon: "
NO_COMMAND = "no command specified"
# this host's own: no loop device, or no mkfs.ext4
NO_DISK = "a disk of the container's own is not available on this host, so no rate can be set for it"
# this host's own: who has a namespace in common with a run can hold its disk when it has ended
SHARED_DISK = "no rate can be set on this host for a container that shares a namespace with another"
# this host's own: the kernel's io.max begins there
TOO_SLOW = "a rate of 1 byte a second cannot be set on this host, which has cgroup v2: 2 is the slowest"
# this host's own: as many as a user namespace maps
HIGH_ID = "id {number} is not available on this host: a container has the user and group ids 0-{most} here"
# Docker's own, of libnetwork
FULL_BRIDGE = (
    "failed to set up container networking: no available IPv4 addresses on this network's address pools: bridge"
)
NO_BRIDGE = "--network bridge is not available on this host: it cannot make one"
# the daemon's own, of an image that was pulled without a word about its platform
OTHER_PLATFORM = (
    "WARNING: The requested image's platform ({image}) does not match the detected host platform ({machine}) and no "
    "specific platform was requested\n"
)
NO_TERMINAL = "cannot attach stdin to a TTY-enabled container because stdin is not a terminal\n"
# with a byte count these are progress bars, which a client prints on a terminal only
SILENT = frozenset({"Downloading", "Extracting", "Waiting", "Verifying Checksum"})
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SPACING = 3


def no_such_container(kind: str, name: str) -> str:
    """Return the daemon's error for a container whose `pid`, `network` or `ipc` namespace was to be shared."""
    opening = {
        "pid": "failed to join PID namespace",
        "network": "joining network namespace of container",
        "ipc": "failed to join IPC namespace",
    }
    return f"{opening[kind]}: No such container: {name}"


def not_shareable(name: str) -> str:
    """Return the daemon's error for a container that was not started with `--ipc=shareable`."""
    hint = "(hint: use IpcMode:shareable for the donor container)"
    return f"failed to join IPC namespace: container {name}: non-shareable IPC {hint}"


def unable_to_find(reference: Reference) -> str:
    """`docker run`'s first line when the image is not there yet (stderr)."""
    return f"Unable to find image '{reference.familiar}' locally\n"


def default_tag() -> str:
    """`docker pull`'s first line when the line named no tag (stdout)."""
    return f"Using default tag: {DEFAULT_TAG}\n"


def pulling(reference: Reference) -> str:
    """Return the line that opens a pull."""
    asked = reference.tag or canonical(reference)
    return f"{asked}: Pulling from {reference.repository}\n"


def pull_status(layer: str, status: str) -> str | None:
    """Return the line of one layer's new state; None for the progress states, which print nothing off a terminal.

    `layer` is a digest or its first twelve digits.
    """
    if status in SILENT:
        return None
    return f"{short(layer)}: {status}\n"


def pull_end(reference: Reference, digest: str, newer: bool) -> str:
    """Return the two lines that close a pull; `newer` is False when the host already had this very digest."""
    state = "Downloaded newer image" if newer else "Image is up to date"
    return f"Digest: {digest}\nStatus: {state} for {reference.familiar}\n"


def canonical(reference: Reference) -> str:
    """Return the name in full: `docker.io/library/alpine:latest`, also `docker pull`'s last line on stdout."""
    rest = reference.familiar.removeprefix(reference.familiar_name)
    return f"{reference.domain or DEFAULT_DOMAIN}/{reference.path}{rest}"


def client_error(message: str, command: str = "run") -> str:
    """Return an error that `docker run`'s client finds itself (stderr, exit code 125)."""
    return f"docker: {message}\n\nRun 'docker {command} --help' for more information\n"


def daemon_error(message: str) -> str:
    """Return a daemon's error as `docker run` prints it (stderr)."""
    return client_error(DAEMON + message)


def pull_error(message: str) -> str:
    """Return a daemon's error as `docker pull` prints it (stderr, exit code 1)."""
    return f"{DAEMON}{message}\n"


def no_such_image(reference: Reference) -> str:
    """Return the daemon's error for `--pull never` and an image that is not there."""
    return f"No such image: {reference.familiar}"


def task_error(detail: str) -> str:
    """Return the message that Docker 29 makes of an OCI runtime's `detail`.

    Such a detail is `exec: "ls": executable file not found in $PATH`.
    """
    return (
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
        f"failed: unable to start container process: error during container init: {detail}"
    )


def not_throttled(major: int, minor: int, rate: int) -> str:
    """Return runc's detail when the kernel has no disk of these numbers."""
    return (
        f'error setting cgroup config for procHooks process: failed to write "{major}:{minor} {rate}": no such device'
    )


def size(number: int) -> str:
    """Return `number` bytes with three significant digits, as go-units prints them: `13MB`, `9.52kB`."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g}{_UNITS[unit]}"


def short(digest: str) -> str:
    """Return the twelve digits that Docker shows of a digest or id."""
    return digest.rpartition(":")[2][:12]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `docker images`: `used` when a container of this image is kept."""

    image: Image
    used: bool = False


def images_table(rows: Iterable[Row]) -> str:
    """`docker images`, sorted by name: disk usage is the blobs and the unpacked files together."""
    ordered = sorted(rows, key=lambda row: row.image.reference)
    cells = [("IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA"), *map(_cells, ordered)]
    return _aligned(cells, "<<>><", (0, 12, 10, 12, 5))


def images_quiet(images: Iterable[Image], no_trunc: bool = False) -> str:
    """`docker images -q`: one id a line."""
    ids = [image.digest if no_trunc else short(image.digest) for image in images]
    return "".join(f"{line}\n" for line in dict.fromkeys(ids))


def images_digests(images: Iterable[tuple[Image, Reference, str]], digests: bool, no_trunc: bool) -> str:
    """`docker images --digests` or `--no-trunc`: the older table. Each image comes with its reference and how long
    ago it was made, in Docker's words (`2 weeks ago`)."""
    head = ("REPOSITORY", "TAG", *(("DIGEST",) if digests else ()), "IMAGE ID", "CREATED", "SIZE")
    cells = [head]
    for image, reference, created in images:
        ident = image.digest if no_trunc else short(image.digest)
        disk = size(image.content_bytes + image.root_bytes)
        digest = (image.digest,) if digests else ()
        cells.append((reference.familiar_name, reference.tag or "<none>", *digest, ident, created, disk))
    return _aligned(cells, "<" * len(head), (0,) * len(head), last_padded=False)


def _cells(row: Row) -> tuple[str, ...]:
    image = row.image
    disk = size(image.content_bytes + image.root_bytes)
    return (image.reference, short(image.digest), disk, size(image.content_bytes), "U" if row.used else "")


def _aligned(lines: list[tuple[str, ...]], alignment: str, minimum: tuple[int, ...], last_padded: bool = True) -> str:
    widths = [max(least, *(len(line[n]) for line in lines)) for n, least in enumerate(minimum)]
    if not last_padded:
        widths[-1] = 0
    gap = " " * _SPACING
    return "".join(
        gap.join(f"{cell:{side}{width or 1}}" for cell, side, width in zip(line, alignment, widths, strict=True)) + "\n"
        for line in lines
    )
