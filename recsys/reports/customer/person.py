"""`Person`: one customer and all that was known before a cut-off."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.identity import IdentityRules, linked_groups, used_links
from recsys.data.interactions import NEVER, timestamp
from recsys.errors import InputError
from recsys.graph.features import as_of


class NothingKnownError(InputError):
    """The data say nothing of this customer that a part of the page could show."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """One customer of a data set.

    Attributes:
        data: of all customers, before the cut-off alone; identities are merged as known then.
        row: the row number of the customer.
        asked: the id that was asked for, which may be one that was merged into the customer.
    """

    data: Dataset
    row: int
    asked: str

    @classmethod
    def of(cls, data: Dataset, asked: str, moment: int | None = None) -> "Person":
        """The customer with an id, or with one that is linked to it.

        Args:
            data: all events.
            asked: an id as a person types it.
            moment: the cut-off, UTC microseconds; None for the end of the data.

        Raises:
            InputError: nobody has this id; names the nearest ones.
        """
        end = data.as_of if moment is None else moment
        timed = data.clock == "timestamp" and end is not None
        if timed:
            assert end is not None
            data = _linked_before(data, timestamp(end))
        if end is not None and data.interactions.when is not None:
            data = data.select(_before(data, end), as_of=end)
        known = pd.Index(data.customers.ids.astype(str))
        aliases = [each for each in _linked_ids(data, asked) if each in known]
        wanted = aliases[0] if aliases and asked not in known else asked
        return cls(data=data, row=data.customers.row(wanted), asked=asked)

    @property
    def id(self) -> str:
        """The id of the customer, as text."""
        return str(self.data.customers.ids[self.row])

    @cached_property
    def own(self) -> Dataset:
        """The same data with the events of this customer alone."""
        return self.data.select(self.data.interactions.customers == self.row)

    @property
    def moment(self) -> int | None:
        """The cut-off in UTC microseconds; None where the data have no timestamps."""
        return self.data.as_of if self.data.clock == "timestamp" else None

    def require_moment(self, what: str) -> int:
        """The cut-off. Raises `InputError` where the data have no timestamps."""
        if self.moment is None:
            got = self.data.clock or "no order"
            raise InputError(f"interactions: {what} needs a column timestamp, got {got}")
        return self.moment

    @cached_property
    def about(self) -> dict[str, object]:
        """Column -> value of the customer's row in the table of customers; empty without one."""
        table = self.data.side_tables.get("customers")
        if table is None:
            return {}
        mine = table[(table[columns.CUSTOMER].astype(str) == self.id).to_numpy(bool)]
        rows = as_of(mine, columns.CUSTOMER, None).to_dict("records")
        known = rows[0] if rows else {}
        return {str(name): value for name, value in known.items() if not pd.isna(value)}

    @property
    def time_zone(self) -> str:
        """The customer's time zone; UTC where it is not known."""
        return str(self.about.get(columns.TIME_ZONE, "UTC"))

    @cached_property
    def linked(self) -> list[str]:
        """Ids that are linked to this customer, its own first; only its own without links."""
        return [self.id, *(each for each in _linked_ids(self.data, self.id) if each != self.id)]


def _linked_before(data: Dataset, moment: pd.Timestamp) -> Dataset:
    """The data with identities as known at a moment; coded anew only where that differs."""
    links = data.side_tables.get("identities")
    if links is None or columns.TIMESTAMP not in links:
        return data
    if not (links[columns.TIMESTAMP] >= moment).any():
        return data
    return data.as_linked_before(moment)


def _before(data: Dataset, end: int) -> BoolArray:
    when = data.interactions.when
    assert when is not None
    return np.asarray((when < end) & (when != NEVER))


def _linked_ids(data: Dataset, one: str) -> list[str]:
    """All ids of the group of an id, sorted; none where it has no link or its group is too large.

    Links after the cut-off are left out by `Dataset.select`.
    """
    links = data.side_tables.get("identities")
    if links is None:
        return []
    rules = IdentityRules()
    ids, group = linked_groups(used_links(links, rules))
    texts = ids.astype(str)
    place = texts.get_indexer(pd.Index([one]))[0]
    members = texts[group == group[place]] if place >= 0 else texts[:0]
    return [str(each) for each in members] if len(members) <= rules.largest else []
