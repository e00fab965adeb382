"""What leaves the list, by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from policy_files import policy_of

from recsys import Dataset
from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules
from recsys.policy.rules.compile import compile_rules

START = pd.Timestamp("2025-01-01T12:00:00Z")


def day(number: float) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


def seconds(number: float) -> int:
    return int(day(number).timestamp())


def compiled(folder: Path, content: dict[str, Any], **tables: pd.DataFrame) -> CompiledRules:
    return compile_rules(policy_of(folder, {"name": "x", **content}), Dataset.from_frames(**tables))


def events(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Rows of customer, product, action and day; everybody is seen on day 10."""
    last = [(customer, "seen", "view", 10.0) for customer in {row[0] for row in rows}]
    table = pd.DataFrame([*rows, *last], columns=["customer_id", "product_id", "action", "day"])
    return table.assign(timestamp=table.pop("day").map(day))


def left_out(rules: CompiledRules, data_ids: list[str], at: float) -> list[str]:
    """Names of the offers that the first customer may not get."""
    mask = rules.offers(np.array([0]), seconds(at))[0]
    return sorted(name for name, allowed in zip(data_ids, mask, strict=True) if not allowed)


def test_a_product_is_back_after_so_many_days_to_the_second(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "rejected", "action": "reject", "days": 30}]}
    rules = compiled(tmp_path, content, interactions=events(("a", "loan", "reject", 1)))
    (entry,) = rules.leave_out.until.tolist()  # type: ignore[union-attr]
    assert entry == seconds(31)
    before = rules.offers(np.array([0]), seconds(31) - 1)[0]
    after = rules.offers(np.array([0]), seconds(31))[0]
    assert (before.sum(), after.sum()) == (1, 2)


def test_fractions_of_a_second_are_rounded_up(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "rejected", "action": "reject", "days": 30}]}
    table = events(("a", "loan", "reject", 1))
    table.loc[0, "timestamp"] += pd.Timedelta(milliseconds=1)
    rules = compiled(tmp_path, content, interactions=table)
    assert rules.leave_out.until.tolist() == [seconds(31) + 1]  # type: ignore[union-attr]


def test_without_days_a_product_is_gone_for_ever_and_the_latest_event_counts(
    tmp_path: Path,
) -> None:
    content = {
        "leave_out": [
            {"name": "bought_ever", "action": "purchase"},
            {"name": "rejected", "action": "reject", "days": 30},
        ]
    }
    table = events(
        ("a", "card", "purchase", 1), ("a", "loan", "reject", 1), ("a", "loan", "reject", 5)
    )
    rules = compiled(tmp_path, content, interactions=table)
    ids = Dataset.from_frames(table).products.ids.tolist()
    assert left_out(rules, ids, 34.9) == ["card", "loan"]
    assert left_out(rules, ids, 35) == ["card"]
    assert left_out(rules, ids, 40_000) == ["card"]
    kept = rules.leave_out
    assert kept is not None
    assert [kept.names[number] for number in kept.rules] == ["bought_ever", "rejected"]


def test_other_customers_keep_the_product(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "bought", "action": "purchase"}]}
    table = events(("a", "card", "purchase", 1), ("b", "card", "view", 1))
    rules = compiled(tmp_path, content, interactions=table)
    assert rules.offers(np.array([0, 1, -1]), seconds(11)).sum() == 5


def test_what_has_ended_before_the_cut_off_is_not_kept(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "rejected", "action": "reject", "days": 5}]}
    rules = compiled(tmp_path, content, interactions=events(("a", "loan", "reject", 1)))
    assert len(rules.leave_out.offers) == 0  # type: ignore[union-attr]


OFFERS = pd.DataFrame(
    {
        "offer_id": ["coupon", "coupon", "loan_care", "loan_plain"],
        "product_id": ["loan", "card", "loan", "loan"],
        "variant": ["plain", "plain", "care", "plain"],
    }
)


def test_an_offer_of_several_products_is_left_out_while_all_of_them_are(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "rejected", "action": "reject", "days": 30}]}
    ids = ["coupon", "loan_care", "loan_plain"]
    only_loan = events(("a", "loan", "reject", 1), ("a", "card", "view", 1))
    rules = compiled(tmp_path, content, interactions=only_loan, offers=OFFERS)
    assert left_out(rules, ids, 20) == ["loan_care", "loan_plain"]
    both = events(("a", "loan", "reject", 3), ("a", "card", "reject", 1))
    rules = compiled(tmp_path, content, interactions=both, offers=OFFERS)
    assert left_out(rules, ids, 30.9) == ["coupon", "loan_care", "loan_plain"]
    assert left_out(rules, ids, 31) == ["loan_care", "loan_plain"]  # the card is back


def decisions(**columns: Any) -> pd.DataFrame:
    rows = {
        "decision_id": [1, 2], "customer_id": ["a", "a"], "offer_id": ["coupon", "loan_care"],
        "touchpoint": ["email", "app"], "timestamp": [day(1), day(2)], "policy": ["p", "p"],
        "outcome": ["reject", "ignore"],
    }  # fmt: skip
    return pd.DataFrame({**rows, **columns})


def test_outcomes_of_decisions_count_for_all_products_of_their_offer(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "rejected", "action": "reject", "days": 30}]}
    table = events(("a", "loan", "view", 1), ("a", "card", "view", 1), ("a", "home", "view", 1))
    tables = {"interactions": table.assign(touchpoint="app"), "offers": OFFERS}
    rules = compiled(tmp_path, content, **tables, decisions=decisions())
    ids = ["coupon", "loan_care", "loan_plain"]
    assert left_out(rules, ids, 20) == ids
    assert left_out(rules, ids, 31) == []
    ignored = {"leave_out": [{"name": "ignored", "action": "ignore", "days": 30}]}
    rules = compiled(tmp_path, ignored, **tables, decisions=decisions())
    assert left_out(rules, ids, 20) == ["loan_care", "loan_plain"]


def test_events_of_a_persons_other_ids_count(tmp_path: Path) -> None:
    content = {"leave_out": [{"name": "bought", "action": "purchase"}]}
    table = events(("a", "loan", "view", 1), ("device", "card", "purchase", 1))
    links = pd.DataFrame({"id_a": ["a"], "id_b": ["device"], "kind": ["device"]})
    rules = compiled(tmp_path, content, interactions=table, identities=links)
    assert rules.shape[0] == 1
    assert rules.offers(np.array([0]), seconds(11)).sum() == 2


def test_days_need_times(tmp_path: Path) -> None:
    table = pd.DataFrame({"customer_id": ["a"], "product_id": ["p"], "order": [1],
                          "action": ["purchase"]})  # fmt: skip
    ever = {"leave_out": [{"name": "bought", "action": "purchase"}]}
    rules = compiled(tmp_path, ever, interactions=table)
    assert not rules.offers(np.array([0]), 0).any()
    content = {"leave_out": [{"name": "bought", "action": "purchase", "days": 3}]}
    with pytest.raises(InputError, match=r"policy.leave_out\[0\].days: expected interactions with"):
        compiled(tmp_path, content, interactions=table)
