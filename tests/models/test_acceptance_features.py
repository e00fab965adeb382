"""Hand-worked features, and that none of them knows what comes later."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from scipy.sparse import csr_array
from sends_maker import DAY, sends

from recsys.arrays import FloatArray
from recsys.data.interactions import NEVER
from recsys.models.acceptance import (
    CustomerEvents,
    Features,
    Rates,
    Sends,
    affinity_features,
    behaviour_features,
    concatenate,
    contact_features,
    feature_block,
    response_features,
)

KINDS = np.array([0, 1])


def column(features: Features, name: str) -> FloatArray:
    return features.values[:, features.names.index(name)]


def all_features(queries: Sends, history: Sends) -> Features:
    bought = CustomerEvents(
        customers=history.customers, when=history.when, values=np.arange(len(history)) + 1.0,
        items=history.offers,
    )  # fmt: skip
    return concatenate(
        response_features(queries, history, KINDS),
        contact_features(queries, history),
        behaviour_features(queries, "purchase", bought),
        affinity_features(queries, "product", bought, csr_array(np.eye(2))),
    )


def test_rates_by_hand() -> None:
    # Ann accepted the first of two, Bob none; all are resolved when she is asked on day 10.
    history = sends((0, 0, 0, 1), (1, 0, 0, None), (0, 1, 1, None), (0, 0, 10, None))
    block = response_features(history.select([3]), history, KINDS, prior=2)
    overall = (1 + 1) / (3 + 2)
    kind = (1 + 2 * overall) / (2 + 2)
    offer = (1 + 2 * kind) / (2 + 2)
    assert column(block, "send.kind_rate") == pytest.approx(log(kind / (1 - kind)))
    assert column(block, "send.offer_rate") == pytest.approx(log(offer / (1 - offer)))
    touchpoint = (1 + 2 * overall) / (3 + 2)
    assert column(block, "send.touchpoint_rate") == pytest.approx(
        log(touchpoint / (1 - touchpoint))
    )
    # When resolved on day 5, offer 0 had 1 of 2; offer 1, resolved on day 6, had 0 of 1.
    early = (1 + 1) / (2 + 2)
    first = (1 + 2 * (1 + 2 * early) / (2 + 2)) / (2 + 2)
    second = (0 + 2 * (0 + 2 * overall) / (1 + 2)) / (1 + 2)
    excess = log((1 + 2 * overall) / (first + second + 2 * overall))
    assert column(block, "customer.answers") == pytest.approx(excess)
    of_kind = log((1 + 2 * overall) / (first + 2 * overall))
    assert column(block, "send.answers_of_kind") == pytest.approx(of_kind)


def test_the_first_send_of_all_knows_nothing() -> None:
    made = sends((0, 0, 0, 1))
    block = response_features(made, made, KINDS)
    assert column(block, "customer.answers").tolist() == [0]
    assert column(block, "send.offer_rate").tolist() == [0]
    assert np.isnan(column(block, "customer.days_since_accept")).all()


def test_acceptances_count_from_their_own_moment_on() -> None:
    history = sends((0, 0, 0, 2), (0, 1, 2, None), (0, 1, 3, None))
    block = response_features(history, history, KINDS, prior=2)
    # On day 3 nothing is resolved, and one of two contacts is known to be accepted.
    rate = [0 / 1, 0 / 1, (1 + 2 * 0.5) / (2 + 2)]
    assert column(block, "customer.accepts_a_contact")[2] == pytest.approx(log(rate[2]))
    np.testing.assert_allclose(
        column(block, "customer.days_since_accept"), [np.nan, np.nan, log(2)]
    )
    assert column(block, "customer.answers").tolist() == [0, 0, 0]


def test_contacts_by_hand() -> None:
    history = sends((0, 0, 0, None), (0, 0, 20, None), (1, 0, 25, None), (0, 0, 26, None))
    planned = replace(history.select([3]), interrupted=np.array([28 * DAY]))
    block = contact_features(planned, history)
    assert column(block, "send.days_since_contact") == pytest.approx(log(7))
    assert column(block, "send.contacts_7_days") == pytest.approx(log(2))
    assert column(block, "send.contacts_30_days") == pytest.approx(log(3))
    assert column(block, "send.open_contacts") == pytest.approx(0)
    assert column(block, "send.days_alone") == pytest.approx(log(3))
    alone = replace(planned, interrupted=np.array([NEVER]))
    assert column(contact_features(alone, history), "send.days_alone") == pytest.approx(log(8))


def test_behaviour_by_hand() -> None:
    events = CustomerEvents(
        customers=np.array([0, 0, 0, 1]), when=np.array([0, 50, 59, 60]) * DAY,
        values=np.array([3.0, 0, 8, 5]),
    )  # fmt: skip
    block = behaviour_features(sends((0, 0, 60, None), (1, 0, 60, None)), "purchase", events)
    expected = {
        "customer.purchase_a_month": [log(1 + 3 / 2), 0],
        "customer.purchase_recent": [log(3), 0],
        "customer.days_since_purchase": [log(2), np.nan],
        "customer.purchase_value_a_month": [log(1 + 11 / 2), 0],
        "customer.purchase_value_recent": [log(9), 0],
        "customer.usual_purchase_value": [(log(4) + log(9)) / 3, np.nan],
        "customer.largest_purchase_value": [log(9), np.nan],
    }
    assert block.names == tuple(expected)
    np.testing.assert_allclose(block.values, np.column_stack(list(expected.values())))


def test_affinity_by_hand() -> None:
    # Offer 0 covers items 0 and 1, offer 1 item 2; Ann bought 0, 1 and 2, Bob 0 and something else.
    events = CustomerEvents(
        customers=np.array([0, 0, 0, 1, 1, 1]), when=np.array([0, 1, 2, 0, 1, 9]) * DAY,
        items=np.array([0, 1, 2, 0, -1, 2]),
    )  # fmt: skip
    covers = csr_array(np.array([[1, 1, 0], [0, 0, 1]]))
    block = affinity_features(sends((0, 0, 5, None), (1, 1, 5, None)), "product", events, covers)
    share = [log((2 + 0.05) / (3 + 5)), log((0 + 0.05) / (2 + 5))]
    assert column(block, "send.product_share") == pytest.approx(share)
    assert column(block, "offer.product_reach") == pytest.approx([log(3 / 102), log(2 / 102)])


def test_rates_of_cells_by_hand() -> None:
    history = sends((0, 0, 0, 1), (1, 0, 0, None), (2, 1, 0, None))
    rates = Rates(history, history.offers)
    moments, cells = np.array([5, 6, 6, 6]) * DAY, np.array([0, 0, 1, 9])
    assert rates.before(moments, cells, 2.0, 0.25) == pytest.approx([0.25, 0.375, 0.5 / 3, 0.25])


def test_the_outcome_of_a_send_is_not_among_its_own_features() -> None:
    made = sends((0, 0, 0, 1), (1, 1, 3, None), (0, 1, 9, None), (1, 0, 9, 10))
    turned = sends((0, 0, 0, 1), (1, 1, 3, None), (0, 1, 9, 9), (1, 0, 9, None))
    last = made.select([2, 3])
    expected = all_features(last, made)
    np.testing.assert_array_equal(
        all_features(turned.select([2, 3]), turned).values, expected.values
    )
    # Nor does it matter whether later sends are known at all.
    np.testing.assert_array_equal(
        all_features(last, made.select([0, 1])).values[:, :8], expected.values[:, :8]
    )


def test_an_outcome_resolved_later_is_not_used() -> None:
    early = sends((0, 0, 0, None), (1, 0, 4, None))
    # The first is resolved on day 5: unknown on day 4, as on day 5 itself, and known on day 6.
    queries = early.select([1, 1, 1])
    queries = replace(queries, when=np.array([4, 5, 6]) * DAY)
    rates = column(response_features(queries, early, KINDS), "send.offer_rate")
    assert rates[0] == rates[1] == 0 > rates[2]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_at_or_after_the_moment_changes_a_feature(seed: int) -> None:
    generator = np.random.default_rng(seed)

    def made(days: np.ndarray) -> Sends:
        rows = [
            (int(generator.integers(4)), int(generator.integers(2)), int(day),
             int(day) + 1 if generator.random() < 0.4 else None)
            for day in days
        ]  # fmt: skip
        return sends(*rows)

    def joined(a: Sends, b: Sends) -> Sends:
        return Sends(**{name: np.concatenate([value, vars(b)[name]])
                        for name, value in vars(a).items() if value is not None})  # fmt: skip

    past, queries = made(np.sort(generator.integers(0, 20, 30))), made(np.full(6, 20))
    others = [
        all_features(queries, joined(past, made(generator.integers(20, 40, 30)))) for _ in range(2)
    ]
    # Sums of other numbers round otherwise.
    for other in others:
        np.testing.assert_allclose(other.values, all_features(queries, past).values, atol=1e-12)


def test_a_description_is_placed_by_row_number() -> None:
    block = feature_block("offer", np.array([1, 0, 1]), np.array([[1.0], [2.0]]), ["price"])
    assert block.names == ("offer.price",)
    assert block.values.tolist() == [[2], [1], [2]]
    assert block.of("offer").tolist() == [0]
    assert block.of("customer").tolist() == []


def test_a_name_stands_for_one_column() -> None:
    block = feature_block("offer", np.array([0]), np.ones((1, 1)), ["price"])
    with pytest.raises(ValueError, match="each name once"):
        concatenate(block, block)
    with pytest.raises(ValueError, match="1 names for values"):
        Features(values=np.ones((1, 2)), names=("a",))
