"""A day's plan: within all rules and limits, the best of all pairs, whole or not written."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from artifact_contents import AS_OF, DAY, TOUCHPOINTS
from policy_part import HOUR, deciding, rules
from test_decide import brute_force

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.policy.compiled import Contacts
from recsys.policy.compiled.violations import violations
from recsys.serving import Artifact, Contents, load, write
from recsys.serving.decide import plan_file, tiles
from recsys.serving.decide.booked import read_booked
from recsys.serving.decide.plan import DayPlan, decide_everyone
from recsys.serving.decide.prices import read_prices

OUTBOUND = np.ones(3, dtype=bool)


def limited(seed: int = 0, **changes: Any) -> Contents:
    """Every touchpoint is the firm's, two of three carry few decisions, and money is short."""
    kept = rules(
        60, 25, seed, outbound=OUTBOUND, capacity=np.array([np.inf, 4, 6.9]), budget=8.0
    )  # fmt: skip
    return deciding(60, seed=seed, rules=kept, **changes)


def planned(contents: Contents, path: Path, **arguments: Any) -> tuple[DayPlan, pd.DataFrame]:
    plan = decide_everyone(Artifact.of(contents), path, **({"at": AS_OF} | arguments))
    return plan, pq.read_table(path).to_pandas()


def as_rows(contents: Contents, table: pd.DataFrame) -> dict[str, Any]:
    customers = {id_: row for row, id_ in enumerate(contents.customers.ids)}
    return {
        "customers": table.customer_id.map(customers).to_numpy(),
        "touchpoints": table.touchpoint.map(TOUCHPOINTS.index).to_numpy(),
        "when": table.timestamp.astype("datetime64[s, UTC]").astype(np.int64).to_numpy(),
    }


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("explore", [False, True])
def test_no_decision_breaks_a_rule_or_a_limit(tmp_path: Path, seed: int, explore: bool) -> None:
    exploration = {"kind": "epsilon", "epsilon": 0.6, "seed": seed}
    contents = limited(seed, with_offers=False, product_rows=25, exploration=exploration)
    at = AS_OF + 1800 * seed
    plan, table = planned(contents, tmp_path / "plan.parquet", at=at, explore=explore)
    part = contents.decisions
    products = {id_: row for row, id_ in enumerate(contents.products.ids)}
    counts = violations(
        part.rules, offers=table.offer_id.map(products).to_numpy(), costs=part.costs, start=at,
        **as_rows(contents, table),
    )  # fmt: skip
    assert set(counts.values()) == {0}
    assert plan.decisions == len(table) > 5
    assert plan.by_touchpoint["branch"] <= 4
    assert plan.by_touchpoint["email"] <= 6
    assert table.customer_id.is_unique
    assert table.decision_id.is_unique
    assert (plan.explored > 0) == explore


def test_without_limits_everybody_gets_the_best_of_all_pairs(tmp_path: Path) -> None:
    kept = rules(40, 25, outbound=OUTBOUND)
    contents = deciding(rules=kept)
    _, table = planned(contents, tmp_path / "plan.parquet")
    by_customer = table.set_index("customer_id")
    for row, customer in enumerate(contents.customers.ids):
        best = brute_force(contents, row, AS_OF, 1)
        assert (customer in by_customer.index) == bool(best)
        if best:
            made = by_customer.loc[customer]
            when = int(made.timestamp.timestamp())
            assert (made.offer_id, made.touchpoint, when) == best[0][:3]
            assert made.probability == pytest.approx(best[0][3], rel=1e-5)
            assert made.expected_value == pytest.approx(best[0][4], rel=1e-4)


def test_tiles_and_pieces_make_the_plan_that_one_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exploration = {"kind": "softmax", "temperature": 2.0, "seed": 1}
    contents = limited(exploration=exploration)
    _, whole = planned(contents, tmp_path / "whole.parquet")
    monkeypatch.setattr(tiles, "_TILE_CUSTOMERS", 7)
    monkeypatch.setattr(plan_file, "_AT_ONCE", 5)
    _, pieces = planned(contents, tmp_path / "pieces.parquet")
    numbers = ["probability", "expected_value", "propensity"]
    pd.testing.assert_frame_equal(whole.drop(columns=numbers), pieces.drop(columns=numbers))
    pd.testing.assert_frame_equal(whole[numbers], pieces[numbers], rtol=1e-5)


