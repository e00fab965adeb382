"""Twins and families: records that agree in all that a household shares are not one person's.

The comparison of records takes columns as independent evidence. Surname, address and phone of one
household are not, and twins share their birth date too: such pairs weigh as much as those of one
person. What tells persons of a household apart is what nobody shares or changes: the given name
and the birth date. Whether one that differs is an error or another person differs from data set to
data set. The other records tell: an error is seen once, what is another person's is seen on that
person's other records as well.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from recsys.arrays import BoolArray, IntArray
from recsys.customers.identity.keys import A, B
from recsys.data import columns
from recsys.data.mapping.words import COLUMNS, meaning

_MOSTLY: Final = 0.5
_LASTING: Final = {columns.GIVEN_NAME: "given names", columns.BIRTH_DATE: "birth dates"}
"""What a person neither shares with the household nor changes."""


class Household(NamedTuple):
    """Linked pairs that differ in a lasting column, as two persons of a household do.

    Attributes:
        column: of the records.
        is_pair: [m] bool, the links of such pairs.
        share: of them that are two persons, estimated, 0 to 1.
    """

    column: str
    is_pair: BoolArray
    share: float

    @property
    def are_persons(self) -> bool:
        """Whether most of the pairs are two persons, so that none of them is linked."""
        return self.share > _MOSTLY

    @property
    def reason(self) -> str:
        """Why such a pair is not linked."""
        return (
            f"{_meant(self.column)} differ, and of such pairs {self.share:.0%} are two persons: "
            "each is on other records as well"
        )


def households(links: pd.DataFrame, size: int) -> list[Household]:
    """Estimates how many linked pairs that differ in a lasting column are two persons.

    Lasting are given name and birth date. A value is confirmed on a record if the record is linked
    to another one with the same value, or one like it. Of the records that are linked at all a
    share e has a confirmed value. If all pairs that differ were two persons, both values would be
    confirmed in a share e^2 of them; if all were errors, in hardly any, since an error seldom
    happens twice. So the share of pairs with two confirmed values, divided by e^2, estimates the
    share of two persons. Pairs that a chain of records with alike values joins do not count: these
    are two spellings.

    Args:
        links: [m] compared links: record_a, record_b and bits for each column.
        size: number of records.
    """
    return [_household(links, name, size) for name in map(str, links) if _meant(name)]


def _household(links: pd.DataFrame, column: str, size: int) -> Household:
    bits = links[column].to_numpy(np.float64)
    a, b = links[A].to_numpy(np.int64), links[B].to_numpy(np.int64)
    is_alike = bits > 0
    alike = coo_array((np.ones(int(is_alike.sum())), (a[is_alike], b[is_alike])), (size, size))
    spelling = connected_components(alike, directed=False)[1]
    is_pair = (bits < 0) & (spelling[a] != spelling[b])
    if not is_pair.any() or not is_alike.any():
        return Household(column, is_pair, 0.0)
    confirmed = _ends(a, b, is_alike, size)
    usual = confirmed[_ends(a, b, np.ones(len(links), bool), size)].mean()
    both = (confirmed[a] & confirmed[b])[is_pair].mean()
    return Household(column, is_pair, min(float(both / usual**2), 1.0))


def _meant(column: str) -> str | None:
    """What a lasting column holds, also under other names such as `first_name`; None for others."""
    known = meaning(column, {name: COLUMNS[name] for name in _LASTING})
    return None if known is None else _LASTING[known]


def _ends(a: IntArray, b: IntArray, keep: BoolArray, size: int) -> BoolArray:
    """[size] whether a record is an end of a link that is kept."""
    ends = np.zeros(size, bool)
    ends[a[keep]] = ends[b[keep]] = True
    return ends
