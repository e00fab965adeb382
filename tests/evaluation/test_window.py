"""A window of a small shop, measured: every metric, every dimension, and what the data lack."""

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import DAY
from recsys.data.queries import Window, window
from recsys.errors import InputError
from recsys.evaluation.catalogue_statistics import background
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.evaluate import measure, refuse_unknown
from recsys.evaluation.measures import METRICS, columns
from recsys.evaluation.per_query import measured

START = 10
EVENTS = [
    # before the window
    ("ann", "milk", "app", "purchase", 0, 1.0),
    ("ann", "bread", "app", "view", 1, np.nan),
    ("ann", "milk", "store", "purchase", 2, 1.0),
    ("bob", "milk", "store", "purchase", 3, 5.0),
    ("bob", "wine", "store", "purchase", 4, 90.0),
    ("cleo", "jam", None, "purchase", 5, 20.0),
    # in the window
    ("ann", "milk", "store", "purchase", 10, 1.0),
    ("ann", "milk", "app", "purchase", 11, 1.0),
    ("ann", "jam", "app", "purchase", 12, 1.0),
    ("bob", "bread", "store", "purchase", 13, 1.0),
    ("cleo", "wine", None, "purchase", 14, 1.0),
    ("dan", "milk", "app", "purchase", 15, 1.0),
]
PRODUCTS = {
    "product_id": ["milk", "bread", "jam", "wine", "pen"],
    "category": ["fresh", "dry", "dry", "drink", None],
}
CUSTOMERS = {
    "customer_id": ["ann", "ann", "bob", "cleo", "dan"],
    "city": ["Ulm", "Kiel", "Kiel", None, "Ulm"],
    "valid_from": pd.to_datetime(["1970-01-01", "1970-01-03", None, None, None], utc=True),
}


def shop(side: dict | None = None, drop: tuple[str, ...] = (), filter_seen: bool = False) -> Window:
    names = ["customer_id", "product_id", "touchpoint", "action", "timestamp", "value"]
    table = pd.DataFrame(EVENTS, columns=names)
    moment = table["timestamp"]
    table["timestamp"] = pd.Timestamp("1970-01-01", tz="UTC") + pd.to_timedelta(moment, unit="D")
    side = {"products": PRODUCTS, "customers": CUSTOMERS} if side is None else side
    data = dataset_of(table.drop(columns=list(drop)), side, filter_seen=filter_seen)
    if data.interactions.when is None:
        before = np.arange(len(data.interactions)) < 6
        return window(data, before, ~before)
    start = START * DAY
    return window(
        data, data.interactions.when < start, data.interactions.when >= start, start=start
    )


def alphabetic(valid: Window) -> "object":
    """Scores products by their names, so that bread, jam, milk, pen, wine is every list."""
    order = np.argsort(np.argsort(valid.past.products.ids.astype(str)))

    def score(customers: IntArray) -> FloatArray:
        return np.tile(-order.astype(np.float32), (len(customers), 1))

    return score


def everything(**changes) -> EvaluateConfig:
    return EvaluateConfig(ks=(1, 3), metrics=METRICS, metric="ndcg@3", resamples=50, **changes)


def means(valid: Window, config: EvaluateConfig, metric: str) -> dict[str, dict[str, float]]:
    result = measure(alphabetic(valid), valid, config, in_slices=True).slices
    return {
        dimension: {name: values[metric].mean for name, values in slices.items()}
        for dimension, slices in result.items()
    }


def test_every_metric_in_one_run() -> None:
    valid = shop()
    result = measure(alphabetic(valid), valid, everything())
    per_query = result.per_query
    assert [*per_query.values, *per_query.catalogue] == columns(METRICS, (1, 3))
    assert {*per_query.values} - {*result.intervals} == {"intra_list_diversity@1"}
    by = pd.DataFrame(per_query.values, index=valid.past.customers.ids[per_query.customers])
    # ann wants jam and milk, at 2 and 3 of five; bob bread, at 1; cleo wine, at 5; dan milk, at 3.
    assert by["recall@3"].to_dict() == {"ann": 1, "bob": 1, "cleo": 0, "dan": 1}
    assert by["auc"].to_dict() == {"ann": pytest.approx(2 / 3), "bob": 1, "cleo": 0, "dan": 0.5}
    # Had by nobody (as if by one), one and two of the three who had anything.
    assert by["novelty@3"].unique() == pytest.approx([(2 * np.log2(3) + np.log2(3 / 2)) / 3])
    assert by["intra_list_diversity@3"].unique() == pytest.approx([2 / 3])
    # The list holds 0, 1 and 3 events; ann's own product 3, bob's 3 and 1, cleo's 1.
    lift = by["popularity_lift@3"]
    assert lift.dropna().to_dict() == {
        "ann": pytest.approx(4 / 3 / 3 - 1), "bob": pytest.approx(4 / 3 / 2 - 1),
        "cleo": pytest.approx(4 / 3 - 1),
    }  # fmt: skip
    assert (result.intervals["popularity_lift@3"].customers, len(by)) == (3, 4)
    assert by["intra_list_diversity@1"].isna().all()
    # bread and jam of five products; three products in the lists of three.
    assert per_query.catalogue["coverage@1"] == pytest.approx(1 / 5)
    assert per_query.catalogue["coverage@3"] == pytest.approx(3 / 5)
    assert per_query.catalogue["gini@1"] == pytest.approx(4 / 5)


