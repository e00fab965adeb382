"""Whether all ways to recommend agree: artifact, script, HTTP, Parquet, PostgreSQL.

All recommend as of the cut-off of the artifact, because "now" would differ between them.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from benchmarks.served import ask, served
from benchmarks.suite import require_at_least
from recsys.errors import InputError
from recsys.serving import Artifact, load
from recsys.serving.stores import ParquetStore, PgvectorStore, Store

Answer: TypeAlias = list[tuple[Any, float]]
"""Product ids and scores of one customer, best first."""

_TIE = 1e-5
"""Scores closer than this times the largest may swap ranks."""
_AT_ONCE = 100
_AT = "as_of"
_SCRIPT = Path(__file__).parents[1] / "scripts" / "recommend.py"


class SameAnswersSuite:
    """Recommends for the same customers in all ways and compares with `Artifact.recommend`.

    Args:
        artifact: folder of an exported artifact.
        customers: how many, those that scripts/recommend.py customers=N spreads over the ids.
        k: offers a customer.
        postgres: `postgresql://...` of a database whose tables recsys_* may be replaced; None for
            a server of its own, which the package pgserver starts.
    """

    def __init__(
        self, *, artifact: str, customers: int = 1000, k: int = 10, postgres: str | None = None
    ) -> None:
        require_at_least(1, customers=customers, k=k)
        self.folder, self.customers, self.k, self.postgres = artifact, customers, k, postgres

    def figures(self) -> Mapping[str, float]:
        """Keys customers, offers, and for each way same_WAY and same_WAY_to_the_letter.

        The first is the share of customers whose lists are equal up to ties, the second of those
        with the same products in the same order.
        """
        artifact = load(self.folder)
        script = self._script()
        ids = list(script)
        wanted = {
            customer: _answer(artifact.recommend(customer, self.k, at=_AT).offers)
            for customer in ids
        }
        answers_of = {
            "recommend_script": script,
            "http": self._http(ids),
            "parquet": self._parquet(artifact, ids),
        }
        with _postgres(self.postgres) as uri:
            answers_of["pgvector"] = _stored(PgvectorStore(uri), artifact, ids, self.k)
        figures: dict[str, float] = {
            "customers": len(ids),
            "offers": sum(len(customer) for customer in wanted.values()),
        }
        for way, answers in answers_of.items():
            pairs = [(wanted[customer], answers[customer]) for customer in ids]
            letter = [[p for p, _ in a] == [p for p, _ in b] for a, b in pairs]
            figures[f"same_{way}"] = float(np.mean([same(a, b) for a, b in pairs]))
            figures[f"same_{way}_to_the_letter"] = float(np.mean(letter))
        return figures

    def _script(self) -> dict[Any, Answer]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "offers.json"
            words = [f"customers={self.customers}", f"k={self.k}", f"at={_AT}", f"out={out}"]
            done = subprocess.run(
                [sys.executable, str(_SCRIPT), f"artifact={self.folder}", *words],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise InputError(f"scripts/recommend.py: {done.stderr.strip()}")
            return _by_customer(json.loads(out.read_text(encoding="utf-8")))

    def _http(self, ids: Sequence[Any]) -> dict[Any, Answer]:
        answers = []
        with served(self.folder) as server:
            connection = server.connect()
            for first in range(0, len(ids), _AT_ONCE):
                answers += ask(connection, ids[first : first + _AT_ONCE], {"k": self.k, "at": _AT})
        return _by_customer(answers)

    def _parquet(self, artifact: Artifact, ids: Sequence[Any]) -> dict[Any, Answer]:
        with tempfile.TemporaryDirectory() as folder:
            return _stored(ParquetStore(Path(folder) / "tables"), artifact, ids, self.k)


def same(first: Answer, second: Answer) -> bool:
    """Whether two lists are equal up to ties.

    The scores at equal ranks are equal, and a product at another rank in the second list has the
    score there that it has in the first.
    """
    if len(first) != len(second):
        return False
    if not first:
        return True
    scores, others = (np.array([score for _, score in answer]) for answer in (first, second))
    near = _TIE * max(1e-12, float(np.abs(scores).max()))
    if (np.abs(scores - others) > near).any():
        return False
    last = scores[-1]
    ranks = {product: rank for rank, (product, _) in enumerate(first)}
    for rank, (product, _) in enumerate(second):
        rank_in_first = ranks.get(product)
        # A product of one list only must score as the last rank does.
        target = last if rank_in_first is None else scores[rank_in_first]
        if abs(others[rank] - target) > near:
            return False
    return True


@contextmanager
def _postgres(uri: str | None) -> Iterator[str]:
    if uri is not None:
        yield uri
        return
    try:
        import pgserver
    except ImportError:
        raise InputError(
            "suite.postgres: say postgresql://USER@HOST/DATABASE, or pip install pgserver"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _stored(store: Store, artifact: Artifact, ids: Sequence[Any], k: int) -> dict[Any, Answer]:
    store.put(artifact)
    return {customer: _answer(store.recommend(customer, k, at=_AT)) for customer in ids}


def _answer(offers: Sequence[Any]) -> Answer:
    # JSON has no UUIDs: they are compared as text.
    return [
        (
            offer.product_id if isinstance(offer.product_id, int) else str(offer.product_id),
            offer.score,
        )
        for offer in offers
    ]


def _by_customer(answers: Sequence[Mapping[str, Any]]) -> dict[Any, Answer]:
    return {
        answer["customer_id"]: [(offer["product_id"], offer["score"]) for offer in answer["offers"]]
        for answer in answers
    }
