"""Offers of the decisions table, and how customers answered them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, Interactions, microseconds
from recsys.data.vocabulary import Vocabulary
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.slices import by_label, members
from recsys.experiments.pairs import LEVEL

KINDS = EVERY, TOUCHPOINT, VARIANT = "all offers", "touchpoint", "message variant"
"""How offers are grouped: all together, by touchpoint, or by the variant of their message."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PastOffers:
    """D offers that were made to customers before the cut-off.

    Attributes:
        events: [D] customer, touchpoint and time of each offer; the action is the answer.
        offers: [D] row number of each offer.
        covers: [O, P] bool CSR, the products of each offer.
        variants: [D] positions in `variant_names`, -1 for none.
        variant_names: names of the variants of the messages.
    """

    events: Interactions
    offers: IntArray
    covers: csr_array
    variants: IntArray
    variant_names: list[str]

    def __len__(self) -> int:
        return len(self.events)

    @property
    def accepted(self) -> BoolArray:
        """[D] whether the customer accepted."""
        return self.events.has_action(("accept",))


def offers_made(past: Dataset) -> PastOffers | None:
    """The offers of the decisions table; None where there are none, or events have no timestamps.

    Args:
        past: the data before the cut-off.
    """
    made = past.side_tables.get("decisions")
    if made is None or made.empty or past.clock != "timestamp":
        return None
    # Without the table each product is its own offer.
    single = pd.DataFrame({columns.OFFER: past.products.ids, columns.PRODUCT: past.products.ids})
    about = past.side_tables.get("offers", single)
    vocabulary = Vocabulary.build("offer", [made[columns.OFFER], about[columns.OFFER]])
    of_offer = vocabulary.rows(about[columns.OFFER])
    covers = csr_array(
        (np.ones(len(about), bool), (of_offer, past.products.rows(about[columns.PRODUCT]))),
        shape=(len(vocabulary), len(past.products)),
    )
    covers.sum_duplicates()
    offers = vocabulary.rows(made[columns.OFFER])
    variants, names = _variants(about, of_offer, len(vocabulary))
    outcome = made[columns.OUTCOME].map(ACTION_CODES)
    return PastOffers(
        events=Interactions(
            customers=past.customers.rows(made[columns.CUSTOMER]),
            products=np.full(len(made), -1, np.int32),
            touchpoints=past.touchpoints.rows(made[columns.TOUCHPOINT]),
            actions=outcome.to_numpy(np.int8),
            when=microseconds(made[columns.TIMESTAMP]),
        ),
        offers=offers,
        covers=covers,
        variants=variants[offers],
        variant_names=names,
    )


def answers(past: Dataset, made: PastOffers) -> pd.DataFrame:
    """How customers answered: to all offers, by touchpoint, and by variant of the message.

    Args:
        past: the data before the cut-off.
        made: the offers.

    Returns:
        One row a group and answer: kind, name, answer, mean, low, high (share of the offers),
        offers, customers.
    """
    groups = {
        EVERY: by_label(np.zeros(len(made), np.int64), ["all"]),
        TOUCHPOINT: by_label(made.events.touchpoints, [str(name) for name in past.touchpoints.ids]),
        VARIANT: by_label(made.variants, made.variant_names),
    }
    masks = {
        (kind, name): mask for kind, cut in groups.items() for name, mask in members(cut).items()
    }
    values = {
        (*group, answer): np.where(mask, made.events.has_action((answer,)), np.nan)
        for group, mask in masks.items()
        for answer in columns.OUTCOMES
    }
    shares = bootstrap(values, made.events.customers, level=LEVEL)
    rows = [
        (*key, share.mean, share.low, share.high, int(masks[key[:2]].sum()), share.customers)
        for key, share in shares.items()
    ]
    names = ["kind", "name", "answer", "mean", "low", "high", "offers", "customers"]
    return pd.DataFrame(rows, columns=names)


def _variants(about: pd.DataFrame, of_offer: IntArray, size: int) -> tuple[IntArray, list[str]]:
    """[O] code of each offer's variant, -1 for none, and the names of the codes."""
    variants = np.full(size, -1)
    if columns.VARIANT not in about:
        return variants, []
    codes, names = pd.factorize(about[columns.VARIANT])
    variants[of_offer] = codes
    return variants, [str(name) for name in names]
