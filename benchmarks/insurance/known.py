"""What is known of a customer just before a moment, of purchases alone or of touchpoints too."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.insurance.journeys import InsuranceJourneys
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.sources.insurance import EVENT
from recsys.models.acceptance import Features
from recsys.models.acceptance.features import from_columns
from recsys.models.next_step import Steps, counts_before, latest_before
from recsys.ops.temporal_counts import EventHistory

ARMS = {"without": False, "with": True}
"""Arm -> whether the model knows touchpoints; it knows purchases in both arms."""

LAST = 3
"""Touchpoints of a journey whose order is looked at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """Of N moments; nothing here is dated at them or later.

    Attributes:
        products: [N, P] purchases of each product.
        purchases: [N] purchase events.
        since: [N] purchase events of everybody since the last of them; nan before the first.
        latest_product: [N] bought last, -1 for none.
        here: [N, K] touchpoints of each kind in this journey.
        earlier: [N, K] in earlier ones.
        latest: [N, LAST] kinds of the last ones of this journey, the latest first; -1 for none.
        names: of the products, then of the kinds.
    """

    products: FloatArray
    purchases: FloatArray
    since: FloatArray
    latest_product: IntArray
    here: FloatArray
    earlier: FloatArray
    latest: IntArray
    names: tuple[tuple[str, ...], tuple[str, ...]]

    def select(self, keep: BoolArray | IntArray) -> "Known":
        """Those that a mask [N] keeps, or that positions name."""
        chosen: dict[str, Any] = {
            name: array if name == "names" else array[keep] for name, array in vars(self).items()
        }
        return Known(**chosen)

    def features(self, touchpoints: bool) -> Features:
        """Columns for a learner, all finite."""
        (products, kinds), some = self.names, self.purchases > 0
        columns: dict[str, FloatArray | BoolArray] = {
            f"bought_{name}": self.products[:, i] for i, name in enumerate(products)
        }
        columns |= {f"owns_{name}": self.products[:, i] > 0 for i, name in enumerate(products)}
        columns |= {
            "purchases": self.purchases,
            "bought_before": some,
            "since_purchase": np.log1p(np.where(some, self.since, 0)),
        }
        if touchpoints:
            columns["touchpoints_many"] = self.here.sum(axis=1) > LAST
            for i, name in enumerate(kinds):
                columns |= {
                    f"{name}_here": np.log1p(self.here[:, i]),
                    f"{name}_here_any": self.here[:, i] > 0,
                    f"{name}_earlier": np.log1p(self.earlier[:, i]),
                }
                columns |= {f"{name}_{back}": self.latest[:, back] == i for back in range(LAST)}
        return from_columns({name: values.astype(np.float64) for name, values in columns.items()})

    def segments(self, touchpoints: bool) -> IntArray:
        """[N] cells by number of purchases, and of touchpoints of each kind in this journey."""
        cell = np.minimum(self.purchases, 3).astype(np.int64)
        for here in self.here.T if touchpoints else ():
            cell = cell * 4 + np.digitize(here, [1, 2, 4])
        return cell

    def chains(self, touchpoints: bool) -> IntArray:
        """[N] cells by what was bought last, and by the kind of the last touchpoint."""
        cell = self.latest_product.astype(np.int64) + 1
        kinds = len(self.names[1]) + 1
        return cell * kinds + self.latest[:, 0] + 1 if touchpoints else cell

    def nodes(self, touchpoints: bool) -> BoolArray:
        """[N, M] whether each node of a graph holds: products owned, none owned, touchpoints."""
        nodes = [self.products > 0, self.purchases[:, None] == 0]
        if touchpoints:
            nodes += [self.here >= least for least in (1, 2, 4)]
            nodes += [self.earlier > 0, self.latest[:, :1] == np.arange(len(self.names[1]))]
        return np.hstack(nodes)


def arm_of(model: str, arm: str) -> str:
    """The name of a model in an arm."""
    return f"{model}_{arm}"


def known_before(journeys: InsuranceJourneys, steps: Steps, of_journey: IntArray) -> Known:
    """What is known at each step.

    Args:
        journeys: all of them, now or later.
        steps: [N].
        of_journey: [N] journey of each.
    """
    customers, moments = steps.customers, steps.moments
    bought, touched, data = journeys.purchases, journeys.touches, journeys.data
    assert bought.when is not None
    assert touched.when is not None
    kinds = len(data.touchpoints)
    happened = EventHistory(journeys.customers, journeys.moments)
    of_customer = (touched.customers, touched.when, touched.touchpoints, customers, moments, kinds)
    of_this = (journeys.of_touch, touched.when, touched.touchpoints, of_journey, moments, kinds)
    items = (bought.customers, bought.when, bought.products, customers, moments)
    here = counts_before(*of_this)
    return Known(
        products=counts_before(*items, len(data.products)),
        purchases=happened.count(customers, moments),
        since=happened.since(customers, moments) / EVENT,
        latest_product=latest_before(*items, 1)[:, 0],
        here=here,
        earlier=counts_before(*of_customer) - here,
        latest=journeys.latest_kinds(of_journey, moments, LAST),
        names=(
            tuple(str(name) for name in data.products.ids),
            tuple(str(name) for name in data.touchpoints.ids),
        ),
    )
