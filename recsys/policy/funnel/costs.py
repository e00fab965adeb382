"""What each rule costs in expected value, on a sample of customers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.rules import OFFER_TOUCHPOINT
from recsys.policy.funnel.counts import Masks

Values: TypeAlias = Callable[[IntArray], FloatArray]
"""Customer rows [B] -> expected values [B, O], or [B, O, T] where touchpoints differ."""

SAMPLE = 50_000
_CELLS = 4_000_000
_FREE, _LEFT = ("value", "free"), ("value", "left")


@dataclass(frozen=True)
class Costs:
    """The mean over customers of the value of their best permitted offer.

    A customer without an offer of positive value gets none, which is worth 0.

    Attributes:
        free: without any rule.
        left: under all rules.
        rules: rule -> how much more it would be without this rule, all others kept.
        customers: in the sample.
    """

    free: Interval
    left: Interval
    rules: Mapping[str, Interval]
    customers: int


def costs(
    masks: Masks,
    rows: IntArray,
    values: Values,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
) -> Costs:
    """What each rule costs, with 95 % intervals over customers.

    Capacity and budget are left aside: they depend on all customers together.

    Args:
        masks: of the rules, within the horizon.
        rows: [Q] customer rows, one a customer.
        values: of offers.
        sample: customers that are drawn, without replacement; all where there are fewer.
        seed: of the draw and of the intervals.

    Raises:
        InputError: the values have another shape, or one is not finite.
    """
    rules = masks.rules
    generator = np.random.default_rng(seed)
    drawn = np.sort(generator.choice(len(rows), min(sample, len(rows)), replace=False))
    tile = max(1, _CELLS // max(1, rules.shape[1] * rules.shape[2]))
    parts = [rows[drawn[start : start + tile]] for start in range(0, len(drawn), tile)]
    tables = [_tile(masks, part, _checked(values(part), rules, len(part))) for part in parts]
    names = [_FREE, _LEFT, *(("rule", name) for name in rules.names)]
    columns = np.concatenate(tables, axis=0) if tables else np.zeros((0, len(names)))
    table = {name: columns[:, i] for i, name in enumerate(names)}
    intervals = bootstrap(table, np.arange(len(drawn)), seed=seed)
    return Costs(
        free=intervals[_FREE],
        left=intervals[_LEFT],
        rules={name: intervals["rule", name] for name in rules.names},
        customers=len(drawn),
    )


def _tile(masks: Masks, rows: IntArray, values: FloatArray) -> FloatArray:
    """[B, 2 + R] best value without rules and under all, then what each rule costs."""
    rules, pairs = masks.rules, masks.rules.pairs()[:, masks.columns]
    if values.ndim == 3:
        values = values[:, :, masks.columns]
    all_offers = np.ones(values.shape[:2], dtype=bool)
    anywhere = np.ones((len(rows), len(masks.columns)), dtype=bool)
    is_open = masks.touchpoints(rows)
    refused, refusals = masks.refusals(rows)
    offers, by_offer = refusals == 0, _by_offer(values, is_open, pairs)
    left = _best(by_offer, offers)
    untied = np.ones_like(pairs)
    columns = [_best(_by_offer(values, anywhere, untied), all_offers), left]
    for name in rules.names:
        if name in refused:
            best = np.maximum(left, _best(by_offer, refused[name] & (refusals == 1)))
        elif name == OFFER_TOUCHPOINT:
            best = _best(_by_offer(values, is_open, untied), offers)
        else:
            best = left.copy()
            without = masks.touchpoints(rows, without=name)
            gained = np.flatnonzero((without & ~is_open).any(axis=1))
            open_there = _by_offer(values[gained], without[gained], pairs)
            best[gained] = _best(open_there, offers[gained])
        columns.append(best - left)
    return np.column_stack(columns)


def _by_offer(values: FloatArray, touchpoints: BoolArray, pairs: BoolArray) -> FloatArray:
    """[B, O] each offer's best value at an open touchpoint, 0 where there is none above it."""
    best = np.zeros(values.shape[:2], np.float32)
    for touchpoint in range(touchpoints.shape[1]):
        there = values if values.ndim == 2 else values[:, :, touchpoint]
        permitted = touchpoints[:, touchpoint, None] & pairs[:, touchpoint]
        np.maximum(best, there, out=best, where=permitted)
    return best


def _best(by_offer: FloatArray, offers: BoolArray) -> FloatArray:
    """[B] float64 best value of each customer among permitted offers."""
    return np.asarray(by_offer.max(axis=1, where=offers, initial=0), np.float64)


def _checked(values: FloatArray, rules: CompiledRules, rows: int) -> FloatArray:
    _, offers, touchpoints = rules.shape
    shapes = (rows, offers), (rows, offers, touchpoints)
    if np.shape(values) not in shapes:
        raise InputError(
            f"values: expected {shapes[0]} or {shapes[1]} numbers, got {np.shape(values)}"
        )
    if not np.isfinite(values).all():
        raise InputError("values: expected finite numbers, got nan or inf")
    return np.asarray(values, np.float32)
