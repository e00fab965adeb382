"""Signals: who shows them as of a cut-off, and what they do to acceptance."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from event_tables import AS_OF, DAY, data_of

from recsys.cli.signals import main
from recsys.customers.signals.detect import Detected, signals_at
from recsys.customers.signals.library import SignalLibrary, read_signals
from recsys.customers.signals.lift import Observations, lifts
from recsys.customers.signals.observe import look_moments, observed
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.policy.rules.read import read_policy

ROWS = [
    ("ann", "p", "view", 1, 9.0), ("ann", "p", "view", 2, 9.0), ("ann", "p", "view", 3, 9.0),
    ("ann", "q", "view", 1, 5.0),
    ("bob", "p", "view", 20, 0.0), ("bob", None, "contact", 10, np.nan),
    ("cem", "p", "view", 40, 7.0),
]  # fmt: skip
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["ann", "bob", "cem"],
        "renewal_date": ["2026-03-20", "2026-06-01", None],
        "dependant_birth_date": ["2000-04-15", "2000-01-15", None],
    }
)
PRODUCTS = pd.DataFrame({"product_id": ["p", "q"], "price": [8.0, 5.0]})


def shop() -> Dataset:
    return data_of(ROWS, customers=CUSTOMERS, products=PRODUCTS)


def library(tmp_path: Path, text: str) -> SignalLibrary:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return read_signals(path)


def shown(detected: Detected, data: Dataset) -> set[tuple[str, str, str | None]]:
    table = detected.table(data)
    return {
        (signal, customer, None if pd.isna(product) else product)
        for signal, customer, product in zip(
            table["signal"], table["customer_id"], table["product_id"], strict=True
        )
    }


def test_the_shipped_signals_are_those_of_each_customer() -> None:
    data = shop()
    assert shown(signals_at(read_signals("default"), data, AS_OF), data) == {
        ("renewal_due", "ann", None),
        ("dependant_turns_26", "ann", None),
        ("silent_after_contact", "bob", None),
        ("three_visits", "ann", "p"),
        ("price_falls", "ann", "p"),
    }


def test_a_signal_is_known_at_the_cut_off_and_counts_since_an_event() -> None:
    data = shop()
    table = signals_at(read_signals("default"), data, AS_OF).table(data).set_index("signal")
    assert table["timestamp"].eq(pd.Timestamp("2026-03-01", tz="UTC")).all()
    assert table.loc["silent_after_contact", "since"] == pd.Timestamp("2026-02-19", tz="UTC")


def test_a_signal_dated_in_the_future_is_refused(tmp_path: Path) -> None:
    future = 'signals: {due: {when: "count(*) > 0", since: "CAST(customer.renewal_date AS DATE)"}}'
    with pytest.raises(InputError, match=r"signals.due.since: expected moments before the cut-off"):
        signals_at(library(tmp_path, future), shop(), AS_OF)


def test_columns_of_products_stand_outside_aggregates_only_where_rows_are_of_products(
    tmp_path: Path,
) -> None:
    wrong = library(tmp_path, 'signals: {cheap: "product.price < 6"}')
    with pytest.raises(InputError, match=r"within an aggregate, got .product\.price. outside"):
        signals_at(wrong, shop(), AS_OF)
    right = library(tmp_path, 'signals: {cheap: {when: "product.price < 6", per: product}}')
    data = shop()
    assert shown(signals_at(right, data, AS_OF), data) == {("cheap", "ann", "q")}


def test_neither_later_events_nor_later_decisions_change_a_signal() -> None:
    moment = AS_OF - 5 * DAY
    before = [row for row in ROWS if row[3] > 5]
    tables = []
    for rows in (ROWS, before):
        data = data_of(rows, customers=CUSTOMERS, products=PRODUCTS)
        tables.append(shown(signals_at(read_signals("default"), data, moment), data))
    assert tables[0] == tables[1]


def seen(counts: list[tuple[int, bool, bool, int]]) -> Observations:
    """Rows of a stratum, whether shown and accepted, and how often; each of its own customer."""
    rows = np.repeat(np.arange(len(counts)), [count for *_, count in counts])
    strata, is_shown, accepted = (np.array([row[at] for row in counts])[rows] for at in range(3))
    return Observations(
        names=("s",), shown=is_shown[:, None], accepted=accepted, customers=np.arange(len(rows)),
        strata=strata, unit="decision",
    )  # fmt: skip


def test_a_lift_compares_within_strata() -> None:
    # Touchpoint 1: 8 of 20 against 20 of 100; touchpoint 2: 8 of 80 against 1 of 20.
    counts = [
        (1, True, True, 8), (1, True, False, 12), (1, False, True, 20), (1, False, False, 80),
        (2, True, True, 8), (2, True, False, 72), (2, False, True, 1), (2, False, False, 19),
    ]  # fmt: skip
    (lift,) = lifts(seen(counts))
    assert lift.ratio == pytest.approx((8 * 100 / 120 + 8 * 20 / 100) / (20 * 20 / 120 + 80 / 100))
    assert (lift.shown, lift.rate) == (100, 0.16)


def test_the_interval_of_one_stratum_is_that_of_a_ratio_of_rates() -> None:
    counts = [
        (0, True, True, 30),
        (0, True, False, 70),
        (0, False, True, 20),
        (0, False, False, 180),
    ]
    (lift,) = lifts(seen(counts))
    error = np.sqrt(1 / 30 - 1 / 100 + 1 / 20 - 1 / 200)
    assert lift.ratio == pytest.approx(3.0)
    assert np.log(lift.high / lift.ratio) == pytest.approx(1.96 * error, rel=0.01)
    assert lift.verdict == "win"


def test_few_acceptances_prove_nothing() -> None:
    (lift,) = lifts(seen([(0, True, True, 4), (0, False, True, 20), (0, False, False, 900)]))
    assert np.isnan(lift.ratio)
    assert (lift.p_holm, lift.verdict) == (1.0, "tie")


def test_signals_that_do_nothing_are_rarely_called_proven() -> None:
    generator = np.random.default_rng(0)
    wins = 0
    for _ in range(60):
        people = generator.integers(0, 300, 900)
        taste = generator.beta(2, 6, 300)[people]
        data = Observations(
            names=tuple("abcde"),
            shown=(generator.random((300, 5)) < 0.2)[people],
            accepted=generator.random(900) < taste,
            customers=people,
            strata=people % 3,
            unit="decision",
        )
        wins += any(lift.verdict != "tie" for lift in lifts(data))
    assert wins <= 8  # 3 expected at 5 % of all five together


def test_outcomes_count_after_the_moment_only(tmp_path: Path) -> None:
    rows = [
        ("ann", "p", "view", 65, 0.0), ("bob", "p", "view", 90, 0.0),
        ("ann", "p", "purchase", 50, 1.0), ("bob", "p", "purchase", 20, 1.0),
    ]  # fmt: skip
    fresh = library(tmp_path, "signals: {fresh: \"did('view', 0, 29) > 0\"}")
    data = data_of(rows)
    moments = look_moments(data, AS_OF, 30 * DAY, 2)
    found = observed([signals_at(fresh, data, each) for each in moments], data, 30 * DAY)
    ids = data.customers.ids[found.customers]
    got = set(zip(ids, found.strata, found.shown[:, 0], found.accepted, strict=True))
    assert got == {
        ("ann", 0, True, True), ("bob", 0, False, False),
        ("ann", 1, False, False), ("bob", 1, False, True),
    }  # fmt: skip


def test_a_proven_signal_becomes_a_rule_and_one_that_is_not_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        'signals:\n  all_here: "count(*) > 0"\n'
        "  cart: {per: product, when: \"days_since('cart') BETWEEN 1 AND 7 AND bought(0, 7) = 0\"}"
    )
    rule, out = tmp_path / "policy.yaml", tmp_path / "signals.csv"
    words = ["data.events=20000", f"signals={mine}", "looks=8", f"rule={rule}"]
    with pytest.raises(InputError, match="promote=all_here: expected a lift that is surely above"):
        main([*words, "promote=all_here", f"out={out}"])
    assert not rule.exists()
    assert not out.exists()
    main([*words, "promote=cart", f"page={tmp_path / 'signals.html'}"])
    policy = read_policy(rule)
    assert "CASE WHEN customer.cart THEN 1." in policy.arbitration.customer_value
    main([*words, "promote=cart", "offers=product.category = 'Credit card'"])
    content = yaml.safe_load(rule.read_text())
    assert content["eligibility"][-1] == {
        "name": "signal_cart", "offers": "product.category = 'Credit card'",
        "customers": "customer.cart",
    }  # fmt: skip
    assert "Holm" in capsys.readouterr().out
