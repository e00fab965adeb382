"""`recsys monitor`: what alarms, what it prints and keeps, and logs joined with their outcomes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli.main import main
from recsys.data.check import check_table, check_tables
from recsys.data.sources.files import Files
from recsys.data.tables import Tables
from recsys.data.unanswered import with_outcomes
from recsys.errors import InputError
from recsys.ops.keyed_hash import VARIABLE, pseudonym
from recsys.reports.monitor import words
from recsys.reports.monitor.alarms import watches
from recsys.reports.monitor.report import MonitorReport, monitor_report
from recsys.reports.monitor.settings import BUDGET, MonitorSettings
from recsys.reports.monitor.tables import acceptance_table, calibration_errors, control_table

START = pd.Timestamp("2025-01-06", tz="UTC")
WEEKS, A_WEEK = 9, 400
KEY = "0123456789abcdef" * 2


def log(
    seed: int = 0, fall: float = 0.0, unknown: float = 0.05, spoil: Callable | None = None
) -> pd.DataFrame:
    """Nine weeks of decisions whose probability is right, but in the last one."""
    random = np.random.default_rng(seed)
    count = WEEKS * A_WEEK
    week = np.repeat(np.arange(WEEKS), A_WEEK)
    is_last = week == WEEKS - 1
    probability = random.beta(2, 6, count)
    table = pd.DataFrame({
        "decision_id": [f"d{row}" for row in range(count)],
        "customer_id": [f"c{row}" for row in random.integers(0, 900, count)],
        "offer_id": [f"p{row}" for row in random.integers(0, 12, count)],
        "touchpoint": random.choice(["app", "branch"], count),
        "timestamp": START + pd.to_timedelta(7 * week + random.random(count) * 6.9, "D"),
        "policy": np.where(random.random(count) < 0.2, "popularity", "als"),
        "propensity": 1.0,
        "probability": probability,
        "model_version": np.where(week < 6, "1", "2"),
        "known": random.random(count) >= np.where(is_last, unknown, 0.05),
        "fallback": random.random(count) < 0.05,
    })  # fmt: skip
    chance = probability * np.where(is_last, 1 - fall, 1)
    table["outcome"] = np.where(random.random(count) < chance, "accept", "ignore")
    return table if spoil is None else spoil(table)


def report_of(table: pd.DataFrame, **settings: object) -> MonitorReport:
    made = MonitorSettings(resamples=50, **settings)
    return monitor_report("bank", check_table("decisions", table), made)


def test_the_budget_is_spent_once() -> None:
    assert sum(BUDGET.values()) == pytest.approx(1)
    settings = MonitorSettings(alpha=0.04, looks=2)
    assert settings.share("acceptance") == pytest.approx(0.01)
    spent: dict[str, float] = {}
    for watch in report_of(log(), control="popularity").watches:
        spent[watch.monitor] = spent.get(watch.monitor, 0) + watch.alpha
    assert spent == pytest.approx(
        {
            name: 0.02 * part
            for name, part in BUDGET.items()
            if name not in ("drift of inputs", "lift of signals")
        }
    )


def test_a_quiet_week_is_quiet_and_a_fall_alarms() -> None:
    assert report_of(log()).alarms == []
    fallen = report_of(log(fall=0.5))
    assert "acceptance" in fallen.alarms
    watch = next(each for each in fallen.watches if each.monitor == "acceptance")
    assert watch.value < watch.former
    # The interval at the level of the alarm leaves out 0.
    assert watch.high < 0


def test_a_monitor_alarms_exactly_where_its_p_value_is_below_its_part() -> None:
    for fall in (0.0, 0.1, 0.2, 0.3, 0.6):
        for watch in report_of(log(fall=fall, seed=3), control="popularity").watches:
            assert watch.is_alarm == (watch.p_value < watch.alpha)
            if watch.is_tested and watch.side == "falls":
                assert watch.is_alarm == (watch.high < 0)


def test_each_monitor_finds_what_it_is_for() -> None:
    def branch_falls(table: pd.DataFrame) -> pd.DataFrame:
        late = table["timestamp"] >= START + pd.Timedelta(days=7 * (WEEKS - 1))
        return table.assign(
            outcome=table["outcome"].where(~(late & (table["touchpoint"] == "branch")), "ignore")
        )

    def one_offer(table: pd.DataFrame) -> pd.DataFrame:
        late = table["timestamp"] >= START + pd.Timedelta(days=7 * (WEEKS - 1))
        return table.assign(offer_id=table["offer_id"].where(~late, "p1"))

    def moved(table: pd.DataFrame) -> pd.DataFrame:
        late = table["timestamp"] >= START + pd.Timedelta(days=7 * (WEEKS - 1))
        return table.assign(probability=table["probability"].where(~late, 0.9))

    assert "acceptance of a group: touchpoint branch" in report_of(log(spoil=branch_falls)).alarms
    assert "unknown customers" in report_of(log(unknown=0.5)).alarms
    assert "coverage: effective offers" in report_of(log(spoil=one_offer)).alarms
    assert "drift of inputs: probability" in report_of(log(spoil=moved)).alarms


def test_the_tables_are_counts_of_the_log() -> None:
    table = log()
    report = report_of(table, control="popularity")
    newest = table[table["timestamp"] >= START + pd.Timedelta(days=7 * (WEEKS - 1))]
    served = newest[newest["policy"] == "als"]
    all_rows = acceptance_table(report).set_index(["by", "group"]).loc[("all", "")]
    assert all_rows["decisions"] == len(served)
    assert all_rows["accepted"] == pytest.approx((served["outcome"] == "accept").mean())
    assert all_rows["low"] < all_rows["accepted"] < all_rows["high"]
    control = control_table(report).set_index("period").loc["now"]
    others = newest[newest["policy"] == "popularity"]
    assert control["control"] == pytest.approx((others["outcome"] == "accept").mean())
    groups = pd.cut(
        served["probability"],
        [-1, *np.quantile(table.loc[table["policy"] == "als", "probability"],
                          [0.2, 0.4, 0.6, 0.8], method="inverted_cdf"), 2],
    )  # fmt: skip
    gaps = (served["outcome"].eq("accept") - served["probability"]).groupby(groups, observed=True)
    assert calibration_errors(report)["now"].mean == pytest.approx(
        gaps.sum().abs().sum() / len(served)
    )


def test_customers_without_an_id_count_in_shares_only() -> None:
    table = log()
    table.loc[::10, "customer_id"] = "anonymous-x"
    report = report_of(table)
    assert np.isnan(report.seen.accepted[::10]).all()
    (row,) = acceptance_table(report).query("by == 'all'").to_dict("records")
    assert row["decisions"] < A_WEEK
    assert "without an id have no outcome" in " ".join(words.summary(report))


def test_with_little_history_nothing_is_tested_and_nothing_alarms() -> None:
    short = log(fall=0.9)
    short = short[short["timestamp"] >= START + pd.Timedelta(days=7 * (WEEKS - 3))]
    report = report_of(short)
    assert not report.is_tested
    assert report.alarms == []
    assert all(not watch.is_tested for watch in watches(report.seen, report.settings))


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A folder of a bank: its interactions, and the log of answers without outcomes."""
    table = log(fall=0.6)
    answered = table[table["outcome"] == "accept"]
    events = pd.DataFrame({
        "customer_id": answered["customer_id"], "product_id": answered["offer_id"],
        "touchpoint": answered["touchpoint"], "action": "accept",
        "timestamp": answered["timestamp"] + pd.Timedelta(hours=2),
    })  # fmt: skip
    last = table["timestamp"].max() + pd.Timedelta(days=2)
    closing = pd.DataFrame({
        "customer_id": ["c1"], "product_id": [None], "touchpoint": ["app"], "action": ["contact"],
        "timestamp": [last],
    })  # fmt: skip
    pd.concat([events, closing]).to_parquet(tmp_path / "interactions.parquet")
    (tmp_path / "decisions").mkdir()
    unanswered = table.drop(columns="outcome")
    for part in range(3):
        unanswered[part::3].to_parquet(tmp_path / "decisions" / f"part-{part}.parquet")
    return tmp_path


