from datetime import UTC, datetime

import numpy as np
import pytest
from artifact_contents import ACTIONS, AS_OF, DAY, TOUCHPOINTS, contents

from recsys.errors import InputError
from recsys.ops import fold_in
from recsys.policy.compiled.times import OPEN_END

PLAIN = {"consent": None, "product_valid_from": None, "product_valid_to": None}


def brute_force(given, row, k, touchpoint=None, at=AS_OF):
    """(product row, score, touchpoint) triples, product by product."""
    touchpoint_row = None if touchpoint is None else TOUCHPOINTS.index(touchpoint)
    had = set(given.events.products[given.events.customers == row])
    allowed = given.customers.consent[row]
    if not (allowed.any() if touchpoint_row is None else allowed[touchpoint_row]):
        return []
    vector = given.customers.vectors[row] + (
        0 if touchpoint_row is None else given.touchpoints.vectors[touchpoint_row]
    )
    offers = []
    for product, product_vector in enumerate(given.products.vectors):
        opens, closes = given.products.valid_from[product], given.products.valid_to[product]
        if product in had or not opens <= at < closes:
            continue
        contacts = np.where(
            allowed,
            (given.customers.vectors[row] + product_vector) @ given.touchpoints.vectors.T,
            -np.inf,
        )
        best = int(contacts.argmax()) if touchpoint_row is None else touchpoint_row
        offers.append((product, float(vector @ product_vector), TOUCHPOINTS[best]))
    return sorted(offers, key=lambda offer: -offer[1])[:k]


@pytest.mark.parametrize("touchpoint", [None, "email"])
def test_offers_equal_brute_force(loaded, touchpoint):
    artifact = loaded(customer_rows=200)
    given = artifact.contents
    many = artifact.recommend_many(given.customers.ids, 7, touchpoint)
    for row, customer in enumerate(given.customers.ids):
        expected = brute_force(given, row, 7, touchpoint)
        answer = artifact.recommend(customer, 7, touchpoint)
        listed = [(offer.product_id, offer.touchpoint) for offer in answer.offers]
        assert listed == [(given.products.ids[p], where) for p, _, where in expected]
        scores = [offer.score for offer in answer.offers]
        np.testing.assert_allclose(scores, [score for _, score, _ in expected], rtol=1e-4)
        assert (answer.short_because is None) == (len(expected) == 7)
        padding = [-1] * (7 - len(expected))
        assert many.columns[row].tolist() == [p for p, _, _ in expected] + padding
        np.testing.assert_allclose(many.scores[row][: len(scores)], scores, rtol=1e-4)


def test_the_same_question_has_the_same_answer(loaded):
    artifact = loaded()
    assert artifact.recommend("C0007") == artifact.recommend("C0007")


def test_ties_go_to_the_lower_row(loaded):
    products = np.repeat(np.eye(5, dtype=np.float32), 6, axis=0)[::-1].copy()
    artifact = loaded(products=products, filter_seen=False, **PLAIN)
    given = artifact.contents
    order = np.argsort(-(given.customers.vectors[0] @ products.T), kind="stable")
    answer = artifact.recommend(given.customers.ids[0], 30)
    assert [offer.product_id for offer in answer.offers] == list(given.products.ids[order])


def test_dates_bind_at_the_moment_asked_about(loaded):
    opens, closes = np.full(30, AS_OF - DAY), np.full(30, OPEN_END)
    opens[0], closes[1] = AS_OF + DAY, AS_OF
    artifact = loaded(
        consent=None, product_valid_from=opens, product_valid_to=closes, filter_seen=False
    )
    ids = artifact.contents.products.ids

    def offered(at=None):
        return {offer.product_id for offer in artifact.recommend("C0001", 30, at=at).offers}

    assert set(ids) - offered() == {ids[0], ids[1]}, "at the cut-off: before [from, past to)"
    assert set(ids) - offered(AS_OF - 1) == {ids[0]}
    assert set(ids) - offered(datetime.fromtimestamp(AS_OF + DAY, UTC)) == {ids[1]}
    assert offered(AS_OF - 2 * DAY) == set()
    many = artifact.recommend_many(["C0001"], 30, at=AS_OF - 1).columns
    assert set(ids[many[many >= 0]]) == offered(AS_OF - 1)


def test_without_a_clock_dates_bind_only_those_who_ask(loaded):
    artifact = loaded(
        consent=None, facts={}, filter_seen=False, product_valid_to=np.full(30, AS_OF)
    )
    assert len(artifact.recommend("C0001", 30).offers) == 30
    assert artifact.recommend("C0001", 30, at=AS_OF).offers == []