def test_offers_that_end_or_begin_within_the_day_are_not_planned(tmp_path: Path) -> None:
    kept = rules(40, 25, outbound=OUTBOUND)
    ends = np.where(np.arange(25) % 2, kept.valid_to, AS_OF + 5 * HOUR)
    contents = deciding(rules=replace(kept, valid_to=ends))
    _, table = planned(contents, tmp_path / "plan.parquet")
    rows = {contents.offers.ids[row] for row in range(25) if ends[row] == AS_OF + 5 * HOUR}
    odd = {contents.offers.ids[row] for row in range(1, 25, 2)}
    assert not set(table.offer_id) & (rows - odd)


def test_epsilon_s_propensities_are_exact_and_replayed(tmp_path: Path) -> None:
    exploration = {"kind": "epsilon", "epsilon": 0.5, "seed": 7}
    contents = limited(exploration=exploration)
    _, greedy = planned(contents, tmp_path / "greedy.parquet", explore=False)
    plan, table = planned(contents, tmp_path / "plan.parquet")
    assert (greedy.propensity == 1).all()
    assert greedy.customer_id.tolist() == table.customer_id.tolist()
    named = ["offer_id", "variant", "touchpoint"]
    kept = (greedy[named].fillna("") == table[named].fillna("")).all(axis=1)
    assert (~kept).sum() == plan.explored > 0
    # 1 - e + e / m for the planned one, e / m for each other one of m candidates.
    candidates = np.where(kept, 0.5 / (table.propensity - 0.5), 0.5 / table.propensity)
    np.testing.assert_allclose(candidates, np.round(candidates), rtol=1e-9)
    assert candidates.min() >= 1
    _, again = planned(contents, tmp_path / "again.parquet")
    pd.testing.assert_frame_equal(table, again)
    other = {**exploration, "seed": 8}
    _, differs = planned(limited(exploration=other), tmp_path / "other.parquet")
    assert not differs.offer_id.equals(table.offer_id)


def test_one_answer_with_the_prices_of_the_day_fits_the_plan(tmp_path: Path) -> None:
    contents = limited()
    path = tmp_path / "plan.parquet"
    plan, table = planned(contents, path)
    prices = read_prices(path)
    assert prices == plan.prices
    assert prices.touchpoints["branch"] > 0 or prices.touchpoints["email"] > 0 or prices.budget > 0
    artifact = Artifact.of(contents)
    made = table.set_index("customer_id")
    for customer in contents.customers.ids:
        decision = artifact.decide(customer, at=AS_OF, prices=path)
        expected = [made.loc[customer].offer_id] if customer in made.index else []
        # Money comes in whole decisions: a customer at the margin may differ.
        if [offer.offer_id for offer in decision.offers] != expected:
            charge = 0.0
            for offer in decision.offers:
                cost = contents.decisions.costs[TOUCHPOINTS.index(offer.touchpoint)]
                charge = prices.touchpoints[offer.touchpoint] + prices.budget * cost
            gained = sum(offer.expected_value for offer in decision.offers) - charge
            assert gained >= -1e-4


def test_a_plan_is_read_as_the_table_decisions(tmp_path: Path) -> None:
    contents = limited()
    _, table = planned(contents, tmp_path / "plan.parquet")
    events = pd.DataFrame(
        {"customer_id": contents.customers.ids, "product_id": contents.products.ids[0],
         "timestamp": pd.Timestamp("2025-01-01", tz="UTC"), "action": "purchase"}
    )  # fmt: skip
    data = Dataset.from_frames(events, decisions=table.assign(outcome="ignore"))
    read = data.side_tables["decisions"]
    assert read.decision_id.tolist() == table.decision_id.tolist()
    assert read.propensity.tolist() == table.propensity.tolist()
    assert read.rules_version.unique().tolist() == ["ab12"]


