"""Every store answers as the artifact does, and a put that breaks off changes nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from artifact_contents import AS_OF, DAY, contents
from script_runner import run_script

from recsys.errors import InputError
from recsys.serve import Artifact, load, write
from recsys.serve.stores import ParquetStore, PgvectorStore, Store, open_store, pgvector

pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL with pgvector."""
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["parquet", "pgvector"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "parquet":
        yield ParquetStore(tmp_path / "tables")
    else:
        kept = PgvectorStore(request.getfixturevalue("uri"))
        yield kept
        kept.close()


def of_artifact(artifact: Artifact, *asked) -> list[tuple]:
    return [
        (offer.product_id, pytest.approx(offer.score, abs=1e-4), offer.touchpoint)
        for offer in artifact.recommend(*asked).offers
    ]


def of_store(store: Store, *asked) -> list[tuple]:
    return [(one.product_id, one.score, one.touchpoint) for one in store.recommend(*asked)]


@pytest.mark.parametrize(
    "asked",
    [(10,), (3, "email"), (40,), (10, "app", AS_OF + 15 * DAY), (10, None, AS_OF - 300 * DAY)],
)
def test_answers_are_those_of_the_artifact(
    store: Store, loaded: Callable[..., Artifact], asked: tuple
) -> None:
    artifact = loaded()
    store.put(artifact)
    answers = {one: of_artifact(artifact, one, *asked) for one in artifact.contents.customer_ids}
    assert {one: of_store(store, one, *asked) for one in answers} == answers
    # Rules were at work: some may not be contacted there, and nobody gets all 30 products.
    lengths = {len(one) for one in answers.values()}
    assert max(lengths) < 30
    if asked[1:2] not in ((), (None,)):
        assert 0 in lengths


def test_strands_whole_numbers_exclusion_and_times(
    store: Store, loaded: Callable[..., Artifact]
) -> None:
    artifact = loaded(
        customer_ids=np.repeat(np.arange(20) + 100, 2),
        customer_strands=np.tile([0, 1], 20),
        product_ids=np.arange(30) * 7,
        touchpoints=None,
        consent=None,
    )
    store.put(artifact)
    at = datetime(2026, 1, 3, tzinfo=UTC)
    for customer in (100, "107", 119):
        best = artifact.recommend(customer, 2).offers[0].product_id
        asked = (customer, 8, "branch", at, [best, 9999])
        assert of_store(store, *asked) == of_artifact(artifact, *asked)
        assert best not in [one for one, *_ in of_store(store, *asked)]
    with pytest.raises(InputError, match="customer id 'ann' is not among"):
        store.recommend("ann")


def test_uuids_are_kept_as_text(store: Store, loaded: Callable[..., Artifact]) -> None:
    ids = np.array([UUID(int=row + 1) for row in range(40)], dtype=object)
    artifact = loaded(customer_ids=ids, product_ids=ids[:30])
    store.put(artifact)
    for customer in (ids[3], str(ids[4])):
        kept = [(UUID(one), score, place) for one, score, place in of_store(store, customer, 6)]
        assert kept == of_artifact(artifact, customer, 6)


def test_seen_products_stay_where_the_artifact_keeps_them(
    store: Store, loaded: Callable[..., Artifact]
) -> None:
    artifact = loaded(masks_seen=False)
    store.put(artifact)
    seen = artifact.contents.product_ids[artifact.contents.event_products[0]]
    customer = artifact.contents.customer_ids[artifact.contents.event_customers[0]]
    everything = [one for one, *_ in of_store(store, customer, 30, None, AS_OF - DAY)]
    assert everything == [one for one, *_ in of_artifact(artifact, customer, 30, None, AS_OF - DAY)]
    offered = artifact.recommend(customer, 30, None, AS_OF - DAY).offers
    assert (seen in everything) == (seen in [offer.product_id for offer in offered])


def test_a_second_put_replaces_the_first(store: Store, loaded: Callable[..., Artifact]) -> None:
    store.put(loaded(seed=1))
    other = loaded(seed=2, customer_rows=12)
    store.put(other)
    (first, *_) = other.contents.customer_ids
    assert of_store(store, first, 5) == of_artifact(other, first, 5)
    (gone, *_) = set(loaded(seed=1).contents.customer_ids) - set(other.contents.customer_ids)
    with pytest.raises(InputError, match=f"customer id '{gone}' is not among"):
        store.recommend(gone)


@pytest.mark.parametrize("step", ["_fill", "_index"])
def test_a_put_that_breaks_off_leaves_the_old_tables(
    step: str, uri: str, loaded: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = PgvectorStore(uri)
    old = loaded(seed=3)
    kept.put(old)
    before = of_store(kept, "C0001", 10)
    whole = getattr(pgvector, step)

    def breaks_after(*given: object) -> None:
        whole(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(pgvector, step, breaks_after)
    with pytest.raises(KeyboardInterrupt):
        PgvectorStore(uri).put(loaded(seed=4))
    assert of_store(kept, "C0001", 10) == before == of_artifact(old, "C0001", 10)
    kept.close()


def test_the_index_is_built_and_nearly_finds_the_same(
    uri: str, loaded: Callable[..., Artifact]
) -> None:
    import psycopg

    artifact = loaded(masks_seen=False, product_valid_from=None, product_valid_to=None)
    kept = PgvectorStore(uri, exact=False)
    kept.put(artifact)
    with psycopg.connect(uri) as database:
        made = database.execute("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'recsys_%'")
        assert any("USING hnsw (vector vector_ip_ops)" in one for (one,) in made)
    # 30 products are one neighbourhood: the index reaches them all.
    assert of_store(kept, "C0002", 10) == of_artifact(artifact, "C0002", 10)
    kept.close()


def test_unknown_touchpoint(store: Store, loaded: Callable[..., Artifact]) -> None:
    store.put(loaded())
    with pytest.raises(InputError, match=r"touchpoint 'fax' is not known; the .* has app"):
        store.recommend("C0001", 5, "fax")


def test_nothing_there_yet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no tables of an artifact"):
        ParquetStore(tmp_path / "no").recommend("C0001")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say artifact=FOLDER and to=FOLDER or to=postgresql://"),
        (["artifact=no", "to=x"], "no is not an artifact: manifest.json cannot be read"),
        (["artefact=artifact", "to=x"], "unknown argument 'artefact=artifact'; did you mean"),
        (["artifact=artifact", "to=full"], "full also holds kept, which replacing"),
        (["artifact=artifact", "to=full/kept"], "kept is a file; give a folder or postgresql://"),
        (["artifact=artifact", "to=postgresql://me:secret@127.0.0.1:1/x"],
         "postgresql://***@127.0.0.1:1/x cannot be used: connection"),
        (["artifact=artifact", "to=postgresql://[::1/x"], "cannot be used"),
    ],
)  # fmt: skip
def test_bad_words_are_one_line(
    words: list[str], says: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "artifact", contents())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("kept")
    assert run_script("store", *words, cwd=tmp_path) == 2
    said = capfd.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert says in said
    assert "secret" not in said
    assert (tmp_path / "full" / "kept").read_text() == "kept"


def test_the_script_puts_and_says_so(
    uri: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "artifact", contents())
    artifact = load(tmp_path / "artifact")
    for place in (str(tmp_path / "tables"), uri):
        assert run_script("store", "artifact=artifact", f"to={place}", cwd=tmp_path) == 0
        assert "40 customers, 30 products and 3 touchpoints in" in capfd.readouterr().out
        kept = open_store(place)
        assert of_store(kept, "C0003", 7) == of_artifact(artifact, "C0003", 7)
