"""The static pages beside the API, on the same origin."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sandbox.usage import Usage
from security.raw_requests import everything
from support import pace
from support.web_server import Web, serving

TEXT = "안녕하세요. " * 200
LARGE = 8_000_000


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server with a small site, and a secret beside it."""
    folder = tmp_path_factory.mktemp("web")
    site = folder / "site"
    (site / "run").mkdir(parents=True)
    (site / "index.html").write_text(f"<!doctype html><p>{TEXT}")
    (site / "index.html.gz").write_bytes(gzip.compress((site / "index.html").read_bytes()))
    (site / "index.html.br").write_bytes(b"brotli's")
    (site / "run" / "index.html").write_text("<!doctype html>run")
    (site / "404.html").write_text("<!doctype html>그런 페이지는 없어요.")
    (site / "element.mjs").write_text("export {};")
    (site / "bundle.79ae519e.min.js").write_text("0;")
    for name in ("python.wasm", "package.whl", "book.ipynb"):
        (site / name).write_bytes(b"\0")
    (site / "font.woff2").write_bytes(b"\0" * 4000)
    (folder / "secret").write_text("secret")
    (site / "link").symlink_to(folder / "secret")
    with serving(folder, site=site) as server:
        yield server


def get(
    web: Web, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One call."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    with closing(connection):
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_a_folder_shows_its_index(web: Web) -> None:
    status, headers, body = get(web, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert TEXT in body.decode()
    assert get(web, "/run/")[2] == b"<!doctype html>run"


def test_a_path_that_no_page_has_is_not_looked_for(web: Web) -> None:
    status, headers, _ = get(web, "/nowhere/" * 10)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    status, headers, _ = get(web, "/nowhere/" * 100)
    assert (status, headers["content-type"]) == (404, "application/problem+json")


def test_a_folder_without_its_slash_is_redirected_by_path_alone(web: Web) -> None:
    for path in ("/run", "//run"):
        status, headers, _ = get(web, path)
        assert (status, headers["location"]) == (307, "/run/")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/element.mjs", "text/javascript; charset=utf-8"),
        ("/bundle.79ae519e.min.js", "text/javascript; charset=utf-8"),
        ("/font.woff2", "font/woff2"),
        ("/python.wasm", "application/wasm"),
        ("/package.whl", "application/zip"),
        ("/book.ipynb", "application/json"),
    ],
)
def test_files_have_the_types_that_browsers_want(web: Web, path: str, content_type: str) -> None:
    assert get(web, path)[1]["content-type"] == content_type


def test_a_page_that_is_not_there_is_said_so_in_korean(web: Web) -> None:
    status, headers, body = get(web, "/nowhere")
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "없어요" in body.decode()


def test_the_api_stays_the_api(web: Web) -> None:
    status, headers, _ = get(web, "/v1/nowhere")
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    status, headers, _ = get(web, "/", "POST")
    assert (status, headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/link", "//etc/passwd", "/%2fetc/passwd"]
)
def test_nothing_outside_the_folder_is_served(web: Web, path: str) -> None:
    status, _, body = get(web, path)
    assert status == 404
    assert b"secret" not in body
    assert b"root:" not in body


@pytest.mark.parametrize("wish", ["gzip", "gzip;q=0.5, br;q=0", "deflate,gzip"])
def test_the_compressed_copy_goes_to_those_who_take_it(web: Web, wish: str) -> None:
    _, headers, body = get(web, "/", headers={"Accept-Encoding": wish})
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert TEXT in gzip.decompress(body).decode()


def test_the_best_copy_is_taken_and_each_has_a_tag_of_its_own(web: Web) -> None:
    _, headers, body = get(web, "/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert (headers["content-encoding"], body) == ("br", b"brotli's")
    tags = {get(web, "/", headers={"Accept-Encoding": one})[1]["etag"] for one in ("br", "gzip", "identity")}
    assert len(tags) == 3
    again = {"Accept-Encoding": "br", "If-None-Match": headers["etag"]}
    assert get(web, "/", headers=again)[0] == 304


def test_what_has_no_copy_is_sent_as_it_is(web: Web) -> None:
    for path in ("/run/", "/font.woff2", "/v1/openapi.json"):
        assert "content-encoding" not in get(web, path, headers={"Accept-Encoding": "gzip, br"})[1]


def test_a_part_of_a_file_can_be_asked_for(web: Web) -> None:
    status, headers, body = get(web, "/font.woff2", headers={"Range": "bytes=3990-"})
    assert (status, headers["content-range"], body) == (206, "bytes 3990-3999/4000", b"\0" * 10)


def test_a_page_is_revalidated_and_a_fingerprinted_file_kept(web: Web) -> None:
    _, headers, _ = get(web, "/")
    assert headers["cache-control"] == "no-cache"
    status, _, body = get(web, "/", headers={"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")
    assert "immutable" in get(web, "/bundle.79ae519e.min.js")[1]["cache-control"]


def test_pages_can_be_framed_by_those_whom_the_operator_names(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    named = ("https://course.example", "https://*.school.example")
    with serving(tmp_path, site=tmp_path, runner=False, origins=("https://a.example",), frame_ancestors=named) as web:
        policy = get(web, "/")[1]["content-security-policy"]
        assert policy.endswith(f"; frame-ancestors 'self' https://a.example {' '.join(named)}")
        # whoever may show a page may not call the API by that
        foreign = get(web, "/v1/health", headers={"Origin": named[0]})
        assert foreign[0] == 403
        assert "frame-ancestors 'none'" in foreign[1]["content-security-policy"]


def test_pages_cannot_be_framed_by_others(web: Web) -> None:
    for path in ("/", "/nowhere"):
        headers = get(web, path)[1]
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_each_part_of_a_large_file_is_sent_in_its_readers_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/large.bin").write_bytes(b"\0" * LARGE)
    over = set[str]()
    monkeypatch.setattr(Usage, "is_over", lambda _, visitor: visitor in over)
    with serving(tmp_path, site=tmp_path / "site") as web, web.connect(receive_buffer=4096) as client:
        client.sendall(f"GET /large.bin HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nConnection: close\r\n\r\n".encode())
        came = len(client.recv(1000))
        over.add("127.0.0.1")
        client.settimeout(pace.seconds(0.3))
        with suppress(TimeoutError):
            while part := client.recv(65536):
                came += len(part)
        assert came < LARGE / 2
        over.clear()
        assert came + len(everything(client)) > LARGE
