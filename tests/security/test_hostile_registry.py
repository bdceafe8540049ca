"""A registry that sends us elsewhere, or is in trouble: nobody else is asked, and the reader is told why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.docker.messages import pull_error
from support import oci
from support.fake_registry import Answer, FakeRegistry
from support.pulls import Bench, pulling, refused

pytestmark = pytest.mark.container
NAME = "library/alpine:latest"


@pytest.mark.parametrize("what", ["/manifests/", "/blobs/"])
async def test_img_13_a_redirect_to_an_unnamed_host_is_refused_before_connecting(
    bench: Bench, fake: FakeRegistry, what: str
) -> None:
    oci.hold(fake, NAME, oci.build([{"f": b"1"}]))
    with FakeRegistry() as internal:
        fake.on(what, Answer(status=307, headers={"Location": f"{internal.url}/latest/meta-data"}))
        assert (await refused(bench))["reason"] == "foreign-host"
        assert internal.requests == []


async def test_img_13_a_token_realm_on_an_unnamed_host_is_refused_before_connecting(
    bench: Bench, fake: FakeRegistry
) -> None:
    with FakeRegistry() as internal:
        challenge = {"WWW-Authenticate": f'Bearer realm="{internal.url}/token",service="x"'}
        fake.on("/manifests/", Answer(status=401, headers=challenge))
        assert (await refused(bench))["reason"] == "foreign-host"
        assert internal.requests == []


async def test_img_14_a_layer_url_is_not_followed(bench: Bench, fake: FakeRegistry) -> None:
    built = oci.build([{"f": b"1"}])
    oci.hold(fake, NAME, built)
    with FakeRegistry() as elsewhere:
        layer = {**json.loads(built.manifests[0][0])["layers"][0], "urls": [f"{elsewhere.url}/layer"]}
        fake.manifest("library/alpine", "latest", oci.rewritten(built, layers=[layer]))
        fake.on(built.layer_digests[0], Answer(status=404))
        assert (await refused(bench))["reason"] == "blob-missing"
        assert elsewhere.requests == []


async def test_img_15_another_registry_s_image_is_refused_before_connecting(bench: Bench) -> None:
    with FakeRegistry() as other:
        oci.hold(other, NAME, oci.build([{"f": b"1"}]))
        end = (await bench.pull(f"{other.netloc}/library/alpine"))[-1]
        assert (end["reason"], other.requests) == ("foreign-host", [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=500), "registry-error"),
        (Answer(status=429), "rate-limited"),
        (Answer(body=b"<html>"), "bad-image"),
    ],
)
async def test_img_17_a_registry_in_trouble_is_said(
    bench: Bench, fake: FakeRegistry, answer: Answer, code: str
) -> None:
    fake.on("/manifests/", answer)
    assert (await refused(bench))["reason"] == code


async def test_img_17_a_registry_that_is_down_is_said_in_docker_s_words(tmp_path: Path) -> None:
    with FakeRegistry() as gone:
        url, netloc = gone.url, gone.netloc
    async with pulling(tmp_path, url) as bench:
        end = await refused(bench)
    assert end["stderr"] == pull_error(
        'failed to resolve reference "docker.io/library/alpine:latest": failed to do request: '
        f'Head "{url}/v2/library/alpine/manifests/latest": dial tcp {netloc}: connect: connection refused'
    )
