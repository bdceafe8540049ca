"""Image references, held against what Docker 28.2.2's client said of the same texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.model.reference import InvalidReferenceError, parse

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "familiar", "repository", "domain"),
    [
        ("alpine", "alpine:latest", "library/alpine", None),
        ("alpine:3.20", "alpine:3.20", "library/alpine", None),
        ("docker.io/alpine", "alpine:latest", "library/alpine", None),
        ("index.docker.io/library/alpine", "alpine:latest", "library/alpine", None),
        ("library/alpine", "alpine:latest", "library/alpine", None),
        ("team/app", "team/app:latest", "team/app", None),
        ("localhost/app", "localhost/app:latest", "app", "localhost"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "app", "localhost:5000"),
        ("ghcr.io/a/b", "ghcr.io/a/b:latest", "a/b", "ghcr.io"),
        ("Foo/bar", "Foo/bar:latest", "bar", "Foo"),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "a", "[::1]:5000"),
        ("a__b", "a__b:latest", "library/a__b", None),
        ("a--b", "a--b:latest", "library/a--b", None),
        (f"alpine@{SHA}", f"alpine@{SHA}", "library/alpine", None),
        (f"alpine:1@{SHA}", f"alpine:1@{SHA}", "library/alpine", None),
    ],
)
def test_a_reference_is_filled_in(text: str, familiar: str, repository: str, domain: str | None) -> None:
    found = parse(text)
    assert (found.familiar, found.repository, found.domain) == (familiar, repository, domain)
    assert parse(found.familiar) == found


def test_a_digest_is_asked_for_before_a_tag() -> None:
    assert parse(f"alpine:1@{SHA}").asked == SHA
    assert parse("alpine:1").asked == "1"


PLAIN = "invalid reference format"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(
            (text, PLAIN)
            for text in ["", "a b", "a:b:c", "-x", "a:", "a/", "/a", "a..b", "a___b", "한글", "alpine:태그"]
        ),
        *((text, PLAIN) for text in ["http://x/y", ":latest", "@x", "a@sha256:12", "alpine:lat est"]),
        ("library/Foo", f"{PLAIN}: repository name (library/Foo) must be lowercase"),
        ("Foo", f"{PLAIN}: repository name (library/Foo) must be lowercase"),
        ("ALPINE:latest", f"{PLAIN}: repository name (library/ALPINE) must be lowercase"),
        ("localhost/Foo", f"{PLAIN}: repository name (Foo) must be lowercase"),
        ("a.b/C", f"{PLAIN}: repository name (C) must be lowercase"),
        ("a" * 300, "repository name must not be more than 255 characters"),
        ("a" * 64, f"invalid repository name ({'a' * 64}), cannot specify 64-byte hexadecimal strings"),
        ("a@md5:" + "a" * 32, "unsupported digest algorithm"),
        ("a@sha256:" + "a" * 40, "invalid checksum digest length"),
        ("a@sha256:" + "A" * 64, "invalid checksum digest format"),
    ],
)
def test_a_wrong_reference_gets_dockers_words(text: str, message: str) -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        parse(text)
    assert str(caught.value) == message


@given(st.text(max_size=80) | st.text("aA0._-/:@[]", max_size=80))
def test_any_text_is_a_reference_or_is_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidReferenceError:
        return
    assert parse(found.familiar) == found
