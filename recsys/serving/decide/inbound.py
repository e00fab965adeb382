"""The customer to decide for: vector, rules and moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules
from recsys.serving.artifact import times
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.decide.logits import customer_vectors
from recsys.serving.decide.recent_contacts import RecentContact, of_one_customer
from recsys.serving.query.customer_state import plain
from recsys.serving.query.default_vector import default_vector
from recsys.serving.query.query import require_one_id


@dataclass(frozen=True, kw_only=True, eq=False)
class Inbound:
    """One customer at a moment.

    Attributes:
        id: of the customer.
        known: whether the artifact has it.
        row: in `rules`, -1 for an unknown customer.
        gain_row: in the artifact, -1 for an unknown customer.
        vector: [1, d].
        rules: of the policy, with all contacts that are known.
        moment: UTC seconds.
    """

    id: Any
    known: bool
    row: int
    gain_row: int
    vector: FloatArray
    rules: CompiledRules
    moment: int


def require_policy(contents: Contents) -> DecisionPart:
    """The artifact's policy. Raises `InputError` where it has none."""
    if contents.decisions is None:
        raise InputError(
            "the artifact has no policy to decide by; export it again with policy=market or your "
            "own file, see docs/decide.md"
        )
    return contents.decisions


def find_inbound(
    contents: Contents,
    customers: SortedIds,
    customer_id: Any,
    moment: int | None,
    contacts: Sequence[RecentContact],
) -> Inbound:
    """The customer with this id.

    Args:
        contents: with decisions.
        customers: ids of its customers.
        customer_id: as given.
        moment: UTC seconds; None for now.
        contacts: since the export.

    Raises:
        InputError: a contact is not usable, several ids are given, or the customer is unknown and
            the artifact has no vector for that.
    """
    rules = require_policy(contents).rules
    require_one_id(customer_id)
    row = int(customers.first_rows([customer_id])[0])
    known = row >= 0
    vector = None
    if known:
        vector = customer_vectors(contents, np.array([row]))
    elif (default := default_vector(contents)) is not None:
        vector = default[None]
    if vector is None:
        raise customers.unknown(customer_id)
    if contacts:
        rules = of_one_customer(rules, row, contents.touchpoints.names, contacts)
    return Inbound(
        id=plain(contents.customers.ids[row] if known else customer_id),
        known=known,
        row=0 if contacts else row,
        gain_row=row,
        vector=vector,
        rules=rules,
        moment=times.now() if moment is None else moment,
    )
