"""`PurposeModel`: learns purposes and how strands go on, and says which strand an event is of."""

from typing import Self

import numpy as np

from recsys.arrays import IdArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, Interactions
from recsys.data.vocabulary import Vocabulary
from recsys.journeys.purposes.discover import Discovery, discover
from recsys.journeys.purposes.fit import fit_renewal, infer_links
from recsys.journeys.purposes.renewal import Renewal
from recsys.journeys.purposes.strands import Strands, strands_of
from recsys.journeys.purposes.tree import PurposeTree
from recsys.journeys.purposes.visits import (
    OWN_ACTIONS,
    VISIT_MINUTES,
    Span,
    Visits,
    own_events,
    visits,
)

_MOST_VISITS = 200_000
"""Visits of so many customers are enough to learn how strands go on."""


class PurposeModel:
    """Groups the events of each customer by what they are for.

    Products serve purposes (`recsys.journeys.purposes.discover`). The visits of a customer for one
    purpose form strands: each either continues one that is open or begins a new one, by the gap
    since, by how far the strand has come, and by how often this customer begins strands
    (`recsys.journeys.purposes.renewal`). Strands may run beside each other. Nothing but events up
    to the cut-off of the data is used.

    Args:
        column: of products, whose values are the purposes; None finds them in the graph.
        actions: that customers take of their own accord, from shallow to deep.
        minutes: a longer pause ends a visit.
        seed: of discovery and of the customers that are learned from.
        shuffle: seed of a random order of the vertices of the graph, to see whether it matters.

    Attributes:
        tree: purposes; set by `fit`.
        renewal: how strands go on; set by `fit`.
        span: the clock of the data; set by `fit`.
    """

    tree: PurposeTree
    renewal: Renewal
    span: Span

    def __init__(
        self,
        *,
        column: str | None = columns.CATEGORY,
        actions: tuple[str, ...] = OWN_ACTIONS,
        minutes: float = VISIT_MINUTES,
        seed: int = 0,
        shuffle: int | None = None,
    ) -> None:
        self.discovery = Discovery(column=column, seed=seed, shuffle=shuffle)
        self.actions, self.minutes = actions, minutes
        self._products: Vocabulary | None = None

    def fit(self, data: Dataset) -> Self:
        """Learns purposes and strands from the events of a data set.

        Args:
            data: events up to its cut-off.

        Raises:
            InputError: the data have no order, no event with a product that counts, or lack the
                column of products.
        """
        self.span = Span.of(data, self.minutes)
        used = own_events(data, self.actions)
        self.tree = discover(data, used, self.discovery)
        self._products = data.products
        found = visits(
            data.interactions, used, self.tree.purpose, self.span, self._horizon(data), self.actions
        )
        sampled, customers = self._sample(found)
        self.renewal = fit_renewal(sampled, customers * len(self.tree.names))
        return self

    def assign(self, data: Dataset) -> Strands:
        """The strands of all customers of a data set.

        Args:
            data: of the same source: products that are not known have no purpose.
        """
        used = data.interactions.has_action(self.actions) & (data.interactions.products >= 0)
        found = visits(
            data.interactions, used, self.purposes_of(data.products.ids), self.span,
            self._horizon(data), self.actions,
        )  # fmt: skip
        parts = [strands_of(part, *infer_links(self.renewal, part)) for part in self._parts(found)]
        return Strands.joined(parts, len(data.interactions), self.actions)

    def assign_events(self, events: Interactions, as_of: int) -> Strands:
        """The strands of a few events, as when some are fresh: of a customer, in milliseconds.

        Args:
            events: all of the customer, by row numbers of the data that the model was fitted on.
            as_of: now, in units of the clock.
        """
        used = events.has_action(self.actions) & (events.products >= 0)
        found = visits(
            events, used, self.tree.purpose, self.span, float(self.span.days(as_of)), self.actions
        )
        part = strands_of(found, *infer_links(self.renewal, found))
        return Strands.joined([part], len(events), self.actions)

    def purposes_of(self, product_ids: IdArray) -> IntArray:
        """[n] purpose of products by id, -1 for products that the model does not know."""
        assert self._products is not None
        if product_ids is self._products.ids:
            return self.tree.purpose
        rows = self._products.rows(product_ids)
        return np.where(rows >= 0, self.tree.purpose[rows], -1)

    def _horizon(self, data: Dataset) -> float:
        when = data.interactions.when
        assert when is not None
        end = data.as_of
        if end is None:
            end = int(when[when != NEVER].max(initial=self.span.start)) + 1
        return max(float(self.span.days(end)), 1e-9)

    def _sample(self, found: Visits) -> tuple[Visits, int]:
        """Visits of at most so many customers drawn at random, and how many customers these are."""
        customers = np.unique(found.customer)
        share = _MOST_VISITS / max(len(found), 1)
        if share >= 1:
            return found, len(customers)
        rng = np.random.default_rng(self.discovery.seed)
        keep = np.zeros(int(customers[-1]) + 1, bool)
        chosen = rng.choice(customers, max(int(share * len(customers)), 1), replace=False)
        keep[chosen] = True
        return found.of_customers(keep), len(chosen)

    def _parts(self, found: Visits) -> list[Visits]:
        """The visits, so many at a time that their pairs fit into memory; customers stay whole."""
        if len(found) <= _MOST_VISITS:
            return [found]
        size = int(found.customer[-1]) + 1
        part = np.cumsum(np.bincount(found.customer, minlength=size)) // _MOST_VISITS
        return [found.of_customers(part == number) for number in np.unique(part)]
