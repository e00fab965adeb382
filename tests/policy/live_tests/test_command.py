"""recsys live_test: a whole test from its plan to its verdict, and words that are wrong."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from small_test import content, decisions_of, evenly, log, started

from recsys.cli import run_keys
from recsys.cli.live_test import main
from recsys.errors import InputError
from recsys.policy.live_tests.plan_file import plan_of, read_plan
from recsys.policy.live_tests.planning import sample_size
from recsys.policy.live_tests.rewards import Moments
from recsys.tracking.report import Report


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log, a plan whose pilot and half have begun, customers and scores."""
    monkeypatch.chdir(tmp_path)
    plan = content()
    plan["stages"][1]["starts"] = "2025-03-11"
    Path("plan.yaml").write_text(yaml.safe_dump(plan))
    decisions = log(started("2025-03-01", "2025-03-11"), gain=0.3, stage=1)
    decisions.to_parquet("log.parquet", index=False)
    ids = decisions["customer_id"].unique()
    pd.DataFrame({"customer_id": ids}).to_csv("customers.csv", index=False)
    scores = np.random.default_rng(0).random(len(ids))
    pd.DataFrame({"customer_id": ids, "score": scores}).to_csv("scores.csv", index=False)
    return tmp_path


def run(line: str) -> None:
    main(line.split())


