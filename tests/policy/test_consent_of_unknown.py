"""Who is not in the data has consented to nothing that others were asked about."""

from typing import Any

import pytest
from in_memory import dataset_of

from recsys.policy.consent import consent_mask, consent_of_unknown

EVENTS = {
    "customer_id": ["ada", "bob", "cleo"],
    "product_id": ["p", "p", "p"],
    "touchpoint": ["app", "email", "push"],
    "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
}
STARTED = {"touchpoint": ["app", "email", "push"], "outbound": [False, True, True]}
AGREED = {"customer_id": ["ada", "bob"], "consent_email": [True, True]}


@pytest.mark.parametrize(
    ("side", "open_"),
    [
        ({}, {"app", "email", "push"}),
        ({"touchpoints": STARTED}, {"app", "email", "push"}),
        ({"customers": AGREED}, {"app", "push"}),
        ({"customers": AGREED, "touchpoints": STARTED}, {"app"}),
    ],
)
def test_it_is_the_consent_of_a_customer_without_a_row(
    side: dict[str, Any], open_: set[str]
) -> None:
    data = dataset_of(EVENTS, side)
    allowed = consent_of_unknown(data)
    assert set(data.touchpoints.ids[allowed].tolist()) == open_
    # cleo has events and no row.
    assert allowed.tolist() == consent_mask(data)[data.customers.row("cleo")].tolist()
