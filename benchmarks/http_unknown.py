"""Latency of requests for a known customer over HTTP, alone and beside many that guess ids.

All clients send the next request as soon as they have an answer. The server has one worker, as in
`http_load`.
"""

import http.client
import threading
import time
from collections.abc import Mapping

import numpy as np

from benchmarks.served import Served, ask, served
from benchmarks.suite import require_at_least
from recsys.serving import load

_WARM_UP = 50
"""Requests before the measurement: the server loads some parts when they are first needed."""


class HttpUnknownSuite:
    """Clients with unknown ids beside one with a known id.

    Args:
        artifact: folder of an exported artifact.
        alone: seconds in which the known customer is alone.
        seconds: seconds beside the others.
        clients: how many guess.
        characters: of the ids that they make up.
        k: offers asked for.
        at: the moment at which the offers are valid; those of a market that ended years ago are
            not valid now, and empty answers would be too fast.
    """

    def __init__(
        self, *, artifact: str, alone: int = 10, seconds: int = 30, clients: int = 45,
        characters: int = 199, k: int = 10, at: str = "as_of",
    ) -> None:  # fmt: skip
        require_at_least(1, alone=alone, seconds=seconds, clients=clients, k=k)
        require_at_least(12, characters=characters)
        self.artifact, self.alone, self.seconds = artifact, alone, seconds
        self.clients, self.characters = clients, characters
        self.params = {"k": k, "at": at}

    def figures(self) -> Mapping[str, float]:
        """Keys known_p99_alone_ms, known_p99_beside_ms, ratio and errors; more for reading.

        An unknown customer is no error: the answer is popular products or, where the artifact has
        no popularity, a refusal. A refusal because the server is busy is an error.
        """
        (known,) = load(self.artifact).contents.customers.ids[:1].tolist()
        errors: list[str] = []
        guesses = [0] * self.clients
        over = threading.Event()
        with served(self.artifact) as server:
            connection = server.connect()
            for _ in range(_WARM_UP):
                ask(connection, [known], self.params)
            alone = self._known(server, known, self.alone, errors)
            threads = [
                threading.Thread(target=self._guess, args=(server, item, over, guesses, errors))
                for item in range(self.clients)
            ]
            for thread in threads:
                thread.start()
            beside = self._known(server, known, self.seconds, errors)
            over.set()
            for thread in threads:
                thread.join()
        before, after = (float(np.percentile(item, 99)) * 1000 for item in (alone, beside))
        return {
            "clients": self.clients,
            "known_requests_alone": len(alone),
            "known_requests_beside": len(beside),
            "unknown_requests": sum(guesses),
            "known_p50_alone_ms": float(np.median(alone)) * 1000,
            "known_p50_beside_ms": float(np.median(beside)) * 1000,
            "known_p99_alone_ms": before,
            "known_p99_beside_ms": after,
            "known_slowest_beside_ms": max(beside) * 1000,
            "ratio": after / before,
            "errors": len(errors),
        }

    def _known(self, server: Served, known: object, seconds: int, errors: list[str]) -> list[float]:
        """Seconds of each answer, a refused or failed one among them."""
        connection, taken = server.connect(), []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            try:
                (answer,) = ask(connection, [known], self.params)
                if answer["customer_id"] != known:
                    errors.append(f"asked for {known}, got {answer['customer_id']}")
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                errors.append(str(error))
                connection.close()
            taken.append(time.perf_counter() - began)
        return taken

    def _guess(
        self, server: Served, client: int, over: threading.Event, guesses: list[int],
        errors: list[str],
    ) -> None:  # fmt: skip
        connection = server.connect()
        while not over.is_set():
            made_up = f"{client:03d}-{guesses[client]:08d}".ljust(self.characters, "x")
            try:
                ask(connection, [made_up], self.params)
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                if not str(error).startswith("400: ") or "is not among" not in str(error):
                    errors.append(str(error))
                    connection.close()
            guesses[client] += 1
