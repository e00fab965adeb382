"""Customers with a similar taste: those whose vectors point in nearly the same direction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.nearest import UnitVectors, taste_columns
from recsys.ops.result_tables import html_table, text_table
from recsys.ops.topk import TopK
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.query.customer_state import plain
from recsys.serving.query.default_vector import fill_default
from recsys.serving.query.query import Id, Ids, require_one_id, require_whole

_HEAD = ("customer", "similarity")


@dataclass(frozen=True)
class SimilarCustomer:
    """A customer, and how similar to another: a cosine, at most 1."""

    customer_id: str | int | UUID
    similarity: float


@dataclass(frozen=True, kw_only=True)
class SimilarCustomers:
    """The customers who are most similar to one.

    Attributes:
        customer_id: as in the artifact.
        customers: the most similar first.
        compared: with how many.
        without_events: customers who were left out, because nothing is known of them.
    """

    customer_id: str | int | UUID
    customers: Sequence[SimilarCustomer]
    compared: int
    without_events: int

    def __iter__(self) -> Iterator[SimilarCustomer]:
        return iter(self.customers)

    def __len__(self) -> int:
        return len(self.customers)

    def __str__(self) -> str:
        return text_table(self._title, list(_HEAD), self._rows)

    def _repr_html_(self) -> str:
        return html_table(self._title, list(_HEAD), self._rows)

    @property
    def _title(self) -> str:
        return f"Customers similar to {self.customer_id}"

    @property
    def _rows(self) -> list[list[str]]:
        return [[str(each.customer_id), f"{each.similarity:.3f}"] for each in self.customers]


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerSpace:
    """Directions of the taste of all customers of whom something is known, in order of their ids.

    Only `taste_columns` count: a preference among touchpoints that changes no order of products
    does not.

    Attributes:
        ids: of all customers.
        units: of n customers with events; several vectors where a customer has several strands.
        positions: [n] where the rows of each begin in `ids.rows`.
        without_events: customers who are left out: without events, where events are kept, or with a
            vector that ranks by popularity.
    """

    ids: SortedIds
    units: UnitVectors
    positions: IntArray
    without_events: int

    @classmethod
    def of(cls, contents: Contents, ids: SortedIds) -> "CustomerSpace":
        """The space of an artifact.

        Args:
            contents: of the artifact, with sorted events.
            ids: of its customers.
        """
        starts, ends = ids.groups
        vectors = contents.customers.vectors[ids.rows]
        _, by_popularity = fill_default(contents, vectors, starts)
        known = ~by_popularity
        if contents.events is not None:
            learned = contents.events.customers[contents.events.weights != 0]
            counts = np.bincount(learned, minlength=len(vectors))[ids.rows]
            known &= np.add.reduceat(counts, starts) > 0
        known_rows = expand_ranges(starts[known], ends[known])[1]
        kept = vectors[known_rows]
        kept = kept[:, taste_columns(kept, contents.products.ordering_columns)]
        lengths = (ends - starts)[known]
        # A customer whose every vector is zero has no direction.
        first = np.cumsum(lengths) - lengths
        is_some = kept.any(axis=1)
        has_some = np.logical_or.reduceat(is_some, first) if len(first) else is_some
        owners = np.repeat(np.arange(len(first)), lengths)
        counts = np.bincount(owners[is_some], minlength=len(first))[has_some]
        return cls(
            ids=ids,
            units=UnitVectors.of(kept[is_some], np.cumsum(counts) - counts),
            positions=starts[known][has_some],
            without_events=len(starts) - int(has_some.sum()),
        )

    def customer_ids(self, owners: IntArray) -> list[str | int | UUID]:
        """Ids of some of the n customers."""
        return [plain(self._by_row[int(row)]) for row in self.rows(owners)]

    @cached_property
    def _by_row(self) -> IdArray:
        # Kept, because sorting them back takes as long as there are customers.
        return self.ids.by_row()

    def rows(self, owners: IntArray) -> IntArray:
        """[m] rows in the artifact of some of the n customers, each the first of several."""
        return self.ids.rows[self.positions[owners]]

    def owners(self, customer_ids: Ids | TextIds) -> IntArray:
        """[m] which of the n customers some ids name.

        Raises:
            InputError: an id is unknown, or nothing is known of a customer.
        """
        starts, _ = self.ids.find_known(customer_ids)
        owners = np.searchsorted(self.positions, starts)
        inside = np.minimum(owners, max(len(self.positions) - 1, 0))
        lost = np.flatnonzero(
            self.positions[inside] != starts if len(self.positions) else np.ones(len(starts))
        )
        if len(lost):
            raise InputError(
                f"customer_id: expected a customer with events, got {customer_ids[int(lost[0])]}, "
                f"one of {self.without_events:,} of whom nothing is known that could be similar"
            )
        return owners

    def require_k(self, k: int) -> None:
        """Raises `InputError` unless there are so many other customers with events."""
        require_whole("k", k, 1)
        if k > len(self.units) - 1:
            raise InputError(
                f"k: expected at most {max(len(self.units) - 1, 0):,}, the other customers with "
                f"events, got {k:,}"
            )

    def nearest(self, customer_ids: Ids | TextIds, k: int) -> TopK:
        """As `Artifact.similar_customers_many`."""
        owners = self.owners(customer_ids)
        self.require_k(k)
        best = self.units.nearest(owners, k)
        return TopK(self.rows(best.columns), best.scores)

    def similar_to(self, customer_id: Id, k: int) -> SimilarCustomers:
        """As `Artifact.similar_customers`."""
        require_one_id(customer_id)
        owner = self.owners([customer_id])
        self.require_k(k)
        best = self.units.nearest(owner, k)
        ids, similarity = self.customer_ids(best.columns[0]), best.scores[0].tolist()
        return SimilarCustomers(
            customer_id=self.customer_ids(owner)[0],
            customers=[SimilarCustomer(*pair) for pair in zip(ids, similarity, strict=True)],
            compared=len(self.units) - 1,
            without_events=self.without_events,
        )
