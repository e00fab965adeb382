"""What acceptances are worth under a policy: of each offer, and for each customer."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.offer_rows import offer_rows
from recsys.data.sql_expressions.expressions import require_columns, require_safe
from recsys.errors import InputError
from recsys.policy.rules.eligibility import condition_grid
from recsys.policy.rules.evaluate import Bounds, numbers
from recsys.policy.rules.offers import offers_of
from recsys.policy.rules.policy import CUSTOMER_SIDE, OFFER_SIDE, Policy
from recsys.policy.rules.sides import Sides


def offer_values(policy: Policy, data: Dataset) -> FloatArray:
    """[O] float64 value of an acceptance, before levers: the mean over the products of an offer.

    Raises:
        InputError: the column of `arbitration.value` is missing, or an offer has no value in it.
    """
    name, offers = policy.arbitration.value, offers_of(data)
    if name == "equal":
        return np.ones(len(offers))
    source = "offers" if name == columns.REWARD else "products"
    table = data.side_tables.get(source)
    if table is None or name not in table:
        raise InputError(
            f"policy.arbitration.value: expected a column '{name}' in the table of {source}, got "
            "none; add it, or use another of reward, margin, price, equal"
        )
    if name == columns.REWARD:
        rows = offer_rows(data)
        assert rows is not None
        values = table[name].groupby(rows.row).mean().to_numpy(np.float64, na_value=np.nan)
    else:
        assert offers.products_table is not None
        of_products = offers.products_table[name].to_numpy(np.float64, na_value=np.nan)
        sums = np.add.reduceat(of_products[offers.products], offers.starts[:-1])
        values = sums / np.diff(offers.starts)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        raise InputError(
            f"policy.arbitration.value: expected a {name} of every offer, got none of "
            f"'{offers.ids.iloc[missing[0]]}' and {len(missing) - 1:,} more; fill in the column"
        )
    return values


def offer_levers(policy: Policy, data: Dataset, *, bounds: Bounds | None = None) -> FloatArray:
    """[O] float64 product of the levers whose condition an offer, or one of its products, meets.

    Raises:
        InputError: a condition names an unknown column, or cannot be computed.
    """
    offers = offers_of(data)
    sides, factors = Sides(data, offers), np.ones(len(offers))
    for position, lever in enumerate(policy.arbitration.levers):
        path = f"policy.arbitration.levers[{position}].offers"
        grid = condition_grid(path, lever.offers, sides, bounds or Bounds(), tables=OFFER_SIDE)
        grid = grid.over_offers(path, offers.starts)
        factors[grid.allowed[0][grid.products]] *= lever.times
    return factors


def customer_factors(policy: Policy, data: Dataset, *, bounds: Bounds | None = None) -> FloatArray:
    """[C + 1] float64 of `arbitration.customer_value`; the last is that of an unknown customer.

    Where it is not known (NULL) it counts as the mean of the customers for whom it is, or 1.

    Raises:
        InputError: it names an unknown column, cannot be computed, or is negative or infinite.
    """
    path = "policy.arbitration.customer_value"
    sides = Sides(data, offers_of(data))
    expression = require_safe(path, policy.arbitration.customer_value, CUSTOMER_SIDE)
    require_columns(expression, sides.known)
    groups, values = sides.of_customers(expression)
    _, no_values = sides.of_products(expression)
    factors = numbers(expression, values, no_values, bounds or Bounds())[:, 0][groups]
    bad = factors[(factors < 0) | np.isinf(factors)]
    if len(bad):
        raise InputError(f"{path}: expected numbers of 0 or more, got {bad[0]:g}; see greatest()")
    known = ~np.isnan(factors[:-1])
    mean = float(factors[:-1][known].mean()) if known.any() else 1.0
    return np.where(np.isnan(factors), mean, factors)
