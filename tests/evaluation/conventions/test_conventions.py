"""Metrics by other libraries' definitions equal what those libraries put out, on stored cases.

`make_cases.py` made the cases and the outputs; each file says the version of its library.
"""

import json
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset, TimeSplit
from recsys.arrays import FloatArray, IntArray
from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig, MeasureConfig
from recsys.evaluation.conventions.table import CONVENTIONS, LIBRARIES
from recsys.evaluation.evaluate import measure
from recsys.evaluation.full_ranking import Score

FOLDER = Path(__file__).parent
STORED = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
CASES, KS = STORED["cases"], tuple(STORED["ks"])


@cache
def outputs(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / "outputs" / f"{name}.json").read_text(encoding="utf-8"))


@cache
def window_of(name: str) -> tuple[Window, Score]:
    """The case as events of a market, and a model that gives its lists."""
    case = CASES[name]
    people = sorted(case["lists"].keys() | case["test"].keys())
    bought = [(customer, p) for customer in people for p in case["test"].get(customer, [])]
    events = pd.DataFrame(
        [(customer, "p0", "2025-01-01") for customer in people]
        + [(customer, f"p{p}", "2025-02-02") for customer, p in bought]
        + [("late", "p0", "2025-03-02")],
        columns=["customer_id", "product_id", "timestamp"],
    )
    products = pd.DataFrame({"product_id": [f"p{p}" for p in range(STORED["products"])]})
    data = Dataset.from_frames(events, products=products, filter_seen=False)
    window = TimeSplit(valid_from="2025-02-01", test_from="2025-03-01").split(data).valid
    scores = np.full((len(data.customers), len(data.products)), -np.inf, np.float32)
    for customer, listed in case["lists"].items():
        (row,) = data.customers.rows([customer])
        scores[row, data.products.rows([f"p{p}" for p in listed])] = -np.arange(len(listed))

    def score(customers: IntArray) -> FloatArray:
        return scores[customers]

    return window, score


def means(library: str, case: str, **settings: Any) -> dict[str, float]:
    window, score = window_of(case)
    config = MeasureConfig(
        ks=KS, metrics=tuple(CONVENTIONS[library].metrics), convention=library, resamples=1,
        **settings,
    )  # fmt: skip
    found = measure(score, window, config).intervals
    return {name.removeprefix(f"{library}."): interval.mean for name, interval in found.items()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_equal_to_the_library(library: str, case: str) -> None:
    wanted = outputs(library)["outputs"][case]
    found = means(library, case)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=1e-9, rel=0), name


@pytest.mark.parametrize("case", CASES)
def test_torchmetrics_in_its_own_precision(case: str) -> None:
    wanted = outputs("torchmetrics_float32")["outputs"][case]
    assert means("torchmetrics", case) == pytest.approx(wanted, abs=1e-6, rel=0)


@pytest.mark.parametrize("case", CASES)
def test_lenskit_counts_zero_where_lists_were_made_for_customers_without_test(case: str) -> None:
    wanted = outputs("lenskit_of_all")["outputs"][case]
    found = means("lenskit", case, without_test="zero")
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-9, rel=0)


@pytest.mark.parametrize("library", ["torchmetrics", "spark"])
def test_customers_without_test_can_be_left_out_of_those_that_count_them(library: str) -> None:
    found = means(library, "without_test", without_test="leave_out")
    ours = outputs("recbole")["outputs"]["without_test"]
    assert found["ndcg@10"] == pytest.approx(ours["ndcg@10"], abs=1e-9)


def test_a_ratio_of_sums_does_not_change_with_customers_without_test() -> None:
    wanted = outputs("implicit")["outputs"]["without_test"]
    found = means("implicit", "without_test", without_test="zero")
    assert found["precision@10"] == pytest.approx(wanted["precision@10"], abs=1e-9)
    assert found["ndcg@10"] < wanted["ndcg@10"] - 0.01


def test_the_stored_versions_are_those_of_the_table() -> None:
    for library, convention in CONVENTIONS.items():
        (package, version), _ = outputs(library).items()
        assert convention.version == f"{package} {version}"
    assert tuple(CONVENTIONS) == LIBRARIES


