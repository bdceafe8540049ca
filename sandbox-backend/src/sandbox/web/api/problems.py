"""Answers with an error before the first byte: RFC 9457 `application/problem+json`.

Each has a stable `code`, an English `title` for logs and programs, and a Korean `detail` for the reader. There is one
catalogue; the OpenAPI document is made from it too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: HTTP status, English title, Korean detail."""

    status: int
    title: str
    detail: str


FOREIGN_ORIGIN = (
    "이 사이트에서는 실행 서버를 부를 수 없어요. "
    "서버를 켠 사람이 이 사이트의 주소를 HOSTS나 설정의 origins에 적어야 해요."
)
CATALOGUE: Mapping[str, Kind] = {
    "malformed-request": Kind(400, "The HTTP request is malformed", "HTTP 요청의 형식이 올바르지 않아요."),
    "malformed-json": Kind(400, "The body is not valid JSON", "요청 본문이 올바른 JSON이 아니에요."),
    "not-an-object": Kind(400, "The body is not a JSON object", "요청 본문은 JSON 객체여야 해요."),
    "unknown-field": Kind(400, "The body has an unknown field", "요청에 모르는 항목이 들어 있어요."),
    "bad-field": Kind(400, "A field is missing or has a wrong type", "요청에 빠졌거나 형식이 맞지 않는 항목이 있어요."),
    "isolation-unavailable": Kind(400, "This isolation is not available here", "이 서버에는 그 실행 방식이 없어요."),
    "body-timeout": Kind(400, "The body did not arrive in time", "요청 본문이 제시간에 다 오지 않았어요."),
    "foreign-origin": Kind(403, "This origin may not call this API", FOREIGN_ORIGIN),
    "not-found": Kind(404, "No such resource", "그런 주소는 없어요."),
    "no-such-host": Kind(404, "No such host", "그런 도커 호스트는 없어요. 오래 쉬어서 사라졌을 수 있어요."),
    "no-such-run": Kind(404, "No such run", "그런 실행은 없어요. 이미 끝났을 수 있어요."),
    "method-not-allowed": Kind(405, "Method not allowed", "이 주소에서는 쓸 수 없는 요청 방식이에요."),
    "too-large": Kind(413, "The body is too large", "요청이 너무 커요. 명령을 줄여 보세요."),
    "not-json": Kind(415, "The content type is not application/json", "요청의 종류는 application/json이어야 해요."),
    "foreign-host": Kind(421, "This host name is not served here", "이 이름으로는 서비스하지 않아요."),
    "too-many": Kind(
        429, "Too many runs from this address", "한꺼번에 너무 많이 실행했어요. 잠시 뒤에 다시 해 보세요."
    ),
    "internal": Kind(500, "Internal error", "서버에 문제가 생겼어요. 잠시 뒤에 다시 해 보세요."),
    "full": Kind(503, "No room: the queue is full", "지금은 자리가 없어요. 잠시 뒤에 다시 해 보세요."),
    "stopping": Kind(503, "The server is stopping", "서버가 곧 꺼져요. 잠시 뒤에 다시 해 보세요."),
}


class Problem(Exception):
    """Ends a request before its first byte.

    `members` are added to the body, `headers` to the answer; a `detail` replaces the catalogue's.
    """

    def __init__(
        self,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(code)
        self.code, self.kind = code, CATALOGUE[code]
        self.detail = detail or self.kind.detail
        self.headers, self.members = dict(headers or {}), dict(members or {})

    def response(self) -> Response:
        """Return the answer; its `type` leads to this problem's entry in the OpenAPI document."""
        document = {
            "type": f"/v1/openapi.json#/x-problems/{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        text = json.dumps(document, ensure_ascii=False)
        return Response(text, status_code=self.kind.status, headers=headers, media_type=MEDIA_TYPE)


def retry_later(code: str, seconds: int, **members: Any) -> Problem:
    """Return a problem that passes by itself: `Retry-After` in whole seconds."""
    return Problem(code, headers={"Retry-After": str(seconds)}, members=members)