def test_a_log_without_outcomes_gets_them_from_the_interactions(bank: Path) -> None:
    with pytest.raises(InputError, match=r"column 'outcome' is missing; .*set data\.outcome_days"):
        check_tables(Files(root=str(bank)).load())
    tables = Files(root=str(bank), outcome_days=1, ends="2025-12-31").load()
    assert tables.decisions is not None
    wanted = log(fall=0.6).set_index("decision_id")["outcome"]
    made = tables.decisions.set_index("decision_id")["outcome"]
    assert len(made) == len(wanted)
    # A later offer of the same product within a day takes the answer of the earlier one.
    assert (made.eq("accept") == wanted.eq("accept").reindex(made.index)).mean() > 0.995


def test_decisions_too_young_to_be_answered_are_left_out(bank: Path) -> None:
    loaded = Files(root=str(bank), outcome_days=1, ends="2025-12-31").load()
    events = loaded.interactions[loaded.interactions["action"] != "ignore"]
    tables = Tables(interactions=events, decisions=log().drop(columns="outcome"))
    made = with_outcomes(tables, pd.Timedelta(days=9))
    assert made.decisions is not None
    last = events["timestamp"].max() + pd.Timedelta(1, "us")
    assert made.decisions["timestamp"].max() + pd.Timedelta(days=9) < last
    with pytest.raises(InputError, match="expected decisions at least 400 days before"):
        with_outcomes(replace(tables), pd.Timedelta(days=400))


def code_of(*typed: str) -> int:
    try:
        main(["monitor", *typed])
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def test_the_command_has_code_4_on_an_alarm_and_keeps_all(
    bank: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path_factory.mktemp("out")
    monkeypatch.setenv(VARIABLE, KEY)
    hashed = log(fall=0.6).drop(columns="outcome")
    ids = [pseudonym(KEY.encode(), each) for each in hashed["customer_id"]]
    hashed.assign(customer_id=ids).to_parquet(bank / "hashed.parquet")
    (bank / "decisions").rename(bank / "answers")
    typed = (
        f"decisions={bank / 'hashed.parquet'}", "customers=hashed", "data=files",
        f"data.root={bank}", "outcome_days=1", f"track.uri=sqlite:///{out / 'm.db'}",
        f"out={out / 'page'}", "control=popularity",
    )  # fmt: skip
    assert code_of(*typed) == 4
    printed = capsys.readouterr().out
    assert printed.startswith("Alarm: ")
    assert "Acceptance falls" in printed
    kept = json.loads((out / "page" / "monitor.json").read_text())
    assert "acceptance" in kept["alarms"]
    assert kept["acceptance"][0]["by"] == "all"
    page = (out / "page" / "monitor.html").read_text()
    for title in ("Acceptance", "Calibration", "Coverage and shares", "Drift of inputs"):
        assert f"<h2>{title}</h2>" in page
    quiet = log()
    quiet.to_csv(out / "quiet.csv", index=False)
    assert code_of(f"decisions={out / 'quiet.csv'}", f"track.uri=sqlite:///{out / 'm.db'}") == 0
    assert capsys.readouterr().out.startswith("Quiet: no monitor alarms")