def test_consent_bounds_everything(loaded):
    consent = np.ones((40, 3), dtype=bool)
    consent[0], consent[1] = [False, True, False], False
    artifact = loaded(consent=consent)
    careful, refusing = artifact.contents.customers.ids[:2]
    assert {offer.touchpoint for offer in artifact.recommend(careful).offers} == {"branch"}
    assert artifact.recommend(careful, touchpoint="branch").short_because is None
    closed = artifact.recommend(careful, touchpoint="email")
    assert closed.offers == []
    assert closed.short_because.endswith("not consented to be contacted at touchpoint 'email'")
    nowhere = artifact.recommend(refusing)
    assert nowhere.offers == []
    assert nowhere.short_because.endswith("at any touchpoint")
    many = artifact.recommend_many([careful, refusing], 3, touchpoint="email")
    assert (many.columns == -1).all()
    assert np.isneginf(many.scores).all()


def test_without_touchpoint_vectors_offers_have_none(loaded):
    artifact = loaded(touchpoints=None, consent=None)
    assert {offer.touchpoint for offer in artifact.recommend("C0001").offers} == {None}
    named = artifact.recommend("C0001", touchpoint="app")
    assert {offer.touchpoint for offer in named.offers} == {"app"}


def test_seen_and_excluded_products_leave(loaded):
    artifact = loaded(**PLAIN)
    given = artifact.contents
    had = set(given.products.ids[given.events.products[given.events.customers == 3]])
    customer = given.customers.ids[3]
    answer = artifact.recommend(customer, 30, exclude=[*had, given.products.ids[0]])
    assert {offer.product_id for offer in answer.offers} == (
        set(given.products.ids) - had - {given.products.ids[0]}
    )
    assert answer.own_events == len(had)
    left = 30 - len(answer.offers)
    assert answer.short_because.startswith(f"{30 - left} of 30 products remain")
    assert f"already had: {len(had)}" in answer.short_because
    everything = loaded(**PLAIN, filter_seen=False).recommend(customer, 31)
    assert len(everything.offers) == 30
    assert everything.short_because == "30 of 30 products remain"


def test_strands_count_by_their_best_row(loaded):
    ids = np.arange(40) // 2
    artifact = loaded(customer_ids=ids, customer_strands=np.arange(40) % 2, **PLAIN)
    given = artifact.contents
    many = artifact.recommend_many(np.arange(20), 5)
    for customer in range(20):
        rows = [2 * customer, 2 * customer + 1]
        scores = (given.customers.vectors[rows] @ given.products.vectors.T).max(axis=0)
        scores[given.events.products[np.isin(given.events.customers, rows)]] = -np.inf
        best = np.argsort(-scores)[:5]
        answer = artifact.recommend(customer, 5)
        assert [offer.product_id for offer in answer.offers] == list(given.products.ids[best])
        assert many.columns[customer].tolist() == best.tolist()


def test_a_strand_that_refuses_refuses_for_the_customer(loaded):
    consent = np.ones((40, 3), dtype=bool)
    consent[1, 2] = False
    artifact = loaded(
        customer_ids=np.arange(40) // 2, customer_strands=np.arange(40), consent=consent
    )
    assert artifact.recommend(0, touchpoint="email").offers == []


@pytest.mark.parametrize("gram", [None, np.diag([2, 3, 4, 5, 6]).astype(np.float32)])
def test_reasons_are_the_shares_of_own_events(loaded, gram):
    artifact = loaded(fold_in_gram=gram)
    given = artifact.contents
    own = given.events.customers == 5
    weights, rows = given.events.weights[own], given.events.products[own]
    product_row = {product: row for row, product in enumerate(given.products.ids)}
    answer = artifact.recommend(given.customers.ids[5], explain=100)
    assert answer.offers
    for offer in answer.offers:
        vector = given.products.vectors[product_row[offer.product_id]][None]
        parts = fold_in.contributions(weights, given.fold_in.factors[rows], vector, gram)[0]
        expected = {
            given.products.ids[row]: part / parts[parts > 0].sum()
            for row, part in zip(rows, parts, strict=True)
            if part > 0
        }
        assert {reason.product_id: reason.share for reason in offer.reasons} == pytest.approx(
            expected
        )
        shares = [reason.share for reason in offer.reasons]
        assert shares == sorted(shares, reverse=True)
        few = artifact.recommend(given.customers.ids[5], explain=1).offers[0].reasons
        assert few == answer.offers[0].reasons[:1]


def test_a_reason_says_what_happened_where_and_when(loaded):
    artifact = loaded()
    given = artifact.contents
    reason = next(
        reason
        for offer in artifact.recommend(given.customers.ids[0]).offers
        for reason in offer.reasons
    )
    product = list(given.products.ids).index(reason.product_id)
    event = np.flatnonzero((given.events.customers == 0) & (given.events.products == product))[0]
    touchpoint = given.events.touchpoints[event]
    assert reason.name == given.products.names[product]
    assert reason.action == ACTIONS[given.events.actions[event]]
    assert reason.touchpoint == (None if touchpoint < 0 else TOUCHPOINTS[touchpoint])
    assert reason.when == datetime.fromtimestamp(given.events.when[event], UTC)


