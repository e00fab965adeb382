from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.check import check_table, check_tables
from recsys.data.dataset import Dataset
from recsys.data.decision_events import decisions_as_events
from recsys.data.outcomes import join_outcomes
from recsys.data.schema import SCHEMAS
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.policy.decision_log.summary import log_summary
from recsys.policy.decision_log.table import decision_table

START = 1_760_000_000
HOUR = 3_600
OFFERS = pd.DataFrame(
    {
        "offer_id": ["cards", "cards", "loan"],
        "product_id": ["gold", "silver", "car"],
        "reward": [30.0, 30.0, 100.0],
    }
)


def moments(hours):
    return pd.to_datetime([START + int(hour * HOUR) for hour in hours], unit="s", utc=True)


def made(rows):
    """Decisions of rows (customer, offer, hour)."""
    customers, offers, hours = (np.array(part, object) for part in zip(*rows, strict=True))
    return decision_table(
        customers=customers,
        touchpoints=np.full(len(rows), "app", object),
        seconds=np.array([START + int(hour * HOUR) for hour in hours]),
        offers=offers,
        propensities=np.full(len(rows), 0.5),
        policy="als",
    )


def events(rows):
    """Interactions of rows (customer, product, action, hour)."""
    customers, products, actions, hours = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "customer_id": customers,
            "product_id": products,
            "touchpoint": "branch",
            "action": actions,
            "timestamp": moments(hours),
            "value": 7.0,
        }
    )


def joined(decisions, happened, hours=24, as_of=1_000, **settings):
    return join_outcomes(
        decisions,
        happened,
        window=pd.Timedelta(hours=hours),
        as_of=moments([as_of])[0],
        **{"offers": OFFERS, **settings},
    )


def test_an_event_answers_the_latest_decision_before_it_within_the_window():
    decisions = made(
        [("ann", "cards", 0), ("ann", "cards", 10), ("ann", "loan", 11), ("bob", "cards", 12)]
    )
    happened = events(
        [
            ("ann", "silver", "purchase", 20),  # answers the decision of hour 10, not that of 0
            ("ann", "car", "accept", 36),  # 25 hours later: too late
            ("ann", "gold", "accept", 9.5),  # answers that of hour 0
            ("bob", "gold", "reject", 12),  # at the moment of the decision
            ("bob", "gold", "view", 13),
            ("bob", "gold", "accept", 11),  # before it
        ]
    )
    result = joined(decisions, happened).decisions
    assert result["outcome"].tolist() == ["accept", "accept", "ignore", "reject"]
    assert result["reward"].tolist() == [30.0, 30.0, 0.0, 0.0]


def test_without_rewards_of_offers_the_value_of_the_event_counts():
    result = joined(
        made([("ann", "gold", 0)]), events([("ann", "gold", "accept", 1)]), offers=None
    ).decisions
    assert result["reward"].tolist() == [7.0]


def test_an_accept_counts_more_than_a_reject_of_the_same_decision():
    happened = events([("ann", "gold", "reject", 1), ("ann", "silver", "accept", 2)])
    assert joined(made([("ann", "cards", 0)]), happened).decisions["outcome"].tolist() == ["accept"]


def test_a_decision_waits_while_its_window_is_open_even_if_it_is_answered():
    decisions = made([("ann", "cards", 0), ("ann", "loan", 80), ("bob", "loan", 90)])
    happened = events([("ann", "car", "accept", 81)])
    result = joined(decisions, happened, as_of=100)
    assert result.decisions["outcome"].tolist() == ["ignore"]
    assert result.waiting["decision_id"].tolist() == decisions["decision_id"][1:].tolist()
    later = joined(result.waiting, happened, as_of=200)
    assert later.decisions["outcome"].tolist() == ["accept", "ignore"]
    assert later.waiting.empty


def test_events_after_the_moment_of_the_join_are_not_read():
    happened = events([("ann", "gold", "accept", 30)])
    result = joined(made([("ann", "cards", 0)]), happened, hours=24, as_of=25)
    assert result.decisions["outcome"].tolist() == ["ignore"]


def test_a_plan_with_categories_and_further_columns_is_joined_as_well():
    plan = made([("ann", "cards", 0), ("bob", "loan", 1)]).assign(checked_by="me", position=0)
    plan = plan.astype(
        {"customer_id": "category", "offer_id": "category", "touchpoint": "category"}
    )
    happened = events([("ann", "gold", "accept", 1), ("zoe", "car", "accept", 2)])
    result = check_table("decisions", joined(plan, happened).decisions)
    assert result["outcome"].tolist() == ["accept", "ignore"]
    assert "checked_by" not in result


def test_of_a_slate_the_upper_position_gets_the_event_that_both_could():
    table = decision_table(
        customers=np.array(["ann"]),
        touchpoints=np.array(["app"]),
        seconds=np.array([START]),
        offers=np.array([["loan", "cards", "more cards"]], object),
        propensities=np.array([[0.5, 0.5, 1.0]]),
        policy="als",
    )
    offers = pd.concat([OFFERS, OFFERS.head(2).assign(offer_id="more cards")])
    happened = events([("ann", "gold", "purchase", 1)])
    result = joined(table, happened, offers=offers).decisions
    assert result["outcome"].tolist() == ["ignore", "accept", "ignore"]


