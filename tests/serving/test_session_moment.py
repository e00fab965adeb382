"""Moments out of an artifact: those of the fit, in milliseconds, and the rule that holds back."""

import re
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from artifact_contents import AS_OF, TOUCHPOINTS
from moment_contents import CUSTOMERS, HOLD, NAMES, PRODUCTS, contents, model, part, session

from recsys.errors import InputError
from recsys.exporting.moments import with_moments
from recsys.ops.session_events import STEPS, SessionEvents
from recsys.ops.session_features import after, before
from recsys.serving import Artifact, Contents, SessionEvent, load, write

WORDS = [("view", 3), ("click", 3), ("contact", -1)]


@pytest.mark.parametrize("row", [0, 7, 21, -1])
def test_the_moment_is_that_of_the_fit_for_all_customers_at_once(row: int, tmp_path: Path) -> None:
    write(tmp_path / "artifact", contents())
    artifact = load(tmp_path / "artifact")
    customer = artifact.contents.customers.ids[row] if row >= 0 else "nobody"
    kept, owner = part(), max(row, CUSTOMERS)
    fresh = len(WORDS)
    everyone, _ = SessionEvents.of(
        customers=np.append(np.repeat(np.arange(CUSTOMERS), np.diff(kept.starts)),
                            np.full(fresh, row if row >= 0 else owner)),
        when=np.append(kept.when, np.full(fresh, AS_OF + 60)),
        steps=np.append(kept.steps, [STEPS.index(step) for step, _ in WORDS]),
        products=np.append(kept.products, [product for _, product in WORDS]),
        groups=kept.groups,
        touchpoints=np.append(kept.touchpoints, np.full(fresh, 0)),
    )  # fmt: skip
    last = np.flatnonzero(everyone.when == AS_OF + 60)
    told = artifact.moment(customer, session(WORDS), "app", AS_OF + 60)
    wanted = model().after.probabilities(after(everyone)[last[-1:]])[0]
    np.testing.assert_allclose(list(told.probabilities.values()), wanted)
    assert told.name == NAMES[int(wanted.argmax())]
    assert told.events == fresh
    begun = artifact.moment(customer, (), "app", AS_OF + 60)
    wanted = model().before.probabilities(before(everyone)[everyone.sessions[last[:1]]])[0]
    np.testing.assert_allclose(list(begun.probabilities.values()), wanted)


def test_a_customer_with_several_strands_keeps_one_history() -> None:
    kept, base = part(), contents()
    wider = replace(
        base.customers,
        vectors=base.customers.vectors[[0, 0, 0, *range(1, 40)]],
        ids=np.asarray(base.customers.ids)[[0, 0, 0, *range(1, 40)]],
        consent=base.customers.consent[[0, 0, 0, *range(1, 40)]],
        strands=np.array([0, 1, 2, *[0] * 39]),
    )
    bare = Contents(customers=wider, products=base.products, touchpoints=base.touchpoints)
    one, several = Artifact.of(base), Artifact.of(with_moments(bare, kept))
    for customer in np.asarray(base.customers.ids)[[0, 1, 2, 39]]:
        both = [each.moment(customer, session([("view", 3)]), "app", AS_OF).probabilities
                for each in (one, several)]  # fmt: skip
        assert both[0] == both[1]


def test_a_moment_takes_less_than_five_milliseconds() -> None:
    artifact = Artifact.of(contents())
    busiest = artifact.contents.customers.ids[int(np.diff(part().starts).argmax())]
    taken = []
    for _ in range(30):
        start = perf_counter()
        artifact.moment(busiest, session(WORDS), "app", AS_OF + 60)
        taken.append(perf_counter() - start)
    assert min(taken) < 0.005


def test_in_its_moment_a_rule_leaves_only_the_offers_that_help() -> None:
    artifact = Artifact.of(contents())
    helps = set(map(str, np.asarray(artifact.contents.offer_ids)[:3]))
    freely, held = 0, 0
    for customer in artifact.contents.customers.ids:
        free = artifact.decide(customer, at=AS_OF, k=30)
        calm = artifact.decide(customer, at=AS_OF, k=30, session="buy")
        assert [offer.offer_id for offer in calm.offers] == [o.offer_id for o in free.offers]
        assert (calm.held_by, free.moment) == ([], None)
        told = artifact.decide(customer, at=AS_OF, k=30, session="do")
        assert {str(offer.offer_id) for offer in told.offers} <= helps
        assert told.held_by == ["help_first"]
        freely, held = freely + len(free.offers), held + len(told.offers)
        if len(free.offers) > len(told.offers):
            assert told.refusals["help_first"] > 0
            assert "moment: do, as stated; help comes first: offers are held" in str(told)
        others = {name: n for name, n in told.refusals.items() if name != "help_first"}
        assert others == free.refusals
    assert 0 < held < freely


def test_the_rule_holds_from_its_probability_on() -> None:
    assert HOLD.holds({"do": 0.6})
    assert not HOLD.holds({"do": 0.59, "buy": 0.41})
    assert not HOLD.holds({"buy": 1.0})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("dou", "session: expected events, or one of buy, do, know, got 'dou'"),
        ([SessionEvent("accept")], "session.action: expected one of view, click, cart"),
        (["view"], "session: expected a list of SessionEvent, got 'view'"),
        ([SessionEvent("view", "no such product")], "no such product"),
        ([SessionEvent("view", None, AS_OF + 9)], "moments up to that of the question, got one 9"),
    ],
)
def test_sessions_that_cannot_be_are_refused(given: object, message: str) -> None:
    artifact = Artifact.of(contents())
    with pytest.raises(InputError, match=re.escape(message)):
        artifact.moment("anybody", given, "app", AS_OF)  # type: ignore[arg-type]


def test_an_artifact_without_moments_says_how_to_get_them() -> None:
    artifact = Artifact.of(contents(moments=None))
    with pytest.raises(InputError, match="export it again with moments=outcome"):
        artifact.moment("anybody", [SessionEvent("view")], "app", AS_OF)
    assert artifact.decide(artifact.contents.customers.ids[0], at=AS_OF, session="do").held_by


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts", np.arange(CUSTOMERS)),
        ("steps", np.full(len(part().when), 9, np.int8)),
        ("products", np.full(len(part().when), PRODUCTS)),
        ("touchpoints", np.full(len(part().when), len(TOUCHPOINTS))),
        ("groups", np.zeros(PRODUCTS + 1, np.int64)),
        ("when", part().when[:-1]),
    ],
)
def test_crafted_moments_are_refused(field: str, value: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"moments\."):
        contents(moments=replace(part(), **{field: value}))