def test_the_cases_tell_the_libraries_apart() -> None:
    """Without such a case a definition could be another one's unnoticed."""
    differing = {
        (name, other)
        for name in LIBRARIES
        for other in LIBRARIES
        if name < other
        for metric, value in outputs(name)["outputs"]["all_of_it"].items()
        if abs(outputs(other)["outputs"]["all_of_it"].get(metric, value) - value) > 1e-6
    }
    # RecBole, Cornac and implicit have no metric in common that they define differently, but for
    # implicit's precision.
    alike = {("cornac", "recbole")}
    pairs = {(a, b) for a in LIBRARIES for b in LIBRARIES if a < b}
    assert pairs - differing == alike


def test_two_customers_by_hand() -> None:
    """Three relevant, hits at 1, 4 and 7; twelve relevant, hits at 1 to 5; ten places."""
    second, fourth, seventh = (1 / log2(rank + 1) for rank in (2, 4, 7))
    ten = sum(1 / log2(rank + 1) for rank in range(1, 11))
    gain = 1 + fourth + seventh
    ndcg = dict.fromkeys(LIBRARIES, gain / (1 + second + 1 / 2))
    ndcg |= {"rectools": gain / ten, "lenskit": (1 + 1 / 2 + 1 / log2(7)) / (2 + second)}
    half = dict.fromkeys(set(LIBRARIES) - {"cornac"}, 5 / 10)
    average = half | {"rectools": 5 / 12, "torchmetrics": 1.0}
    for library, values in by_customer("ndcg").items():
        assert values[0] == pytest.approx(ndcg[library])
    assert {name: values[1] for name, values in by_customer("map").items()} == (
        pytest.approx(average)
    )
    assert [round(ndcg[name], 3) for name in ("recbole", "rectools", "lenskit")] == [
        0.828, 0.388, 0.706,
    ]  # fmt: skip


def by_customer(metric: str) -> dict[str, FloatArray]:
    window, score = window_of("two_customers")
    result = {}
    for library in LIBRARIES:
        if metric in CONVENTIONS[library].metrics:
            config = MeasureConfig(ks=(10,), metrics=(metric,), convention=library, resamples=1)
            values = measure(score, window, config).per_query
            rows = window.past.customers.rows(["c0", "c1"])
            column = values.values[f"{library}.{metric}@10"]
            result[library] = column[[values.customers.tolist().index(row) for row in rows]]
    return result


def test_a_metric_that_a_library_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected some of precision, map, ndcg, which implicit"):
        EvaluateConfig(convention="implicit")
    with pytest.raises(InputError, match=r"got novelty; set evaluate.metrics="):
        MeasureConfig(convention="recbole", metrics=("ndcg", "novelty"))
    with pytest.raises(InputError, match=r"expected one of recbole, .* or null, got 'surprise'"):
        MeasureConfig(convention="surprise")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"expected one of recbole, .* or null, got \['spark'\]"):
        MeasureConfig(convention=["spark"])  # type: ignore[arg-type]


def test_models_are_chosen_by_the_metric_of_the_convention() -> None:
    for metric in ("ndcg@10", "rectools.ndcg@10"):
        config = EvaluateConfig(convention="rectools", metric=metric)
        assert config.metric == "rectools.ndcg@10"
        assert config.metric in config.choosable


def test_how_often_a_product_was_bought_follows_its_query() -> None:
    window, _ = window_of("bought_twice")
    queries = window.queries
    assert queries.times is not None
    rows = np.array([7, 2, 11])
    chosen = queries.select(rows)
    people, products = window.past.customers.ids, window.past.products.ids
    for position, row in enumerate(chosen.customers):
        part = slice(*chosen.relevant.indptr[position : position + 2])
        bought = CASES["bought_twice"]["test"][people[row]]
        for product, times in zip(
            products[chosen.relevant.indices[part]], chosen.times[part], strict=True
        ):
            assert times == bought.count(int(product.removeprefix("p")))
    assert window_of("plain")[0].queries.times is None