def test_a_reason_may_know_the_order_only(loaded):
    facts = {"clock": "order", "as_of": 10**15}
    artifact = loaded(facts=facts, **PLAIN)
    moments = {
        reason.when for offer in artifact.recommend("C0001", 30).offers for reason in offer.reasons
    }
    assert moments <= set(artifact.contents.events.when.tolist())


def test_events_without_weight_explain_nothing_but_count_as_seen(loaded):
    weights = np.zeros(len(contents().events.weights), np.float32)
    artifact = loaded(event_weights=weights, fold_in_gram=np.eye(5, dtype=np.float32), **PLAIN)
    answer = artifact.recommend(artifact.contents.customers.ids[3], 30)
    assert answer.own_events > 0
    assert len(answer.offers) == 30 - answer.own_events
    assert all(offer.reasons == [] for offer in answer.offers)


def test_reasons_split_only_the_folded_in_columns(loaded):
    given = contents()
    extra = np.ones((40, 2), np.float32), np.ones((30, 2), np.float32)
    wide = loaded(
        customers=np.hstack([given.customers.vectors, extra[0]]),
        products=np.hstack([given.products.vectors, extra[1]]),
        touchpoints=np.hstack([given.touchpoints.vectors, np.zeros((3, 2), np.float32)]),
    ).recommend("C0001")
    narrow = loaded().recommend("C0001")
    assert [offer.reasons for offer in wide.offers] == [offer.reasons for offer in narrow.offers]


@pytest.mark.parametrize("kind", ["object", "U", "int64", "int32"])
def test_ids_of_any_type(loaded, kind):
    numbers = np.random.default_rng(0).permutation(40) * 3 - 9
    ids = numbers.astype(kind) if "int" in kind else np.array([f"ü{n}" for n in numbers], kind)
    artifact = loaded(customer_ids=ids)
    for row in (0, 17, 39):
        answer = artifact.recommend(ids[row])
        assert answer.customer_id == ids[row]
        assert isinstance(answer.customer_id, int if "int" in kind else str)
        assert artifact.recommend(str(ids[row])) == answer
        assert artifact.customers.rows_of(ids[row]).tolist() == [row]


@pytest.mark.parametrize(
    ("ids", "wanted", "near"),
    [
        (np.array([f"C{n:04d}" for n in range(40)], object), "C00123", "C0012"),
        (np.array([f"C{n:04d}" for n in range(40)], object), "X0012", "C0012"),
        (np.arange(40) * 10, "123", "110, 120, 130, 140"),
        (np.arange(40) * 10, -5, "0, 10"),
        (np.arange(40) * 10, "C7", "whole numbers such as 0"),
        (np.arange(40) * 10, 7.0, "whole numbers such as 0"),
        (np.arange(40) * 10, 10**30, "whole numbers such as 0"),
    ],
)
def test_an_unknown_customer_is_told_the_nearest_ids(loaded, ids, wanted, near):
    artifact = loaded(customer_ids=ids)
    with pytest.raises(InputError, match=f"customer id '.*' is not among the 40 .*{near}"):
        artifact.recommend(wanted)
    with pytest.raises(InputError, match=near):
        artifact.recommend_many([ids[0], wanted])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"k": 0}, "k: expected a whole number of at least 1, got 0"),
        ({"k": 2.5}, "k: expected a whole number"),
        ({"k": True}, "k: expected a whole number"),
        ({"explain": -1}, "explain: expected a whole number of at least 0"),
        ({"touchpoint": "fax"}, "'fax' is not known; the artifact has app, branch, email"),
        ({"at": datetime(2026, 1, 1)}, "expected a time zone"),
        ({"at": "today"}, "at: expected a date such as 2024-05-01 .*, got 'today'"),
        ({"exclude": "P001"}, "exclude: expected a sequence of product ids"),
    ],
)
def test_questions_that_make_no_sense(loaded, question, message):
    with pytest.raises(InputError, match=message):
        loaded().recommend("C0001", **question)


def test_nobody_gets_nothing(loaded):
    assert loaded().recommend_many([], 4).columns.shape == (0, 4)


def test_a_list_of_ids_is_not_taken_for_one_that_is_unknown(loaded) -> None:
    for ids in (["ann", "bob"], np.array(["ann"]), ("ann",)):
        with pytest.raises(InputError, match="expected one id") as error:
            loaded().recommend(ids)
        assert error.value.key == "customer_id"


def test_an_artifact_is_shown_in_one_line(loaded) -> None:
    assert "\n" not in repr(loaded())
    assert len(repr(loaded())) < 100
