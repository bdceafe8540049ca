"""The registry client against a registry that misbehaves: it talks to the operator's hosts and to nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from sandbox.images.manifest import ACCEPT
from sandbox.images.puller import connections
from sandbox.images.puller import registry as client
from sandbox.images.puller.registry import Registry
from sandbox.images.puller.trouble import RegistryError
from support import oci, pace
from support.fake_registry import Answer, FakeRegistry

REPOSITORY = "library/alpine"


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        oci.hold(registry, f"{REPOSITORY}:latest", oci.build([{"a": b"x" * 5000}]))
        yield registry


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        registry.on("/token", Answer(body=b'{"token":"t0ken"}'))
        yield registry


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.3)


def manifest(registry: Registry, reference: str = "latest", repository: str = REPOSITORY) -> bytes:
    parts: list[bytes] = []
    with registry.manifest(repository, reference, ACCEPT) as answer:
        client.read(answer, 1 << 20, parts.append)
    return b"".join(parts)


def refusal(registry: Registry, reference: str = "latest", repository: str = REPOSITORY) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        manifest(registry, reference, repository)
    return caught.value


def test_a_manifest_comes_by_tag_and_every_kind_is_accepted(fake: FakeRegistry) -> None:
    assert manifest(Registry(fake.url, ())) == fake.manifests[REPOSITORY, "latest"][0]
    assert fake.requests[0].headers["Accept"] == ACCEPT


def test_a_missing_tag_is_told_from_a_missing_repository(fake: FakeRegistry) -> None:
    registry = Registry(fake.url, ())
    assert refusal(registry, "nosuch").code == "no-such-image"
    assert refusal(registry, "latest", "library/nosuch").code == "no-such-repository"


def test_a_registry_that_is_down_is_said_in_docker_s_words() -> None:
    with FakeRegistry() as gone:
        url, netloc = gone.url, gone.netloc
    error = refusal(Registry(url, ()))
    assert error.code == "registry-down"
    head = f'failed to do request: Head "{url}/v2/library/alpine/manifests/latest"'
    assert error.text == f"{head}: dial tcp {netloc}: connect: connection refused"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer(status=500), "registry-error", "500 Internal Server Error"),
        (Answer(status=429), "rate-limited", "429 Too Many Requests"),
        (Answer(status=403), "no-such-repository", "authorization failed"),
        (Answer(status=401), "no-such-repository", "authorization failed"),
        (Answer(hang=True), "registry-slow", "timeout awaiting response headers"),
        (Answer(status=302, headers={"Location": "/v2/x/manifests/y"}), "registry-error", "stopped after 5 redirects"),
        (Answer(cut=10), "registry-down", "unexpected EOF"),
    ],
)
def test_each_failure_has_a_code_and_words(fake: FakeRegistry, answer: Answer, code: str, words: str) -> None:
    fake.on("/manifests/", answer)
    error = refusal(Registry(fake.url, ()))
    assert (error.code, words in error.text) == (code, True), error.text


def test_a_redirect_to_a_host_that_nobody_named_is_not_followed(fake: FakeRegistry, other: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=307, headers={"Location": f"{other.url}/x"}))
    assert refusal(Registry(fake.url, ())).code == "foreign-host"
    assert other.requests == []


@pytest.mark.parametrize(
    "form",
    [
        "http://{home}@{other}/x",
        "http://{other}\\@{home}/x",
        "//{other}/x",
        "http://{other}#@{home}/x",
        "ftp://{home}/x",
        "file:///etc/passwd",
        "http://[::ffff:127.0.0.1]:1/x",
        "http://",
    ],
)
def test_a_redirect_in_disguise_is_not_followed(fake: FakeRegistry, other: FakeRegistry, form: str) -> None:
    location = form.format(home=fake.netloc, other=other.netloc)
    fake.on("/manifests/", Answer(status=307, headers={"Location": location}))
    assert refusal(Registry(fake.url, ())).code in ("foreign-host", "registry-error")
    assert other.requests == []


def test_a_redirect_to_a_named_host_is_followed_without_the_token(fake: FakeRegistry, other: FakeRegistry) -> None:
    challenge = f'Bearer realm="{other.url}/token",service="s",scope="x"'
    fake.on("/manifests/", Answer(status=307, headers={"Location": f"{other.url}/held"}))
    fake.on("/manifests/", Answer(status=401, headers={"WWW-Authenticate": challenge}, times=1))
    other.on("/held", Answer(body=b"here"))
    assert manifest(Registry(fake.url, (other.netloc,))) == b"here"
    assert [request.headers.get("Authorization") for request in fake.requests] == [None, "Bearer t0ken"]
    assert [request.headers.get("Authorization") for request in other.requests] == [None, None]
    assert "scope=repository%3Alibrary%2Falpine%3Apull" in other.requests[0].path


def test_a_token_realm_on_a_host_that_nobody_named_is_not_asked(fake: FakeRegistry, other: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{other.url}/token"'}))
    assert refusal(Registry(fake.url, ())).code == "foreign-host"
    assert other.requests == []


def test_a_token_with_a_line_break_is_not_sent(fake: FakeRegistry, other: FakeRegistry) -> None:
    other.on("/token", Answer(body=b'{"token":"a\\r\\nX-Evil: 1"}'))
    fake.on("/manifests/", Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{other.url}/token"'}))
    assert refusal(Registry(fake.url, (other.netloc,))).code == "no-such-repository"
    assert all("X-Evil" not in request.headers for request in fake.requests)


def test_tokens_are_kept_of_the_repositories_that_were_asked_last(
    fake: FakeRegistry, other: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_TOKENS", 2)
    registry = Registry(fake.url, (other.netloc,))
    fake.on("/manifests/", Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{other.url}/token"'}))
    for name in "abc":
        refusal(registry, repository=name)
    fake.behave()
    for name in "abc":
        refusal(registry, repository=name)
    with_token = {request.path[4]: "Authorization" in request.headers for request in fake.asked("/manifests/")}
    assert with_token == {"a": False, "b": True, "c": True}


def test_a_long_challenge_without_a_realm_is_read_at_once(fake: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=401, headers={"WWW-Authenticate": "Bearer " + "a" * 60_000}))
    begun = time.process_time()
    assert refusal(Registry(fake.url, ())).code == "no-such-repository"
    assert time.process_time() - begun < pace.seconds(1)


def test_proxies_of_the_environment_are_not_used(
    fake: FakeRegistry, other: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    manifest(Registry(fake.url, ()))
    assert other.requests == []


def test_reading_stops_one_byte_past_what_is_wanted(fake: FakeRegistry) -> None:
    fake.on("/blobs/", Answer(body=b"z" * 3_000_000))
    parts: list[bytes] = []
    with Registry(fake.url, ()).blob(REPOSITORY, "sha256:" + "0" * 64) as answer:
        assert client.read(answer, 1000, parts.append) == 1001
    assert sum(map(len, parts)) == 1001
