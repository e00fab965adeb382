"""What counts as the same answer, and the two suites on a small artifact."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.http_load import HttpLoadSuite
from benchmarks.http_unknown import HttpUnknownSuite
from benchmarks.same_answers import SameAnswersSuite, same
from recsys.errors import InputError
from recsys.serving import Contents, CustomerTable, ProductTable, write

ANSWER = [("a", 3.0), ("b", 2.0), ("c", 1.0)]


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (ANSWER, True),
        ([("a", 3.0), ("b", 2.000001), ("c", 1.0)], True),
        ([("b", 3.0), ("a", 2.0), ("c", 1.0)], False),
        ([("a", 3.0), ("b", 2.0), ("d", 1.0)], True),  # ties with c for the last place
        ([("a", 3.0), ("b", 2.0), ("d", 1.1)], False),
        ([("a", 3.0), ("d", 2.0), ("c", 1.0)], False),
        (ANSWER[:2], False),
    ],
)
def test_the_same_but_for_ties(other: list, is_same: bool) -> None:
    assert same(ANSWER, other) is is_same


def test_ties_may_change_places() -> None:
    assert same([("a", 2.0), ("b", 2.0)], [("b", 2.0), ("a", 2.0)])
    assert same([], [])


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suites") / "artifact"
    random = np.random.default_rng(0)
    write(
        folder,
        Contents(
            customers=CustomerTable(
                vectors=random.standard_normal((30, 4)).astype(np.float32),
                ids=np.arange(30) + 100,
                default_vector=np.ones(4, np.float32),
            ),
            products=ProductTable(
                vectors=random.standard_normal((20, 4)).astype(np.float32),
                ids=np.array([f"p{row}" for row in range(20)], dtype=object),
            ),
        ),
    )
    return folder


@pytest.mark.slow
def test_all_ways_give_the_same_answers(artifact: Path) -> None:
    pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    figures = SameAnswersSuite(artifact=str(artifact), customers=20, k=5).figures()
    assert (figures["customers"], figures["offers"]) == (20, 100)
    ways = {key: value for key, value in figures.items() if key.startswith("same_")}
    assert len(ways) == 8
    assert set(ways.values()) == {1.0}


@pytest.mark.slow
def test_load_has_no_errors(artifact: Path) -> None:
    figures = HttpLoadSuite(artifact=str(artifact), seconds=2, clients=2).figures()
    assert figures["errors"] == 0
    assert figures["requests"] > 10
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]


@pytest.mark.slow
def test_who_guesses_ids_does_not_stop_the_known(artifact: Path) -> None:
    figures = HttpUnknownSuite(artifact=str(artifact), alone=2, seconds=3, clients=8).figures()
    assert figures["errors"] == 0
    assert figures["known_requests_beside"] > 10
    # 50 a second, and what was under way.
    assert 20 < figures["unknown_requests"] < 200
    assert figures["ratio"] == figures["known_p99_beside_ms"] / figures["known_p99_alone_ms"]


@pytest.mark.parametrize("suite", [SameAnswersSuite, HttpLoadSuite, HttpUnknownSuite])
def test_an_artifact_that_is_not_there(suite: type, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not an artifact"):
        suite(artifact=str(tmp_path / "no")).figures()
    with pytest.raises(InputError, match=r"suite\.k: expected a whole number of at least 1"):
        suite(artifact="x", k=0)
