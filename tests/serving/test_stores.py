"""Every store answers as the artifact does, and a put that breaks off changes nothing."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import mlflow
import numpy as np
import pandas as pd
import pytest
from artifact_contents import AS_OF, DAY, contents
from script_runner import run_script

from recsys.errors import InputError
from recsys.serving import Artifact, load, write
from recsys.serving.mlflow_model.pyfunc import save
from recsys.serving.stores import ParquetStore, PgvectorStore, Store, open_store, pgvector_tables


def of_artifact(artifact: Artifact, *arguments) -> list[tuple]:
    return [
        (offer.product_id, pytest.approx(offer.score, abs=1e-4), offer.touchpoint)
        for offer in artifact.recommend(*arguments).offers
    ]


def of_store(store: Store, *arguments) -> list[tuple]:
    return [
        (offer.product_id, offer.score, offer.touchpoint) for offer in store.recommend(*arguments)
    ]


@pytest.mark.parametrize(
    "arguments",
    [(10,), (3, "email"), (40,), (10, "app", AS_OF + 15 * DAY), (10, None, AS_OF - 300 * DAY)],
)
def test_answers_are_those_of_the_artifact(
    store: Store, loaded: Callable[..., Artifact], arguments: tuple
) -> None:
    artifact = loaded()
    store.put(artifact)
    answers = {
        customer: of_artifact(artifact, customer, *arguments)
        for customer in artifact.contents.customers.ids
    }
    assert {customer: of_store(store, customer, *arguments) for customer in answers} == answers
    # Rules were at work: some may not be contacted there, and nobody gets all 30 products.
    lengths = {len(answer) for answer in answers.values()}
    assert max(lengths) < 30
    if arguments[1:2] not in ((), (None,)):
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
        arguments = (customer, 8, "branch", at, [best])
        assert of_store(store, *arguments) == of_artifact(artifact, *arguments)
        assert best not in [product for product, *_ in of_store(store, *arguments)]
    with pytest.raises(InputError, match="customer id 'ann' is not among"):
        store.recommend("ann")


def test_uuids_are_kept_as_text(store: Store, loaded: Callable[..., Artifact]) -> None:
    ids = np.array([UUID(int=row + 1) for row in range(40)], dtype=object)
    artifact = loaded(customer_ids=ids, product_ids=ids[:30])
    store.put(artifact)
    for customer in (ids[3], str(ids[4])):
        kept = [
            (UUID(product), score, name) for product, score, name in of_store(store, customer, 6)
        ]
        assert kept == of_artifact(artifact, customer, 6)


def test_seen_products_stay_where_the_artifact_keeps_them(
    store: Store, loaded: Callable[..., Artifact]
) -> None:
    artifact = loaded(filter_seen=False)
    store.put(artifact)
    seen = artifact.contents.products.ids[artifact.contents.events.products[0]]
    customer = artifact.contents.customers.ids[artifact.contents.events.customers[0]]
    everything = [product for product, *_ in of_store(store, customer, 30, None, AS_OF - DAY)]
    assert everything == [
        product for product, *_ in of_artifact(artifact, customer, 30, None, AS_OF - DAY)
    ]
    offered = artifact.recommend(customer, 30, None, AS_OF - DAY).offers
    assert (seen in everything) == (seen in [offer.product_id for offer in offered])


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_rounded_vectors_give_everywhere_the_answers_of_the_loaded_artifact(
    precision: str, store: Store, tmp_path: Path
) -> None:
    write(tmp_path / "small", contents(), kept_as=precision)
    artifact = load(tmp_path / "small")
    store.put(artifact)
    save(tmp_path / "model", tmp_path / "small")
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    ids = artifact.contents.customers.ids.tolist()
    for touchpoint in (None, "app"):
        wanted = [of_artifact(artifact, customer, 10, touchpoint) for customer in ids]
        assert [of_store(store, customer, 10, touchpoint) for customer in ids] == wanted
        said = model.predict(pd.DataFrame({"customer_id": ids}), {"touchpoint": touchpoint or ""})
        assert [
            [
                (offer["product_id"], offer["score"], offer["touchpoint"])
                for offer in answer["offers"]
            ]
            for answer in said
        ] == wanted
    write(tmp_path / "whole", contents())
    exact = load(tmp_path / "whole")
    assert any(
        of_store(store, customer, 10) != of_artifact(exact, customer, 10) for customer in ids
    )


def test_a_second_put_replaces_the_first(store: Store, loaded: Callable[..., Artifact]) -> None:
    store.put(loaded(seed=1))
    other = loaded(seed=2, customer_rows=12)
    store.put(other)
    (first, *_) = other.contents.customers.ids
    assert of_store(store, first, 5) == of_artifact(other, first, 5)
    (gone, *_) = set(loaded(seed=1).contents.customers.ids) - set(other.contents.customers.ids)
    with pytest.raises(InputError, match=f"customer id '{gone}' is not among"):
        store.recommend(gone)


def two_artifacts(tmp_path: Path) -> list[Artifact]:
    """With answers of their own for the same customers, and vectors of other lengths."""
    random = np.random.default_rng(9)
    longer = {
        name: random.standard_normal((rows, 7)).astype(np.float32)
        for name, rows in (("customers", 40), ("products", 30), ("touchpoints", 3))
    }
    write(tmp_path / "one", contents(seed=1))
    write(tmp_path / "two", contents(seed=2, fold_in_products=None, **longer))
    return [load(tmp_path / "one"), load(tmp_path / "two")]


def test_a_reader_with_an_open_connection_gets_what_a_put_brings(
    store: Store, tmp_path: Path
) -> None:
    first, second = two_artifacts(tmp_path)
    for artifact in (first, second, first):
        store.put(artifact)
        # The driver prepares a question that it has seen often, of whatever types it was then.
        for _ in range(8):
            assert of_store(store, "C0003", 8) == of_artifact(artifact, "C0003", 8)


@pytest.mark.parametrize("kind", ["parquet", "pgvector"])
def test_readers_see_one_artifact_or_the_other_while_they_are_swapped(
    kind: str, uri: str, tmp_path: Path
) -> None:
    target = uri if kind == "pgvector" else str(tmp_path / "tables")
    artifacts = two_artifacts(tmp_path)
    writer, shared = open_store(target), open_store(target)
    whole = []
    for artifact in artifacts:
        writer.put(artifact)
        whole.append(of_store(open_store(target), "C0003", 8))
        assert whole[-1] == of_artifact(artifact, "C0003", 8)
    answers: list[list[tuple]] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def read(own: Store | None) -> None:
        while not over.is_set():
            try:
                answers.append(of_store(own or open_store(target), "C0003", 8))
            except BaseException as error:
                failed.append(error)

    # Tables in files are read once, so that only who opens them anew sees a swap.
    stores = [shared, shared, open_store(target)] if kind == "pgvector" else [None] * 3
    readers = [threading.Thread(target=read, args=(store,)) for store in stores]
    for reader in readers:
        reader.start()
    for swap in range(10):
        writer.put(artifacts[swap % 2])
        # Each reader may be through with one question from before; others fall into the next swap.
        enough = len(answers) + 2 * len(readers)
        while len(answers) < enough and not failed:
            time.sleep(0.001)
    over.set()
    for reader in readers:
        reader.join()
    assert not failed
    assert [answer for answer in answers if answer not in whole] == []
    assert all(answer in answers for answer in whole)


def test_two_first_puts_at_once_leave_one_of_them(uri: str, tmp_path: Path) -> None:
    import psycopg

    artifacts = two_artifacts(tmp_path)
    with psycopg.connect(uri, autocommit=True) as database:
        database.execute("CREATE DATABASE fresh")
    fresh = uri.replace("/postgres?", "/fresh?")
    failed: list[BaseException] = []

    def put(artifact: Artifact) -> None:
        try:
            PgvectorStore(fresh).put(artifact)
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=put, args=(artifact,)) for artifact in artifacts * 2]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    kept = of_store(PgvectorStore(fresh), "C0003", 8)
    assert kept in [of_artifact(artifact, "C0003", 8) for artifact in artifacts]


@pytest.mark.parametrize("step", ["_fill", "_index"])
def test_a_put_that_breaks_off_leaves_the_old_tables(
    step: str, uri: str, loaded: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = PgvectorStore(uri)
    old = loaded(seed=3)
    kept.put(old)
    before = of_store(kept, "C0001", 10)
    whole = getattr(pgvector_tables, step)

    def breaks_after(*given: object) -> None:
        whole(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(pgvector_tables, step, breaks_after)
    with pytest.raises(KeyboardInterrupt):
        PgvectorStore(uri).put(loaded(seed=4))
    assert of_store(kept, "C0001", 10) == before == of_artifact(old, "C0001", 10)
    kept.close()


def test_the_index_is_built_and_nearly_finds_the_same(
    uri: str, loaded: Callable[..., Artifact]
) -> None:
    import psycopg

    artifact = loaded(filter_seen=False, product_valid_from=None, product_valid_to=None)
    kept = PgvectorStore(uri, exact=False)
    kept.put(artifact)
    with psycopg.connect(uri) as database:
        made = database.execute("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'recsys_%'")
        assert any("USING hnsw (vector vector_ip_ops)" in definition for (definition,) in made)
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
    for target in (str(tmp_path / "tables"), uri):
        assert run_script("store", "artifact=artifact", f"to={target}", cwd=tmp_path) == 0
        assert "40 customers, 30 products and 3 touchpoints in" in capfd.readouterr().out
        kept = open_store(target)
        assert of_store(kept, "C0003", 7) == of_artifact(artifact, "C0003", 7)
