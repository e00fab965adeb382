"""Contact rules, languages, campaigns, zones and capacity; and what does not fit the tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from policy_files import policy_of

from recsys import Dataset
from recsys.errors import InputError
from recsys.policy.rules.compile import compile_rules, with_contact_rules
from recsys.policy.rules.values import customer_factors, offer_levers, offer_values

NOON = pd.Timestamp("2025-03-03T12:00Z")  # a Monday


def at(days: float) -> int:
    return int(NOON.timestamp() + days * 86_400)


TABLES: dict[str, dict[str, Any]] = {
    "interactions": {"customer_id": ["a", "b", "c"], "product_id": ["p", "q", "p"],
                     "touchpoint": ["app", "email", "push"], "timestamp": [NOON] * 3},
    "customers": {"customer_id": ["a", "b"], "consent_email": [True, True],
                  "consent_push": [True, False], "language": ["en", None], "age": [30, None],
                  "time_zone": ["America/New_York", None]},
    "products": {"product_id": ["p", "q"], "price": [10.0, 20.0], "margin": [1.0, 4.0]},
    "touchpoints": {"touchpoint": ["app", "email", "push"], "outbound": [False, True, True],
                    "capacity": [None, 5.0, 7.0], "cost": [0.0, 0.1, 0.2]},
    "offers": {"offer_id": ["o1", "o2", "o2", "o3"], "product_id": ["p", "p", "q", "q"],
               "language": ["en", "fr", "fr", None], "campaign": ["spring", "spring", "spring",
               "rain"], "reward": [1.0, 2.0, 4.0, 5.0]},
    "decisions": {"decision_id": [1, 2], "customer_id": ["a", "a"], "offer_id": ["o1", "o2"],
                  "touchpoint": ["email", "app"], "policy": ["x", "x"],
                  "timestamp": [NOON - pd.Timedelta(days=1), NOON - pd.Timedelta(days=2)],
                  "outcome": ["accept", "reject"]},
}  # fmt: skip


def data_of(**changes: dict[str, Any] | None) -> Dataset:
    tables = {**TABLES, **changes}
    frames = {name: pd.DataFrame(table) for name, table in tables.items() if table is not None}
    return Dataset.from_frames(**frames)


def rows(data: Dataset, *names: str) -> np.ndarray:
    return np.array([data.customers.row(name) for name in names])


def test_a_message_is_in_the_customers_language(tmp_path: Path) -> None:
    data = data_of()
    policy = policy_of(tmp_path, "language: {name: own}")
    mask = compile_rules(policy, data).offers(np.append(rows(data, "a", "b"), -1), at(0))
    np.testing.assert_array_equal(mask, [[True, False, True], [True] * 3, [True] * 3])
    policy = policy_of(tmp_path, "language: {name: own, unknown: none}")
    mask = compile_rules(policy, data).offers(np.append(rows(data, "a", "b"), -1), at(0))
    np.testing.assert_array_equal(mask, [[True, False, True]] + [[False, False, True]] * 2)


def test_contacts_have_touchpoint_campaign_and_reject(tmp_path: Path) -> None:
    data = data_of()
    contacts = compile_rules(policy_of(tmp_path, "name: x"), data).contacts
    names = data.touchpoints.ids[contacts.touchpoints].tolist()
    assert names == ["app", "email"]
    assert (contacts.when - at(0)).tolist() == [-2 * 86_400, -86_400]
    assert contacts.rejected.tolist() == [True, False]
    rules = compile_rules(policy_of(tmp_path, "name: x"), data)
    assert [rules.campaign_names[number] for number in contacts.campaigns] == ["spring", "spring"]


def test_the_campaign_of_a_decision_comes_before_that_of_its_offer(tmp_path: Path) -> None:
    decisions = {**TABLES["decisions"], "campaign": ["summer", None]}
    rules = compile_rules(policy_of(tmp_path, "name: x"), data_of(decisions=decisions))
    named = [rules.campaign_names[number] for number in rules.contacts.campaigns]
    assert named == ["spring", "summer"]
    assert list(rules.campaign_names) == ["rain", "spring", "summer"]


def test_contacts_of_more_than_a_year_ago_are_kept_only_for_a_longer_window(
    tmp_path: Path,
) -> None:
    long_ago = [NOON - pd.Timedelta(days=400), NOON - pd.Timedelta(days=2)]
    data = data_of(decisions={**TABLES["decisions"], "timestamp": long_ago})
    assert len(compile_rules(policy_of(tmp_path, "name: x"), data).contacts) == 1
    policy = policy_of(tmp_path, "pause_after_reject: {name: pause, days: 500}")
    assert len(compile_rules(policy, data).contacts) == 2


def test_quiet_hours_are_those_of_the_customers_own_clock(tmp_path: Path) -> None:
    data = data_of()
    text = "time_zone: Asia/Tokyo\nquiet_hours: [{name: night, from: '20:00', to: '08:00'}]"
    rules = compile_rules(policy_of(tmp_path, text), data)
    # Monday noon UTC: 07:00 in New York (a), 21:00 in Tokyo (b has no zone, nor is -1 known).
    who = np.append(rows(data, "a", "b"), -1)
    email = data.touchpoints.row("email")
    assert rules.touchpoints(who, at(0))[:, email].tolist() == [False, False, False]
    assert rules.touchpoints(who, at(2 / 24))[:, email].tolist() == [True, False, False]
    assert rules.touchpoints(who, at(12 / 24))[:, email].tolist() == [True, True, False]


def test_capacity_of_the_policy_comes_before_that_of_the_table(tmp_path: Path) -> None:
    data = data_of()
    rules = compile_rules(policy_of(tmp_path, "capacity: {push: 3}\nbudget: 12.5"), data)
    assert dict(zip(data.touchpoints.ids, rules.capacity, strict=True)) == {
        "app": np.inf, "email": 5.0, "push": 3.0,
    }  # fmt: skip
    assert rules.budget == 12.5
    assert np.isinf(compile_rules(policy_of(tmp_path, "name: x"), data).budget)


def test_contact_rules_change_without_reading_tables_again(tmp_path: Path) -> None:
    data = data_of()
    before = policy_of(tmp_path, "name: x")
    after = policy_of(tmp_path, "name: y\ncontact_limits: [{name: one, at_most: 1, days: 7}]\n"
                                "capacity: {push: 3}")  # fmt: skip
    assert before.eligibility_version == after.eligibility_version
    names = [str(name) for name in data.touchpoints.ids]
    changed = with_contact_rules(compile_rules(before, data), after, names)
    whole = compile_rules(after, data)
    assert (changed.names, changed.version, changed.name) == (whole.names, whole.version, "y")
    np.testing.assert_array_equal(changed.capacity, whole.capacity)
    who = rows(data, "a", "b", "c")
    np.testing.assert_array_equal(changed.touchpoints(who, at(0)), whole.touchpoints(who, at(0)))
    longer = policy_of(tmp_path, "contact_limits: [{name: one, at_most: 1, days: 400}]")
    with pytest.raises(InputError, match="windows of at most 366 days, got 400"):
        with_contact_rules(whole, longer, names)


def test_rows_of_customers_count_as_of_the_cut_off(tmp_path: Path) -> None:
    customers = {"customer_id": ["a", "a"], "age": [17, 40],
                 "valid_from": [None, NOON - pd.Timedelta(days=1)]}  # fmt: skip
    data = data_of(customers=customers)
    policy = policy_of(tmp_path, "eligibility: [{name: adult, customers: customer.age >= 18}]")
    assert compile_rules(policy, data).offers(rows(data, "a"), at(0)).all()
    earlier = data.select(np.ones(3, bool), as_of=int((NOON - pd.Timedelta(days=2)).value // 1_000))
    with pytest.raises(InputError, match="rule 'adult' leaves no customer any offer"):
        compile_rules(policy, earlier)


def test_offers_last_while_one_of_their_products_does(tmp_path: Path) -> None:
    products = {**TABLES["products"], "valid_to": [NOON + pd.Timedelta(days=1), NOON]}
    data = data_of(products=products)
    rules = compile_rules(policy_of(tmp_path, "name: x"), data)
    assert rules.valid_to.tolist() == [at(1), at(1), at(0)]


def test_without_a_table_of_offers_each_product_is_one(tmp_path: Path) -> None:
    data = data_of(offers=None, decisions=None)
    rules = compile_rules(
        policy_of(tmp_path, "eligibility: [{name: x, offers: product.price > 15}]"), data
    )
    assert rules.offers(np.array([0]), at(0))[0].tolist() == (data.products.ids == "q").tolist()


KINDS: dict[str, tuple[Any, str, list[bool]]] = {
    "category": (pd.Categorical(["x", None, "y"]), "= 'x'", [True, False, False]),
    "flag": ([True, None, False], "", [True, False, False]),
    "number": ([1.5, None, 2.0], "> 1.6", [False, False, True]),
    "date": (["2020-01-01", None, "2021-06-01"], "< DATE '2020-06-01'", [True, False, False]),
    "code": (["007", "8", None], "= '007'", [True, False, False]),
    "long": ([2**60 + 1, 2**60 + 2, 2**60 + 3], f"= {2**60 + 2}", [False, True, False]),
    "two words": (["u", None, "v"], "= 'u'", [True, False, False]),
}


@pytest.mark.parametrize("name", KINDS)
def test_columns_of_every_kind_can_be_used(tmp_path: Path, name: str) -> None:
    values, holds, expected = KINDS[name]
    customers = {"customer_id": ["a", "b", "c"], name: values}
    content = {"eligibility": [{"name": "x", "customers": f'customer."{name}" {holds}'}]}
    data = data_of(customers=customers)
    mask = compile_rules(policy_of(tmp_path, content), data).offers(
        rows(data, "a", "b", "c"), at(0)
    )
    assert mask[:, 0].tolist() == expected


def test_ids_of_offers_are_matched_as_texts(tmp_path: Path) -> None:
    offers = {"offer_id": ["7", "coupon"], "product_id": ["p", "q"], "campaign": ["rain", "sun"]}
    decisions = {**TABLES["decisions"], "offer_id": [7, 7], "outcome": ["reject", "reject"]}
    rules = compile_rules(
        policy_of(tmp_path, "leave_out: [{name: x, action: reject}]"),
        data_of(offers=offers, decisions=decisions),
    )
    assert [rules.campaign_names[number] for number in rules.contacts.campaigns] == ["rain"] * 2
    assert rules.leave_out is not None
    assert rules.leave_out.offers.tolist() == [0]


def test_events_alone_are_enough_for_a_policy(tmp_path: Path) -> None:
    data = Dataset.from_frames(pd.DataFrame({"customer_id": ["a"]}))
    rules = compile_rules(policy_of(tmp_path, "leave_out: [{name: x, action: reject}]"), data)
    assert rules.shape == (1, 0, 0)


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("eligibility: [{name: x, customers: customer.agee > 3}]", {},
     r"policy.eligibility\[0\].customers: expected a column of .*did you mean 'customer.age'"),
    ("eligibility: [{name: x, customers: customer.age > 3}]", {"customers": None},
     r"'customer.age': the data have no table of customers; add it"),
    ("eligibility: [{name: x, customers: customer.language > 3}]", {},
     r"\[0\].customers: expected an expression that fits the columns, got 'customer.language > 3'"),
    ("eligibility: [{name: a, customers: customer.age > 50}, {name: b, offers: product.price > 15},"
     " {name: c, customers: customer.age < 30}]", {},
     "policy: rule 'a' leaves no customer any offer; the rules contradict"),
    ("eligibility: [{name: a, customers: customer.age >= 30}, {name: b, customers: customer.age < "
     "30}]", {}, "policy: rule 'b', together with a, leaves no customer any offer"),
    ("contact_limits: [{name: x, at_most: 1, days: 1, touchpoint: emial}]", {},
     r"policy.contact_limits\[0\].touchpoint: .*got 'emial'; did you mean 'email'"),
    ("quiet_hours: [{name: x, days: [sunday], touchpoints: [app, phone]}]", {},
     r"policy.quiet_hours\[0\].touchpoints: expected one of the touchpoints app, .*got 'phone'"),
    ("capacity: {pussh: 3}", {}, "policy.capacity.pussh: .*did you mean 'push'"),
    ("contact_limits: [{name: x, at_most: 1, days: 1}]", {"touchpoints": None},
     r"policy.contact_limits\[0\]: expected a touchpoint with outbound = true"),
    ("quiet_hours: [{name: x, days: [sunday]}]", {"touchpoints": None},
     r"policy.quiet_hours\[0\]: expected a touchpoint with outbound = true"),
    ("pause_after_reject: {name: x, days: 3}", {"touchpoints": None},
     "policy.pause_after_reject: expected a touchpoint with outbound = true"),
    ("contact_limits: [{name: x, at_most: 1, days: 1, per: campaign}]", {"offers": None,
     "decisions": None}, r"policy.contact_limits\[0\].per: expected a column 'campaign'"),
    ("one_campaign_at_a_time: {name: x, days: 1}", {"offers": None, "decisions": None},
     "policy.one_campaign_at_a_time: expected a column 'campaign'"),
    ("language: {name: x}", {"offers": None, "decisions": None},
     "policy.language: expected a column 'language' in the table of offers"),
    ("language: {name: x}", {"customers": None},
     "policy.language: expected a column 'language' in the table of customers"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "changes", "message"), FAULTS, ids=[f[0][:50] for f in FAULTS])
def test_a_rule_that_the_tables_cannot_keep_is_refused(
    tmp_path: Path, content: str, changes: dict[str, Any], message: str
) -> None:
    policy = policy_of(tmp_path, content)
    with pytest.raises(InputError, match=message) as refused:
        compile_rules(policy, data_of(**changes))
    assert "\n" not in str(refused.value)


def test_values_of_offers_are_means_over_their_products(tmp_path: Path) -> None:
    data = data_of()

    def values(column: str) -> list[float]:
        policy = policy_of(tmp_path, f"arbitration: {{value: {column}}}")
        return offer_values(policy, data).tolist()

    assert values("equal") == [1.0, 1.0, 1.0]
    assert values("margin") == [1.0, 2.5, 4.0]
    assert values("price") == [10.0, 15.0, 20.0]
    assert values("reward") == [1.0, 3.0, 5.0]
    policy = policy_of(tmp_path, "arbitration: {value: margin}")
    with pytest.raises(InputError, match=r"policy.arbitration.value: expected a column 'margin'"):
        offer_values(policy, data_of(products={"product_id": ["p", "q"]}))
    gaps = data_of(products={"product_id": ["p", "q"], "margin": [1.0, None]})
    with pytest.raises(InputError, match="expected a margin of every offer, got none of 'o2'"):
        offer_values(policy, gaps)


def test_levers_multiply_and_customers_have_factors(tmp_path: Path) -> None:
    data = data_of()
    text = """
    arbitration:
      customer_value: customer.age / 10
      levers:
        - {name: dear, offers: product.price > 15, times: 2}
        - {name: spring, offers: offer.campaign = 'spring', times: 1.5}
    """
    policy = policy_of(tmp_path, text)
    assert offer_levers(policy, data).tolist() == [1.5, 3.0, 2.0]
    # The mean of the known ones stands for b, c and unknown customers.
    assert customer_factors(policy, data).tolist() == [3.0] * 4
    negative = policy_of(tmp_path, "arbitration: {customer_value: '-1'}")
    with pytest.raises(InputError, match="customer_value: expected numbers of 0 or more, got -1"):
        customer_factors(negative, data)
