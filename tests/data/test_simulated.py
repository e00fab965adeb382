"""The simulated market keeps its promises on shape, rules, propensities and truth."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from warm_programs import warm_python

from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket
from recsys.simulation.chunk import CUSTOMERS, draw_latent, record
from recsys.simulation.decisions import propensities
from recsys.simulation.offers import running
from recsys.simulation.shape import shape

ROOT = Path(__file__).parents[2]
TABLES = 7


@cache
def tables(events: int = 100_000, seed: int = 0) -> Tables:
    return SimulatedMarket(events=events, seed=seed).load()


def test_passes_the_schemas() -> None:
    assert len(list(check_tables(tables()).items())) == TABLES


def test_equal_seeds_give_equal_tables_and_others_do_not() -> None:
    again = SimulatedMarket(events=100_000, seed=0).load()
    for name, table in tables().items():
        pd.testing.assert_frame_equal(table, getattr(again, name))
    other = SimulatedMarket(events=1_000, seed=1).load()
    small = SimulatedMarket(events=1_000, seed=0).load()
    assert not other.interactions.equals(small.interactions)
    assert not other.products.equals(small.products)


def test_a_smaller_market_is_the_first_customers_of_a_larger_one() -> None:
    small = SimulatedMarket(events=60_000, seed=0).load()
    pd.testing.assert_frame_equal(small.customers, tables().customers.head(3_000))
    for name, key in (("interactions", "session_id"), ("decisions", "decision_id")):
        part, full = getattr(small, name), getattr(tables(), name)
        same = full[full[key].isin(part[key])].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, same)


def test_a_part_of_one_customer_has_its_tables() -> None:
    # The number of events that gives 5,001 customers, a part and one more.
    market = SimulatedMarket(events=100_020)
    assert (market.parts, market.customers) == (2, 5_001)
    last = market.partition(1)
    assert len(last.customers) == 1
    assert last.interactions[columns.CUSTOMER].nunique() >= 1


def test_load_is_what_write_streams(tmp_path: Path) -> None:
    market = SimulatedMarket(events=120_000, seed=3)
    rows = market.write(tmp_path / "market")
    loaded = dict(market.load().items())
    assert set(rows) == set(loaded)
    for name, table in loaded.items():
        path = tmp_path / "market" / name
        single = path.with_suffix(".parquet")
        parts = [single] if single.exists() else sorted(path.glob("part-*.parquet"))
        written = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(written, table)
        assert rows[name] == len(table)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shape_is_that_of_complete_journey(seed: int) -> None:
    market = tables(seed=seed)
    measured = shape(market.interactions, market.identities)
    assert len(market.interactions) / len(market.customers) == pytest.approx(20, rel=0.06)
    assert len(market.products) == 1_000
    assert measured.without_product == pytest.approx(0.30, abs=0.03)
    assert measured.popularity == pytest.approx(0.5775, rel=0.2)
    assert measured.history == pytest.approx(0.4963, rel=0.2)
    assert measured.gaps == pytest.approx(0.578, rel=0.2)


def test_no_event_lies_outside_the_window_of_its_product_or_the_year() -> None:
    events = tables().interactions.merge(tables().products, on="product_id")
    when = events["timestamp"]
    assert (when >= events["valid_from"]).all()
    assert (events["valid_to"].isna() | (when < events["valid_to"])).all()
    assert tables().products["valid_to"].notna().any()
    everything = tables().interactions["timestamp"]
    assert everything.min() >= pd.Timestamp("2025-01-01", tz="UTC")
    assert everything.max() < pd.Timestamp("2026-01-01", tz="UTC")


def test_decisions_keep_to_consent_windows_and_touchpoints() -> None:
    made = tables().decisions.merge(tables().customers, on="customer_id")
    outbound = tables().touchpoints.query("outbound")["touchpoint"]
    for touchpoint in outbound:
        there = made["touchpoint"] == touchpoint
        assert there.any()
        assert made.loc[there, f"{columns.CONSENT_PREFIX}{touchpoint}"].all()
    offered = tables().decisions.merge(tables().offers, on="offer_id", suffixes=("", "_tied"))
    assert (offered["timestamp"] >= offered["valid_from"]).all()
    assert (offered["timestamp"] < offered["valid_to"]).all()
    tied = offered["touchpoint_tied"]
    assert (tied.isna() | (tied == offered["touchpoint"])).all()


def test_every_decision_is_an_event_of_its_product() -> None:
    key = ["customer_id", "product_id", "timestamp", "action"]
    made = tables().decisions.merge(tables().offers[["offer_id", "product_id"]], on="offer_id")
    made = made.rename(columns={"outcome": "action"})
    assert len(made.merge(tables().interactions[key].drop_duplicates(), on=key)) == len(made)
    answers = tables().interactions["action"].isin(columns.OUTCOMES)
    assert answers.sum() == len(made)


def test_sessions_stay_with_one_identity_and_last_minutes() -> None:
    sessions = tables().interactions.groupby("session_id")
    assert (sessions["customer_id"].nunique() == 1).all()
    lasted = sessions["timestamp"].max() - sessions["timestamp"].min()
    assert lasted.max() < pd.Timedelta(hours=2)
    # An offer may be added to the four events that a customer makes.
    assert sessions.size().max() <= 5


def test_identities_lead_from_aliases_to_customers() -> None:
    links = tables().identities
    people = set(tables().customers["customer_id"])
    aliases = set(links["id_b"])
    assert set(links["id_a"]) <= people
    assert links["id_b"].is_unique
    assert not aliases & people
    assert links["id_a"].nunique() / len(people) == pytest.approx(0.3, abs=0.03)
    assert links.groupby("id_a").size().max() == 2
    seen = set(tables().interactions["customer_id"])
    assert seen <= people | aliases
    assert len(seen & aliases) > 0.5 * len(aliases)
    early = (links["timestamp"] < SimulatedMarket().cutoffs.valid_from).mean()
    assert 0.85 < early < 0.95


def test_propensities_are_those_of_the_logged_choice() -> None:
    true, made = draw_latent(0, 0), record(0, 0).decisions
    chances = propensities(
        true.world,
        true.offers,
        stage=true.people.stage[made.customer],
        touchpoint=made.touchpoint,
        second=made.second,
        explore=made.explore,
    )
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    chosen = running(made.second) == made.offer[:, None]
    np.testing.assert_array_equal(chances[chosen], made.propensity)
    bins = np.digitize(chances, [0.01, 0.02, 0.03, 0.05, 0.1])
    for part in range(6):
        inside = chances[bins == part]
        noise = np.sqrt((inside * (1 - inside)).sum())
        assert abs(chosen[bins == part].sum() - inside.sum()) < 4 * noise


@pytest.mark.parametrize("seed", [0, 1])
def test_offers_are_accepted_as_often_as_the_truth_says(seed: int) -> None:
    made = tables(seed=seed).decisions
    truth = SimulatedMarket(seed=seed).acceptance_probability(
        made["customer_id"], made["offer_id"], made["touchpoint"], made["timestamp"]
    )
    accepted = (made["outcome"] == "accept").to_numpy()
    deciles = pd.qcut(truth, 10, labels=False)
    for rows in [np.full(len(made), True), *(deciles == decile for decile in range(10))]:
        noise = np.sqrt((truth[rows] * (1 - truth[rows])).sum())
        assert abs(accepted[rows].sum() - truth[rows].sum()) < 4 * noise
    assert ((made["reward"] > 0) == accepted).all()


def test_truth_broadcasts_and_knows_aliases() -> None:
    market, links = SimulatedMarket(), tables().identities.head(3)
    offers = tables().offers["offer_id"].iloc[200:204]
    when = pd.Timestamp("2025-06-10T10:00Z")
    grid = market.acceptance_probability(
        links["id_a"].to_numpy()[:, None], offers.to_numpy()[None, :], "app", when
    )
    assert grid.shape == (3, 4)
    assert grid.dtype == np.float64
    assert (grid > 0).all()
    alias = market.acceptance_probability(links["id_b"], offers.iloc[0], "app", when)
    np.testing.assert_array_equal(alias, grid[:, 0])
    after = pd.Timestamp("2025-07-10T10:00Z")
    assert market.acceptance_probability(links["id_a"], offers.iloc[0], "app", after).sum() == 0
    with pytest.raises(InputError, match="customer id 'nobody' is not in this market"):
        market.acceptance_probability("nobody", "O0000", "app", when)
    with pytest.raises(InputError, match="offer id 'O9' is not in this market"):
        market.acceptance_probability("C0000001", "O9", "app", when)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": 999}, "events must lie between 1,000 and 100,000,000, got 999"),
        ({"events": 100_000_001}, "events must lie between"),
        ({"events": 1e5}, "events must be a whole number, got 100000.0"),
        ({"events": True}, "events must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of 0 or more, got -1"),
        ({"seed": "a"}, "seed must be a whole number, got 'a'"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SimulatedMarket(**arguments)


def test_writes_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market, folder = SimulatedMarket(events=1_000), tmp_path / "market"
    with monkeypatch.context() as patch:
        patch.setattr(SimulatedMarket, "partition", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            market.write(folder)
    assert list(tmp_path.iterdir()) == []
    rows = market.write(folder)
    assert market.write(folder) == rows
    with pytest.raises(InputError, match="is not empty"):
        SimulatedMarket(events=1_000, seed=1).write(folder)


def test_a_killed_write_goes_on_after_its_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Ends the write as a kill would."""

    # Two parts: 5,000 customers, and 500.
    market, made, partition = SimulatedMarket(events=110_000), [], SimulatedMarket.partition

    def killed(self: SimulatedMarket, number: int) -> object:
        made.append(number)
        if made == [0, 1]:
            raise Killed
        return partition(self, number)

    alone = market.write(tmp_path / "alone")
    monkeypatch.setattr(SimulatedMarket, "partition", killed)
    with pytest.raises(Killed):
        market.write(tmp_path / "market")
    assert not (tmp_path / "market").exists()
    assert market.write(tmp_path / "market") == alone
    assert made == [0, 1, 1]
    for file in (tmp_path / "alone").rglob("*.parquet"):
        other = tmp_path / "market" / file.relative_to(tmp_path / "alone")
        assert pd.read_parquet(other).equals(pd.read_parquet(file))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "market"]


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [warm_python(), "scripts/simulate.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_script_prints_what_it_wrote(tmp_path: Path) -> None:
    done = script("--events", "2000", "--out", str(tmp_path / "market"))
    assert done.returncode == 0, done.stderr
    assert "Gini" in done.stdout
    assert done.stderr == ""
    wrong = script("--events", "5", "--out", str(tmp_path / "other"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines() == [
        "error: events must lie between 1,000 and 100,000,000, got 5"
    ]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_market(tmp_path: Path) -> None:
    def peak_kilobytes(events: int) -> int:
        program = (
            "import resource; from recsys.simulation import SimulatedMarket; "
            f"SimulatedMarket(events={events}).write({str(tmp_path / str(events))!r}); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return int(run.stdout)

    part = 20 * CUSTOMERS
    assert peak_kilobytes(10 * part) < 1.15 * peak_kilobytes(2 * part)
