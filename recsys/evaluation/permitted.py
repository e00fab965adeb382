"""Rankings of what is permitted, and what each rule costs in hits and in value.

Who permits is not known here: rules come as functions of customers that return masks of products.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluation.full_ranking import TILE, Score, mask, scored
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.relevance import relevant_entries
from recsys.ops.topk import topk

Permitted: TypeAlias = Callable[[IntArray], BoolArray]
"""Row numbers of customers [n] -> [n, P] products that each may be offered."""

Variants: TypeAlias = Callable[[IntArray], Iterator[BoolArray]]
"""Row numbers of customers [n] -> one mask [n, P] after the other: under all rules, and then under
all but one, for each rule in turn."""

HITS, VALUE = "hits", "value"


def under(score: Score, permitted: Permitted) -> Score:
    """The same scores, -inf where a product is not permitted, which leaves it out of the list.

    Args:
        score: row numbers [n] -> scores [n, P].
        permitted: row numbers [n] -> [n, P] bool.
    """

    def permitted_scores(customers: IntArray) -> FloatArray:
        return np.where(permitted(customers), score(customers), np.float32(-np.inf))

    return permitted_scores


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleCosts:
    """What rules take away from the lists of a model.

    `hits` are queries whose first k products hold a relevant one, as a share; `value` is the sum of
    the values of the relevant products among them, a query.

    Attributes:
        free: measure -> without rules.
        left: measure -> under all rules.
        taken: measure -> free - left, paired.
        rules: rule -> measure -> how much more it is without this rule, all others kept; negative
            where the rule keeps worse products out.
    """

    free: Mapping[str, Interval]
    left: Mapping[str, Interval]
    taken: Mapping[str, Interval]
    rules: Mapping[str, Mapping[str, Interval]]


def rule_costs(
    score: Score,
    queries: Queries,
    k: int,
    names: Sequence[str],
    variants: Variants,
    *,
    values: FloatArray | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> RuleCosts:
    """Ranks every query without rules, under all of them, and under all but each.

    Scores are computed once. Products that are seen or not on offer are left out in any case.

    Args:
        score: of the model.
        queries: of a window.
        k: length of the lists.
        names: [R] of the rules.
        variants: the 1 + R masks of customers.
        values: [P] of the products; None counts each as 1.
        resamples: of the bootstrap over customers.
        level: confidence of each interval by itself.
        seed: of the resampling.

    Raises:
        InputError: the values are not one finite number a product.
        ValueError: as `recsys.evaluation.full_ranking.rank`.
    """
    count, width = queries.relevant.shape
    worth = np.ones(width) if values is None else np.asarray(values, np.float64)
    if worth.shape != (width,) or not np.isfinite(worth).all():
        raise InputError(
            f"values: expected {width:,} finite numbers, one a product, got {worth.shape}"
        )
    kept = np.empty((2 + len(names), 2, count))  # [variants, (hits, value), Q]
    for start in range(0, count, TILE):
        rows = slice(start, min(start + TILE, count))
        tile, relevant = scored(score, queries, rows), queries.relevant[rows]
        mask(tile, queries.eligible, None if queries.seen is None else queries.seen[rows])
        kept[0, :, rows] = _hits_and_value(tile, relevant, k, worth)
        under_all = None
        for number, permitted in enumerate(variants(queries.customers[rows]), 1):
            if under_all is not None and np.array_equal(permitted, under_all):
                kept[number, :, rows] = kept[1, :, rows]
                continue
            under_all = permitted if under_all is None else under_all
            masked = np.where(permitted, tile, np.float32(-np.inf))
            kept[number, :, rows] = _hits_and_value(masked, relevant, k, worth)
    return _summed(kept, queries.customers, names, resamples, level, seed)


def _hits_and_value(tile: FloatArray, relevant: csr_array, k: int, worth: FloatArray) -> FloatArray:
    """[2, n] whether the list holds a relevant product, and the value of those that it holds."""
    best = topk(tile, k)
    is_hit = relevant_entries(best.columns, relevant) >= 0
    return np.stack([is_hit.any(axis=1), np.where(is_hit, worth[best.columns], 0).sum(axis=1)])


def _summed(
    kept: FloatArray,
    customers: IntArray,
    names: Sequence[str],
    resamples: int,
    level: float,
    seed: int,
) -> RuleCosts:
    measures = (HITS, VALUE)
    free, left, *without = kept
    rows = {"free": free, "left": left, "taken": free - left}
    rows |= {f"rule {name}": part - left for name, part in zip(names, without, strict=True)}
    table = {
        (row, measure): of_row[column]
        for row, of_row in rows.items()
        for column, measure in enumerate(measures)
    }
    intervals = bootstrap(table, customers, resamples=resamples, level=level, seed=seed)
    by_row = {row: {measure: intervals[row, measure] for measure in measures} for row in rows}
    return RuleCosts(
        free=by_row["free"],
        left=by_row["left"],
        taken=by_row["taken"],
        rules={name: by_row[f"rule {name}"] for name in names},
    )
