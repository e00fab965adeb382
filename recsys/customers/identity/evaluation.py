"""How right persons are: pairs and clusters against the truth, with intervals."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.identity.clusters import connected_nodes
from recsys.evaluation.intervals import Interval, by_customer, percentiles, resampled_sums

_LEVEL = 0.95


class IdentityErrors(NamedTuple):
    """Resolved persons against the true ones.

    Attributes:
        metrics: name -> value with its 95 % interval; `customers` counts groups of records.
        mixed: number of resolved persons with records of several true ones.
        torn: number of true persons with records in several resolved ones.
        unprotected: records without a refusal in their resolved person though their true person
            refuses; None where no refusals are given.
    """

    metrics: Mapping[str, Interval]
    mixed: int
    torn: int
    unprotected: int | None


def evaluate_identities(
    cluster: IntArray,
    truth: IntArray,
    refuses: BoolArray | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> IdentityErrors:
    """Precision, recall and F1 of pairs and of whole clusters.

    A pair of records counts as found if both are in one resolved person, after closure. A cluster
    is right if it holds all records of a true person and no other; its precision is the share of
    resolved persons that are right, its recall that of true persons. Intervals resample groups of
    records that a resolved or a true person holds together, so that no pair is torn. Where no group
    has an error, a resample has none either: the lower end is then that of Clopper and Pearson,
    .025^(1 / groups).

    Args:
        cluster: [n] number of each record's resolved person.
        truth: [n] number of its true person.
        refuses: [n] whether a record says no to a touchpoint; None without such.
        resamples: number of resamples.
        seed: of the resampling.
    """
    found = np.unique(cluster, return_inverse=True)[1]
    true = np.unique(truth, return_inverse=True)[1]
    cells = pd.DataFrame({"found": found, "true": true}).groupby(["found", "true"]).size()
    of_found = cells.index.get_level_values(0).to_numpy(np.int64)
    of_true = cells.index.get_level_values(1).to_numpy(np.int64)
    count = cells.to_numpy(np.int64)
    sizes, true_sizes = np.bincount(found), np.bincount(true)
    group = _groups(of_found, of_true, len(sizes), len(true_sizes))
    right = (count == sizes[of_found]) & (count == true_sizes[of_true])
    amounts = np.zeros((group.max(initial=-1) + 1, 6))
    np.add.at(amounts[:, 0], group[: len(sizes)][of_found], _pairs(count))
    np.add.at(amounts[:, 1], group[: len(sizes)], _pairs(sizes))
    np.add.at(amounts[:, 2], group[len(sizes) :], _pairs(true_sizes))
    np.add.at(amounts[:, 3], group[: len(sizes)][of_found], right)
    np.add.at(amounts[:, 4], group[: len(sizes)], 1)
    np.add.at(amounts[:, 5], group[len(sizes) :], 1)
    return IdentityErrors(
        metrics=_with_intervals(amounts, resamples, seed),
        mixed=int((np.bincount(of_found) > 1).sum()),
        torn=int((np.bincount(of_true) > 1).sum()),
        unprotected=None if refuses is None else _unprotected(found, true, refuses),
    )


def _pairs(count: IntArray) -> IntArray:
    return count * (count - 1) // 2


def _groups(of_found: IntArray, of_true: IntArray, found: int, true: int) -> IntArray:
    """[found + true] the number of the group of records that each person belongs to."""
    return connected_nodes(of_found, found + of_true, found + true)


def _with_intervals(amounts: FloatArray, resamples: int, seed: int) -> dict[str, Interval]:
    drawn, total = resampled_sums(amounts, resamples, seed), amounts.sum(axis=0)
    made = {}
    for kind, (both, found, true) in {"pair": (0, 1, 2), "cluster": (3, 4, 5)}.items():
        ratios = {"precision": ([found], 1), "recall": ([true], 1), "f1": ([found, true], 2)}
        for name, (below, times) in ratios.items():
            errors = amounts[:, below].sum(axis=1) != times * amounts[:, both]
            people = int((amounts[:, below].sum(axis=1) > 0).sum())
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = times * total[both] / total[below].sum()
                draws = times * drawn[:, [both]] / drawn[:, below].sum(axis=1, keepdims=True)
            low, high = percentiles(draws, _LEVEL, len(amounts))
            least = ((1 - _LEVEL) / 2) ** (1 / people) if people else np.nan
            ends = (low[0], high[0]) if errors.any() else (least, 1.0)
            made[f"{kind}_{name}"] = Interval(float(mean), float(ends[0]), float(ends[1]), people)
    return made


def _unprotected(found: IntArray, true: IntArray, refuses: BoolArray) -> int:
    no = by_customer(refuses[:, None].astype(np.float64), found)[found, 0] > 0
    should = by_customer(refuses[:, None].astype(np.float64), true)[true, 0] > 0
    return int((should & ~no).sum())
