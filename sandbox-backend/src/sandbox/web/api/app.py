"""The HTTP calls of the wire protocol, and the site beside them."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.model import addresses
from sandbox.settings import Settings
from sandbox.web.api import body, metrics, openapi
from sandbox.web.api.metrics import Metrics
from sandbox.web.api.problems import Problem, retry_later
from sandbox.web.http import site
from sandbox.web.http.security import Guard
from sandbox.web.runs import docker_hosts, stream
from sandbox.web.runs.docker_hosts import Host, Hosts
from sandbox.web.runs.queue import Admission, Full, Queue, TooMany
from sandbox.web.runs.run import Services
from sandbox.web.runs.runner_client import RunnerClient
from sandbox.web.runs.session import STOPPING, Session

SOON = 1
# a proxy in front would make every reader look local
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
NO_STORE = {"Cache-Control": "no-store"}
STATUS_CODES = {404: "not-found", 405: "method-not-allowed"}


class Api:
    """The calls under /v1 and /metrics, and the state behind them."""

    def __init__(self, settings: Settings, client: RunnerClient) -> None:
        self._settings, self._client = settings, client
        self._hosts = Hosts(settings.max_hosts, settings.idle_seconds)
        self._runs, self._metrics = Queue(settings.slots), Metrics()
        self._admission = Admission(self._runs, settings.slots + settings.queue, settings.per_address)
        self._services = Services(
            settings, client, self._runs, Queue(settings.slots), self._metrics, Queue(settings.vm_slots)
        )
        self._sessions: dict[str, Session] = {}
        self._stopping = False
        self._document = json.dumps(openapi.document(settings), ensure_ascii=False).encode()

    def routes(self) -> list[BaseRoute]:
        """Every call that is served."""
        calls = [
            Route("/health", self.health),
            Route("/hosts", self.new_host, methods=["POST"]),
            Route("/hosts/{host}", self.host, methods=["GET", "DELETE"]),
            Route("/runs", self.start_run, methods=["POST"]),
            Route("/runs/{run}", self.end_run, methods=["DELETE"]),
            Route("/openapi.json", self.openapi),
        ]
        return [Mount("/v1", routes=calls), Route("/metrics", self.metrics)]

    def stop(self) -> None:
        """Take no more runs and end those that there are."""
        self._stopping = True
        for session in list(self._sessions.values()):
            session.stop(STOPPING)

    def refuse(self, problem: Problem) -> Response:
        """The answer to a request that met `problem`, counted."""
        self._metrics.problem(problem.code)
        return problem.response()

    async def health(self, _: Request) -> Response:
        """Ready means: the runner has really started a container lately."""
        status = await self._client.status()
        state: dict[str, Any] = (
            {"status": "unavailable", "reason": status.reason} if status.reason else {"status": "ok"}
        )
        state |= {"isolations": [isolation for isolation in body.ISOLATIONS if isolation in status.isolations]}
        state |= {"running": self._runs.taken, "slots": self._runs.places}
        state |= {"queued": self._runs.waiting, "emulated": self._settings.emulated}
        if status.registry is not None:
            state["registry"] = "ok" if status.registry else "unreachable"
        if self._settings.emulated and status.run_ms is not None:
            state["run_ms"] = status.run_ms
        return JSONResponse(state, status_code=503 if status.reason else 200, headers=NO_STORE)

    async def new_host(self, request: Request) -> Response:
        """A new, empty host."""
        if "content-type" in request.headers or request.headers.get("content-length", "0") != "0":
            body.only(await self._json(request))
        host = self._hosts.create(_address(request))
        return JSONResponse({"host": host.id, "idle_seconds": self._settings.idle_seconds}, 201, headers=NO_STORE)

    async def host(self, request: Request) -> Response:
        """What is on a host; or back to an empty one."""
        host = self._find(request.path_params["host"])
        if request.method == "DELETE":
            host.empty()
            return Response(status_code=204)
        return JSONResponse(docker_hosts.described(host), headers=NO_STORE)

    async def start_run(self, request: Request) -> ASGIApp:
        """One command line, as a stream of events."""
        if self._stopping:
            raise retry_later("stopping", SOON)
        asked = body.run_request(await self._json(request))
        if asked.isolation != body.ISOLATIONS[0] and asked.isolation not in (await self._client.status()).isolations:
            raise Problem("isolation-unavailable", members={"field": "isolation"})
        received = time.monotonic()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            with ExitStack() as held:
                self._admit(held, _address(request))
                session = self._session(held, asked, _address(request))
                sink = stream.Sink(send, received, self._settings.stalled_seconds)
                await stream.answer(scope, receive, send, sink, lambda: session.carry_out(sink))

        return answer

    async def end_run(self, request: Request) -> Response:
        """End a run."""
        session = self._sessions.get(request.path_params["run"])
        if session is None:
            raise Problem("no-such-run")
        session.stop()
        return Response(status_code=204)

    async def openapi(self, _: Request) -> Response:
        """What this very server answers."""
        return Response(self._document, media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        """For the operator on the machine itself; nobody else is told that it exists."""
        if not _is_loopback(_address(request)) or any(name in request.headers for name in FORWARDED):
            raise Problem("not-found")
        gauges = {
            "running": self._runs.taken,
            "queued": self._runs.waiting,
            "slots": self._runs.places,
            "pulling": self._services.pulls.taken,
            "hosts": len(self._hosts),
            "streams": len(self._sessions),
        }
        return Response(self._metrics.text(gauges), media_type=metrics.MEDIA_TYPE, headers=NO_STORE)

    async def _json(self, request: Request) -> dict[str, Any]:
        body.check_type(request.headers)
        data = await body.read(request.receive, self._settings.body_bytes, self._settings.body_seconds)
        return body.decode(data)

    def _find(self, name: str) -> Host:
        host = self._hosts.find(name)
        if host is None:
            raise Problem("no-such-host")
        return host

    def _admit(self, held: ExitStack, address: str) -> None:
        try:
            held.enter_context(self._admission.admitted(address))
        except TooMany:
            raise retry_later("too-many", SOON) from None
        except Full as full:
            raise retry_later("full", full.retry_seconds, position=full.position) from None

    def _session(self, held: ExitStack, asked: body.RunRequest, address: str) -> Session:
        if asked.host is None:
            host = held.enter_context(self._hosts.passing(address))
        else:
            host = self._find(asked.host)
            # a host is as fresh as the end of its last run
            held.callback(self._hosts.find, host.id)
        session = Session(self._services, host, asked.command, asked.isolation)
        self._sessions[session.id] = session
        held.callback(self._sessions.pop, session.id)
        return session


def create_app(settings: Settings, client: RunnerClient) -> Starlette:
    """The whole application; `app.state.stop()` ends its runs before the server stops."""
    api = Api(settings, client)

    async def problem(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = Problem(STATUS_CODES.get(error.status_code, "malformed-request"), headers=error.headers)
        return api.refuse(error if isinstance(error, Problem) else Problem("internal"))

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=400)

    pages = [Mount("/", app=site.make(settings.site))] if settings.site is not None else []
    app = Starlette(
        routes=[*api.routes(), *pages],
        middleware=[Middleware(Guard, settings=settings, refuse=api.refuse)],
        exception_handlers={Problem: problem, HTTPException: problem, body.Gone: gone, Exception: problem},
    )
    app.router.redirect_slashes = False
    app.state.stop = api.stop
    return app


def _address(request: Request) -> str:
    """The peer that is really connected; headers that claim another are for nobody's counting."""
    return request.client.host if request.client else ""


def _is_loopback(address: str) -> bool:
    plain = addresses.plain(address)
    return plain is not None and plain.is_loopback
