"""Signals that raise offers: the lift on these offers, and the factors of who shows them now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import AS_OF, DAY, END, events

from recsys.cli.signals import main
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.levers import Lever, lever_rows, levers
from recsys.customers.signals.library import read_signals
from recsys.data.dataset import Dataset
from recsys.errors import InputError

CARDS = """signals:
  asked: {when: "did('contact', 0, 29) > 0", raises: Cards, lever: proven}
  saw: {per: product, when: "did('view', 0, 29) > 0", lever: proven}
  fixed: {when: "did('view', 0, 29) > 0", lever: 1.2}
"""


def bank(*, logged: bool = False, decided: int = 3_000) -> Dataset:
    """Who asked accepts cards twice as often; who saw a product accepts that one three times so.

    With `logged` the decisions have the probability, which knows both.
    """
    random = np.random.default_rng(3)
    people = [f"c{number}" for number in range(400)]
    asked, saw = random.random(400) < 0.4, random.random((400, 2)) < 0.3
    rows = [(person, "card", "click", 300, 0.0) for person in people]
    rows += [(people[at], None, "contact", 45, 0.0) for at in np.flatnonzero(asked)]
    rows += [(people[at], None, "contact", 5, 0.0) for at in np.flatnonzero(asked)]
    for at, product in zip(*np.nonzero(saw), strict=True):
        rows += [(people[at], ("card", "loan")[product], "view", days, 0.0) for days in (45, 5)]
    person, product = random.integers(0, 400, decided), random.integers(0, 2, decided)
    chance = 0.1 * np.where(asked[person] & (product == 0), 2, 1)
    chance = chance * np.where(saw[person, product], 3, 1)
    decisions = pd.DataFrame({
        "decision_id": np.arange(decided), "customer_id": np.array(people)[person],
        "offer_id": np.array(["card", "loan"])[product],
        "touchpoint": "app", "timestamp": END - pd.to_timedelta(29 * random.random(decided), "D"),
        "policy": "old", "propensity": 0.5,
        "outcome": np.where(random.random(decided) < chance, "accept", "ignore"),
    })  # fmt: skip
    if logged:
        decisions["probability"] = chance
    products = pd.DataFrame({"product_id": ["card", "loan"], "category": ["Cards", "Loans"]})
    return Dataset.from_frames(events(rows), products=products, decisions=decisions)


def made(tmp_path: Path, data: Dataset, text: str = CARDS) -> tuple[list[Lever], pd.DataFrame]:
    (tmp_path / "mine.yaml").write_text(text)
    library = read_signals(tmp_path / "mine.yaml")
    found = [signals_at(library, data, AS_OF - 30 * DAY)]
    raised = levers(library, found, data, 30 * DAY)
    return raised, lever_rows(raised, signals_at(library, data, AS_OF), data)


def test_a_factor_is_the_end_of_the_interval_nearest_one(tmp_path: Path) -> None:
    (asked, saw, fixed), table = made(tmp_path, bank())
    assert asked.lift is not None
    assert saw.lift is not None
    assert asked.lift.low < 2 < asked.lift.high
    assert saw.lift.low < 3 < saw.lift.high
    assert 1 < asked.factor == asked.lift.low
    assert (fixed.factor, fixed.lift) == (1.2, None)
    assert set(table["factor"].unique()) == {asked.factor, saw.factor, 1.2}
    by_offer = table.fillna("all").groupby(["offer_id", "factor"]).size()
    assert ("loan", asked.factor) not in by_offer.index
    assert by_offer["card", asked.factor] > 100
    assert by_offer["loan", saw.factor] > 50
    assert ("all", 1.2) in by_offer.index
    assert (table["as_of"] == END).all()


def test_a_signal_of_a_product_may_raise_its_category(tmp_path: Path) -> None:
    text = """signals:
      saw: {per: product, when: "did('view', 0, 29) > 0", lever: 2, raises: category}"""
    data = bank(decided=60)
    tables = {**data.side_tables}
    tables["products"] = tables["products"].assign(category="Money")
    (tmp_path / "mine.yaml").write_text(text)
    library = read_signals(tmp_path / "mine.yaml")
    now = signals_at(library, data, AS_OF)
    own = lever_rows(levers(library, [], data, DAY), now, data)
    wide = replace(data, side_tables=tables)
    both = lever_rows(levers(library, [], wide, DAY), now, wide)
    assert len(own) == len(now)
    people = len(np.unique(now.customers))
    assert both.groupby("offer_id").size().to_dict() == {"card": people, "loan": people}


def test_what_a_logged_probability_knows_is_no_lever(tmp_path: Path) -> None:
    (asked, saw, _), table = made(tmp_path, bank(logged=True))
    assert (asked.factor, saw.factor) == (1, 1)
    assert set(table["factor"]) == {1.2}


def test_what_is_not_proven_raises_nothing(tmp_path: Path) -> None:
    (asked, saw, _), _ = made(tmp_path, bank(decided=60))
    assert (asked.factor, saw.factor) == (1, 1)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ("{when: '1 = 1', lever: high}", r"signals\.x\.lever: expected a factor such as 1\.2"),
        ("{when: '1 = 1', lever: -1}", r"signals\.x\.lever: expected a factor"),
        ("{when: '1 = 1', raises: Cards}", r"signals\.x\.raises: .* add lever"),
        ("{when: '1 = 1', per: product, lever: 2, raises: Cards}", "expected product or category"),
        ("{when: '1 = 1', lever: 2, raises: [1]}", r"signals\.x\.raises: expected a category"),
        ("{when: '1 = 1', lever: 2, raises: Card}", r"got 'Card'; did you mean 'Cards'"),
    ],
)
def test_a_wrong_lever_is_refused(tmp_path: Path, signal: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(tmp_path, bank(decided=60), f"signals:\n  x: {signal}\n")


def test_a_lever_is_proven_by_decisions_and_the_command_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, text = bank(decided=60), 'signals: {x: {when: "1 = 1", lever: proven}}'
    alone = Dataset.from_frames(events([("ann", "p", "view", 1, 0.0)]))
    with pytest.raises(InputError, match="expected a table of decisions that proves it, got none"):
        made(tmp_path, alone, text)
    assert len(data.customers)
    out = tmp_path / "levers.csv"
    with pytest.raises(InputError, match="levers: expected a signal with the key lever, got none"):
        main(["data.events=2000", f"levers={out}"])
    (tmp_path / "mine.yaml").write_text(
        "signals: {seen: {when: \"did('view', 0, 60) > 0\", raises: Credit card, lever: 1.5}}"
    )
    main(["data.events=2000", f"signals={tmp_path / 'mine.yaml'}", f"levers={out}"])
    table = pd.read_csv(out)
    assert set(table["factor"]) == {1.5}
    assert table["offer_id"].str.startswith("O").all()
    assert "Levers" in capsys.readouterr().out
