"""What an artifact needs to decide: compiled rules, what offers are worth, and acceptance odds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.customer_levers import CustomerLevers
from recsys.policy.arbitration.net_value import gain
from recsys.policy.compiled import CompiledRules, stored
from recsys.serving.artifact import acceptance_odds, checks
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds

_PREFIX = "decision_"
_LEVERS = "decision_lever_"
_ARRAYS = ("values", "levers", "costs", "customer_values")
_OF_CUSTOMERS = ("starts", "offers", "factors")


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionPart:
    """The policy of an artifact, for C customers, O offers and T touchpoints.

    Without a table of offers each product is an offer, and O is the number of products.

    Attributes:
        rules: who may be offered what, where and when.
        odds: from scores to the probability of acceptance.
        values: [O] float32 euros that an acceptance of each offer earns.
        levers: [O] float32 factors that the business puts on offers, at least 0.
        costs: [T] float32 euros of a decision at each touchpoint, accepted or not.
        customer_values: [C + 1] float32 factors of each customer on the value, the last of an
            unknown customer; None for 1.
        customer_levers: factors that differ by customer and offer, see
            `recsys.serving.decide.levers`; None for none.
        customer_weight: 0 to 1, the weight of the customer's benefit against the firm's value.
        exploration: {kind, ...} of the policy, as `recsys.serving.decide.exploration` reads it;
            None for none.
        eligibility_version: of what the rules were compiled from; a policy with another one needs
            another export.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    rules: CompiledRules
    odds: AcceptanceOdds
    values: FloatArray
    levers: FloatArray
    costs: FloatArray
    customer_values: FloatArray | None = None
    customer_levers: CustomerLevers | None = None
    customer_weight: float = 0.0
    exploration: Mapping[str, Any] | None = field(default=None)
    eligibility_version: str = ""

    def __post_init__(self) -> None:
        customers, offers, touchpoints = self.rules.shape
        checks.vector("decisions.values", self.values, offers)
        checks.vector("decisions.levers", self.levers, offers)
        checks.vector("decisions.costs", self.costs, touchpoints)
        if self.customer_values is not None:
            checks.vector("decisions.customer_values", self.customer_values, customers + 1)
        if self.customer_levers is not None:
            self.customer_levers.require_fits(customers, offers)
        self.odds.require_fits(touchpoints, offers)
        gain(self.values, self.levers, self.customer_weight, 0.0)

    def require_fits(
        self, customers: int, offers: int, touchpoints: int, strands: IntArray | None
    ) -> None:
        """Raises `InputError` unless the rules are of so many customers, offers and touchpoints."""
        expected = (customers, offers, touchpoints)
        if self.rules.shape != expected:
            raise InputError(
                f"contents.decisions.rules: expected rules of {expected} customers, offers and "
                f"touchpoints, got {self.rules.shape}"
            )
        if not touchpoints:
            raise InputError("contents.decisions: expected touchpoints to decide about, got none")
        if strands is not None:
            raise InputError(
                "contents.decisions: expected one row for each customer, got strands; export "
                "customers without strands, or no policy"
            )

    def gains(self, rows: IntArray) -> FloatArray:
        """Euros that an acceptance counts for before costs: [O], or [B, O] by customer.

        Args:
            rows: [B] customer rows; -1 for an unknown customer.
        """
        of_firm, of_customers = self._gain_parts
        if self.customer_values is None:
            gains = of_firm + of_customers
        else:
            gains = self.customer_values[rows, None] * of_firm
            gains += of_customers
        return gains if self.customer_levers is None else self.customer_levers.times(gains, rows)

    @cached_property
    def _gain_parts(self) -> tuple[FloatArray, FloatArray]:
        """[O] float32 what `gain` makes of a factor of 1 less that of 0, and that of 0."""
        weight, mean = self.customer_weight, float(self.values.mean())
        shared = gain(np.zeros_like(self.values), self.levers, weight, mean)
        whole = gain(self.values, self.levers, weight, mean)
        return (whole - shared).astype(np.float32), shared.astype(np.float32)

    def text(self) -> dict[str, Any]:
        """What rules.json holds of it."""
        return {
            "rules": stored.text(self.rules),
            "customer_weight": float(self.customer_weight),
            "exploration": None if self.exploration is None else dict(self.exploration),
            "eligibility_version": self.eligibility_version,
        }

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The arrays kept with the vectors, by their names on disk."""
        own = {f"{_PREFIX}{name}": getattr(self, name) for name in _ARRAYS}
        kept = {name: values for name, values in own.items() if values is not None}
        if self.customer_levers is not None:
            levers = self.customer_levers
            kept |= {f"{_LEVERS}{name}": getattr(levers, name) for name in _OF_CUSTOMERS}
        return {**kept, **self.odds.arrays(), **stored.arrays(self.rules)}


def restored(text: Mapping[str, Any] | None, arrays: Mapping[str, Any]) -> DecisionPart | None:
    """The part of `DecisionPart.text` and `arrays`; None where there is no text.

    Raises:
        InputError: the parts do not fit together.
        LookupError, TypeError, ValueError: a part is missing or of the wrong form.
    """
    if text is None:
        return None
    of_rules = {name: values for name, values in arrays.items() if name.startswith("rules_")}
    own: dict[str, Any] = {name: arrays.get(f"{_PREFIX}{name}") for name in _ARRAYS}
    if any(own[name] is None for name in ("values", "levers", "costs")):
        raise LookupError("values, levers or costs of decisions are missing")
    levers = None
    if f"{_LEVERS}starts" in arrays:
        levers = CustomerLevers(**{name: arrays[f"{_LEVERS}{name}"] for name in _OF_CUSTOMERS})
    return DecisionPart(
        rules=stored.restored(text["rules"], of_rules),
        odds=acceptance_odds.restored(arrays),
        customer_levers=levers,
        customer_weight=text["customer_weight"],
        exploration=text["exploration"],
        eligibility_version=text["eligibility_version"],
        **own,
    )
