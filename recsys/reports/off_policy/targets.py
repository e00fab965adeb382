"""The policy in question: a file of probabilities, uniform, or the shares of a logged policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.data import columns
from recsys.data.cells import listed
from recsys.errors import InputError
from recsys.reports.off_policy.artifact_policy import GREEDY, REFUSE, artifact_probabilities
from recsys.reports.off_policy.cells import cell_names
from recsys.reports.off_policy.decision_log import (
    EvaluatedLog,
    positions_of,
    read_decisions,
    with_others,
)
from recsys.reports.off_policy.target_file import read_probabilities


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A policy to evaluate.

    Attributes:
        name: as the command line gives it.
        about: what it is, in a sentence.
        probabilities: [N, A] of each offer, or [N] of the logged one.
        offers: [A] ids; those of the log come first.
        is_approximate: whether the policy itself had other probabilities.
        unoffered: decisions of the log in which it would make no offer; their rows are zeros until
            `without_unoffered` leaves them out.
    """

    name: str
    about: str
    probabilities: FloatArray
    offers: IdArray
    is_approximate: bool = False
    unoffered: int = 0


def target_of(
    key: str, text: str, decisions: EvaluatedLog, choose: str = GREEDY, unoffered: str = REFUSE
) -> Target:
    """The policy that the command line names.

    Args:
        key: of the command line, for messages.
        text: `uniform`, `policy:NAME`, `log:FILE`, `artifact:FOLDER` or a file of probabilities.
        decisions: the log.
        choose: how an artifact's offer is chosen, see `slot_policy`.
        unoffered: whether decisions in which an artifact makes no offer `refuse` it or `drop` out.

    Raises:
        InputError: there is no such policy or file, or names the first bad cell.
    """
    kind, _, name = text.partition(":")
    if text == "uniform":
        return _uniform(decisions)
    if kind == "policy" and name:
        others = decisions.others
        rows = others[columns.POLICY].astype(str) == name
        if not rows.any():
            raise InputError(
                f"{key}={text}: the table has no decision of it; it has "
                f"{listed(others[columns.POLICY].drop_duplicates().sort_values())}"
            )
        return _frequencies(key, text, others[rows], decisions)
    if kind == "log" and name:
        return _frequencies(key, text, read_decisions(Path(name), key), decisions)
    if kind == "artifact" and name:
        probabilities, about = artifact_probabilities(key, name, choose, decisions, unoffered)
        return Target(
            name=text,
            about=about,
            probabilities=probabilities,
            offers=decisions.offers,
            unoffered=int((~probabilities.any(axis=1)).sum()),
        )
    probabilities, offers = read_probabilities(key, text, decisions)
    what = "every offer" if probabilities.ndim == 2 else "the logged offers"
    return Target(
        name=text,
        about=f"probabilities of {what}, from a file",
        probabilities=probabilities,
        offers=offers,
    )


def without_unoffered(
    decisions: EvaluatedLog, targets: Sequence[Target]
) -> tuple[EvaluatedLog, list[Target]]:
    """The log and its policies without the decisions in which one of them makes no offer.

    Whether there is an offer depends on the customer, the touchpoint and the moment, not on what
    was logged, so that the others are a fair log of their own. Of a slate all rows are left out.

    Args:
        decisions: the log.
        targets: policies on it.

    Raises:
        InputError: no decision is left.
    """
    partial = [target.probabilities for target in targets if target.unoffered]
    if not partial:
        return decisions, list(targets)
    offered = np.logical_and.reduce([rows.any(axis=1) for rows in partial])
    if decisions.log.slate_ids is not None:
        offered = ~np.isin(decisions.log.slate_ids, decisions.log.slate_ids[~offered])
    if not offered.any():
        raise InputError(
            "unoffered=drop: no decision is left in which each artifact makes one of the log's "
            "offers; evaluate them one by one"
        )
    return decisions.only(offered), [
        replace(target, probabilities=target.probabilities[offered]) for target in targets
    ]


def aligned(targets: Sequence[Target], offers: IdArray) -> list[Target]:
    """The policies with the same offers in the same order, so that they can be compared.

    Args:
        targets: policies on one log.
        offers: [A] ids of the log, which come first.
    """
    tables = [target for target in targets if target.probabilities.ndim == 2]
    beyond = [target.offers[len(offers) :] for target in tables]
    every = np.concatenate([offers, np.unique(np.concatenate([offers[:0], *beyond]))])
    return [_widened(target, every) if target in tables else target for target in targets]


def _widened(target: Target, offers: IdArray) -> Target:
    probabilities = np.zeros((len(target.probabilities), len(offers)))
    probabilities[:, positions_of(offers, target.offers)] = target.probabilities
    return replace(target, probabilities=probabilities, offers=offers)


def _uniform(decisions: EvaluatedLog) -> Target:
    support = decisions.support.astype(np.float64)
    return Target(
        name="uniform",
        about=f"all offers that the log made in a cell, equally often ({decisions.parts})",
        probabilities=support / support.sum(axis=1, keepdims=True),
        offers=decisions.offers,
    )


def _frequencies(key: str, text: str, other: pd.DataFrame, decisions: EvaluatedLog) -> Target:
    """Shares of offers in each cell of another log; the policy's own probabilities may vary."""
    made = cell_names(other, decisions.by)
    known = set(made)
    absent = [name for name in decisions.names if name not in known]
    if absent:
        raise InputError(
            f"{key}={text}: it has no decision in {absent[0] or 'the table'}, where the log has "
            "some; set by= to fewer columns, or touchpoint= to one that both have"
        )
    offers = with_others(decisions.offers, other[columns.OFFER])
    counts = np.zeros((len(decisions.names), len(offers)))
    inside = made.isin(decisions.names).to_numpy()
    cells = np.searchsorted(decisions.names, made[inside].to_numpy())
    actions = positions_of(offers, other[columns.OFFER][inside])
    np.add.at(counts, (cells, actions), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return Target(
        name=text,
        about=(
            f"the shares of offers among {len(other):,} of its decisions by {decisions.parts}; "
            "approximate, as its own probabilities may differ from decision to decision"
        ),
        probabilities=shares[decisions.cells],
        offers=offers,
        is_approximate=True,
    )
