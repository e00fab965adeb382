from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from public_data import published

from recsys import ALS, Dataset, TimeSplit, evaluate
from recsys.data.queries import Split
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix

pytestmark = pytest.mark.spark

CUTOFFS = {"valid_from": "2026-01-20", "test_from": "2026-01-26"}
LARGE = 2**53


def events(count: int = 400) -> pd.DataFrame:
    """Ids above 2^53 that a float would merge, repeated pairs, gaps in what may be empty."""
    generator = np.random.default_rng(3)
    products = pd.Series(generator.integers(0, 12, count)).map("p{:03d}".format)
    seconds = generator.integers(0, 30 * 86_400, count)
    return pd.DataFrame(
        {
            "customer_id": LARGE + generator.integers(0, 20, count),
            "product_id": products.where(generator.random(count) > 0.05),
            "touchpoint": generator.choice(["app", "web", None], count),
            "action": generator.choice(["view", "purchase", "contact"], count),
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, "s"),
            "weight": generator.choice([0.5, 1.0, np.nan], count),
            "context_device": generator.choice(["phone", "pc", None], count),
        }
    )


def write(folder: Path, table: pd.DataFrame, name: str = "interactions", parts: int = 2) -> None:
    place = folder / name
    place.mkdir(exist_ok=True)
    for number, rows in enumerate(np.array_split(np.arange(len(table)), parts)):
        part = table.iloc[rows]
        part.to_parquet(place / f"part-{number}.parquet", index=False, coerce_timestamps="us")


def both(folder: Path, spark: Mapping[str, Any], **settings: Any) -> tuple[Dataset, Dataset]:
    """The data set loaded here and by Spark."""
    settings = {"root": str(folder), "targets": ["purchase"], **settings}
    here = Dataset.from_source(Files(**settings))
    return here, Dataset.from_source(Files(engine="spark", spark=spark, **settings))


def assert_same(here: Dataset, there: Dataset) -> None:
    assert there.fingerprint == here.fingerprint
    for kind in ("customers", "products", "touchpoints"):
        np.testing.assert_array_equal(getattr(there, kind).ids, getattr(here, kind).ids)
    for field in fields(here.interactions):
        left, right = (
            getattr(there.interactions, field.name),
            getattr(here.interactions, field.name),
        )
        np.testing.assert_array_equal(left, right, err_msg=field.name)
    assert list(there.side_tables) == list(here.side_tables)
    for name, table in here.side_tables.items():
        pd.testing.assert_frame_equal(there.side_tables[name], table)
    assert (there.clock, there.as_of, there.contexts) == (here.clock, here.as_of, here.contexts)


def split_of(data: Dataset) -> Split:
    return TimeSplit(**CUTOFFS).split(data)


def test_the_data_set_is_the_one_that_is_loaded_here(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    write(tmp_path, events())
    links = pd.DataFrame({"id_a": [LARGE, LARGE + 2], "id_b": [LARGE + 1, LARGE + 3]})
    links["kind"] = "card"
    links.to_parquet(tmp_path / "identities.parquet", index=False)
    here, there = both(tmp_path, spark_settings)
    assert_same(here, there)
    assert len(there.customers) == 18
    assert (there.customers.ids >= LARGE).all()
    assert there.customers.row(LARGE + 5) == here.customers.row(LARGE + 5)


def test_text_ids_stay_as_they_are_written(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    table = events(60).assign(customer_id=[f"{row % 7:03d}" for row in range(60)])
    write(tmp_path, table)
    here, there = both(tmp_path, spark_settings)
    assert_same(here, there)
    assert "003" in there.customers.ids


def test_without_a_clock_the_order_of_rows_stays(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    table = events(300).drop(columns="timestamp")
    write(tmp_path, table.assign(part="train"), parts=3)
    assert_same(*both(tmp_path, spark_settings))


def test_columns_are_renamed_and_partitions_read(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    table = events(60).rename(columns={"customer_id": "user"}).drop(columns="touchpoint")
    for branch in ("007", "7"):
        (tmp_path / "interactions" / f"touchpoint={branch}").mkdir(parents=True)
        path = tmp_path / "interactions" / f"touchpoint={branch}" / "a.parquet"
        table.to_parquet(path, index=False, coerce_timestamps="us")
    here, there = both(tmp_path, spark_settings, rename={"interactions": {"user": "customer_id"}})
    assert_same(here, there)
    assert set(there.touchpoints.ids) == {"007", "7"}


def test_summed_events_have_the_same_queries_graph_and_metrics(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    write(tmp_path, events(3_000).drop(columns="context_device"))
    settings = {"root": str(tmp_path), "targets": ["purchase"], "filter_seen": False, **CUTOFFS}
    here = split_of(Dataset.from_source(Files(**settings)))
    summed = Files(engine="spark", spark=spark_settings, sum_events=True, **settings)
    there = split_of(Dataset.from_source(summed))
    assert len(there.train.interactions) < len(here.train.interactions) * 0.7
    single, together = interaction_matrix(here.train), interaction_matrix(there.train)
    np.testing.assert_array_equal(single.indices, together.indices)
    np.testing.assert_allclose(single.data, together.data, rtol=1e-6)
    np.testing.assert_array_equal(here.valid.queries.customers, there.valid.queries.customers)
    metrics = [
        evaluate(ALS(dim=4, epochs=3, device="cpu").fit(split.train), split.valid)
        for split in (here, there)
    ]
    pd.testing.assert_frame_equal(metrics[0].frame(), metrics[1].frame(), rtol=1e-6)


@pytest.mark.realdata
def test_complete_journey_is_the_same(tmp_path: Path, spark_settings: Mapping[str, Any]) -> None:
    source = CompleteJourney(root=published("complete_journey"))
    for name, table in source.load().items():
        table.to_parquet(tmp_path / f"{name}.parquet", index=False, coerce_timestamps="us")
    assert_same(*both(tmp_path, spark_settings, targets=list(source.targets)))


FAULTS = {
    "an unknown action": ({"action": "bought"}, "column 'action': expected one of view"),
    "a negative weight": ({"weight": -1.0}, "column 'weight': expected a number of at least 0"),
    "no customer": ({"customer_id": None}, "column 'customer_id': expected a value in every row"),
    "no time": ({"timestamp": pd.NaT}, "column 'timestamp': expected a time"),
    "blanks": ({"product_id": " p001"}, "column 'product_id': expected an id without blanks"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_cell_is_named_by_file_row_and_column(
    name: str, tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    change, words = FAULTS[name]
    table = events(40).astype({"customer_id": "Int64"})
    for column, value in change.items():
        table.loc[33, column] = value
    write(tmp_path, table)
    messages = []
    for engine in ({}, {"engine": "spark", "spark": spark_settings}):
        with pytest.raises(InputError) as error:
            Dataset.from_source(Files(root=str(tmp_path), **engine))
        messages.append(str(error.value))
    here, there = messages
    assert words in here
    assert there == here.replace("row 33", "part-1.parquet, row 13")


def test_a_missing_table_and_nanoseconds_are_one_line(
    tmp_path: Path, spark_settings: Mapping[str, Any]
) -> None:
    def load() -> None:
        Files(root=str(tmp_path), engine="spark", spark=spark_settings).load()

    with pytest.raises(InputError, match=r"expected interactions.parquet or a folder"):
        load()
    table = events(4)
    table["timestamp"] = table["timestamp"].dt.as_unit("ns")
    table.to_parquet(tmp_path / "interactions.parquet")
    with pytest.raises(InputError, match="expected times in microseconds"):
        load()
