"""Answering over HTTP: large requests are refused unread, and requests with unknown ids are slowed.

A worker answers one request after the other, so one busy caller makes all others wait. Therefore
only `limits.UNKNOWN_A_SECOND` requests with an unknown customer id are answered in a second. Others
wait without keeping a thread, while requests for known customers are answered.

Callers are not authenticated: anybody who reaches the port can request the offers of any customer.
Bind the server to loopback, behind a proxy that authenticates callers, ends TLS and limits their
rate.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from recsys.errors import InputError
from recsys.serving.artifact.ids import public_message
from recsys.serving.mlflow_model import limits, request
from recsys.serving.mlflow_model.request import Row
from recsys.serving.mlflow_model.request_body import JSON, parsed, require_size

_SMALL = 16_384
"""Largest body, in bytes, that is parsed in the event loop and not in another thread."""
_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What an endpoint needs of `recsys.serving.mlflow_model.pyfunc.OfferModel`."""

    def answers(self, rows: Sequence[Row], params: Mapping[str, Any]) -> str:
        """Recommendations as a JSON list."""
        ...

    def knows(self, row: Row) -> bool:
        """Whether a row is of a known customer, or has no customer_id."""
        ...


class TooManyError(Exception):
    """Too many requests wait for a turn."""


class Turns:
    """Spreads calls over time: further calls of the same second have to wait.

    Args:
        a_second: how many calls may start in a second.
        waiting: how many may wait.
    """

    def __init__(self, a_second: float, waiting: int) -> None:
        self.gap, self.waiting, self.next = 1 / a_second, waiting, 0.0

    def take(self, now: float) -> float:
        """Seconds that a call has to wait.

        Args:
            now: a time in seconds, of a clock that never goes back.

        Raises:
            TooManyError: too many calls wait already.
        """
        turn = max(now, self.next)
        if turn - now > self.gap * self.waiting:
            raise TooManyError
        self.next = turn + self.gap
        return turn - now


class Endpoint:
    """Answers requests of Starlette, which MLflow's server is built on.

    Args:
        offers: gives the answers.
        turns: of requests with an unknown id, which versions that follow each other share; None
            for turns of its own.
    """

    def __init__(self, offers: Answers, turns: Turns | None = None) -> None:
        self.offers = offers
        self.turns = turns or Turns(limits.UNKNOWN_A_SECOND, limits.WAITING)

    async def answer(self, http_request: Any) -> Any:
        """The response to a request: 200 with {"predictions": [...]}, else an error."""
        try:
            body = await _body(http_request)
            kind = http_request.headers.get("content-type") or ""
            if len(body) <= _SMALL:
                rows, params = _read(body, kind)
            else:
                rows, params = await asyncio.to_thread(_read, body, kind)
            if not all(self.offers.knows(row) for row in rows):
                await asyncio.sleep(self.turns.take(asyncio.get_running_loop().time()))
            text = await asyncio.to_thread(self.offers.answers, rows, params)
            return _response(HTTPStatus.OK, f'{{"predictions": {text}}}')
        except InputError as error:
            return _refusal(
                HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", public_message(error)
            )
        except TooManyError:
            message = "too many requests for unknown customers wait; ask again later"
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", message)
        except Exception:
            _log.exception("a request could not be answered")
            message = "the request could not be answered; the log of the server says why"
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)


async def _body(http_request: Any) -> bytes:
    announced = http_request.headers.get("content-length") or ""
    if announced.isascii() and announced.isdecimal():
        require_size(int(announced[:19]))
    # Imported late, as below.
    from starlette.requests import ClientDisconnect

    parts, size = [], 0
    try:
        async for part in http_request.stream():
            parts.append(part)
            size += len(part)
            require_size(size)
    except ClientDisconnect:
        # Nobody reads the answer; it is no fault of the server, whose log would fill.
        raise InputError("the body ended before its announced length") from None
    return b"".join(parts)


def _read(body: bytes, kind: str) -> tuple[list[Row], dict[str, Any]]:
    rows, params = parsed(body, kind)
    return request.rows(rows), request.params(params)


def _refusal(status: HTTPStatus, code: str, message: str) -> Any:
    return _response(status, json.dumps({"error_code": code, "message": message}))


def _response(status: HTTPStatus, text: str) -> Any:
    # Imported late: it is installed with MLflow's server only.
    from starlette.responses import Response

    return Response(text, status_code=int(status), media_type=JSON)
