"""`mlflow models serve` under load from clients on loopback: errors, latency, memory."""

import http.client
import threading
import time
from collections.abc import Mapping

import numpy as np

from benchmarks.served import Served, ask, served
from benchmarks.suite import require_at_least
from recsys.arrays import IdArray
from recsys.serving import load

_SAMPLES = 12


class HttpLoadSuite:
    """Clients that send requests for single customers, one after the other without pause.

    They request offers as of the cut-off of the artifact: the offers of a market that ended years
    ago are not valid now, and empty answers would be too fast.

    Args:
        artifact: folder of an exported artifact.
        seconds: how long.
        clients: connections at the same time.
        k: offers asked for.
        at: the moment at which they are valid.
    """

    def __init__(
        self, *, artifact: str, seconds: int = 60, clients: int = 4, k: int = 10, at: str = "as_of"
    ) -> None:
        require_at_least(1, seconds=seconds, clients=clients, k=k)
        self.artifact, self.seconds, self.clients = artifact, seconds, clients
        self.asked = {"k": k, "at": at}

    def figures(self) -> Mapping[str, float]:
        """Keys requests, errors, requests_per_second, p50_ms, p99_ms, memory_*_mb, memory_growth.

        Memory is read at the first quarter, once all is loaded, and at the end; growth is the end
        over the first quarter.
        """
        ids = load(self.artifact).contents.customers.ids
        customers = np.random.default_rng(0).permutation(ids)
        taken: list[list[float]] = [[] for _ in range(self.clients)]
        errors: list[str] = []
        with served(self.artifact) as server:
            ask(server.connect(), customers[:1].tolist(), self.asked)
            start = time.monotonic()
            threads = [
                threading.Thread(
                    target=self._client,
                    args=(server, customers[client :: self.clients], start, taken[client], errors),
                )
                for client in range(self.clients)
            ]
            for thread in threads:
                thread.start()
            memory = self._memory(server, start)
            for thread in threads:
                thread.join()
        milliseconds = np.concatenate([np.array(seconds) for seconds in taken]) * 1000
        early = memory[len(memory) // 4]
        return {
            "seconds": self.seconds,
            "clients": self.clients,
            "requests": len(milliseconds) + len(errors),
            "errors": len(errors),
            "requests_per_second": len(milliseconds) / self.seconds,
            "p50_ms": float(np.percentile(milliseconds, 50)),
            "p99_ms": float(np.percentile(milliseconds, 99)),
            "memory_first_quarter_mb": early,
            "memory_end_mb": memory[-1],
            "memory_growth": memory[-1] / early,
        }

    def _client(
        self, server: Served, ids: IdArray, start: float, taken: list[float], errors: list[str]
    ) -> None:
        connection = server.connect()
        turn = 0
        while time.monotonic() - start < self.seconds:
            customer = ids[turn % len(ids) : turn % len(ids) + 1].tolist()
            turn += 1
            began = time.perf_counter()
            try:
                (answer,) = ask(connection, customer, self.asked)
                if answer["customer_id"] != customer[0]:
                    errors.append(f"asked for {customer[0]}, got {answer['customer_id']}")
                else:
                    taken.append(time.perf_counter() - began)
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                errors.append(str(error))
                connection.close()

    def _memory(self, server: Served, start: float) -> list[float]:
        readings = []
        for number in range(1, _SAMPLES + 1):
            time.sleep(max(0.0, start + number * self.seconds / _SAMPLES - time.monotonic()))
            readings.append(server.memory_mb())
        return readings