def test_a_plan_follows_from_the_log(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("step=plan decisions=log.parquet lift=.05 window=7 name=spring out=plan")
    plan = read_plan(folder / "plan" / "live_test.yaml")
    rewards = pd.read_parquet("log.parquet")
    ends = rewards["timestamp"].max()
    reward = rewards["reward"][rewards["timestamp"] + pd.Timedelta(days=7) <= ends]
    size = sample_size(Moments(reward.mean(), reward.var(), len(reward)), 0.05)
    assert plan.gain == pytest.approx(0.05 * reward.mean(), rel=1e-5)
    assert [stage.customers for stage in plan.stages] == [
        pytest.approx(size * part, abs=1) for part in (0.1, 0.5, 1)
    ]
    harms = [stage.harm for stage in plan.stages]
    assert harms[0] > harms[1] > plan.gain  # type: ignore[operator]
    assert harms[2] is None
    shown = capsys.readouterr().out
    assert f"a fixed test needs {2 * size:,} customers" in shown
    assert "All customers of the log together would give a power of" in shown
    page = (folder / "plan" / "live_test.html").read_text()
    assert "Plan of a live test: spring" in page
    assert (folder / "plan" / "live_test.png").read_bytes().startswith(b"\x89PNG")


def noisy(customers: int) -> pd.DataFrame:
    """One decision a customer over 100 days; one in ten earns 10, the others nothing."""
    rewards = np.where(np.arange(customers) % 10 == 0, 10.0, 0.0)
    when = evenly(pd.Timestamp("2025-01-01", tz="UTC"), customers, 100)
    return decisions_of(np.arange(customers), when, rewards)


def test_a_stage_that_guards_nothing_is_told_with_what_would_guard(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy(10_000).to_parquet("noisy.parquet", index=False)
    run("step=plan decisions=noisy.parquet lift=.3 window=7 stages=pilot:.02,full:1 out=plan")
    shown = capsys.readouterr().out
    assert "pilot would guard nothing" in shown
    assert "pilot would guard nothing" in (folder / "plan" / "live_test.html").read_text()
    (stages,) = re.findall(r"Set (stages=pilot:[.\d]+,full:1);", shown)
    run(f"step=plan decisions=noisy.parquet lift=.3 window=7 {stages} out=better")
    assert "guard nothing" not in capsys.readouterr().out
    pilot = read_plan(folder / "better" / "live_test.yaml").stages[0]
    mean = noisy(10_000)["reward"].mean()
    assert pilot.harm is not None
    assert 0.45 * mean < pilot.harm <= 0.505 * mean


def test_no_stage_guards_where_the_lift_is_large(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del folder
    noisy(10_000).to_parquet("noisy.parquet", index=False)
    run("step=plan decisions=noisy.parquet lift=.9 window=7 out=plan")
    shown = capsys.readouterr().out
    assert "no stage before it can guard. Plan for a smaller lift=, or set stages=full:1" in shown
    run("step=plan decisions=noisy.parquet lift=.9 window=7 stages=full:1 out=single")
    assert "guard" not in capsys.readouterr().out


def test_a_log_too_small_for_a_test_is_told_and_days_stay_within_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy(300).to_parquet("noisy.parquet", index=False)
    run("step=plan decisions=noisy.parquet lift=.5 window=7 out=plan")
    shown = capsys.readouterr().out
    assert "it is too small for a test that guards; bring a longer log" in shown
    assert "The log's 100 days bring too few customers for pilot, half and full" in shown
    plan = read_plan(folder / "plan" / "live_test.yaml")
    assert [stage.days for stage in plan.stages] == [100, 100, 100]


def test_a_plan_may_rest_on_the_new_policy_s_own_variance(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decisions = pd.read_parquet("log.parquet").assign(propensity=0.5)
    decisions.to_parquet("half.parquet", index=False)
    drawn = np.random.default_rng(1).choice([0.2, 0.5, 0.8], len(decisions))
    table = pd.DataFrame({"decision_id": decisions["decision_id"], "probability": drawn})
    table.to_csv("target.csv", index=False)
    run("step=plan decisions=half.parquet target=target.csv lift=.05 window=7 out=plan")
    assert "mean reward under the new policy" in capsys.readouterr().out
    table[:-1].to_csv("target.csv", index=False)
    with pytest.raises(InputError, match="target: expected a probability of every decision, got"):
        run("step=plan decisions=half.parquet target=target.csv lift=.05 window=7 out=plan")


def test_customers_are_assigned_as_the_plan_says(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("step=assign plan=plan.yaml stage=half customers=customers.csv out=arms.csv")
    table = pd.read_csv("arms.csv", keep_default_na=False)
    plan = plan_of(content())
    arms = np.array([*plan.arms, ""])[plan.assigned(table["customer_id"].to_numpy(), 1)]
    assert (table["arm"] == arms).all()
    assert "4,000 customers in arms.csv" in capsys.readouterr().out
    run("step=assign plan=plan.yaml stage=half customers=customers.csv out=arms.parquet")
    assert pd.read_parquet("arms.parquet").equals(table)


def test_a_reading_says_what_to_do_and_whom_it_helps(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("step=read plan=plan.yaml decisions=log.parquet scores=scores.csv out=read")
    shown = capsys.readouterr().out
    assert shown.startswith("widen: to full, 100% of the customers: no loss is certain")
    assert "Qini coefficient" in shown
    days = pd.read_csv(folder / "read" / "live_test.csv")
    assert (days["low"] < days["high"]).all()
    page = (folder / "read" / "live_test.html").read_text()
    assert "Whom it helps" in page
    run("step=read plan=plan.yaml decisions=log.parquet at=2025-03-05")
    assert capsys.readouterr().out.startswith("continue: ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "step: expected plan, assign, read, got ''"),
        ("step=go", "step: expected plan, assign, read, got 'go'"),
        ("step=read plan=plan.yaml", "step=read needs decisions=FILE"),
        ("step=read plan=plan.yaml decisions=log.parquet lift=1", "lift= is not read by step=read"),
        ("step=plan decisions=log.parquet lift=x out=o", "lift: expected a number, got 'x'"),
        ("step=plan decisions=log.parquet lift=-1 out=o", "lift: expected a relative gain above 0"),
        ("step=plan decisions=log.parquet lift=.1 power=1 out=o", "power: expected a number betw"),
        ("step=plan decisions=log.parquet lift=.1 window=90 out=o", "two customers with a whole"),
        ("step=plan decisions=log.parquet lift=.1 arms=a out=o", "arms: expected NAME:SHARE"),
        ("step=plan decisions=log.parquet lift=.1 stages=a:2 out=o", "share: expected a number"),
        ("step=plan decisions=no.csv lift=.1 out=o", "decisions=no.csv: expected a file, and"),
        ("step=plan decisions=plan.yaml lift=.1 out=o", "expected a name that ends in .parquet"),
        ("step=plan decisions=customers.csv lift=.1 out=o", "decisions: column 'decision_id' is"),
        ("step=plan decisions=log.parquet lift=.1 window=7 out=.", "also holds customers.csv"),
        ("step=plan decisions=log.parquet lift=.1 window=7 out=plan.yaml", "is a file; set out="),
        ("step=assign plan=plan.yaml stage=x customers=customers.csv out=a.csv", "one of pilot"),
        ("step=assign plan=plan.yaml stage=pilot customers=customers.csv out=a", "ends in .csv or"),
        ("step=read plan=no.yaml decisions=log.parquet", "plan=no.yaml cannot be read"),
        ("step=read plan=plan.yaml decisions=log.parquet at=soon", "at: expected a time such as"),
        ("step=read plan=plan.yaml decisions=log.parquet scores=customers.csv",
         "scores=customers.csv: column 'score' is missing"),
    ],
)  # fmt: skip
def test_words_that_are_wrong_are_refused(folder: Path, line: str, message: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as raised:
        run(line)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert sorted(folder.rglob("*")) == before


def test_a_score_is_needed_for_every_measured_customer(folder: Path) -> None:
    pd.read_csv("scores.csv")[:5].to_csv("scores.csv", index=False)
    with pytest.raises(InputError, match="scores: expected a score of every customer of the test"):
        run("step=read plan=plan.yaml decisions=log.parquet scores=scores.csv")


def test_readings_are_the_same_each_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for out in ("one", "two"):
        run(f"step=read plan=plan.yaml decisions=log.parquet scores=scores.csv out={out}")
        texts.append((folder / out / "live_test.html").read_text())
    capsys.readouterr()
    assert texts[0] == texts[1]


def test_a_plan_and_a_reading_are_kept_in_mlflow_where_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del folder
    kept: list[Report] = []
    monkeypatch.setattr(run_keys, "log_standalone", lambda report, _: kept.append(report) or "0123")
    run("step=plan decisions=log.parquet lift=.05 window=7 name=spring out=plan")
    assert not kept
    run("step=plan decisions=log.parquet lift=.05 window=7 name=spring out=plan log=true")
    run("step=read plan=plan.yaml decisions=log.parquet log=true")
    assert capsys.readouterr().out.count("also in MLflow: run 0123") == 2
    plan, read = kept
    assert plan.params["lift"] == 0.05
    assert read.tags["verdict"] in ("continue", "widen", "stop")
    over = next(gap for name, gap in read.metrics.items() if name.endswith("/over_control"))
    assert over.low < over.mean < over.high  # type: ignore[union-attr]
    assert plan.data_sets[0].fingerprint == read.data_sets[0].fingerprint
    with pytest.raises(InputError, match="log: expected true or false, got 'yes'"):
        run("step=read plan=plan.yaml decisions=log.parquet log=yes")
    with pytest.raises(InputError, match="log= is not read by step=assign"):
        run("step=assign plan=plan.yaml stage=pilot customers=customers.csv out=a.csv log=true")
