"""Columns of customers that explain how they differ, as groups with equal values."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.features import feature_matrix

_LEVELS = 16
"""A number of more values is cut into so many levels of equal size, each with its mean."""
_MOST_GROUPS = 4_096
"""Each group is a likelihood of its own: more of them take too long."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Covariates:
    """What is known of n customers, who form G groups with equal values.

    Attributes:
        names: [m] of the covariates.
        values: [G, m] float64; numbers have mean 0 and variance 1 over all customers of the data,
            the values of a text are 0 or 1.
        groups: [n] int64 the group of each customer.
    """

    names: tuple[str, ...]
    values: FloatArray
    groups: IntArray


def covariates_of(data: Dataset, customers: IntArray, names: Sequence[str]) -> Covariates:
    """Columns of the table of customers as covariates, as of the cut-off.

    They are encoded as features of models are (`recsys.graph.features.feature_terms`); a value that
    the others give already, as the last one of a text, is left out.

    Args:
        data: whose customers table is read.
        customers: [n] rows.
        names: of its columns.

    Raises:
        InputError: there is no such column, none tells customers apart, or they form too many
            groups.
    """
    table = data.side_tables.get("customers")
    for name in names:
        _require_column([] if table is None else [str(each) for each in table], name)
    assert table is not None
    kept = [name for name in table if name in (columns.CUSTOMER, columns.VALID_FROM, *names)]
    matrix, terms = feature_matrix(
        table[kept], columns.CUSTOMER, data.customers, data.as_of_seconds
    )
    values = matrix[customers].astype(np.float64)
    for at in range(values.shape[1]):
        values[:, at] = _levelled(values[:, at])
    of_groups, groups = np.unique(values, axis=0, return_inverse=True)
    used = _independent(of_groups)
    if not used:
        raise InputError(
            f"covariates={','.join(names)}: expected columns that tell customers apart, got one "
            "value for all; leave them out"
        )
    if len(of_groups) > _MOST_GROUPS:
        raise InputError(
            f"covariates={','.join(names)}: expected at most {_MOST_GROUPS:,} combinations of "
            f"values, got {len(of_groups):,}; use fewer columns"
        )
    return Covariates(
        names=tuple(terms[at] for at in used),
        values=of_groups[:, used],
        groups=groups.astype(np.int64),
    )


def _require_column(known: list[str], name: str) -> None:
    usable = [each for each in known if each not in (columns.CUSTOMER, columns.VALID_FROM)]
    if name in usable:
        return
    near = get_close_matches(name, usable, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"there is {', '.join(usable) or 'none'}"
    raise InputError(
        f"covariates: expected columns of the table of customers, got '{name}'; {remedy}"
    )


def _levelled(values: FloatArray) -> FloatArray:
    """[n] the mean of the level of each value."""
    unique, inverse = np.unique(values, return_inverse=True)
    if len(unique) <= _LEVELS:
        return values
    order = np.argsort(inverse, kind="stable")
    level = np.empty(len(values), np.int64)
    level[order] = np.arange(len(values)) * _LEVELS // len(values)
    # Equal values stay together, in the level of the first of them.
    first = np.full(len(unique), _LEVELS)
    np.minimum.at(first, inverse, level)
    level = first[inverse]
    means = np.bincount(level, values, _LEVELS) / np.maximum(np.bincount(level, None, _LEVELS), 1)
    return means[level]


def _independent(values: FloatArray) -> list[int]:
    """Columns that no constant and no columns before them give."""
    used: list[int] = []
    basis = np.ones((len(values), 1))
    for at in range(values.shape[1]):
        wider = np.column_stack([basis, values[:, at]])
        if np.linalg.matrix_rank(wider) > basis.shape[1]:
            basis = wider
            used.append(at)
    return used