def test_within_a_session_only_its_own_events_answer():
    decisions = made([("ann", "cards", 1), ("bob", "cards", 1)])
    happened = events(
        [
            ("ann", "car", "view", 0.9),
            ("ann", "gold", "accept", 1.1),
            ("bob", "car", "view", 0.9),
            ("bob", "gold", "accept", 1.1),
        ]
    ).assign(session_id=[1, 1, 2, 3], touchpoint="app")
    assert joined(decisions, happened).decisions["outcome"].tolist() == ["accept", "accept"]
    result = joined(decisions, happened, within_session=True).decisions
    assert result["outcome"].tolist() == ["accept", "ignore"]


def test_outcomes_of_the_market_are_joined_back_as_they_happened():
    from recsys.simulation import SimulatedMarket

    tables = check_tables(SimulatedMarket(events=2_000).load())
    decisions, truth = tables.decisions, tables.decisions["outcome"]
    # Aliases are resolved in a run; the market recognises whom it makes an offer to.
    result = join_outcomes(
        decisions,
        tables.interactions,
        window=pd.Timedelta(0),
        as_of=pd.Timestamp("2026-02-01", tz="UTC"),
        offers=tables.offers,
    )
    assert result.waiting.empty
    assert (result.decisions["outcome"] == truth).mean() == 1.0
    assert (result.decisions["reward"] == decisions["reward"]).all()


def test_a_log_is_summed_up_by_policy_and_versions():
    decisions = pd.concat(
        [
            made([("ann", "loan", 2), ("bob", "loan", 3)]).assign(policy_version="b"),
            made([("ann", "cards", 0), ("bob", "cards", 0), ("bob", "loan", 1)]).assign(
                policy_version="a"
            ),
        ]
    )
    table = joined(decisions, events([("ann", "gold", "accept", 1), ("bob", "car", "accept", 4)]))
    summary = log_summary(table.decisions.assign(probability=0.25, expected_value=[4, 6, 8, 1, 2]))
    assert summary["policy_version"].tolist() == ["a", "b"]
    assert summary["decisions"].tolist() == [3, 2]
    assert summary["customers"].tolist() == [2, 2]
    assert summary["accepted"].tolist() == [float(Fraction(1, 3)), float(Fraction(1, 2))]
    assert summary["reward"].tolist() == [10.0, 50.0]
    assert summary["probability"].tolist() == [0.25, 0.25]
    assert summary["expected_value"].tolist() == [float(Fraction(11, 3)), 5.0]
    assert summary["smallest_propensity"].tolist() == [0.5, 0.5]


def tables_with_decisions():
    decisions = made([("ann", "cards", 0), ("bob", "loan", 1)])
    return Tables(
        interactions=events([("ann", "car", "view", 0), ("bob", "gold", "view", 0)]).assign(
            session_id=[1, 2]
        ),
        offers=OFFERS,
        decisions=decisions.assign(outcome=["accept", "reject"], reward=[30.0, 0.0]),
    )


def test_outcomes_become_events_of_every_product_of_the_offer():
    added = decisions_as_events(
        check_tables(tables_with_decisions()), known_after=pd.Timedelta(hours=5)
    )
    new = added.interactions.tail(3)
    assert new["product_id"].tolist() == ["gold", "silver", "car"]
    assert new["action"].tolist() == ["accept", "accept", "reject"]
    assert new["touchpoint"].tolist() == ["app"] * 3
    assert new["timestamp"].tolist() == list(moments([5, 5, 6]))
    assert new["value"].tolist()[:2] == [30.0, 30.0]
    data = Dataset.from_frames(**dict(added.items()), filter_seen=False)
    assert len(data.interactions) == 5


def test_outcomes_that_are_events_already_are_not_added_again():
    checked = check_tables(tables_with_decisions())
    once = decisions_as_events(checked)
    assert len(once.interactions) == 5
    assert len(decisions_as_events(once).interactions) == 5


def test_a_model_learns_from_outcomes_in_a_folder_of_files(tmp_path):
    from recsys.data.sources.files import Files

    for name, table in tables_with_decisions().items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    assert len(Dataset.from_source(Files(root=str(tmp_path))).interactions) == 2
    data = Dataset.from_source(Files(root=str(tmp_path), outcome_days=0.5))
    assert len(data.interactions) == 5
    assert data.is_target.sum() == 2


def test_days_below_zero_are_refused(tmp_path):
    from recsys.data.sources.files import Files

    with pytest.raises(InputError) as error:
        Files(root=str(tmp_path), outcome_days=-1)
    assert error.value.key == "data.outcome_days"


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (
            lambda: joined(made([("ann", "cards", 0)]), events([("a", "b", "view", 0)]), -1),
            "window",
        ),
        (
            lambda: joined(
                made([("ann", "cards", 0)]),
                events([("a", "b", "view", 0)]),
                within_session=True,
            ),
            "interactions",
        ),
        (
            lambda: decisions_as_events(
                Tables(
                    interactions=pd.DataFrame({"customer_id": ["ann"], "order": [1]}),
                    decisions=made([("ann", "cards", 0)]),
                )
            ),
            "interactions",
        ),
        (
            lambda: decisions_as_events(
                tables_with_decisions(), known_after=-pd.Timedelta(seconds=1)
            ),
            "known_after",
        ),
    ],
)
def test_a_wrong_argument_is_named(call, key):
    with pytest.raises(InputError) as error:
        call()
    assert error.value.key == key


def test_the_page_says_who_reads_each_column_of_the_log():
    page = (Path(__file__).parents[3] / "docs" / "exploration.md").read_text()
    cells = [line.split("|")[1] for line in page.split("## Who reads")[1].splitlines()[4:] if line]
    for name in SCHEMAS["decisions"].columns:
        assert any(name in cell for cell in cells if "decisions." in cell), name
