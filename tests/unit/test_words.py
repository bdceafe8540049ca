"""Docker's own output, line by line."""

from __future__ import annotations

import pytest

from sandbox.docker import messages
from sandbox.model.image import Config, Image
from sandbox.model.reference import parse

ALPINE = parse("alpine")
DIGEST = "sha256:d4aaab6242e0" + "0" * 52


def image(reference: str, digest: str, content: int, root: int) -> Image:
    return Image(reference, digest, digest, "amd64", (), Config(), content, root, "official")


HELLO = image("hello-world:latest", DIGEST, 9_520, 16_380)
BUSYBOX = image("busybox:latest", "sha256:d80cd694d3e9" + "0" * 52, 2_220_000, 4_560_000)


def test_a_run_that_pulls_reads_like_docker() -> None:
    lines = (
        messages.unable_to_find(ALPINE),
        messages.pulling(ALPINE),
        messages.pull_status("sha256:17eec7bbc9d7" + "0" * 52, "Pull complete"),
        messages.pull_end(ALPINE, DIGEST, newer=True),
    )
    assert "".join(filter(None, lines)) == (
        "Unable to find image 'alpine:latest' locally\n"
        "latest: Pulling from library/alpine\n"
        "17eec7bbc9d7: Pull complete\n"
        f"Digest: {DIGEST}\n"
        "Status: Downloaded newer image for alpine:latest\n"
    )


def test_an_image_that_is_there_already_is_up_to_date() -> None:
    assert messages.pull_end(ALPINE, DIGEST, newer=False).endswith("Status: Image is up to date for alpine:latest\n")


@pytest.mark.parametrize("status", ["Downloading", "Extracting"])
def test_progress_prints_nothing_off_a_terminal(status: str) -> None:
    assert messages.pull_status("17eec7bbc9d7", status) is None


def test_a_pull_by_digest_names_itself_in_full() -> None:
    reference = parse(f"alpine@{DIGEST}")
    assert messages.pulling(reference) == f"docker.io/library/alpine@{DIGEST}: Pulling from library/alpine\n"
    assert messages.canonical(ALPINE) == "docker.io/library/alpine:latest"
    assert messages.canonical(parse("localhost:5000/a")) == "localhost:5000/a:latest"


def test_a_program_that_is_not_there_gets_the_whole_sentence() -> None:
    assert messages.daemon_error(messages.task_error('exec: "ls": executable file not found in $PATH')) == (
        "docker: Error response from daemon: failed to create task for container: failed to create shim task: OCI "
        "runtime create failed: runc create failed: unable to start container process: error during container init: "
        "exec: \"ls\": executable file not found in $PATH\n\nRun 'docker run --help' for more information\n"
    )


def test_an_image_that_may_not_be_pulled_is_missed_as_docker_misses_it() -> None:
    assert messages.no_such_image(ALPINE) == "No such image: alpine:latest"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (9_520, "9.52kB"),
        (25_900, "25.9kB"),
        (13_000_000, "13MB"),
        (10**15, "1PB"),
    ],
)
def test_sizes_have_three_digits(number: int, shown: str) -> None:
    assert messages.size(number) == shown


def test_images_are_listed_as_docker_29_lists_them() -> None:
    # the rows and columns of a real listing, in tests' own order
    assert messages.images_table([messages.Row(HELLO, used=True), messages.Row(BUSYBOX)]) == (
        "IMAGE                ID             DISK USAGE   CONTENT SIZE   EXTRA\n"
        "busybox:latest       d80cd694d3e9       6.78MB         2.22MB        \n"
        "hello-world:latest   d4aaab6242e0       25.9kB         9.52kB   U    \n"
    )
    assert messages.images_table([]) == "IMAGE   ID             DISK USAGE   CONTENT SIZE   EXTRA\n"


def test_ids_alone_are_listed_once() -> None:
    assert messages.images_quiet([HELLO, HELLO]) == "d4aaab6242e0\n"
    assert messages.images_quiet([HELLO], no_trunc=True) == f"{DIGEST}\n"


def test_digests_bring_the_older_table_back() -> None:
    reference = parse("hello-world")
    assert messages.images_digests([(HELLO, reference, "2 weeks ago")], digests=True, no_trunc=False) == (
        f"REPOSITORY    TAG      {'DIGEST':71}   IMAGE ID       CREATED       SIZE\n"
        f"hello-world   latest   {DIGEST}   d4aaab6242e0   2 weeks ago   25.9kB\n"
    )
