"""Inputs are used as given: names of files, products to leave out, ids that look alike."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.serving import Artifact, load, write
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.stores import Store

OPEN = {"consent": None, "product_valid_from": None, "product_valid_to": None}


def test_a_csv_of_everyone_has_one_row_an_offer(loaded: Any, tmp_path: Path) -> None:
    artifact = loaded(product_ids=np.array([f'0{n},"x"' for n in range(30)], object))
    assert recommend_everyone(artifact, tmp_path / "offers.csv", 4) == 40
    assert not (tmp_path / "offers.csv").read_bytes().startswith(b"PAR1")
    import pandas as pd

    lines = pd.read_csv(tmp_path / "offers.csv", dtype=str, keep_default_na=False)
    recommend_everyone(artifact, str(tmp_path / "offers.parquet"), 4)
    wanted = [
        (line["customer_id"], str(rank), product, where)
        for line in pq.read_table(tmp_path / "offers.parquet").to_pylist()
        for rank, (product, where) in enumerate(
            zip(line["product_id"], line["touchpoint"], strict=True), start=1
        )
    ]
    columns = ["customer_id", "rank", "product_id", "touchpoint"]
    assert list(lines[columns].itertuples(index=False, name=None)) == wanted
    assert 0 < len(lines) < 160
    scores = lines["score"].astype(float).groupby(lines["customer_id"])
    assert scores.apply(lambda values: values.is_monotonic_decreasing).all()


@pytest.mark.parametrize("name", ["offers", "offers.json", "offers.CSV", "offers.csv.gz", "x.xlsx"])
def test_a_name_that_says_no_format_is_refused_before_any_work(
    loaded: Any, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in .parquet or .csv"):
        recommend_everyone(loaded(), tmp_path / name)
    assert not (tmp_path / name).exists()


def asks(artifact: Artifact, tmp_path: Path, store: Store) -> dict[str, Any]:
    """Every way to leave products out, or to allow only some."""
    store.put(artifact)
    row = {"customer_id": "C0001"}
    return {
        "recommend": lambda **said: artifact.recommend("C0001", 30, **said),
        "recommend_events": lambda **said: artifact.recommend_events(["P000"], 30, **said),
        "recommend_many": lambda **said: artifact.recommend_many(["C0001"], 30, **said),
        "recommend_offers": lambda **said: artifact.recommend_offers("C0001", 30, **said),
        "everyone": lambda **said: recommend_everyone(artifact, tmp_path / "x.csv", 30, **said),
        "pyfunc": lambda **said: OfferModel(artifact).predict([row], {"k": 30, **said}),
        "store": lambda **said: store.recommend("C0001", 30, **said),
    }


def test_a_misspelt_product_is_refused_by_every_way_to_ask(
    loaded: Any,
    tmp_path: Path,
    store: Store,
) -> None:
    rule = {
        "fold_in_rule": np.zeros(3, np.float32), "fold_in_actions": np.ones(2, np.float32),
        "fold_in_rest": np.zeros(0, np.float32),
    }  # fmt: skip
    ways = asks(loaded(**OPEN, **rule), tmp_path, store)
    for name, ask in ways.items():
        for key in ("exclude", "allow") if name != "store" else ("exclude",):
            ask(**{key: ["P001", "P002"]})
            with pytest.raises(Exception, match=f"{key}: product id 'P0O2' is not among") as raised:
                ask(**{key: ["P001", "P0O2"]})
            assert "\n" not in str(raised.value), name
    assert not (tmp_path / "y.csv").exists()


def test_left_out_and_allowed_hold_everywhere(loaded: Any, tmp_path: Path) -> None:
    artifact = loaded(**OPEN, filter_seen=False)
    recommend_everyone(artifact, tmp_path / "x.csv", 30, exclude=["P001"], allow=["P001", "P002"])
    lines = list(csv.DictReader((tmp_path / "x.csv").open()))
    assert {line["product_id"] for line in lines} == {"P002"}
    assert len(lines) == 40
    many = artifact.recommend_many(["C0001"], 30, allow=["P002"]).columns
    assert artifact.contents.products.ids[many[many >= 0]].tolist() == ["P002"]
    offers = artifact.recommend_offers("C0001", 30, exclude=["P001"]).offers
    assert "P001" not in {offer.offer_id for offer in offers}


@pytest.mark.parametrize("typed", ["007", "\u0667", "+7", "7.0", " 7", "1_0", "7" * 5000, True])
def test_an_id_that_looks_like_a_number_is_another_id(loaded: Any, typed: Any) -> None:
    artifact = loaded(customer_ids=np.arange(40), product_ids=np.arange(30))
    assert artifact.recommend("7").customer_id == artifact.recommend(7).customer_id == 7
    with pytest.raises(InputError, match="is not among the 40 customer ids, which are whole") as e:
        artifact.recommend(typed)
    assert len(str(e.value)) < 250
    with pytest.raises(
        InputError, match=r"^exclude: product id .* is not among the 30 product ids"
    ):
        artifact.recommend(7, exclude=[typed])


def test_what_is_near_is_said_in_time_that_does_not_grow(tmp_path: Path) -> None:
    import time

    ids = np.array([f"customer-{row:06d}-{'x' * 150}" for row in range(50_000)], object)
    write(tmp_path / "a", contents(50_000, 30, customer_ids=ids, consent=None))
    artifact = load(tmp_path / "a")
    began = time.process_time()
    for guess in range(20):
        with pytest.raises(InputError, match=r"\(199 characters\).*nearest are") as raised:
            artifact.recommend(f"customer-{guess:06d}-".ljust(199, "y"))
        assert len(str(raised.value)) < 500
    # Twenty took up to 54 seconds.
    assert time.process_time() - began < 5
