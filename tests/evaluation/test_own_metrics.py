"""A metric of the user's own: a function whose arguments are named by what it needs."""

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset, InputError, Popularity, TimeSplit, compare, evaluate
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Window
from recsys.evaluation.catalogue_statistics import CatalogueStatistics
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.evaluate import measure

MARGINS = {"bread": 1.0, "jam": 2.0, "milk": 3.0, "pen": 10.0}
# Popularity before March ranks bread, jam, milk, pen.
BEFORE = ["bread"] * 4 + ["jam"] * 3 + ["milk"] * 2 + ["pen"]
MARCH = [("c0", "bread"), ("c1", "pen"), ("c2", "jam"), ("c2", "milk")]


@pytest.fixture
def valid() -> Window:
    rows = [(f"c{n % 5}", name, "2025-01-01") for n, name in enumerate(BEFORE)]
    rows += [(customer, name, "2025-03-02") for customer, name in MARCH]
    rows += [("c0", "pen", "2025-04-02")]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "timestamp"])
    table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    products = pd.DataFrame({"product_id": list(MARGINS), "margin": list(MARGINS.values())})
    data = Dataset.from_frames(table, products=products, filter_seen=False)
    return TimeSplit(valid_from="2025-03-01", test_from="2025-04-01").split(data).valid


def first_hit(hit: BoolArray, relevant: IntArray, k: int) -> BoolArray:
    """1 where the first product is relevant."""
    return hit[:, 0]


def margins_of(past: CatalogueStatistics) -> FloatArray:
    return np.array([MARGINS[name] for name in past.data.products.ids])


def margin_shown(lists: IntArray, past: CatalogueStatistics) -> FloatArray:
    """Mean margin of the listed products."""
    return margins_of(past)[lists].mean(axis=1)


def margin_sold(hit: BoolArray, lists: IntArray, past: CatalogueStatistics) -> FloatArray:
    """Margin of the listed products that were then bought."""
    return (hit * margins_of(past)[lists]).sum(axis=1)


def by_customer(window: Window, values: FloatArray) -> dict[str, float]:
    names = window.past.customers.ids[window.queries.customers]
    return dict(sorted(zip(names, values.tolist(), strict=True)))


def test_functions_are_measured_beside_the_built_in_metrics(valid: Window) -> None:
    model = Popularity().fit(valid.past)
    metrics = ["recall", first_hit, margin_shown, margin_sold]
    made = evaluate(model, valid, ks=[2, 4], metrics=metrics, resamples=50)
    assert list(made.metrics) == [
        f"{name}@{k}" for name in ("recall", "first_hit", "margin_shown", "margin_sold")
        for k in (2, 4)
    ]  # fmt: skip
    values = made.per_query.values
    assert by_customer(valid, values["first_hit@2"]) == {"c0": 1, "c1": 0, "c2": 0}
    assert by_customer(valid, values["margin_shown@2"]) == {"c0": 1.5, "c1": 1.5, "c2": 1.5}
    assert by_customer(valid, values["margin_sold@4"]) == {"c0": 1, "c1": 10, "c2": 5}
    assert made.metrics["first_hit@4"].customers == 3


def test_a_metric_of_lists_needs_no_other_beside_it(valid: Window) -> None:
    made = evaluate(Popularity().fit(valid.past), valid, ks=[2], metrics=[margin_shown])
    assert made.metrics["margin_shown@2"].mean == 1.5


def test_a_metric_of_hits_counts_in_slices_of_relevant_products(valid: Window) -> None:
    config = EvaluateConfig(ks=(4,), metrics=(first_hit, margin_sold), metric="first_hit@4")
    slices = measure(Popularity().fit(valid.past).score, valid, config, in_slices=True).slices
    # Bread is head, jam is torso, milk and pen are tail: three and ten sold there.
    assert slices["popularity"]["head"]["margin_sold@4"].mean == 1
    assert slices["popularity"]["tail"]["margin_sold@4"].mean == 6.5
    assert slices["popularity"]["tail"]["first_hit@4"].mean == 0


def test_models_are_compared_by_a_function(valid: Window) -> None:
    worse = {"popular": Popularity().fit(valid.past), "reverse": reverse(valid)}
    made = compare(worse, valid, metric=margin_sold, k=2, resamples=50)
    assert made.metric == "margin_sold@2"
    assert list(made.evaluations) == ["reverse", "popular"]
    with pytest.raises(InputError, match="margin_shown, which says nothing of better"):
        compare(worse, valid, metric=margin_shown)


def reverse(window: Window):
    scores = Popularity().fit(window.past).score

    def score(customers: IntArray) -> FloatArray:
        return -scores(customers)

    return score


def tall(hit: BoolArray) -> FloatArray:
    return np.ones((len(hit), 2))


def unknown(hit: BoolArray) -> FloatArray:
    return np.full(len(hit), np.nan)


@pytest.mark.parametrize(("function", "words"), [(tall, "one number a query"), (unknown, "nan")])
def test_what_is_not_one_number_a_query_is_refused(valid: Window, function, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        evaluate(Popularity().fit(valid.past), valid, metrics=[function])
    assert refused.value.key == "evaluate.metrics"


def ndcg(hit: BoolArray) -> FloatArray:
    return hit[:, 0]


def test_a_metric_that_cannot_be_called_is_refused_before_anything_is_ranked() -> None:
    cases = {
        "some of hit, relevant, k, lists, past": lambda scores: scores,
        "names of letters": lambda hit: hit[:, 0],
        "two metrics are called ndcg": ndcg,
        "expected names and functions": 5,
    }
    cases["some of hit, relevant, k, lists, past"].__name__ = "by_scores"
    for words, metric in cases.items():
        with pytest.raises(InputError, match=words) as refused:
            EvaluateConfig(metrics=("ndcg", metric))
        assert refused.value.key == "evaluate.metrics"


def test_models_are_not_chosen_by_what_needs_more_than_hits() -> None:
    assert EvaluateConfig(metrics=(first_hit,), metric="first_hit@10").metric == "first_hit@10"
    for metric in (margin_shown, margin_sold):
        with pytest.raises(InputError, match="functions that need hits alone") as refused:
            EvaluateConfig(metrics=("ndcg", metric), metric=f"{metric.__name__}@10")
        assert refused.value.key == "evaluate.metric"