def log(tmp_path: Path, **columns: Any) -> Path:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def times(*seconds: int) -> pa.Array:
    return pa.array([second * 1_000_000 for second in seconds], pa.timestamp("us", "UTC"))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_decisions_since_the_export_count_as_contacts_and_places(tmp_path: Path, kind: str) -> None:
    contents = limited()
    _, before = planned(contents, tmp_path / "before.parquet")
    busy = before.customer_id[before.touchpoint == "email"].iloc[0]
    made = {
        "customer_id": pa.array([busy, busy, "stranger"]),
        "offer_id": pa.array(["O000", "O001", "unknown"]),
        "touchpoint": pa.array(["email", "app", "email"]),
        "timestamp": times(AS_OF - HOUR, AS_OF - 2 * HOUR, AS_OF + HOUR),
    }
    path = log(tmp_path, **made)
    if kind == "csv":
        path = tmp_path / "log.csv"
        pq.read_table(tmp_path / "log.parquet").to_pandas().to_csv(path, index=False)
    plan, table = planned(contents, tmp_path / "plan.parquet", log=path)
    assert busy not in set(table.customer_id)
    assert plan.booked == {"app": 0, "branch": 0, "email": 1}
    assert plan.by_touchpoint["email"] <= 5


def test_a_contact_that_the_export_knows_already_counts_once(tmp_path: Path) -> None:
    contents = limited()
    artifact, old = Artifact.of(contents), contents.decisions.rules.contacts
    known = np.flatnonzero(old.touchpoints >= 0)
    path = log(
        tmp_path,
        customer_id=pa.array(contents.customers.ids[old.customers[known]]),
        offer_id=pa.array(["O000"] * len(known)),
        touchpoint=pa.array([TOUCHPOINTS[row] for row in old.touchpoints[known]]),
        timestamp=times(*old.when[known].tolist()),
    )
    booked = read_booked(path, contents, artifact.customers)
    assert len(booked.added_to(contents.decisions.rules).contacts) == len(old)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_campaign_of_a_log_counts_before_that_of_the_offer(tmp_path: Path, kind: str) -> None:
    contents = deciding(60, rules=rules(60, 25, contacts=Contacts.none(60)))
    made = contents.decisions.rules
    spring = contents.offers.ids[np.flatnonzero(made.campaigns == 0)[0]]
    campaigns = [None, "cards", "autumn", "winter", ""]
    path = log(
        tmp_path,
        customer_id=pa.array(contents.customers.ids[:5]),
        offer_id=pa.array([spring] * 5),
        touchpoint=pa.array(["app"] * 5),
        timestamp=times(*[AS_OF - HOUR] * 5),
        campaign=pa.array(campaigns),
    )
    if kind == "csv":
        path = tmp_path / "log.csv"
        pq.read_table(tmp_path / "log.parquet").to_pandas().to_csv(path, index=False)
    booked = read_booked(path, contents, Artifact.of(contents).customers)
    assert booked.campaigns.tolist() == [-1, 1, 2, 2, -1]
    after = booked.added_to(made)
    assert after.contacts.campaigns.tolist() == [0, 1, 2, 2, 0]
    other = after.names.index("one_campaign")
    for row, refused in enumerate([(1,), (0,), (0, 1), (0, 1), (1,)]):
        lost = after.refusals(row, AS_OF)[:, 1] == other
        assert not lost[made.campaigns == -1].any()
        for campaign in refused:
            open_before = made.refusals(row, AS_OF)[:, 1] == -1
            assert lost[(made.campaigns == campaign) & open_before].all()
            allowed = after.offers(np.array([row]), AS_OF)[0]
            assert not allowed[made.campaigns == campaign].any()


def test_numbers_are_campaigns_as_the_export_reads_them(tmp_path: Path) -> None:
    contents = deciding(rules=rules(40, 25, campaign_names=("7", "8")))
    path = log(
        tmp_path,
        customer_id=pa.array(contents.customers.ids[:3]),
        offer_id=pa.array(["O000"] * 3),
        touchpoint=pa.array(["app"] * 3),
        timestamp=times(*[AS_OF] * 3),
        campaign=pa.array([7.0, 8.0, float("nan")]),
    )
    booked = read_booked(path, contents, Artifact.of(contents).customers)
    assert booked.campaigns.tolist() == [0, 1, -1]


