"""Which products the rules of a policy permit, for rankings that know products and not offers."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.offer_rows import offer_rows
from recsys.errors import InputError
from recsys.policy.compiled.rules import OFFER_TOUCHPOINT
from recsys.policy.compiled.times import DAY
from recsys.policy.funnel.counts import Masks
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.policy import Policy


class PermittedProducts:
    """The products that a policy permits customers at the cut-off of a data set.

    Each product counts as its own offer: a ranking of products has no touchpoint and no message. A
    customer for whom rules close all touchpoints on the day from the cut-off on gets none.
    Campaigns, offers' own dates and touchpoints do not count.

    Args:
        policy: its rules.
        data: what precedes the window that is ranked for, with a clock of time.

    Raises:
        InputError: the data have no time, or the policy does not fit them.
    """

    def __init__(self, policy: Policy, data: Dataset) -> None:
        at = data.as_of_seconds
        if at is None:
            raise InputError(
                "policy: expected data with timestamps and a cut-off in time, got none; rules "
                "depend on when"
            )
        self.rules = compile_rules(policy, _by_product(data))
        self.masks = Masks(self.rules, at, DAY)

    @property
    def names(self) -> list[str]:
        """The rules that can take products away, in their order."""
        return [name for name in self.rules.names if name != OFFER_TOUCHPOINT]

    def __call__(self, rows: IntArray) -> BoolArray:
        """[n, P] products that all rules permit to customers [n]."""
        return next(self.variants(rows))

    def variants(self, rows: IntArray) -> Iterator[BoolArray]:
        """[n, P] products permitted under all rules, and then without each of `names`."""
        refused, refusals = self.masks.refusals(rows)
        is_open = self._open(rows)
        yield np.asarray((refusals == 0) & is_open)
        for name in self.names:
            if name in refused:
                yield np.asarray((refusals == refused[name]) & is_open)
            else:
                yield np.asarray((refusals == 0) & self._open(rows, name))

    def _open(self, rows: IntArray, without: str | None = None) -> BoolArray:
        """[n, 1] whether any touchpoint is open, under all rules or all but one."""
        return np.asarray(self.masks.touchpoints(rows, without).any(axis=1, keepdims=True))


def _by_product(data: Dataset) -> Dataset:
    """The data without offers; decisions about an offer of one product are about that product."""
    tables = dict(data.side_tables)
    offers = offer_rows(data)
    tables.pop("offers", None)
    if offers is not None and "decisions" in tables:
        single = np.flatnonzero(np.diff(offers.starts) == 1)
        ids = offers.about[columns.OFFER].iloc[single]
        products = data.products.ids[offers.products[offers.starts[single]]]
        of_offer = dict(zip(ids.astype(object), products, strict=True))
        decisions = tables["decisions"]
        named = (
            decisions[columns.OFFER].astype(object).map(lambda offer: of_offer.get(offer, offer))
        )
        tables["decisions"] = decisions.assign(**{columns.OFFER: named})
    return replace(data, side_tables=tables)
