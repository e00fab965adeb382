"""Signals with a rule: one whose lift is gone is retired, one that keeps it stays."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from recsys.cli.main import main
from recsys.customers.signals.lift import Observations, lifts
from recsys.errors import InputError
from recsys.policy.rules.signal_rule import (
    signal_factors,
    with_signal_rule,
    without_signal_rules,
)

START = pd.Timestamp("2025-01-06", tz="UTC")
WEEKS, CUSTOMERS, RATE, LIFT = 9, 500, 0.2, 1.8
SIGNALS = """signals:
  looked: "did('view', 0, 13) > 0"
  called: "did('contact', 0, 13) > 0"
"""


def bank(folder: Path, *, until: int, seed: int = 0) -> list[str]:
    """Words of the monitor for a bank whose customers with `looked` accept more until a week.

    Those with `called` accept more in every week.
    """
    random = np.random.default_rng(seed)
    week, person = (each.ravel() for each in np.mgrid[0:WEEKS, 0:CUSTOMERS])
    has = {action: random.random(week.size) < 0.4 for action in ("view", "contact")}
    events = [
        pd.DataFrame({
            "customer_id": [f"c{row}" for row in person[shown]], "product_id": "p1",
            "touchpoint": "web", "action": action,
            "timestamp": START + pd.to_timedelta(7 * week[shown] - 1, "D"),
        })
        for action, shown in has.items()
    ]  # fmt: skip
    # A signal lasts two weeks.
    looked, called = (_lasting(shown) for shown in has.values())
    chance = RATE * np.where(looked & (week < until), LIFT, 1) * np.where(called, LIFT, 1)
    decisions = pd.DataFrame({
        "decision_id": np.arange(week.size), "customer_id": [f"c{row}" for row in person],
        "offer_id": "p1", "touchpoint": random.choice(["web", "app"], week.size),
        "timestamp": START + pd.to_timedelta(7 * week + random.random(week.size) * 6, "D"),
        "policy": "als", "propensity": 1.0,
        "outcome": np.where(random.random(week.size) < chance, "accept", "ignore"),
    })  # fmt: skip
    pd.concat(events).to_parquet(folder / "interactions.parquet")
    decisions.to_parquet(folder / "decisions.parquet")
    (folder / "mine.yaml").write_text(SIGNALS)
    first = with_signal_rule("default", "looked", factor=1.5)
    (folder / "policy.yaml").write_text(first)
    both = with_signal_rule(folder / "policy.yaml", "called", factor=1.5)
    (folder / "policy.yaml").write_text(both)
    return [
        "data=files", f"data.root={folder}", f"decisions={folder / 'decisions.parquet'}",
        f"signals={folder / 'mine.yaml'}", f"policy={folder / 'policy.yaml'}",
        f"retired={folder / 'without.yaml'}", f"track.uri=sqlite:///{folder / 'mlflow.db'}",
    ]  # fmt: skip


def _lasting(shown: np.ndarray) -> np.ndarray:
    weekly = shown.reshape(WEEKS, CUSTOMERS)
    before = np.vstack([np.zeros((1, CUSTOMERS), bool), weekly[:-1]])
    return (weekly | before).ravel()


def test_a_signal_whose_lift_is_gone_leaves_the_policy_and_another_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["monitor", *bank(tmp_path, until=5), f"out={tmp_path / 'page'}"])
    assert end.value.code == 4
    shown = capsys.readouterr().out
    assert "Lift of signals, looked, falls:" in shown
    assert "its rule counts on 1.50" in shown
    assert signal_factors(tmp_path / "without.yaml") == {"called": 1.5}
    assert "lift of signals" in (tmp_path / "page" / "monitor.html").read_text()
    assert signal_factors(tmp_path / "policy.yaml") == {"looked": 1.5, "called": 1.5}


def test_nothing_is_retired_while_lifts_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["monitor", *bank(tmp_path, until=WEEKS)])
    assert "No signal is retired" in capsys.readouterr().out
    assert not (tmp_path / "without.yaml").exists()


def test_a_lift_that_stays_is_called_gone_as_often_as_its_level_says() -> None:
    random = np.random.default_rng(1)
    count, level = 400, 0.02
    gone = 0
    for _ in range(count):
        person = np.repeat(np.arange(300), 4)
        has = random.random(300)[person] < 0.4
        taste = random.beta(8, 32, 300)[person]
        seen = Observations(
            names=("s",),
            shown=has[:, None],
            accepted=random.random(1200) < taste * np.where(has, 1.5, 1),
            customers=person,
            strata=random.integers(0, 2, 1200),
            unit="decision",
        )
        gone += lifts(seen)[0].p_at_least(1.5) < level
    assert gone <= 20  # 8 expected; 20 or more has probability .0004


def test_rules_about_signals_are_taken_out_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\narbitration: {customer_value: customer.income}\n")
    for signal, factor in (("a", 1.25), ("b", 1.5)):
        path.write_text(with_signal_rule(path, signal, factor=factor))
    assert signal_factors(path) == {"a": 1.25, "b": 1.5}
    path.write_text(without_signal_rules(path, ["a"]))
    assert signal_factors(path) == {"b": 1.5}
    path.write_text(without_signal_rules(path, ["b"]))
    left = yaml.safe_load(path.read_text())["arbitration"]["customer_value"]
    assert left.strip("()") == "customer.income"
    with pytest.raises(InputError, match=r"expected a rule about customer\.b"):
        without_signal_rules(path, ["b"])
    path.write_text(with_signal_rule("default", "a", factor=1.25))
    assert "arbitration" not in yaml.safe_load(without_signal_rules(path, ["a"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("policy=default", "policy=default: expected rules about signals of"),
        ("data", "policy: signals are found in events; set data=NAME as well"),
        ("policy", "retired: expected policy=FILE with rules about signals, got none"),
    ],
)
def test_a_policy_without_signals_to_watch_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, message: str
) -> None:
    words = bank(tmp_path, until=WEEKS)
    if "=" in change:
        words.append(change)
        words = [word for word in words if not word.startswith(f"policy={tmp_path}")]
    else:
        words = [word for word in words if not word.startswith(change)]
    with pytest.raises(SystemExit) as end:
        main(["monitor", *words])
    assert end.value.code == 2
    assert message in capsys.readouterr().err
