"""Rules about a signal of customers: put into a policy file, listed, and taken out again."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from recsys.data.yaml_file import read_yaml, yaml_path
from recsys.errors import InputError
from recsys.policy.rules.read import GUIDE, policy_of

_FACTOR = re.compile(r" \* CASE WHEN customer\.(\w+) THEN ([0-9.e+-]+) ELSE 1 END")
"""What `with_signal_rule` writes."""
_DOUBLED = re.compile(r"\(\(([^()]*)\)\)")


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
    path, content = _read(name_or_path)
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
    return _written(content, path)


def signal_factors(name_or_path: str | Path) -> dict[str, float]:
    """Signal -> factor of the rules that `with_signal_rule` gave a policy without `offers`.

    Raises:
        InputError: there is no such policy, or it has a fault.
    """
    _, content = _read(name_or_path)
    return {name: float(factor) for name, factor in _FACTOR.findall(_customer_value(content))}


def without_signal_rules(name_or_path: str | Path, signals: Collection[str]) -> str:
    """The YAML of a policy without the factors of some signals; its comments are lost.

    Args:
        name_or_path: of the policy, as `read_policy`.
        signals: names among those of `signal_factors`.

    Raises:
        InputError: there is no such policy, or it has no rule about one of them.
    """
    path, content = _read(name_or_path)
    known = [name for name, _ in _FACTOR.findall(_customer_value(content))]
    for name in signals:
        if name not in known:
            raise InputError(
                f"policy: expected a rule about customer.{name} in arbitration.customer_value, got "
                f"{', '.join(known) or 'none'}"
            )
    kept = _FACTOR.sub(
        lambda found: "" if found[1] in signals else found[0], _customer_value(content)
    )
    arbitration = content["arbitration"]
    arbitration["customer_value"] = _DOUBLED.sub(r"(\1)", kept)
    if kept.strip("() ") == "1":
        del arbitration["customer_value"]
    if not arbitration:
        del content["arbitration"]
    return _written(content, path)


def _read(name_or_path: str | Path) -> tuple[Path, dict[str, Any]]:
    """The file of a policy without a fault, and what it says."""
    path = yaml_path("policy", name_or_path, GUIDE)
    content = read_yaml("policy", path, GUIDE) or {}
    policy_of(content, path.stem)
    return path, content


def _customer_value(content: dict[str, Any]) -> str:
    return str((content.get("arbitration") or {}).get("customer_value") or "")


def _written(content: dict[str, Any], path: Path) -> str:
    """The YAML, once it is known to be a policy without a fault."""
    content.setdefault("name", path.stem)
    policy_of(content, path.stem)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
