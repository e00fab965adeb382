"""How many offers, customers and pairs each rule takes away: exact, streamed by tiles."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.masks import by_rule
from recsys.policy.compiled.rules import OFFER_TOUCHPOINT
from recsys.policy.compiled.times import OPEN_END
from recsys.policy.funnel.bits import Permitted, Tally, tally_of

_CELLS = 4_000_000
"""Pairs in a tile, so that its bits stay in a processor's cache."""


@dataclass(frozen=True)
class Count:
    """Numbers of things permitted, or taken away.

    Attributes:
        triples: of customer, offer and touchpoint.
        pairs: of customer and offer, at any touchpoint.
        customers: with any offer at any touchpoint.
        offers: for any customer at any touchpoint.
    """

    triples: int
    pairs: int
    customers: int
    offers: int

    def __sub__(self, other: "Count") -> "Count":
        names = [field.name for field in fields(Count)]
        return Count(*(getattr(self, name) - getattr(other, name) for name in names))


@dataclass(frozen=True)
class Counts:
    """What rules take away, in their order.

    Attributes:
        names: [R] of the rules.
        before: without rules.
        alone: [R] taken away by each rule by itself.
        in_order: [R] taken away by each rule after those before it.
        left: after all rules.
    """

    names: tuple[str, ...]
    before: Count
    alone: tuple[Count, ...]
    in_order: tuple[Count, ...]
    left: Count


class _Sum:
    """Adds up the tallies of tiles."""

    def __init__(self, offers: int) -> None:
        self.triples = self.pairs = self.customers = 0
        self.offers = np.zeros(offers, dtype=bool)

    def add(self, tally: Tally) -> None:
        self.triples += tally.triples
        self.pairs += tally.pairs
        self.customers += int(np.count_nonzero(tally.customers))
        self.offers |= tally.offers

    def count(self) -> Count:
        return Count(self.triples, self.pairs, self.customers, int(self.offers.sum()))


def counts(masks: "Masks", rows: IntArray) -> Counts:
    """What each rule takes away within a horizon, by itself and in order.

    A touchpoint is closed by rules if they leave no moment of the horizon open; an offer is taken
    away unless it stays allowed for all of it, as for decisions that are planned ahead.

    Args:
        masks: of the rules, within the horizon.
        rows: [Q] customer rows.
    """
    rules = masks.rules
    shape = (len(rows), rules.shape[1], len(masks.columns))
    alone = [_Sum(shape[1]) for _ in rules.names]
    in_order = [_Sum(shape[1]) for _ in rules.names]
    tile = max(1, _CELLS // max(1, shape[1]))
    for start in range(0, len(rows), tile):
        part = rows[start : start + tile]
        permitted = Permitted(len(part), *shape[1:])
        for position, (by_itself, so_far) in enumerate(masks.of(part)):
            alone[position].add(tally_of(by_itself, len(part), *shape[1:]))
            permitted.keep(so_far)
            in_order[position].add(permitted.tally())
    before = Count(
        triples=int(np.prod(shape, dtype=np.int64)),
        pairs=shape[0] * shape[1],
        customers=shape[0] if shape[1] and shape[2] else 0,
        offers=shape[1] if shape[0] and shape[2] else 0,
    )
    left = [before, *(total.count() for total in in_order)]
    return Counts(
        names=rules.names,
        before=before,
        alone=tuple(before - total.count() for total in alone),
        in_order=tuple(a - b for a, b in pairwise(left)),
        left=left[-1],
    )


class Masks:
    """What each rule allows within a horizon, for tiles of customers.

    Args:
        rules: of a policy.
        at: moment, UTC seconds.
        horizon: seconds from then.
        columns: [S] the touchpoints to look at; None for all T.
    """

    def __init__(
        self, rules: CompiledRules, at: int, horizon: int, columns: IntArray | None = None
    ) -> None:
        self.rules, self.at, self.horizon = rules, at, horizon
        self.columns = np.arange(rules.shape[2]) if columns is None else columns

    @cached_property
    def _alone(self) -> dict[str, CompiledRules]:
        rules = self.rules
        return {name: rules.with_touchpoint_rules([name]) for name in rules.touchpoint_names}

    @cached_property
    def _so_far(self) -> dict[str, CompiledRules]:
        ordered = [name for name in self.rules.names if name in self.rules.touchpoint_names]
        return {
            name: self.rules.with_touchpoint_rules(ordered[: position + 1])
            for position, name in enumerate(ordered)
        }

    @cached_property
    def _without(self) -> dict[str, CompiledRules]:
        closing = self.rules.touchpoint_names
        return {
            name: self.rules.with_touchpoint_rules([other for other in closing if other != name])
            for name in closing
        }

    def of(self, rows: IntArray) -> Iterator[tuple[BoolArray, BoolArray]]:
        """For each rule what it allows by itself, and with the touchpoint rules before it.

        Both broadcast to [B, O, S]. Rules of offers do not depend on each other, while two quiet
        hours may each leave a moment open and both together none.
        """
        for name, mask in self.by_rule(rows):
            if name in self._alone:
                alone, so_far = self._alone[name], self._so_far[name]
                yield self._open(alone, rows)[:, None], self._open(so_far, rows)[:, None]
            else:
                yield mask, mask

    def by_rule(self, rows: IntArray) -> Iterator[tuple[str, BoolArray]]:
        """Name of each rule and what it allows by itself all the time, as [B, O, S].

        Touchpoints are those of the moment.
        """
        whole = self.rules.shape[2]
        for name, mask in by_rule(self.rules, rows, self.at, self.at + self.horizon - 1):
            yield name, mask[:, :, self.columns] if mask.shape[2] == whole else mask

    def refusals(self, rows: IntArray) -> tuple[dict[str, BoolArray], IntArray]:
        """Name of each rule that takes offers away -> [B, O] those, and [B, O] how many rules do.

        The rule of offers that are tied to touchpoints is not among them.
        """
        shape = len(rows), self.rules.shape[1]
        closing = (*self.rules.touchpoint_names, OFFER_TOUCHPOINT)
        refused = {
            name: np.broadcast_to(~mask[:, :, 0], shape)
            for name, mask in self.by_rule(rows)
            if name not in closing
        }
        count = np.zeros(shape, np.int16)
        for mask in refused.values():
            count += mask
        return refused, count

    def touchpoints(self, rows: IntArray, without: str | None = None) -> BoolArray:
        """[B, S] open under all rules, or under all but one."""
        rules = self.rules if without is None else self._without[without]
        return self._open(rules, rows)

    def _open(self, rules: CompiledRules, rows: IntArray) -> BoolArray:
        times = rules.send_times(rows, self.at, self.horizon)
        return np.asarray((times[:, self.columns] < OPEN_END).any(axis=2))
