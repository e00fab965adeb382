"""Products that a policy permits: rules by hand, and the ladder under the market's policy."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset, Popularity, SimulatedMarket, TimeSplit, evaluate
from recsys.data.queries import Split
from recsys.errors import InputError
from recsys.evaluation.permitted import HITS, rule_costs
from recsys.policy.permitted_products import PermittedProducts
from recsys.policy.rules.read import read_policy

POLICY = """
name: small
eligibility:
  - {name: adults, offers: "product.category = 'loan'", customers: customer.age >= 18}
leave_out:
  - {name: rejected, action: reject, days: 10}
quiet_hours:
  - {name: closed, from: "00:00", to: "00:00", touchpoints: [email]}
"""


def shop(**tables: pd.DataFrame) -> Dataset:
    """A and B of 30 and 10 years; a loan and a card, offered as O1 and O2."""
    events = pd.DataFrame(
        {
            "customer_id": ["A", "B"], "product_id": ["loan", "card"], "action": "purchase",
            "touchpoint": "email", "timestamp": ["2025-01-01", "2025-01-20"],
        }
    )  # fmt: skip
    parts = {
        "customers": pd.DataFrame({"customer_id": ["A", "B"], "age": [30, 10]}),
        "products": pd.DataFrame({"product_id": ["loan", "card"], "category": ["loan", "card"]}),
        "offers": pd.DataFrame({"offer_id": ["O1", "O2"], "product_id": ["loan", "card"]}),
        "touchpoints": pd.DataFrame({"touchpoint": ["email"], "outbound": [True]}),
        "decisions": pd.DataFrame(
            {
                "decision_id": [1], "customer_id": ["A"], "offer_id": ["O2"],
                "touchpoint": ["email"], "timestamp": ["2025-01-15"], "policy": ["p"],
                "propensity": [1.0], "outcome": ["reject"],
            }
        ),
    }  # fmt: skip
    return Dataset.from_frames(events, **(parts | tables))


def permitted(tmp_path: Path, text: str, data: Dataset) -> PermittedProducts:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return PermittedProducts(read_policy(path), data)


def names_of(data: Dataset, made: PermittedProducts, customer: str) -> list[set[str]]:
    """The permitted products under all rules, and without each."""
    row = data.customers.rows([customer])
    masks = made.variants(row)
    return [set(data.products.ids[np.flatnonzero(mask[0])].tolist()) for mask in masks]


def test_every_rule_takes_its_products_and_gives_them_back(tmp_path: Path) -> None:
    data = shop()
    open_all_day = POLICY.replace('"00:00", to: "00:00"', '"20:00", to: "08:00"')
    made = permitted(tmp_path, open_all_day, data)
    assert made.names == ["consent", "validity", "adults", "rejected", "closed"]
    # A rejected the offer of the card; B is too young for the loan.
    assert names_of(data, made, "A") == [{"loan"}] * 4 + [{"loan", "card"}, {"loan"}]
    assert names_of(data, made, "B") == [{"card"}] * 3 + [{"loan", "card"}] + [{"card"}] * 2


def test_a_customer_whose_touchpoints_are_all_closed_gets_nothing(tmp_path: Path) -> None:
    people = pd.DataFrame(
        {"customer_id": ["A", "B"], "age": [30, 30], "consent_email": [False, True]}
    )
    data = shop(customers=people)
    made = permitted(tmp_path, POLICY.split("quiet_hours")[0], data)
    without_consent = {"loan"}
    assert names_of(data, made, "A") == [set(), without_consent, set(), set(), set()]
    assert names_of(data, made, "B")[0] == {"loan", "card"}


def test_data_without_time_are_refused(tmp_path: Path) -> None:
    events = pd.DataFrame({"customer_id": ["A", "B"], "product_id": ["x", "y"], "order": [1, 2]})
    with pytest.raises(InputError, match="policy: expected data with timestamps and a cut-off"):
        permitted(tmp_path, "name: empty\n", Dataset.from_frames(events))


@cache
def split() -> Split:
    data = Dataset.from_source(SimulatedMarket(events=10_000))
    return TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data)


def test_an_evaluation_under_a_policy_lists_only_what_it_permits() -> None:
    made = PermittedProducts(read_policy("market"), split().train)
    model = Popularity().fit(split().train)
    customers = split().valid.queries.customers
    mask = made(customers)
    assert 0 < mask.mean() < 1
    free, left = (
        evaluate(model, split().valid, ks=[10], metrics=["recall"], permitted=each)
        for each in (None, made)
    )
    costs = rule_costs(model.score, split().valid.queries, 10, made.names, made.variants)
    for result, interval in ((free, costs.free), (left, costs.left)):
        hits = (result.per_query.values["recall@10"] > 0).mean()
        assert interval[HITS].mean == pytest.approx(hits)
    assert (left.per_query.values["recall@10"] >= 0).all()
