"""Spoiled requests to a served artifact: bodies, headers and what is no HTTP at all."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from benchmarks.fuzz.case import SECONDS, WALL, Verdict
from benchmarks.fuzz.mutate import VALUES, nested, spoiled_bytes, spoiled_value
from benchmarks.fuzz.process import Process
from benchmarks.fuzz.world import CUSTOMER

_GOOD = {
    "dataframe_records": [{"customer_id": CUSTOMER}, {"events": ["P0001"]}],
    "params": {"k": 3, "at": "as_of", "exclude": ["P0002"], "strict": False, "explain": 1},
}
_KINDS = ("application/json", "text/csv", "application/vnd.apache.parquet", "text/plain", "", "x/y")
_CLIENT_ERRORS = range(400, 500)
_FINE = (200, *_CLIENT_ERRORS)


@contextmanager
def server(artifact: Path, folder: Path) -> Iterator[tuple[Process, int]]:
    """`recsys serve` on loopback, and its port."""
    process = Process(("serve", f"artifact={artifact}", "port=0"), folder)
    try:
        began, port = time.monotonic(), ""
        while not port:
            if time.monotonic() - began > WALL:
                raise RuntimeError(f"the server did not start: {process.said()}")
            time.sleep(0.05)
            port = process.said().partition("http://127.0.0.1:")[2].partition("/")[0]
        yield process, int(port)
    finally:
        process.end(0, 0)


def ask(number: int, process: Process, port: int, random: Random) -> Verdict:
    """Sends one spoiled request.

    Args:
        number: of the case.
        process: the server.
        port: that it listens on.
        random: what is spoiled depends on it alone.
    """
    raw, about, is_whole = _request(random)
    began, before = time.monotonic(), len(process.said())
    try:
        status, said = _answer(port, raw, is_whole)
    except (TimeoutError, OSError) as error:
        status, said = 0, str(error)
    is_hung = time.monotonic() - began > WALL - 1
    return Verdict(
        number=number,
        family="requests",
        about=about,
        said=f"HTTP {status} {said}",
        traceback="Traceback" in said + process.said()[before:],
        hang=is_hung,
        # Who breaks off gets no answer.
        wrong_code=not is_hung and status not in _FINE and (is_whole or status != 0),
        refused=status in _CLIENT_ERRORS,
    )


def _request(random: Random) -> tuple[bytes, str, bool]:
    """The bytes, what is odd about them, and whether they are all that they announce."""
    body = json.dumps(_GOOD).encode()
    kind, path, method = "application/json", "/invocations", "POST"
    chosen = random.randrange(7)
    if chosen == 0:
        about, body = "bytes", spoiled_bytes(body, random)
    elif chosen == 1:
        about, body = "deep", nested(body, random)
    elif chosen == 2:
        about, kind = "content type", random.choice(_KINDS)
    elif chosen == 3:
        about = "path or method"
        path = random.choice(("/", "/../../etc/passwd", "/version/x", "/?k=" + "9" * 9000))
        method = random.choice(("GET", "POST", "DELETE", "OPTIONS", "X"))
    elif chosen == 4:
        about = "large"
        body = json.dumps({"dataframe_records": [{"customer_id": "x" * 300}] * 20_000}).encode()
    elif chosen == 5:
        value = random.choice(VALUES)
        about = f"key {str(value)[:20]!r}"
        body = json.dumps({**_GOOD, "params": {"k": value, "at": value}}).encode()
    else:
        about, body = "value", json.dumps(spoiled_value(_GOOD, random)).encode()
    length: object = len(body)
    is_whole = True
    if random.random() < 0.15:
        length = random.choice((-1, "x", len(body) + 10**12, 0, "1e3", len(body) // 2))
        about += f", length {length}"
        is_whole = not isinstance(length, int) or length <= len(body)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
    if random.random() < 0.1:
        odd = ("Transfer-Encoding: chunked", f"X: {'y' * 100_000}", "Expect: nothing")
        head += f"{random.choice(odd)}\r\n"
        about += ", header"
        is_whole = False
    head += f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    return head.encode() + body, about, is_whole


def _answer(port: int, raw: bytes, is_whole: bool) -> tuple[int, str]:
    """Status and body; who has announced more than it sends breaks off."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=SECONDS)) as connection:
        connection.settimeout(WALL)
        try:
            connection.sendall(raw)
            if not is_whole:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has refused already what was too long
        parts = []
        try:
            while part := connection.recv(65_536):
                parts.append(part)
        except ConnectionResetError:
            pass
    text = b"".join(parts).decode("utf-8", "replace")
    status = text.partition(" ")[2][:3]
    return int(status) if status.isdecimal() else 0, text[-500:]
