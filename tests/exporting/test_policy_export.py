"""`export(..., policy=...)`: an artifact that decides, or one line that says why not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from library_shop import frames

from recsys import ALS, Dataset, TimeSplit, TouchpointGNN, export, load_artifact
from recsys.cli.main import main
from recsys.data.queries import Split
from recsys.errors import InputError
from recsys.exporting.other_policy import with_other_policy
from recsys.models.base import KnowsDayparts

POLICY = """
name: shop
contact_limits:
  - {name: one_a_week, at_most: 1, days: 7, touchpoint: email}
quiet_hours:
  - {name: nights, from: "20:00", to: "08:00", touchpoints: [email]}
capacity: {email: 6}
arbitration: {value: price}
exploration: {kind: epsilon, epsilon: 0.2, seed: 1}
"""
AT = "2025-12-20"


@pytest.fixture(scope="module")
def shop() -> tuple[Dataset, Split]:
    """With a log of 900 decisions whose acceptance depends on the touchpoint."""
    tables, random = frames(), np.random.default_rng(3)
    day = pd.Timestamp("2025-06-01", tz="UTC")
    email = random.random(900) < 0.5
    accepted = random.random(900) < np.where(email, 0.5, 0.15)
    decisions = pd.DataFrame(
        {
            "decision_id": np.arange(900),
            "customer_id": random.choice(tables["customers"].customer_id, 900),
            "offer_id": random.choice(tables["products"].product_id, 900),
            "touchpoint": np.where(email, "email", "app"),
            "timestamp": day + pd.to_timedelta(random.integers(0, 150, 900), unit="D"),
            "policy": "old",
            "outcome": np.where(accepted, "accept", "ignore"),
        }
    )
    touchpoints = pd.DataFrame(
        {"touchpoint": ["app", "branch", "email"], "outbound": [False, False, True],
         "cost": [0.0, 0.01, 0.02]}
    )  # fmt: skip
    data = Dataset.from_frames(
        tables["interactions"], products=tables["products"], customers=tables["customers"],
        touchpoints=touchpoints, decisions=decisions,
    )  # fmt: skip
    return data, TimeSplit(valid_from="2025-07-01", test_from="2025-10-01").split(data)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "shop.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture(scope="module")
def artifact(
    shop: tuple[Dataset, Split], policy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    data, split = shop
    folder = tmp_path_factory.mktemp("artifacts") / "als"
    return export(ALS(dim=4, epochs=3).fit(data), data, folder, policy=policy, split=split)


def test_odds_are_those_of_the_decisions_logged_in_valid(
    artifact: Path, shop: tuple[Dataset, Split]
) -> None:
    loaded = load_artifact(artifact)
    facts, odds = loaded.facts["acceptance"], loaded.contents.decisions.odds
    when = shop[0].side_tables["decisions"].timestamp
    in_valid = (when >= pd.Timestamp("2025-07-01", tz="UTC")) & (
        when < pd.Timestamp("2025-10-01", tz="UTC")
    )
    assert facts["decisions"] == in_valid.sum()
    assert facts["policy"] == "shop"
    assert facts["ece"] < 0.2
    email, app = (loaded.contents.touchpoints.names.index(name) for name in ("email", "app"))
    assert odds.touchpoints[email] - odds.touchpoints[app] > 0.8
    decision = loaded.decide("C0000949", at=AT, k=2)
    assert len(decision.offers) == 2
    assert decision.policy == "shop"
    assert decision.rules_version == loaded.contents.decisions.rules.version


def test_the_command_plans_a_day_and_answers_one_customer(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.parquet"
    main(["decide", f"artifact={artifact}", f"at={AT}", "touchpoints=email", f"out={plan}"])
    said = capsys.readouterr().out
    assert "6 decisions for 80 customers from 2025-12-20 00:00 UTC on" in said
    assert "email: 6, one more place is worth" in said
    assert "not planned for: app, branch (see touchpoints=)" in said
    table = pd.read_parquet(plan)
    assert set(table.touchpoint) == {"email"}
    assert (table.timestamp.dt.hour == 8).all()
    one = ["decide", f"artifact={artifact}", "customer=C0000949", f"at={AT}", f"prices={plan}"]
    main([*one, "touchpoint=app", "k=2", "explore=false"])
    assert "C0000949, by policy shop" in capsys.readouterr().out


def test_another_policy_may_change_limits_and_nothing_that_needs_tables(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load_artifact(artifact)
    (tmp_path / "more.yaml").write_text(POLICY.replace("email: 6", "email: 9, app: 5"))
    changed = with_other_policy(loaded, tmp_path / "more.yaml").contents.decisions.rules
    assert changed.capacity.tolist() == [5, np.inf, 9]
    assert changed.version != loaded.contents.decisions.rules.version
    (tmp_path / "other.yaml").write_text(POLICY.replace("value: price", "value: equal"))
    with pytest.raises(InputError, match="need the tables; export again with this policy"):
        with_other_policy(loaded, tmp_path / "other.yaml")
    out = tmp_path / "plan.parquet"
    with pytest.raises(SystemExit) as ended:
        main(["decide", f"artifact={artifact}", f"policy={tmp_path}/other.yaml", f"out={out}"])
    assert ended.value.code == 2
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["out=plan.csv"], "expected a name that ends in .parquet"),
        ([], "say artifact=FOLDER and either out=FILE.parquet"),
        (["out=plan.parquet", "customer=C0000949"], "say artifact=FOLDER and either"),
        (["customer=C0000949", "decisions=log.csv"], "decisions= is for a plan"),
        (["out=plan.parquet", "k=3"], "k= is for one customer"),
        (["out=plan.parquet", "policy=no_such"], "policy: expected one of"),
        (["out=plan.parquet", "candidates=0"], "candidates: expected a whole number"),
    ],
)
def test_words_that_do_not_fit_are_refused_in_one_line(
    artifact: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decide", f"artifact={artifact}", *words])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert message in error
    assert error.count("\n") == 1


def test_a_policy_needs_a_split_and_touchpoints(
    shop: tuple[Dataset, Split], tmp_path: Path
) -> None:
    data, split = shop
    model = ALS(dim=4, epochs=1).fit(data)
    with pytest.raises(InputError, match="split: expected the split whose valid window"):
        export(model, data, tmp_path / "a", policy="default")
    with pytest.raises(InputError, match="policy: expected one of"):
        export(model, data, tmp_path / "a", policy="no_such", split=split)
    bare = Dataset.from_frames(frames()["interactions"].drop(columns="touchpoint"))
    with pytest.raises(InputError, match="has no touchpoints to decide about"):
        export(ALS(dim=4, epochs=1).fit(bare), bare, tmp_path / "a", policy="default", split=split)
    assert not (tmp_path / "a").exists()


def test_without_a_log_the_lists_say_what_is_taken(tmp_path: Path) -> None:
    tables: dict[str, Any] = frames()
    data = Dataset.from_frames(**tables, filter_seen=False)
    split = TimeSplit(valid_from="2025-07-01", test_from="2025-10-01").split(data)
    export(ALS(dim=4, epochs=3).fit(data), data, tmp_path / "a", policy="default", split=split)
    facts = load_artifact(tmp_path / "a").facts["acceptance"]
    assert facts["decisions"] == facts["logged"] == 0
    assert 0 < facts["rate"] < 1


def test_a_network_gives_vectors_of_touchpoints_by_part_of_the_day(
    shop: tuple[Dataset, Split], policy: Path, tmp_path: Path
) -> None:
    data, split = shop
    model = TouchpointGNN(dim=4, epochs=1, layers=1).fit(data)
    assert isinstance(model, KnowsDayparts)
    export(model, data, tmp_path / "with", policy=policy, split=split)
    export(model, data, tmp_path / "without")
    vectors = load_artifact(tmp_path / "with").contents.touchpoints.daypart_vectors
    np.testing.assert_array_equal(vectors.reshape(12, -1), model.node_vectors)
    assert load_artifact(tmp_path / "without").contents.touchpoints.daypart_vectors is None
