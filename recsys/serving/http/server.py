"""The HTTP server: `/invocations` as MLflow's server has it, `/version`, `/ping` and `/health`.

Starlette and uvicorn come with MLflow. Callers are not authenticated, see docs/trust.md.
"""

import json
import signal
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.serving.http.swap import Served

HEADER = "X-Artifact"
"""Of each answer: SHA-256 of the manifest of the artifact that gave it."""

_BACKLOG, _GRACE = 2048, 10
_KEEP_ALIVE = 75
"""Seconds; longer than a proxy keeps a connection, which it would use as the server closes it."""


def application(served: Served) -> Any:
    """The Starlette application of a server.

    Args:
        served: the version that answers.
    """
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def invocations(request: Any) -> Any:
        # One reference for the whole request: it may be replaced at any moment.
        version = served.current
        response = await version.endpoint.answer(request)
        response.headers[HEADER] = version.digest
        return response

    async def version(_: Any) -> Any:
        text = json.dumps(served.current.about)
        return Response(text + "\n", media_type="application/json")

    async def ping(_: Any) -> Any:
        return Response("\n", status_code=int(HTTPStatus.OK), media_type="text/plain")

    routes = [
        Route("/invocations", invocations, methods=["POST"]),
        Route("/version", version),
        Route("/ping", ping),
        Route("/health", ping),
    ]
    return Starlette(routes=routes)


def listening(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        InputError: the address is taken, or is none of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        why = str(error) if isinstance(error, socket.gaierror) else reason(error)
        raise InputError(f"host={host} port={port}: cannot listen there: {why}") from None
    return bound


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def run(served: Served, bound: socket.socket, is_ready: Callable[[], object]) -> None:
    """Answers until the process gets SIGINT or SIGTERM, and finishes what it has begun.

    Args:
        served: the version that answers.
        bound: see `listening`.
        is_ready: called once requests are accepted.
    """
    import uvicorn

    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal again once it has ended: the caller's cleaning up is to be done.
        signal.signal(number, _end)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            is_ready()

    config = uvicorn.Config(
        application(served),
        log_level="warning",
        access_log=False,
        lifespan="off",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    Server(config).run(sockets=[bound])
