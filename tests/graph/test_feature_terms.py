"""Which columns are features, how, and what is said of those that are not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.graph.features import FeatureTerms, feature_terms

CUTOFF = int(pd.Timestamp("2026-01-11", tz="UTC").timestamp())


def customers(**table: Any) -> Dataset:
    count = len(next(iter(table.values())))
    ids = [f"c{number:03}" for number in range(count)]
    return dataset_of(
        {"customer_id": ids[:1], "product_id": ["p"], "timestamp": ["2026-01-10"]},
        {"customers": {"customer_id": ids, **table}},
    )


def result(data: Dataset, moment: int | None = CUTOFF, **change: Any) -> FeatureTerms:
    table = data.side_tables["customers"]
    return feature_terms(table, "customer_id", data.customers, moment, **change)


def by_id(data: Dataset, features: FeatureTerms) -> np.ndarray:
    return features.matrix.toarray()[np.argsort(data.customers.ids)]


def test_a_date_is_its_age_at_the_cutoff_and_later_ones_are_unknown() -> None:
    data = customers(joined=["2026-01-01", "2026-01-09", "2026-01-11", None, "2027-05-05"])
    features = result(data)
    # 10 and 2 days: the mean is 6, the spread 4; the day of the cut-off is not before it.
    wanted = [[1, 0], [-1, 0], [0, 1], [0, 1], [0, 1]]
    np.testing.assert_allclose(by_id(data, features), wanted)
    assert [term.name for term in features.terms] == ["joined age", "joined age missing"]
    assert features.encodings["joined"] == "age in days before the cut-off, 2 later dates unknown"


def test_without_a_cutoff_ages_count_from_the_latest_date() -> None:
    data = customers(joined=["2026-01-01", "2026-01-03"])
    features = result(data, moment=None)
    np.testing.assert_allclose(by_id(data, features), [[1], [-1]])


def test_a_column_of_future_dates_alone_says_nothing() -> None:
    features = result(customers(ends=["2027-01-01", "2028-01-01"]))
    assert features.matrix.shape[1] == 0
    assert features.encodings["ends"] == "left out: every date lies after the cut-off"


def test_of_many_values_the_most_frequent_are_taken() -> None:
    towns = ["a"] * 4 + ["b"] * 3 + ["c", "d", "e"]
    data = customers(town=towns)
    features = result(data, most_categories=2)
    assert [term.value for term in features.terms] == ["a", "b"]
    assert features.encodings["town"] == "the 2 most frequent of 5 values"
    # Who lives elsewhere is in none of them.
    assert by_id(data, features).sum(axis=1).tolist() == [1] * 7 + [0] * 3


def test_an_id_is_left_out_and_said_so() -> None:
    features = result(customers(passport=[f"x{number}y" for number in range(100)]))
    assert not features.terms
    wanted = "left out: 100 values, of which the 64 most frequent cover 0%"
    assert features.encodings["passport"] == wanted


def test_every_column_is_spoken_of() -> None:
    data = customers(
        age=[1.0, None, 3.0], vip=[True, False, True], group=["x", "y", "x"],
        empty=[None, None, None], valid_from=["2026-01-01"] * 3,
    )  # fmt: skip
    assert result(data).encodings == {
        "age": "number, with a flag where it is missing",
        "vip": "yes or no",
        "group": "2 values",
        "empty": "left out: no row has a value",
        "valid_from": "left out: says when it is valid",
    }


@pytest.mark.parametrize("change", [{"ages": False}, {"frequent": False, "most_categories": 1}])
def test_what_may_not_be_used_is_said_too(change: dict[str, Any]) -> None:
    features = result(customers(joined=["2026-01-01", "2026-01-02"], town=["a", "b"]), **change)
    left = {name for name, words in features.encodings.items() if words.startswith("left out")}
    assert left == ({"joined"} if "ages" in change else {"town"})
