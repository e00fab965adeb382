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

from recsys.arrays import BoolArray, IntArray
from recsys.customers.identity.clusters import components, connected_nodes
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
        return f"{_meant(self.column)} differ, and {self.share:.0%} of such pairs are two persons"


class ToldApart(NamedTuple):
    """What keeps the persons of a household apart.

    Attributes:
        is_refused: [m] bool, links that are not used.
        reasons: one for each of them.
        pairs: [k, 2] records that are not one person, whatever else links them.
    """

    is_refused: BoolArray
    reasons: pd.Series
    pairs: IntArray


def told_apart(records: pd.DataFrame, links: pd.DataFrame, stated: IntArray) -> ToldApart:
    """Tells persons of one household apart, in the columns whose differences are persons.

    Links of pairs that differ are refused. So are records of one component with two values, however
    long the chain of links between them is.

    Args:
        records: [n] with the columns that were compared.
        links: [m] record_a < record_b, and bits for each column where they were compared.
        stated: [s, 2] pairs, a < b, that the firm says are one person; they outweigh a difference.
    """
    size = len(records)
    found = [each for each in households(links, size) if each.are_persons]
    reasons = pd.Series(None, index=links.index, dtype="str")
    for each in found:
        reasons[each.is_pair] = each.reason
    a, b = links[A].to_numpy(np.int64), links[B].to_numpy(np.int64)
    is_stated = np.isin(a * size + b, stated[:, 0] * size + stated[:, 1])
    is_refused = reasons.notna().to_numpy(bool) & ~is_stated
    pairs = [np.column_stack([a, b])[is_refused]]
    component = components(links[~is_refused], size)
    for each in found:
        is_same = is_stated | (links[each.column] > 0).to_numpy(bool)
        pairs.append(_conflicts(records[each.column], component, a[is_same], b[is_same]))
    return ToldApart(is_refused, reasons[is_refused], np.concatenate(pairs))


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
        links: [m] record_a, record_b and bits for each column where they were compared.
        size: number of records.
    """
    return [_household(links, name, size) for name in map(str, links) if _meant(name)]


def _household(links: pd.DataFrame, column: str, size: int) -> Household:
    bits = links[column].to_numpy(np.float64)
    a, b = links[A].to_numpy(np.int64), links[B].to_numpy(np.int64)
    is_alike = bits > 0
    spelling = connected_nodes(a[is_alike], b[is_alike], size)
    is_pair = (bits < 0) & (spelling[a] != spelling[b])
    if not is_pair.any() or not is_alike.any():
        return Household(column, is_pair, 0.0)
    confirmed = _ends(a, b, is_alike, size)
    usual = confirmed[_ends(a, b, ~np.isnan(bits), size)].mean()
    both = (confirmed[a] & confirmed[b])[is_pair].mean()
    return Household(column, is_pair, min(float(both / usual**2), 1.0))


def _conflicts(values: pd.Series, component: IntArray, a: IntArray, b: IntArray) -> IntArray:
    """[k, 2] records of one component that stand for different values, the first of each.

    Args:
        values: [n] of the records.
        component: [n] numbers.
        a: [l] records that have the same value as `b`, or one like it.
        b: [l] the others.
    """
    codes = pd.factorize(values.astype("str").str.strip().str.lower())[0]
    node = np.unique(np.column_stack([component, codes]), axis=0, return_inverse=True)[1]
    value = connected_nodes(node[a], node[b], int(node.max(initial=-1)) + 1)[node]
    table = pd.DataFrame({"component": component, "value": value, "row": np.arange(len(values))})
    first = table[codes >= 0].drop_duplicates(["component", "value"])
    several = first[first["component"].duplicated(keep=False)]
    pairs = several.merge(several, on="component", suffixes=("_a", "_b"))
    return pairs.loc[pairs["row_a"] < pairs["row_b"], ["row_a", "row_b"]].to_numpy(np.int64)


def _meant(column: str) -> str | None:
    """What a lasting column holds, also under other names such as `first_name`; None for others."""
    known = meaning(column, {name: COLUMNS[name] for name in _LASTING})
    return None if known is None else _LASTING[known]


def _ends(a: IntArray, b: IntArray, keep: BoolArray, size: int) -> BoolArray:
    """[size] whether a record is an end of a link that is kept."""
    ends = np.zeros(size, bool)
    ends[a[keep]] = ends[b[keep]] = True
    return ends
