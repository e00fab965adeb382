"""Moments of the market: its truth is no input, labels are, and a cut-off holds."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from in_memory import MemorySource
from session_tables import DAY
from session_tables import START as FIRST_DAY
from session_tables import session_events as session_table

from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.journeys.micro_moments.evaluate import BEFORE, EACH, FIRST, evaluate_moments
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import observe, outcomes, session_events
from recsys.journeys.moment_columns import moment_columns
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_features import after, before
from recsys.simulation import SimulatedMarket

START, END = (int(pd.Timestamp(day, tz="UTC").timestamp()) for day in ("2025-08-01", "2025-10-01"))


@cache
def market() -> Dataset:
    return Dataset.from_source(SimulatedMarket(events=30_000))


@cache
def told(label: str) -> MomentModel:
    return learn(observe(market().before(START * SECOND), label))


def with_intents(data: Dataset, codes: np.ndarray) -> Dataset:
    """The data with another truth."""
    contexts = data.interactions.contexts.copy()
    contexts[:, list(data.contexts).index("intent")] = codes
    return replace(data, interactions=replace(data.interactions, contexts=contexts))


def test_the_truth_is_neither_an_input_nor_in_the_order_of_events() -> None:
    data = market()
    random = np.random.default_rng(0).integers(-1, 3, len(data.interactions))
    events, _ = session_events(data)
    other, _ = session_events(with_intents(data, random))
    for make in (before, after):
        np.testing.assert_array_equal(make(events), make(other))

    tables = SimulatedMarket(events=30_000).load()
    rows = tables.interactions
    column = rows["context_intent"].sample(frac=1, random_state=1).to_numpy()
    source = MemorySource(
        tables=replace(tables, interactions=rows.assign(context_intent=column)),
        name="simulated", filter_seen=False,
    )  # fmt: skip
    shuffled, _ = session_events(Dataset.from_source(source))
    np.testing.assert_array_equal(after(events), after(shuffled))
    np.testing.assert_array_equal(before(events), before(shuffled))


def test_what_is_told_of_a_window_does_not_depend_on_its_truth() -> None:
    data = market()
    intents = data.interactions.contexts[:, list(data.contexts).index("intent")]
    hidden = with_intents(data, np.where(data.interactions.when < START * SECOND, intents, -1))
    model = learn(observe(hidden.before(START * SECOND), "intent"))
    for part in ("before", "after"):
        for name, array in getattr(told("intent"), part).arrays("").items():
            np.testing.assert_array_equal(array, getattr(model, part).arrays("")[name])


def test_moments_of_the_market_are_told_well_and_calibrated() -> None:
    scores = evaluate_moments(observe(market(), "intent"), told("intent"), START, END, 50)
    # Docs have the figures of larger markets: .24 and .975 need more sessions to learn from.
    assert scores[EACH].log_loss.mean < 0.26
    assert scores[FIRST].log_loss.mean < 0.28
    assert scores[BEFORE].log_loss.mean < 1.0 < scores[BEFORE].shares_log_loss
    assert scores[EACH].right.low > scores[EACH].rule_right > 0.7
    assert all(each.pooled.ece < 0.03 for each in scores.values())
    assert scores[EACH].log_loss.low < scores[EACH].log_loss.mean < scores[EACH].log_loss.high


def test_without_labels_a_session_is_what_it_led_to() -> None:
    events = session_table([
        (0, 0, "view", 0, 0), (0, 10, "cart", 1, 0), (0, 13.9, "purchase", 0, 0),
        (0, 20, "view", 0, 0), (0, 21, "contact", -1, 0), (1, 3, "view", 2, 0),
        (1, 17.5, "purchase", 3, 0), (1, 31, "purchase", 2, 0), (2, 5, "view", 4, 0),
        (2, 6, "purchase", 0, 0),
    ])  # fmt: skip
    # Products 0 and 1 are a group, 2 and 3 another; a label takes two weeks.
    buy, do, know, none = 0, 1, 2, -1
    wanted = [buy, buy, buy, know, do, know, buy, none, know, buy]
    assert outcomes(events, FIRST_DAY + 40 * DAY).tolist() == wanted


def test_a_firm_without_labels_still_tells_more_than_a_rule_of_thumb() -> None:
    scores = evaluate_moments(observe(market(), "intent"), told("outcome"), START, END, 50)
    assert scores[EACH].right.mean > scores[EACH].rule_right
    assert scores[EACH].log_loss.high < 0.5 * scores[EACH].shares_log_loss


def test_too_few_labels_and_unknown_ones_are_refused() -> None:
    data = market()
    few = with_intents(data, np.where(np.arange(len(data.interactions)) < 60, 1, -1))
    with pytest.raises(InputError, match="at least 50 past sessions of each of two moments"):
        learn(observe(few, "intent"))
    with pytest.raises(InputError, match=r"context_intend .* did you mean 'intent'\?"):
        observe(data, "intend")
    ordered = pd.DataFrame({"customer_id": ["a"], "product_id": ["p"], "order": [1]})
    with pytest.raises(
        InputError, match="expected a column timestamp for micro-moments, got order"
    ):
        observe(Dataset.from_frames(ordered), "outcome")


def test_columns_of_customers_are_those_of_a_session_that_begins_at_the_cut_off() -> None:
    past = market().before(START * SECOND)
    table = moment_columns(past, START * SECOND, told("intent"), None)
    assert table["customer_id"].is_unique
    chances = table[["next_buy", "next_do", "next_know"]].to_numpy()
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    # The same as of a session that did begin then.
    seen = observe(market(), "intent")
    starts = seen.events.starts
    begins, owners = seen.events.when[starts], seen.events.customers[starts]
    first = np.flatnonzero((begins >= START) & (np.diff(owners, prepend=-1) == 0))[:1]
    moment = int(begins[first[0]]) * SECOND
    asked = moment_columns(market().before(moment), moment, told("intent"), None)
    own = asked[asked["customer_id"] == market().customers.ids[owners[first[0]]]]
    wanted = told("intent").before_sessions(seen.events, first)
    np.testing.assert_allclose(own[["next_buy", "next_do", "next_know"]], wanted)
