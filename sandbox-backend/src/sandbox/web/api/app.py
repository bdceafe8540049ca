"""Serves the HTTP calls of the wire protocol, and the site beside them."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.loop_turns import Turns
from sandbox.model import addresses
from sandbox.model.isolations import CONTAINER
from sandbox.runner_client import RunnerClient
from sandbox.settings import Settings
from sandbox.turns import Queue
from sandbox.web.api import body, metrics, openapi
from sandbox.web.api.answers import NO_STORE, NewHost, RunRequest, answer, describe
from sandbox.web.api.health import RunnerStatus, health
from sandbox.web.api.metrics import Metrics
from sandbox.web.api.problems import Problem, retry_later
from sandbox.web.http import security, site
from sandbox.web.http.direct import is_direct
from sandbox.web.runs import stream
from sandbox.web.runs.docker_hosts import DockerHost, DockerHosts
from sandbox.web.runs.head_starts import HeadStarts
from sandbox.web.runs.queue import Admission, Full, TooMany
from sandbox.web.runs.run import Services
from sandbox.web.runs.session import STOPPING, Session

SOON = 1
STATUS_CODES = {404: "not-found", 405: "method-not-allowed"}


class Api:
    """The calls under /v1 and /metrics, and the state behind them."""

    def __init__(self, settings: Settings, client: RunnerClient, turns: Turns) -> None:
        self._settings, self._runner = settings, RunnerStatus(client)
        self._docker_hosts = DockerHosts(settings.max_hosts, settings.idle_seconds)
        self._runs, self._metrics = Queue(settings.slots), Metrics()
        self._admission = Admission(self._runs, settings.slots + settings.queue, settings.per_address)
        self._services = Services(
            *(settings, client, self._runs, Queue(settings.slots, max(1, settings.slots // 2))),
            *(self._metrics, Queue(settings.vm_slots), turns, HeadStarts()),
        )
        self._sessions: dict[str, Session] = {}
        self._stopping = False
        self._document = json.dumps(openapi.document(), ensure_ascii=False).encode()

    def routes(self) -> list[BaseRoute]:
        """Return every call that is served."""
        calls = [
            Route("/health", self.health),
            Route("/hosts", self.new_host, methods=["POST"]),
            Route("/hosts/{host}", self.host, methods=["GET", "DELETE"]),
            Route("/runs", self.start_run, methods=["POST"]),
            Route("/runs/{run}", self.end_run, methods=["DELETE"]),
            Route("/openapi.json", self.openapi),
        ]
        return [Mount("/v1", app=Router(calls, redirect_slashes=False)), Route("/metrics", self.metrics)]

    def stop(self) -> None:
        """Take no more runs and end those that there are."""
        self._stopping = True
        for session in list(self._sessions.values()):
            session.stop(STOPPING)

    def refuse(self, problem: Problem) -> Response:
        """Return the answer to a request that met `problem`, and count it."""
        self._metrics.problem(problem.code)
        return problem.response()

    async def health(self, _: Request) -> Response:
        """Answer whether containers can be started."""
        state = health(await self._runner.get(), self._runs, self._settings)
        return answer(state, 200 if state.status == "ok" else 503)

    async def new_host(self, request: Request) -> Response:
        """Make a new, empty Docker host."""
        if "content-type" in request.headers or request.headers.get("content-length", "0") != "0":
            body.only(await self._json(request))
        host = self._docker_hosts.create(_visitor(request))
        return answer(NewHost(host.id, self._settings.idle_seconds), 201)

    async def host(self, request: Request) -> Response:
        """Answer what is on a Docker host; or empty it."""
        host = self._find(request.path_params["host"])
        if request.method == "DELETE":
            host.empty()
            return Response(status_code=204)
        return answer(describe(host))

    async def start_run(self, request: Request) -> ASGIApp:
        """Run one command line, and answer with the stream of its events."""
        if self._stopping:
            raise retry_later("stopping", SOON)
        asked = body.run_request(await self._json(request))
        if asked.isolation != CONTAINER.name and asked.isolation not in (await self._runner.get()).isolations:
            raise Problem("isolation-unavailable", members={"field": "isolation"})
        received = time.monotonic()

        async def stream_events(scope: Scope, receive: Receive, send: Send) -> None:
            with ExitStack() as held:
                self._admit(held, _visitor(request))
                session = self._session(held, asked, _visitor(request))
                sink = stream.Sink(send, received, self._settings.stalled_seconds, lambda: self._services.are_wanted)
                await stream.answer(scope, receive, send, sink, lambda: session.carry_out(sink))

        return stream_events

    async def end_run(self, request: Request) -> Response:
        """End a run."""
        session = self._sessions.get(request.path_params["run"])
        if session is None:
            raise Problem("no-such-run")
        session.stop()
        return Response(status_code=204)

    async def openapi(self, _: Request) -> Response:
        """Answer with the OpenAPI document of this very server."""
        return Response(self._document, media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        """Answer the operator on the machine itself; to anybody else the page is not there."""
        if not is_direct(request):
            raise Problem("not-found")
        gauges = {
            "running": self._runs.taken,
            "queued": self._runs.waiting,
            "slots": self._runs.slots,
            "pulling": self._services.pulls.taken,
            "hosts": len(self._docker_hosts),
            "streams": len(self._sessions),
        }
        return Response(self._metrics.text(gauges), media_type=metrics.MEDIA_TYPE, headers=NO_STORE)

    async def _json(self, request: Request) -> dict[str, Any]:
        body.check_type(request.headers)
        data = await body.read(request.receive, self._settings.body_bytes, self._settings.body_seconds)
        return body.decode(data)

    def _find(self, name: str) -> DockerHost:
        host = self._docker_hosts.find(name)
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

    def _session(self, held: ExitStack, asked: RunRequest, address: str) -> Session:
        if asked.host is None:
            host = held.enter_context(self._docker_hosts.passing(address))
        else:
            host = self._find(asked.host)
            # a host is as fresh as the end of its last run
            held.callback(self._docker_hosts.find, host.id)
        session = Session(self._services, host, asked.command, asked.isolation)
        self._sessions[session.id] = session
        held.callback(self._sessions.pop, session.id)
        return session


def create_app(settings: Settings, client: RunnerClient, turns: Turns) -> Starlette:
    """Return the whole application; `app.state.stop()` ends its runs before the server stops."""
    api = Api(settings, client, turns)

    async def problem(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            error = Problem(STATUS_CODES.get(error.status_code, "malformed-request"), headers=error.headers)
        return api.refuse(error if isinstance(error, Problem) else Problem("internal"))

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=400)

    pages = [Mount("/", app=site.make(settings.site, turns))] if settings.site is not None else []
    app = Starlette(
        routes=[*api.routes(), *pages],
        middleware=security.checks(settings, api.refuse),
        exception_handlers={Problem: problem, HTTPException: problem, body.Gone: gone, Exception: problem},
    )
    app.router.redirect_slashes = False
    app.state.stop = api.stop
    return app


def _visitor(request: Request) -> str:
    """Return whom a request counts for: the peer that is really connected, whatever its headers claim."""
    return addresses.visitor(request.client.host if request.client else "")
