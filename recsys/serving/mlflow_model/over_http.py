"""Answering over HTTP: what is too much is refused unread, and who guesses ids has to wait.

One worker answers one question after the other, so that all wait for those who ask most.
Requests with an unknown customer id take turns therefore, `limits.UNKNOWN_A_SECOND`, and wait for
theirs without keeping a thread; those of known customers go on meanwhile.

Callers are not authenticated: any that reach the port may ask for any customer's offers. Bind the
server to loopback, behind a proxy that authenticates callers, ends TLS and limits their rate.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from recsys.errors import InputError
from recsys.serving.artifact import limits
from recsys.serving.artifact.ids import in_public
from recsys.serving.mlflow_model import request
from recsys.serving.mlflow_model.request import Row
from recsys.serving.mlflow_model.request_body import JSON, parsed, require_size

_SMALL = 16_384
"""Bytes of a body that is read at once, without another thread."""
_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What is asked: `recsys.serving.mlflow_model.pyfunc.Offers`."""

    def answers(self, rows: Sequence[Row], params: Mapping[str, Any]) -> str:
        """Recommendations as a JSON list."""
        ...

    def knows(self, row: Row) -> bool:
        """Whether a row is of a known customer, or of none in particular."""
        ...


class TooManyError(Exception):
    """More requests wait for a turn than may wait."""


class Turns:
    """Spreads calls over time: at most so many a second, those beyond wait.

    Args:
        a_second: how many.
        waiting: how many may wait.
    """

    def __init__(self, a_second: float, waiting: int) -> None:
        self.gap, self.waiting, self.next = 1 / a_second, waiting, 0.0

    def take(self, now: float) -> float:
        """Seconds to wait from now on.

        Raises:
            TooManyError: too many wait already.
        """
        turn = max(now, self.next)
        if turn - now > self.gap * self.waiting:
            raise TooManyError
        self.next = turn + self.gap
        return turn - now


class Endpoint:
    """Answers requests of Starlette, on which MLflow's server stands.

    Args:
        offers: what answers.
    """

    def __init__(self, offers: Answers) -> None:
        self.offers = offers
        self.turns = Turns(limits.UNKNOWN_A_SECOND, limits.WAITING)

    async def answer(self, http_request: Any) -> Any:
        """The response to a request: 200 with {"predictions": [...]}, else a line why not."""
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
            return _refusal(HTTPStatus.BAD_REQUEST, "INVALID_PARAMETER_VALUE", in_public(error))
        except TooManyError:
            said = "too many requests for unknown customers wait; ask again later"
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", said)
        except Exception:
            _log.exception("a request could not be answered")
            said = "the request could not be answered; the log of the server says why"
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", said)


async def _body(http_request: Any) -> bytes:
    announced = http_request.headers.get("content-length") or ""
    if announced.isascii() and announced.isdecimal():
        require_size(int(announced[:19]))
    parts, size = [], 0
    async for part in http_request.stream():
        parts.append(part)
        size += len(part)
        require_size(size)
    return b"".join(parts)


def _read(body: bytes, kind: str) -> tuple[list[Row], dict[str, Any]]:
    rows, params = parsed(body, kind)
    return request.rows(rows), request.params(params)


def _refusal(status: HTTPStatus, code: str, said: str) -> Any:
    return _response(status, json.dumps({"error_code": code, "message": said}))


def _response(status: HTTPStatus, text: str) -> Any:
    # It comes with MLflow's server, and nobody else needs it.
    from starlette.responses import Response

    return Response(text, status_code=int(status), media_type=JSON)
