"""Rules over groups allow exactly the pairs that a look at each pair allows."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from policy_files import policy_of

from recsys import Dataset
from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules
from recsys.policy.rules.compile import compile_rules

Row = dict[str, Any]
Truth = bool | None
Condition = tuple[str, Callable[[Row], Truth]]
"""SQL, and the same for a row of values by "customer.age" and so on."""

NOW = pd.Timestamp("2025-06-01", tz="UTC")


def leaf(sql: str, columns: tuple[str, ...], holds: Callable[..., bool]) -> Condition:
    def of(row: Row) -> Truth:
        values = [row[column] for column in columns]
        return None if any(pd.isna(value) for value in values) else bool(holds(*values))

    return sql, of


CUSTOMERS = (
    leaf("customer.age >= 18", ("customer.age",), lambda age: age >= 18),
    leaf("customer.region = 'north'", ("customer.region",), lambda name: name == "north"),
    ("customer.region IS NULL", lambda row: bool(pd.isna(row["customer.region"]))),
)
OFFERS = (
    leaf("product.category = 'loan'", ("product.category",), lambda name: name == "loan"),
    leaf("product.price < 50", ("product.price",), lambda price: price < 50),
    leaf("offer.variant = 'care'", ("offer.variant",), lambda name: name == "care"),
)
BOTH = (
    leaf("customer.region = product.region", ("customer.region", "product.region"),
         lambda one, other: one == other),
    leaf("customer.age > product.price", ("customer.age", "product.price"),
         lambda age, price: age > price),
)  # fmt: skip


def negated(condition: Condition) -> Condition:
    def of(row: Row) -> Truth:
        truth = condition[1](row)
        return None if truth is None else not truth

    return f"NOT ({condition[0]})", of


def joined(word: str, one: Condition, other: Condition) -> Condition:
    decides = word == "OR"

    def of(row: Row) -> Truth:
        truths = (one[1](row), other[1](row))
        if decides in truths:
            return decides
        return None if None in truths else not decides

    return f"({one[0]}) {word} ({other[0]})", of


def conditions(leaves: tuple[Condition, ...]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: (
            st.builds(negated, inner)
            | st.builds(joined, st.sampled_from(["AND", "OR"]), inner, inner)
        ),
        max_leaves=4,
    )


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Condition]:
    shape = draw(st.sampled_from(["offers", "customers", "where", "offers+customers",
                                  "offers+where"]))  # fmt: skip
    leaves = {"offers": OFFERS, "customers": CUSTOMERS, "where": CUSTOMERS + OFFERS + BOTH}
    return {key: draw(conditions(leaves[key])) for key in shape.split("+")}


def allowed(rule: dict[str, Condition], row: Row) -> bool:
    """NULL is not eligible; a rule about some offers says nothing of offers that are not these."""
    requirement = rule.get("where") or rule.get("customers")
    if requirement is None:
        return rule["offers"][1](row) is True
    is_about = "offers" not in rule or rule["offers"][1](row) is not False
    return requirement[1](row) is True or not is_about


@cache
def shop(seed: int, several: bool) -> Dataset:
    """Twelve customers, eight products and nine offers, with empty cells everywhere."""
    draw = np.random.default_rng(seed)

    def some(values: list[Any], count: int) -> list[Any]:
        return [values[number] for number in draw.integers(0, len(values), count)]

    customers = [f"c{number}" for number in range(12)]
    products = [f"p{number}" for number in range(8)]
    offered = pd.DataFrame(
        {
            "offer_id": [f"o{number}" for number in range(9)],
            "product_id": some(products, 9),
            "variant": some(["care", "plain", None], 9),
        }
    )
    if several:
        more = offered.sample(6, random_state=seed).assign(product_id=some(products, 6))
        offered = pd.concat([offered, more]).drop_duplicates(["offer_id", "product_id"])
    return Dataset.from_frames(
        pd.DataFrame({"customer_id": customers, "product_id": some(products, 12),
                      "timestamp": NOW - pd.Timedelta(days=1)}),
        customers=pd.DataFrame({"customer_id": customers[:10], "age": some([17, 18, 60, None], 10),
                                "region": some(["north", "south", None], 10)}),
        products=pd.DataFrame({"product_id": products, "price": some([10.0, 40.0, 55.0, None], 8),
                               "category": some(["loan", "card", None], 8),
                               "region": some(["north", "south", None], 8)}),
        offers=offered,
    )  # fmt: skip


def brute_force(data: Dataset, stated: list[dict[str, Condition]]) -> np.ndarray:
    """[C + 1, O] the pairs for which one product meets every rule; the last is unknown."""
    tables = data.side_tables
    about = tables["customers"].set_index("customer_id").to_dict("index")
    products = tables["products"].set_index("product_id").to_dict("index")
    offers = tables["offers"]
    ids = list(dict.fromkeys(offers["offer_id"]))
    mask = np.zeros((len(data.customers) + 1, len(ids)), dtype=bool)
    for place, customer in enumerate([*data.customers.ids, "nobody"]):
        known = about.get(customer, {})
        for offer in offers.to_dict("records"):
            row = {f"customer.{name}": known.get(name) for name in ("age", "region")}
            row |= {f"product.{name}": value for name, value in
                    products[offer["product_id"]].items()}  # fmt: skip
            row |= {"offer.variant": offer["variant"]}
            mask[place, ids.index(offer["offer_id"])] |= all(allowed(rule, row) for rule in stated)
    return mask


def compiled(folder: Path, data: Dataset, stated: list[dict[str, Condition]]) -> CompiledRules:
    content = [
        {"name": f"rule{number}", **{key: condition[0] for key, condition in rule.items()}}
        for number, rule in enumerate(stated)
    ]
    return compile_rules(policy_of(folder, {"name": "x", "eligibility": content}), data)


@settings(max_examples=20, deadline=None, suppress_health_check=[
          HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])  # fmt: skip
@given(st.lists(rules(), min_size=1, max_size=3), st.integers(0, 7), st.booleans())
def test_groups_allow_what_a_look_at_every_pair_allows(
    tmp_path: Path, stated: list[dict[str, Condition]], seed: int, several: bool
) -> None:
    data = shop(seed, several)
    expected = brute_force(data, stated)
    assume(expected[:-1].any())
    rules = compiled(tmp_path, data, stated)
    rows = np.append(np.arange(len(data.customers)), -1)
    np.testing.assert_array_equal(rules.offers(rows, int(NOW.timestamp())), expected)


@settings(max_examples=10, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(rules(), min_size=1, max_size=3), st.integers(0, 7))
def test_rules_that_leave_nobody_any_offer_are_refused(
    tmp_path: Path, stated: list[dict[str, Condition]], seed: int
) -> None:
    data = shop(seed, several=True)
    stated = [*stated, {"customers": CUSTOMERS[0]}, {"customers": negated(CUSTOMERS[0])}]
    with pytest.raises(InputError, match="leaves no customer any offer; the rules contradict"):
        compiled(tmp_path, data, stated)


def test_an_offer_needs_one_product_that_meets_all_rules(tmp_path: Path) -> None:
    data = Dataset.from_frames(
        pd.DataFrame({"customer_id": ["a", "a"], "product_id": ["cheap", "near"]}),
        products=pd.DataFrame(
            {"product_id": ["cheap", "near"], "price": [1, 9], "place": ["far", "here"]}
        ),
        offers=pd.DataFrame(
            {"offer_id": ["both", "both", "one"], "product_id": ["cheap", "near", "near"]}
        ),
        customers=pd.DataFrame({"customer_id": ["a"], "limit": [5]}),
    )
    text = """
    eligibility:
      - {name: affordable, where: product.price <= customer.limit}
      - {name: here, offers: product.place = 'here' OR product.price = 9}
    """
    with_rest = text.replace("= 9", "= 1")
    rules = compile_rules(policy_of(tmp_path, with_rest), data)
    np.testing.assert_array_equal(rules.offers(np.array([0]), 0), [[True, False]])
    with_none = text.replace("OR product.price = 9", "OR product.price = 8")
    with_none = with_none.replace("customer.limit}", "customer.limit OR offer.offer_id = 'one'}")
    rules = compile_rules(policy_of(tmp_path, with_none), data)
    np.testing.assert_array_equal(rules.offers(np.array([0]), 0), [[False, True]])
    assert "one_product" in rules.names


def test_many_values_of_one_side_are_no_pairs(tmp_path: Path) -> None:
    count = 200_000
    data = Dataset.from_frames(
        pd.DataFrame({"customer_id": np.arange(count), "product_id": np.arange(count) % 300}),
        customers=pd.DataFrame({"customer_id": np.arange(count), "income": np.arange(count) * 0.5}),
        products=pd.DataFrame({"product_id": np.arange(300), "price": np.arange(300.0)}),
    )
    content = "eligibility: [{name: x, offers: product.price > 9, customers: customer.income > 9}]"
    rules = compile_rules(policy_of(tmp_path, content), data)
    assert rules.groups[0].allowed.shape == (2, 2)
    pairs = "eligibility: [{name: x, where: customer.income > product.price}]"
    with pytest.raises(InputError, match="got 200,001 of customers x 300 of offers; use columns"):
        compile_rules(policy_of(tmp_path, pairs), data)
