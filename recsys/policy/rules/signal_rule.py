"""`with_signal_rule`: a policy file with a rule about a signal of customers."""

from pathlib import Path
from typing import Any

import yaml

from recsys.data.yaml_file import read_yaml, yaml_path
from recsys.policy.rules.read import GUIDE, policy_of


def with_signal_rule(
    name_or_path: str | Path, signal: str, *, factor: float = 1.0, offers: str | None = None
) -> str:
    """The YAML of a policy with one more rule; its comments are lost.

    Args:
        name_or_path: of the policy, as `read_policy`.
        signal: a column of customers that is true where the signal shows.
        factor: without `offers`: what an acceptance by such customers counts for, times what it
            counted for before, in `arbitration.customer_value`.
        offers: condition on the offers that only such customers may get; None for none.

    Raises:
        InputError: there is no such policy, or it has a fault with the new rule.
    """
    path = yaml_path("policy", name_or_path, GUIDE)
    content: dict[str, Any] = dict(read_yaml("policy", path, GUIDE) or {})
    if offers is None:
        arbitration = dict(content.get("arbitration") or {})
        before = arbitration.get("customer_value") or 1
        arbitration["customer_value"] = (
            f"({before}) * CASE WHEN customer.{signal} THEN {factor:.4g} ELSE 1 END"
        )
        content["arbitration"] = arbitration
    else:
        rule = {"name": f"signal_{signal}", "offers": offers, "customers": f"customer.{signal}"}
        content["eligibility"] = [*(content.get("eligibility") or []), rule]
    content.setdefault("name", path.stem)
    policy_of(content, path.stem)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