@pytest.mark.parametrize("kind", ["Europe/Berlin", None, "text", "offsets", "folder"])
def test_moments_of_a_log_are_read_in_utc(tmp_path: Path, kind: str | None) -> None:
    contents = limited()
    moments: Any = times(AS_OF, AS_OF + 7)
    if kind == "text":
        moments = pa.array(["2026-01-01T00:00:00Z", "2026-01-01 00:00:07+00:00"])
    elif kind == "offsets":
        moments = pa.array(["2026-01-01T02:00:00+02:00", "2025-12-31 18:30:07.5-0530"])
    elif kind != "folder":
        moments = moments.cast(pa.timestamp("us", kind))
    path = log(
        tmp_path,
        customer_id=pa.array(contents.customers.ids[:2]),
        offer_id=pa.array(["O000", "gone"]),
        touchpoint=pa.array(["email", "app"]),
        timestamp=moments,
    )
    if kind == "folder":
        (tmp_path / "log").mkdir()
        path = path.rename(tmp_path / "log" / "day.parquet").parent
    booked = read_booked(path, contents, Artifact.of(contents).customers)
    assert booked.when.tolist() == [AS_OF, AS_OF + 7]
    assert booked.customers.tolist() == [0, 1]
    assert booked.touchpoints.tolist() == [2, 0]
    assert booked.of_day(AS_OF, 3).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"timestamp": times(*[AS_OF + HOUR] * 5)}, r"policy.capacity.branch: expected at least "
         "the 5 decisions that are booked for the day already, got 4; raise it"),
        ({"touchpoint": pa.array(["email"] * 5), "timestamp": times(*[AS_OF + HOUR] * 5)},
         r"policy.budget: expected at least the 7.50"),
        ({"touchpoint": None}, "column 'touchpoint' is missing; it has customer_id"),
        ({"touchpoint": pa.array(["email", None, "app", "app", "app"])},
         "row 1, column 'touchpoint': expected a value, got none"),
        ({"timestamp": pa.array(["soon"] * 5)}, "column 'timestamp': expected times such"),
        ({"touchpoint": pa.array(["app", "emial", "app", "app", "app"])},
         "row 1, column 'touchpoint': the artifact has no 'emial'; it has app, branch, email"),
        ({"customer_id": pa.array([f"K{row}" for row in range(5)])},
         "the artifact knows none of its customers, such as 'K0'; it has such as 'C"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_be_counted_is_refused(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    given = {
        "customer_id": pa.array([f"C{row:04d}" for row in range(5)]),
        "offer_id": pa.array(["O000"] * 5),
        "touchpoint": pa.array(["branch"] * 5),
        "timestamp": times(*[AS_OF - 30 * DAY] * 5),
    } | columns
    path = log(tmp_path, **{name: value for name, value in given.items() if value is not None})
    contents = limited()
    if "budget" in message:
        contents = replace(
            contents,
            decisions=replace(
                contents.decisions, rules=replace(contents.decisions.rules, budget=5.0)
            ),
        )
    (tmp_path / "plan.parquet").write_bytes(b"as it was")
    with pytest.raises(InputError, match=message) as refused:
        planned(contents, tmp_path / "plan.parquet", log=path)
    assert "\n" not in str(refused.value)
    assert (tmp_path / "plan.parquet").read_bytes() == b"as it was"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": Path("plan.csv")}, "expected a name that ends in .parquet"),
        ({"path": "plan.csv"}, "expected a name that ends in .parquet"),
        ({"log": "none.parquet"}, "decisions=none.parquet cannot be read"),
        ({"touchpoints": ["moon"]}, "touchpoints: the artifact has no 'moon'; it has app, branch"),
    ],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    given = {"path": tmp_path / "plan.parquet", "at": AS_OF} | arguments
    with pytest.raises(InputError, match=message):
        decide_everyone(Artifact.of(limited()), **given)
    assert not (tmp_path / "plan.parquet").exists()


def test_thompson_sampling_needs_a_least_squares_model(tmp_path: Path) -> None:
    contents = limited(exploration={"kind": "thompson", "scale": 1.0, "seed": 0})
    with pytest.raises(InputError, match="thompson needs a model whose vectors are least-squares"):
        planned(contents, tmp_path / "plan.parquet")
    plan, _ = planned(contents, tmp_path / "plan.parquet", explore=False)
    assert plan.decisions
    other = limited(exploration={"kind": "bayes"})
    with pytest.raises(InputError, match="expected one of epsilon, softmax, thompson, got 'bayes'"):
        planned(other, tmp_path / "plan.parquet")


def test_a_plan_explores_by_samples_of_customers_vectors(tmp_path: Path) -> None:
    def sampled(scale: float, seed: int = 0) -> tuple[DayPlan, pd.DataFrame]:
        stated = {"kind": "thompson", "scale": scale, "seed": seed}
        contents = limited(exploration=stated)
        fold_in = replace(contents.fold_in, gram=20 * np.eye(5, dtype=np.float32))
        return planned(replace(contents, fold_in=fold_in), tmp_path / "plan.parquet")

    _, sure = sampled(1e-9)
    assert (sure.propensity == 1).all()
    plan, table = sampled(20.0)
    assert plan.explored > 5
    shares = table.propensity * 64
    np.testing.assert_allclose(shares, np.round(shares))
    assert plan.by_touchpoint["branch"] <= 4
    assert plan.by_touchpoint["email"] <= 6
    pd.testing.assert_frame_equal(table, sampled(20.0)[1])
    assert not table.offer_id.equals(sampled(20.0, seed=1)[1].offer_id)


def test_only_the_named_touchpoints_are_planned_for(tmp_path: Path) -> None:
    plan, table = planned(limited(), tmp_path / "plan.parquet", touchpoints=["email"])
    assert set(table.touchpoint) == {"email"}
    assert plan.decisions == 5  # the budget of 8 pays for five emails of 1.5


def test_by_default_a_plan_is_for_touchpoints_where_the_firm_makes_contact(tmp_path: Path) -> None:
    outbound = np.array([False, False, True])
    contents = deciding(rules=rules(40, 25, outbound=outbound))
    plan, table = planned(contents, tmp_path / "plan.parquet")
    assert set(table.touchpoint) == set(plan.by_touchpoint) == {"email"}
    _, everywhere = planned(contents, tmp_path / "all.parquet", touchpoints=["all"])
    assert set(everywhere.touchpoint) > {"email"}


def test_where_nothing_is_outbound_a_plan_is_for_all_touchpoints(tmp_path: Path) -> None:
    contents = deciding(rules=rules(40, 25, outbound=np.zeros(3, dtype=bool)))
    plan, table = planned(contents, tmp_path / "plan.parquet")
    assert set(plan.by_touchpoint) == set(TOUCHPOINTS)
    assert len(set(table.touchpoint)) > 1


def test_one_more_place_is_worth_nothing_where_everybody_has_one(tmp_path: Path) -> None:
    kept = rules(1, 25, outbound=OUTBOUND, capacity=np.array([1.0, 1, 1]))
    plan, _ = planned(deciding(1, rules=kept), tmp_path / "plan.parquet")
    assert plan.decisions == 1
    assert set(plan.one_more.values()) == {0.0}


def test_a_budget_that_pays_for_nothing_makes_no_place_worth_having(tmp_path: Path) -> None:
    kept = rules(20, 25, outbound=OUTBOUND, capacity=np.array([1.0, 1, 1]), budget=0.0)
    contents = deciding(20, rules=kept)
    dear = [TOUCHPOINTS[row] for row in np.flatnonzero(contents.decisions.costs > 0)]
    plan, _ = planned(contents, tmp_path / "plan.parquet")
    assert dear
    assert plan.too_dear == dear
    assert [plan.one_more[name] for name in dear] == [0.0] * len(dear)


def test_a_writer_that_dies_leaves_the_old_plan_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.parquet"
    planned(limited(), path)
    old = path.read_bytes()
    monkeypatch.setattr(plan_file, "_AT_ONCE", 2)

    def explode(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_file, "_taken", explode)
    with pytest.raises(KeyboardInterrupt):
        planned(limited(1), path)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["plan.parquet"]


KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.serving import load
from recsys.serving.decide import plan_file
from recsys.serving.decide.plan import decide_everyone

plan_file._AT_ONCE = 2
whole, pieces = plan_file._table, []

def table(*arguments):
    pieces.append(1)
    if len(pieces) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*arguments)

plan_file._table = table
decide_everyone(load(sys.argv[1]), Path(sys.argv[2]), at="as_of")
"""


def test_a_killed_writer_leaves_the_old_plan_whole_and_the_next_one_cleans_up(
    tmp_path: Path,
) -> None:
    path = tmp_path / "plans" / "plan.parquet"
    planned(limited(), path)
    old = path.read_bytes()
    write(tmp_path / "artifact", limited(1))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "artifact", path], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == old
    assert {file.name[0] for file in path.parent.iterdir() if file != path} == {"."}
    decide_everyone(load(tmp_path / "artifact"), path, at="as_of")
    assert [file.name for file in path.parent.iterdir()] == ["plan.parquet"]
