"""The contents of an artifact for some of its customers: every part loses the rows of the others.

What was learned from all customers together (vectors of products, weights, odds) stays as it is.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.policy.compiled import CompiledRules
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.artifact.moment_part import MomentPart

_CONTACTS = ("when", "touchpoints", "campaigns", "rejected")
_LEAVE_OUT = ("offers", "rules", "until")
_HISTORY = ("when", "steps", "products", "touchpoints")


def only_customers(contents: Contents, rows: IntArray) -> Contents:
    """The contents with these customer rows, in their order; all else is as before.

    Args:
        contents: of an artifact.
        rows: [K] customer rows to keep, ascending.

    Raises:
        InputError: there is none: an artifact has at least one customer.
    """
    if not len(rows):
        raise InputError("the artifact holds no other customer; delete its folder")
    old, fold_in = contents.customers, contents.fold_in
    if fold_in is not None and fold_in.degrees is not None:
        fold_in = replace(fold_in, degrees=fold_in.degrees[rows])
    return replace(
        contents,
        customers=replace(
            old,
            vectors=old.vectors[rows],
            ids=np.asarray(old.ids)[rows],
            strands=None if old.strands is None else old.strands[rows],
            consent=None if old.consent is None else old.consent[rows],
        ),
        events=None
        if contents.events is None
        else contents.events.by_customer().of_customers(rows),
        fold_in=fold_in,
        decisions=None if contents.decisions is None else _decisions(contents.decisions, rows),
        moments=None if contents.moments is None else _moments(contents.moments, rows),
    )


def _decisions(part: DecisionPart, rows: IntArray) -> DecisionPart:
    values, levers = part.customer_values, part.customer_levers
    if values is not None:
        # The last is that of an unknown customer.
        values = np.append(values[rows], values[-1:])
    if levers is not None:
        starts, entries = _entries(levers.starts, rows)
        levers = replace(
            levers, starts=starts, offers=levers.offers[entries], factors=levers.factors[entries]
        )
    return replace(
        part, rules=_rules(part.rules, rows), customer_values=values, customer_levers=levers
    )


def _rules(rules: CompiledRules, rows: IntArray) -> CompiledRules:
    leave_out = rules.leave_out
    return replace(
        rules,
        consent=rules.consent[rows],
        zones=replace(rules.zones, customers=rules.zones.customers[rows]),
        contacts=_ragged(rules.contacts, rows, _CONTACTS),
        groups=[replace(rule, customers=rule.customers[rows]) for rule in rules.groups],
        leave_out=None if leave_out is None else _ragged(leave_out, rows, _LEAVE_OUT),
    )


def _moments(part: MomentPart, rows: IntArray) -> MomentPart:
    kept: MomentPart = _ragged(part, rows, _HISTORY)
    return kept


def _ragged(part: Any, rows: IntArray, names: tuple[str, ...]) -> Any:
    """A part whose arrays `names` hold the entries of one customer after the other."""
    starts, entries = _entries(part.starts, rows)
    return replace(part, starts=starts, **{name: getattr(part, name)[entries] for name in names})


def _entries(starts: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Where the entries of the rows [K] begin [K + 1], and which they are."""
    _, entries = expand_ranges(starts[rows], starts[rows + 1])
    lengths = starts[rows + 1] - starts[rows]
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), entries
