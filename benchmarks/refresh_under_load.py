"""`recsys serve` under load while its champion is refreshed, and then replaced by a promotion.

The first third of the time is quiet. Then one customer takes the consent to e-mails back and
another one gives it, and `recsys refresh model_name=` takes the table in; at two thirds another
model is promoted. Commands run on the machine of the server, at low priority.
"""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.served import Served
from benchmarks.served_champion import NAME, Registry, registry, served_champion
from benchmarks.suite import require_at_least
from recsys.errors import InputError
from recsys.serving import Artifact, load
from recsys.serving.http.server import HEADER
from recsys.serving.mlflow_model import request
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.tracking.champion_folder import fetch
from recsys.tracking.registry import Version, champion
from recsys.tracking.store import TrackConfig

_WARM_UP = 200
_NEAR = 2.0
"""Seconds around a swap."""
_TOUCHPOINT = "email"
_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """One answered request.

    Attributes:
        start: when it was sent, in seconds of `time.monotonic`.
        seconds: until the answer was there.
        customer: whom it is for.
        artifact: what the header says.
        digest: SHA-256 of the body.
    """

    start: float
    seconds: float
    customer: str
    artifact: str
    digest: str


class RefreshUnderLoadSuite:
    """Clients that send requests for single customers, one after the other without pause.

    Args:
        seconds: of load, at least 3.
        clients: connections at the same time.
        events: of the simulated market, 20 a customer.
        dim: of the vectors of the model that is promoted.
        k: offers for each request.
        poll: seconds between two looks of the server for a new champion.
    """

    def __init__(
        self, *, seconds: int = 60, clients: int = 4, events: int = 1_000_000, dim: int = 64,
        k: int = 10, poll: float = 1.0,
    ) -> None:  # fmt: skip
        require_at_least(1, clients=clients, k=k, dim=dim)
        require_at_least(3, seconds=seconds)
        self.seconds, self.clients, self.events, self.dim = seconds, clients, events, dim
        self.params, self.poll = {"k": k, "at": "as_of"}, poll

    def figures(self) -> Mapping[str, float]:
        """Keys errors, mixed, consent_obeyed, swaps, p99_quiet_ms, p99_swap_ms, ratio and more.

        An answer is `mixed` unless it is, to the byte, what the artifact in its header answers.
        """
        with TemporaryDirectory() as folder:
            made = registry(Path(folder), self.events, self.dim)
            answers: list[Answer] = []
            errors: list[str] = []
            over = threading.Event()
            with served_champion(made, self.poll) as server:
                artifacts = _artifacts(made, Path(folder))
                customers = np.asarray(next(iter(artifacts.values())).contents.customers.ids)
                self._warm_up(server, customers.tolist())
                threads = [
                    threading.Thread(
                        target=self._client,
                        args=(server, part.tolist(), over, answers, errors),
                    )
                    for part in np.array_split(
                        np.random.default_rng(0).permutation(customers), self.clients
                    )
                ]
                start = time.monotonic()
                for thread in threads:
                    thread.start()
                try:
                    obeyed, commands = self._changes(made, server, start)
                finally:
                    over.set()
                    for thread in threads:
                        thread.join()
            return {
                **self._timings(answers, start),
                **commands,
                "errors": len(errors),
                "mixed": self._mixed(answers, _artifacts(made, Path(folder))),
                "consent_obeyed": float(obeyed),
            }

    def _changes(
        self, made: Registry, server: Served, start: float
    ) -> tuple[bool, dict[str, float]]:
        """Refreshes and promotes; whether consents were obeyed, and seconds of the commands."""
        (artifact,) = _artifacts(made, made.folder).values()
        consent = artifact.contents.customers.consent
        assert consent is not None
        column = list(artifact.contents.touchpoints.names).index(_TOUCHPOINT)
        ids = artifact.contents.customers.ids
        takes_back, gives = (
            str(ids[int(np.flatnonzero(consent[:, column] == value)[0])]) for value in (True, False)
        )

        def may_have_mail() -> list[bool]:
            # A new one: the server closes those that wait for long.
            connection = server.connect()
            params = {**self.params, "touchpoint": _TOUCHPOINT}
            return [
                bool(_ask(connection, customer, params)[2]["offers"])
                for customer in (takes_back, gives)
            ]

        before = may_have_mail()
        _sleep_until(start + self.seconds / 3)
        made.set_consent(f"consent_{_TOUCHPOINT}", {takes_back: False, gives: True})
        began = time.monotonic()
        made.command(
            "refresh",
            f"model_name={NAME}",
            *made.data(),
            f"track.uri={made.uri}",
            "wait=120",
            is_background=True,
        )
        after = may_have_mail()
        refreshed = time.monotonic()
        _sleep_until(start + self.seconds * 2 / 3)
        promoting = time.monotonic()
        words = [f"artifact={made.challenger}", f"track.uri={made.uri}"]
        made.command("promote", *words, is_background=True)
        promoted = time.monotonic()
        _sleep_until(max(start + self.seconds, promoted + 2 * self.poll + 2 * _NEAR))
        taken = {"refresh_seconds": refreshed - began, "promote_seconds": promoted - promoting}
        return before == [True, False] and after == [False, True], taken

    def _warm_up(self, server: Served, customers: Sequence[str]) -> None:
        connection = server.connect()
        for customer in customers[:_WARM_UP]:
            _ask(connection, customer, self.params)

    def _client(
        self, server: Served, customers: Sequence[str], over: threading.Event,
        answers: list[Answer], errors: list[str],
    ) -> None:  # fmt: skip
        connection, turn = server.connect(), 0
        while not over.is_set():
            customer = customers[turn % len(customers)]
            turn += 1
            start = time.monotonic()
            try:
                artifact, body, answer = _ask(connection, customer, self.params)
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                errors.append(str(error))
                connection.close()
                continue
            seconds = time.monotonic() - start
            if answer["customer_id"] != customer:
                errors.append(f"asked for {customer}, got {answer['customer_id']}")
            digest = hashlib.sha256(body).hexdigest()
            answers.append(Answer(start, seconds, customer, artifact, digest))

    def _timings(self, answers: Sequence[Answer], start: float) -> dict[str, float]:
        began = np.array([answer.start for answer in answers])
        milliseconds = np.array([answer.seconds for answer in answers]) * 1000
        first: dict[str, float] = {}
        for answer in sorted(answers, key=lambda item: item.start + item.seconds):
            first.setdefault(answer.artifact, answer.start + answer.seconds)
        swaps = sorted(first.values())[1:]
        near = np.zeros(len(answers), dtype=bool)
        for swap in swaps:
            near |= np.abs(began - swap) <= _NEAR
        quiet = began < start + self.seconds / 3
        if not swaps or not quiet.any():
            raise InputError("no version was taken in while the load ran; set suite.seconds higher")
        parts = {"quiet": quiet, "swap": near, "all": near | True}
        p99 = {name: float(np.percentile(milliseconds[part], 99)) for name, part in parts.items()}
        return {
            "seconds": self.seconds,
            "clients": self.clients,
            "requests": len(answers),
            "requests_per_second": len(answers) / float(began.max() - start),
            "requests_near_swaps": int(near.sum()),
            "swaps": len(swaps),
            "p50_quiet_ms": float(np.median(milliseconds[quiet])),
            "p50_swap_ms": float(np.median(milliseconds[near])),
            **{f"p99_{name}_ms": value for name, value in p99.items()},
            "slowest_swap_ms": float(milliseconds[near].max()),
            "ratio": p99["swap"] / p99["quiet"],
        }

    def _mixed(self, answers: Sequence[Answer], artifacts: Mapping[str, Artifact]) -> int:
        """Answers that are not, to the byte, those of the artifact that they name."""
        models = {digest: OfferModel(artifact) for digest, artifact in artifacts.items()}
        params = request.params(self.params)
        right: dict[tuple[str, str], str] = {}
        mixed = 0
        for answer in answers:
            key = answer.artifact, answer.customer
            if key not in right and answer.artifact in models:
                rows = request.rows([{"customer_id": answer.customer}])
                text = models[answer.artifact].answers(rows, params)
                body = f'{{"predictions": {text}}}'.encode()
                right[key] = hashlib.sha256(body).hexdigest()
            mixed += answer.digest != right.get(key)
        return mixed


def _ask(
    connection: http.client.HTTPConnection, customer: str, params: Mapping[str, Any]
) -> tuple[str, bytes, dict[str, Any]]:
    """The artifact that answered, the body, and the recommendation in it."""
    body = json.dumps({"dataframe_records": [{"customer_id": customer}], "params": dict(params)})
    connection.request("POST", "/invocations", body, _HEADERS)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise http.client.HTTPException(f"{answer.status}: {content[:300]!r}")
    (recommendation,) = json.loads(content)["predictions"]
    return answer.headers[HEADER], content, recommendation


def _artifacts(made: Registry, folder: Path) -> dict[str, Artifact]:
    """Digest -> artifact, of the champion and of those before it."""
    track = TrackConfig(uri=made.uri)
    last = champion(track, NAME)
    assert last is not None
    found = {}
    for number in range(1, int(last.version) + 1):
        version = Version(version=str(number), run_id="", digest="", replaced=None)
        into = folder / f"of-version-{number}"
        into.mkdir(exist_ok=True)
        artifact = load(fetch(track, NAME, version, into))
        found[artifact.digest] = artifact
    return found


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
