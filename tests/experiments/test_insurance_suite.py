"""Questions about the insurer's journeys, and that what is known of them was known in time."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of
from public_data import published

from benchmarks.insurance.journeys import InsuranceJourneys
from benchmarks.insurance.known import Known, known_before
from benchmarks.insurance.measure import read_kinds, read_products
from benchmarks.insurance.products import learned_scores, plain_scores
from benchmarks.insurance.reading import InsuranceReading, figures
from benchmarks.insurance.suite import InsuranceSuite, Questions
from benchmarks.insurance.table import table
from recsys.data.dataset import Dataset
from recsys.data.sources.insurance import EVENT
from recsys.errors import InputError
from recsys.models.ease import EASE
from recsys.models.next_step import Multinomial, Steps

SETTINGS: dict[str, Any] = {
    "logistic": {}, "boosting": {"trees": 5}, "als": {"dim": 4}, "ease": {"l2": 10},
    "graph_filter": {}, "network": {"dim": 4, "epochs": 1, "device": "cpu"}, "resamples": 20,
}  # fmt: skip

CALL, WEB = 0, 1
"""Rows of the touchpoints, which are sorted by name."""


def events_of(*journeys: tuple[int, str, tuple[int, ...]]) -> pd.DataFrame:
    """Of (customer, touchpoints as "cw", products), one after the other from event 1 on."""
    rows: list[tuple[object, ...]] = []
    for number, (customer, kinds, products) in enumerate(journeys, start=1):
        for touchpoint, kind in enumerate(kinds, start=1):
            name, action = ("call_center", "contact") if kind == "c" else ("web", "view")
            rows.append((customer, None, name, action, number * EVENT + touchpoint))
        end = number * EVENT + EVENT - 1
        rows += [(customer, product, None, "purchase", end) for product in products]
    names = ["customer_id", "product_id", "touchpoint", "action", "order"]
    return pd.DataFrame(rows, columns=names).astype({"product_id": "Int64"})


def data_of(*journeys: tuple[int, str, tuple[int, ...]]) -> Dataset:
    return dataset_of(events_of(*journeys), filter_seen=False)


FOUR = ((7, "wcw", (1, 2)), (9, "w", (2,)), (7, "cc", (3,)), (7, "", (1,)))


def known_of(journeys: InsuranceJourneys) -> tuple[Steps, Known]:
    steps = journeys.purchase_steps
    return steps, known_before(journeys, steps, np.arange(len(steps)))


def test_what_is_known_just_before_each_purchase() -> None:
    data = data_of(*FOUR)
    journeys = InsuranceJourneys(data)
    _, known = known_of(journeys)
    order = np.argsort(data.products.ids)
    assert known.products[:, order].tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert known.purchases.tolist() == [0, 0, 1, 2]
    np.testing.assert_array_equal(known.since, [np.nan, np.nan, 2, 1])
    assert data.products.ids[known.latest_product[3]] == 3
    assert known.here.tolist() == [[1, 2], [0, 1], [2, 0], [0, 0]]
    assert known.earlier.tolist() == [[0, 0], [0, 0], [1, 2], [3, 2]]
    assert known.latest.tolist() == [[WEB, CALL, WEB], [WEB, -1, -1], [CALL, CALL, -1], [-1] * 3]
    assert known.segments(False).tolist() == [0, 0, 1, 2]
    assert len(set(known.segments(True))) == 4
    features = [known.features(arm) for arm in (False, True)]
    assert not [name for name in features[0].names if "web" in name or "call" in name]
    assert all(np.isfinite(block.values).all() for block in features)
    assert known.nodes(True).shape == (4, 3 + 1 + 5 * 2)


def test_the_next_kind_is_asked_after_each_touchpoint_but_the_last() -> None:
    journeys = InsuranceJourneys(data_of(*FOUR))
    steps = journeys.touch_steps
    assert steps.moments.tolist() == [EVENT + 2, EVENT + 3, 3 * EVENT + 2]
    assert steps.answered.tolist() == [EVENT + 2, EVENT + 3, 3 * EVENT + 2]
    assert steps.answers.argmax(axis=1).tolist() == [CALL, WEB, CALL]
    known = known_before(journeys, steps, journeys.of_touch[journeys.followed])
    assert known.here.tolist() == [[0, 1], [1, 1], [1, 0]]
    assert known.latest[:, 0].tolist() == [WEB, CALL, CALL]
    assert known.purchases.tolist() == [0, 0, 1]


def test_a_window_learns_from_the_last_events_before_it() -> None:
    journeys = InsuranceJourneys(data_of(*FOUR))
    steps, known = known_of(journeys)
    questions = Questions(steps=steps, known=known)
    assert questions.in_window(3 * EVENT, 4 * EVENT).tolist() == [2]
    assert questions.learned(3 * EVENT, recent=1).tolist() == [1]
    assert questions.learned(3 * EVENT, recent=9).tolist() == [0, 1]
    with pytest.raises(InputError, match=r"suite.root: expected purchase events from 5 on"):
        questions.in_window(5 * EVENT, 6 * EVENT)


def test_a_purchase_is_placed_at_the_last_touchpoint_before_it() -> None:
    data = data_of(*FOUR)
    journeys = InsuranceJourneys(data)
    placed = journeys.placed(4 * EVENT, touchpoints=True)
    assert placed.as_of == 4 * EVENT
    assert placed.interactions.touchpoints[placed.is_target].tolist() == [WEB, WEB, WEB, CALL]
    bare = journeys.placed(4 * EVENT, touchpoints=False)
    assert bare.is_target.all()
    assert (bare.interactions.touchpoints == -1).all()
    assert len(bare.interactions) == 4


def test_an_event_without_a_product_is_refused() -> None:
    with pytest.raises(InputError, match=r"purchase_events.parquet: .* got none of event 2"):
        InsuranceJourneys(data_of((7, "w", (1,)), (7, "w", ())))


def world(seed: int = 0, changed_from: int | None = None) -> Dataset:
    """Random journeys; from one on, purchases and whatever comes later are others.

    The first journeys hold every customer, product and kind, so that row numbers stay.
    """
    generator, other = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    made: list[tuple[int, str, tuple[int, ...]]] = [
        (customer, "wc", (1 + customer % 6,)) for customer in range(12)
    ]

    def drawn(source: np.random.Generator) -> tuple[int, str, tuple[int, ...]]:
        kinds = "".join(source.choice(["c", "w"], source.integers(1, 5)))
        products = source.permutation(6)[: source.integers(1, 3)] + 1
        return int(source.integers(12)), kinds, tuple(int(product) for product in products)

    for number in range(13, 61):
        usual, spoilt = drawn(generator), drawn(other)
        if changed_from is not None and number >= changed_from:
            # Touchpoints of the changed journey itself are known at its purchase.
            usual = (*usual[:2], spoilt[2]) if number == changed_from else spoilt
        made.append(usual)
    return data_of(*made)


def at(data: Dataset, journey: int, peeking: int = 0) -> dict[str, Any]:
    """All that is known, and said, of one journey before its purchase."""
    journeys = InsuranceJourneys(data)
    steps = journeys.purchase_steps
    steps = replace(steps, moments=steps.moments + peeking)
    known = known_before(journeys, steps, np.arange(len(steps)))
    queries = np.array([journey])
    values: dict[str, Any] = {
        field.name: getattr(known, field.name)[queries]
        for field in fields(Known)
        if field.name != "names"
    }
    values |= dict(plain_scores(journeys, known, queries, 5.0))
    learned = Questions(steps=steps, known=known).learned(int(journeys.moments[journey]), 40)
    graph = {"ease": EASE(l2=5)}
    values |= dict(learned_scores(journeys, known, queries, learned, Multinomial(l2=1), graph))
    return values


@pytest.mark.parametrize("number", [14, 30, 60])
def test_nothing_of_its_own_purchase_or_later_is_known(number: int) -> None:
    worlds = [world(), world(changed_from=number)]
    assert len(worlds[0].customers) == len(worlds[1].customers)
    first, second = (at(data, number - 1) for data in worlds)
    for name in first:
        np.testing.assert_allclose(first[name], second[name], err_msg=name)
    # What happened before is: else everything would pass.
    earlier = at(world(changed_from=number - 1), number - 1)
    assert any(not np.allclose(first[name], earlier[name], equal_nan=True) for name in first)


def test_a_planted_leak_is_seen() -> None:
    """A question one position too late knows its own answer, and the comparison above tells."""
    first, second = (at(data, 29, peeking=1) for data in (world(), world(changed_from=30)))
    told = [name for name in first if not np.allclose(first[name], second[name], equal_nan=True)]
    assert {"products", "logistic_with"} <= set(told)


CUSTOMERS = np.array([0, 0, 1, 2, 3, 3])
BEFORE = np.array([False, True, False, False, False, True])


def products_reading(name: str = "product_test") -> InsuranceReading:
    bought = np.eye(6, dtype=bool)
    first, fourth = np.eye(6), 1 - np.eye(6) * 0.5
    scores = {"popularity": np.tile(np.arange(6.0), (6, 1)),
              "model_without": fourth, "model_with": first}  # fmt: skip
    return read_products(name, scores, bought, CUSTOMERS, BEFORE, 50)


def test_hits_are_counted_by_question_and_by_slice() -> None:
    reading = products_reading()
    numbers = figures(reading, "model")
    # Popularity ranks 5, 4, 3; those who want 0 to 2 miss.
    assert numbers["product_test_all_popularity_hit_rate@3"] == 1 / 2
    assert numbers["product_test_all_popularity_mrr@3"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 6)
    assert numbers["product_test_bought_before_popularity_mrr@3"] == pytest.approx(1 / 2)
    assert numbers["product_test_bought_before_questions"] == 2
    assert numbers["product_test_all_customers"] == 4
    assert numbers["product_test_all_model_with_minus_without_hit_rate@3"] == 1
    assert numbers["product_test_all_model_with_minus_popularity_hit_rate@3"] == 1 / 2
    # One difference everywhere leaves no doubt.
    assert numbers["product_test_all_model_with_minus_without_hit_rate@3_p"] == 0
    assert reading.two_armed == ["model"]
    assert json.dumps(numbers)


def kinds_reading(name: str, tilt: float) -> InsuranceReading:
    generator = np.random.default_rng(0)
    outcome = generator.random(400) < 0.5
    without = np.full(400, 0.5)
    probabilities = {"markov": without, "one_without": without, "two_without": without,
                     "one_with": np.where(outcome, 0.6, 0.4),
                     "two_with": np.where(outcome, 0.5 + tilt, 0.5 - tilt)}  # fmt: skip
    people = np.arange(400) // 2
    return read_kinds(name, probabilities, outcome, people, np.arange(400) % 3 == 0, 50)


def test_the_lower_log_loss_is_chosen_and_is_a_win() -> None:
    assert kinds_reading("kind_valid", 0.2).chosen == "two"
    assert kinds_reading("kind_valid", -0.2).chosen == "one"
    valid, test = kinds_reading("kind_valid", 0.2), kinds_reading("kind_test", 0.2)
    gain = figures(test, "two")["kind_test_all_two_with_minus_without_log_loss"]
    assert gain == pytest.approx(np.log(0.5) - np.log(0.7))
    text = "\n".join(table(valid, test))
    assert "chosen on valid: two" in text
    assert "What touchpoints add on kind test: log_loss -0.3365" in text
    assert "a win; auc +0.5000" in text


def test_a_difference_within_its_noise_is_a_tie() -> None:
    generator = np.random.default_rng(1)
    bought = generator.random((300, 8)) < 0.2
    bought[np.arange(300), generator.integers(8, size=300)] = True
    models = ("popularity", "model_without", "model_with")
    scores = {name: generator.random((300, 8)) for name in models}
    people, before = np.arange(300), np.arange(300) % 2 == 0
    reading = read_products("product_test", scores, bought, people, before, 200)
    assert "a tie" in table(reading, reading)[-2]


def test_a_wrong_setting_comes_before_the_folder() -> None:
    for changed, words in (
        ({"recent": 0}, "suite.recent: expected"),
        ({"resamples": 0}, "suite.resamples: expected"),
        ({"prior": 0.0}, "suite.prior: expected a number above 0"),
        ({}, "suite.root=nowhere: expected a folder"),
    ):
        with pytest.raises(InputError, match=words):
            InsuranceSuite(root="nowhere", **(SETTINGS | changed))


@pytest.mark.realdata
def test_the_suite_reads_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One customer in 25, with the numbers of their purchase events as they are."""
    whole = Path(published("insurance_touchpoints"))
    touches = pd.read_parquet(whole / "users_touchpoints.parquet")
    kept = touches[touches["user_id"] % 25 == 0]
    items = pd.read_parquet(whole / "purchase_events.parquet")
    items = items[items["purchase_event_id"].isin(kept["purchase_event_id"])]
    kept.to_parquet(tmp_path / "users_touchpoints.parquet")
    items.to_parquet(tmp_path / "purchase_events.parquet")
    monkeypatch.chdir(tmp_path)
    numbers = InsuranceSuite(root=str(tmp_path), **SETTINGS).figures()
    held = kept["purchase_event_id"].drop_duplicates()
    assert numbers["product_test_all_questions"] == (held >= 56_161).sum()
    assert numbers["product_valid_all_questions"] == held.between(49_921, 56_160).sum()
    for key in ("product_test_all_logistic_with_hit_rate@3", "kind_test_all_boosting_with_auc"):
        assert 0 < numbers[f"{key}_low"] < numbers[key] < numbers[f"{key}_high"] < 1
    text = (tmp_path / "table.md").read_text()
    for model in ("popularity", "als_with", "touchpoint_gnn_without", "markov"):
        assert f"| {model} |" in text
    assert "What touchpoints add on product test" in text
