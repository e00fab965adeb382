"""Consent bounds everything."""

import pandas as pd
import pytest

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.sources.files import Files
from recsys.policy.consent import consent_mask


def dataset(folder, **tables: pd.DataFrame) -> Dataset:
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    source = Files(root=str(folder))
    return build(source, check_tables(source.load()))


EVENTS = pd.DataFrame(
    {
        "customer_id": ["ada", "bob", "cleo"],
        "product_id": ["p", "p", "p"],
        "touchpoint": ["app", "email", "push"],
        "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
    }
)
TOUCHPOINTS = pd.DataFrame(
    {"touchpoint": ["app", "email", "push"], "outbound": [False, True, True]}
)


def allowed(data: Dataset, customer: str, touchpoint: str) -> bool:
    row = data.customers.row(customer)
    return bool(consent_mask(data)[row, data.touchpoints.row(touchpoint)])


def test_without_recorded_consent_everything_is_open(tmp_path) -> None:
    assert consent_mask(dataset(tmp_path, interactions=EVENTS, touchpoints=TOUCHPOINTS)).all()


@pytest.mark.parametrize(
    ("customer", "touchpoint", "open_"),
    [
        ("ada", "email", True),
        ("bob", "email", False),
        ("cleo", "email", False),  # no row, so no consent
        ("ada", "push", False),  # outbound, and nobody was asked
        ("bob", "app", True),  # the customer starts it
        ("cleo", "app", True),
    ],
)
def test_consent_by_customer_and_touchpoint(tmp_path, customer, touchpoint, open_) -> None:
    customers = pd.DataFrame({"customer_id": ["ada", "bob"], "consent_email": [True, False]})
    data = dataset(tmp_path, interactions=EVENTS, touchpoints=TOUCHPOINTS, customers=customers)
    assert allowed(data, customer, touchpoint) is open_


def test_the_latest_consent_before_the_cut_off_counts(tmp_path) -> None:
    customers = pd.DataFrame(
        {
            "customer_id": ["ada", "ada", "ada"],
            "consent_email": [True, False, True],
            "valid_from": ["2025-01-01", "2026-01-02", "2026-03-01"],
        }
    )
    data = dataset(tmp_path, interactions=EVENTS, touchpoints=TOUCHPOINTS, customers=customers)
    assert allowed(data, "ada", "email") is False


@pytest.mark.parametrize(
    ("answers", "open_"),
    [
        ([True, False], False),  # the no came after the last event, and is known
        ([False, True], False),  # the yes is not yet known at the last event
        ([True, False, True], True),
    ],
)
def test_a_no_after_the_last_event_stands(tmp_path, answers, open_) -> None:
    dates = ["2026-01-01", "2026-02-01", "2026-03-01"]
    customers = pd.DataFrame(
        {"customer_id": "ada", "consent_email": answers, "valid_from": dates[: len(answers)]}
    )
    data = dataset(tmp_path, interactions=EVENTS, touchpoints=TOUCHPOINTS, customers=customers)
    assert allowed(data, "ada", "email") is open_
    # A past knows nothing from after its cut-off.
    cut = data.as_of - 86_400_000_000
    past = data.select(data.interactions.customers >= 0, as_of=cut)
    assert allowed(past, "ada", "email") is answers[0]