def test_a_metric_that_no_query_has_is_left_out_of_the_intervals() -> None:
    valid = shop()
    result = measure(alphabetic(valid), valid, everything(), in_slices=True)
    assert "intra_list_diversity@1" not in result.intervals
    assert "popularity_lift@3" not in result.slices["history"]["cold"]
    assert "popularity_lift@3" in result.slices["history"]["warm"]


def test_every_dimension_by_hand() -> None:
    config = everything(hot_from=3)
    valid = means(shop(), config, "recall@3")
    assert list(valid) == [
        "history", "popularity", "segment", "touchpoint", "new_or_repeat", "category",
    ]  # fmt: skip
    # dan is cold, ann has three events, bob two and cleo one.
    assert valid["history"] == {"cold": 1, "warm": 1 / 2, "hot": 1}
    # milk carries the first three of five events; wine and jam one each; bread none.
    assert valid["popularity"] == {"head": 1, "torso": 1 / 2, "tail": 1}
    # Spent before: ann 2, cleo 20, bob 95; dan nothing ever.
    assert valid["segment"] == {"value_low": 1, "value_middle": 0, "value_high": 1}
    # ann took milk first in the store; cleo's touchpoint is not known.
    assert valid["touchpoint"] == {"store": 1, "app": 1}
    assert valid["new_or_repeat"] == {"new": pytest.approx(3 / 4), "repeat": 1}
    # cleo had jam only, ann milk only, bob milk and wine; dan nothing to sell from.
    assert valid["category"] == {"cross_sell": pytest.approx(2 / 3), "up_sell": 1}


def test_a_customer_column_as_known_at_the_cut_off() -> None:
    valid = means(shop(), everything(segment="city"), "recall@3")["segment"]
    # ann moved to Kiel before the window; cleo's city is not known.
    assert valid == {"Kiel": 1, "Ulm": 1}
    auc = means(shop(), everything(segment="city"), "auc")["segment"]
    assert auc == {"Kiel": pytest.approx(5 / 6), "Ulm": 0.5}


def test_what_the_data_do_not_know_is_no_dimension() -> None:
    config = EvaluateConfig(resamples=50)
    bare = shop(side={}, drop=("touchpoint", "value", "timestamp"))
    assert list(means(bare, config, "ndcg@10")) == ["history", "popularity", "new_or_repeat"]
    timed = shop(side={}, drop=("touchpoint", "value"))
    # The last purchase before the window: ann's at 2, bob's at 4, cleo's at 5.
    assert means(timed, config, "recall@5")["segment"].keys() == {
        "recency_low", "recency_middle", "recency_high",
    }  # fmt: skip
    masked = shop(filter_seen=True)
    assert "new_or_repeat" not in means(masked, config, "ndcg@10")


def test_touchpoints_stay_with_their_products_when_queries_are_selected() -> None:
    queries = shop().queries
    rows = np.array([3, 0, 2])
    chosen = queries.select(rows)
    wide = np.full(queries.relevant.shape, -9)
    owner = np.repeat(np.arange(len(queries)), np.diff(queries.relevant.indptr))
    wide[owner, queries.relevant.indices] = queries.touchpoints
    owner = np.repeat(rows, np.diff(chosen.relevant.indptr))
    assert chosen.touchpoints.tolist() == wide[owner, chosen.relevant.indices].tolist()


def test_the_past_is_what_was_bought_before_not_viewed() -> None:
    valid = shop()
    past = background(valid)
    ids = valid.past.products.ids
    assert dict(zip(ids, past.events.tolist(), strict=True)) == {
        "milk": 3, "wine": 1, "jam": 1, "bread": 0, "pen": 0,
    }  # fmt: skip
    assert past.buyers[ids == "milk"] == 2
    assert past.population == 3
    assert past.history.sum(axis=1).tolist() == [
        {"ann": 2, "bob": 2, "cleo": 1, "dan": 0}[name]
        for name in valid.past.customers.ids[valid.queries.customers]
    ]


@pytest.mark.parametrize("name", ["intra_list_diversity", "category_calibration"])
@pytest.mark.parametrize("side", [{}, {"products": {"product_id": ["milk"], "category": [None]}}])
def test_categories_are_asked_for_before_anything_is_fitted(name: str, side: dict) -> None:
    config = EvaluateConfig(metrics=("ndcg", name))
    valid = shop(side=side)
    with pytest.raises(InputError, match=r"need a column 'category' in products, and data=memory"):
        refuse_unknown(valid.past, config)
    with pytest.raises(InputError, match="leave them out"):
        measure(alphabetic(valid), valid, config)
    refuse_unknown(valid.past, EvaluateConfig(metrics=("ndcg", "novelty", "gini")))


def test_an_unknown_segment_is_refused_with_those_there_are() -> None:
    valid = shop().past
    for column in ("town", "customer_id"):
        with pytest.raises(InputError, match=rf"no column '{column}' in customers.*there is city"):
            refuse_unknown(valid, EvaluateConfig(segment=column))
    with pytest.raises(InputError, match="there is none; set"):
        refuse_unknown(shop(side={}).past, EvaluateConfig(segment="city"))
    refuse_unknown(valid, EvaluateConfig(segment="city"))


def test_lists_are_not_measured_without_the_past() -> None:
    from recsys.evaluation.full_ranking import rank

    valid = shop()
    ranking = rank(alphabetic(valid), valid.queries, 3, progress=False)
    with pytest.raises(ValueError, match="novelty needs the past"):
        measured(ranking, valid.queries, [3], ["novelty"])
    with pytest.raises(ValueError, match="auc needs rank"):
        measured(ranking, valid.queries, [3], ["auc"])
