"""Answers a reader who came by a name that this server does not serve: what its operator has to set.

The name is a stranger's text, and the advice is a line for a shell: only what is a host by its form gets into that
line, and elsewhere it is shortened and escaped.
"""

from __future__ import annotations

import shlex
from html import escape

from starlette.responses import HTMLResponse, Response

from sandbox.model import addresses

MOST_SHOWN = 100
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html>
<html lang="ko">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>이 이름으로는 열 수 없어요</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.7 system-ui, sans-serif }}
body {{ margin: 10vh auto; max-width: 38rem; padding: 0 1.25rem; word-break: keep-all; overflow-wrap: anywhere }}
pre {{ padding: .75rem 1rem; border: 1px solid; border-radius: .5rem; white-space: pre-wrap }}
</style>
<h1>이 이름으로는 열 수 없어요</h1>
<p>서버가 <code>{shown}</code>라는 이름을 몰라요. 모르는 이름으로 온 요청에는 답하지 않아요.</p>
<p>이 서버를 켠 사람이라면, 그리고 이 이름이 내 것이라면 이름을 적어서 다시 켜 주세요.</p>
<pre>{remedy}</pre>
<p>켤 때 쓰던 다른 설정도 함께 적어 주세요. 이름이 여럿이면 쉼표로 이어요.</p>
</html>
"""


def remedy(host: str) -> str:
    """Return the command that makes the server answer to `host`."""
    usable = addresses.is_host(host) and len(host) <= MOST_SHOWN
    return f"make serve HOSTS={shlex.quote(host) if usable else '이름'}"


def detail(host: str) -> str:
    """Return the same advice for a program."""
    return (
        f"이 이름으로는 서비스하지 않아요. 이 이름이 맞다면 서버를 켠 사람이 {remedy(host)}처럼 적어서 다시 켜야 해요."
    )


def page(host: str) -> Response:
    """Return the answer for a browser: a page that needs no other file."""
    shown = host if len(host) <= MOST_SHOWN else host[:MOST_SHOWN] + "…"
    text = PAGE.format(shown=escape(shown) or "(없음)", remedy=escape(remedy(host)))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": POLICY}
    return HTMLResponse(text, status_code=421, headers=headers)
