"""From conditions on columns to rules over groups."""

from collections.abc import Sequence

import numpy as np

from recsys.data import columns
from recsys.data.sql_expressions.expressions import require_columns, require_safe
from recsys.errors import InputError
from recsys.policy.compiled.eligibility import GroupRule
from recsys.policy.rules.evaluate import Bounds, conditions
from recsys.policy.rules.grids import Grid, first_empty
from recsys.policy.rules.offers import codes_of
from recsys.policy.rules.policy import (
    CUSTOMER_SIDE,
    OFFER_SIDE,
    ONE_PRODUCT,
    Eligibility,
    LanguageRule,
    Policy,
)
from recsys.policy.rules.sides import Sides


def group_rules(policy: Policy, sides: Sides, bounds: Bounds) -> list[GroupRule]:
    """The rules of `eligibility` and `language`, in order.

    An offer of several products passes a rule if one of them does. If each rule is passed, but by
    different products, the rule `one_product` refuses it.

    Raises:
        InputError: a column is not known, a condition cannot be computed, or the rules together
            leave nobody any offer.
    """
    starts = sides.offers.starts
    grids = {
        f"policy.eligibility[{position}]": _eligibility(
            f"policy.eligibility[{position}]", rule, sides, bounds
        )
        for position, rule in enumerate(policy.eligibility)
    }
    names = [rule.name for rule in policy.eligibility]
    by_offer = [grid.over_offers(path, starts) for path, grid in grids.items()]
    if len(grids) > 1 and len(sides.offers.products) > len(sides.offers):
        names.append(ONE_PRODUCT)
        together = _all(list(grids.values())).over_offers("policy.eligibility", starts)
        by_offer.append(together)
    if policy.language is not None:
        names.append(policy.language.name)
        by_offer.append(_language(policy.language, sides))
    _refuse_nothing_left(names, by_offer)
    return [_rule(name, grid) for name, grid in zip(names, by_offer, strict=True)]


def _eligibility(path: str, rule: Eligibility, sides: Sides, bounds: Bounds) -> Grid:
    requirement = rule.where or rule.customers
    if requirement is None:
        assert rule.offers is not None
        return condition_grid(f"{path}.offers", rule.offers, sides, bounds)
    key = "where" if rule.where else "customers"
    required = condition_grid(f"{path}.{key}", requirement, sides, bounds)
    if rule.offers is None:
        return required
    return condition_grid(f"{path}.offers", rule.offers, sides, bounds, is_false=True) | required


def condition_grid(
    path: str,
    text: str,
    sides: Sides,
    bounds: Bounds,
    *,
    is_false: bool = False,
    tables: tuple[str, ...] = CUSTOMER_SIDE + OFFER_SIDE,
) -> Grid:
    """Where a condition is true, or where it is false; neither where it is not known.

    Args:
        path: where it stands in the policy, for messages.
        text: the condition.
        sides: the values that it reads.
        bounds: what it may take.
        is_false: whether the grid is to be where it is false.
        tables: whose columns it may use.

    Raises:
        InputError: it uses other columns, or cannot be computed.
    """
    expression = require_safe(path, text, tables)
    require_columns(expression, sides.known)
    customers, customer_values = sides.of_customers(expression)
    products, product_values = sides.of_products(expression)
    true, unknown = conditions(expression, customer_values, product_values, bounds)
    return Grid(customers, products, ~true & ~unknown if is_false else true).merged()


def _language(rule: LanguageRule, sides: Sides) -> Grid:
    """The message's language is that of the customer; a message without one is for everybody."""
    table, about = sides.customers_table, sides.offers.about
    for name, frame in (("customers", table), ("offers", about)):
        if frame is None or columns.LANGUAGE not in frame:
            raise InputError(
                f"policy.language: expected a column 'language' in the table of {name}, got none; "
                "add it, or leave the rule out"
            )
    assert table is not None
    assert about is not None
    names = sorted(
        {str(name) for frame in (table, about) for name in frame[columns.LANGUAGE].dropna()}
    )
    of_customers = codes_of(table[columns.LANGUAGE], names)
    of_offers = codes_of(about[columns.LANGUAGE], names)
    # Group 0 has no language.
    allowed = np.eye(len(names) + 1, dtype=bool)
    allowed[:, 0] = True
    allowed[0] |= rule.unknown == "any"
    return Grid(of_customers + 1, of_offers + 1, allowed)


def _all(grids: Sequence[Grid]) -> Grid:
    together = grids[0]
    for grid in grids[1:]:
        together &= grid
    return together


def _refuse_nothing_left(names: Sequence[str], grids: Sequence[Grid]) -> None:
    # The last customer is unknown, and may have no offer.
    known = [Grid(grid.customers[:-1], grid.products, grid.allowed) for grid in grids]
    position = first_empty(known) if grids else None
    if position is not None:
        before = f", together with {', '.join(names[:position])}," if position else ""
        raise InputError(
            f"policy: rule '{names[position]}'{before} leaves no customer any offer; the rules "
            "contradict each other or the data: relax or drop one"
        )


def _rule(name: str, grid: Grid) -> GroupRule:
    groups = grid.customers.astype(np.int32)
    return GroupRule(
        name=name,
        customers=groups[:-1],
        offers=grid.products.astype(np.int32),
        allowed=grid.allowed,
        unknown_group=int(groups[-1]),
    )
