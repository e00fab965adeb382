"""`read_policy`: from a name or a YAML file to a checked `Policy`."""

from pathlib import Path
from typing import Any

import yaml

from recsys.data.strict_yaml import parse_yaml
from recsys.errors import InputError
from recsys.ops.conf_folder import conf_folder
from recsys.ops.shown_text import shown
from recsys.policy.rules import sections
from recsys.policy.rules.contradictions import refuse_contradictions
from recsys.policy.rules.keys import Keys, nearest
from recsys.policy.rules.policy import Arbitration, Policy

_SUFFIXES = (".yaml", ".yml")
_LARGEST = 1_000_000
"""Bytes of a policy file."""


def shipped_policies() -> list[str]:
    """Names of the policies that come with the package."""
    return sorted(path.stem for path in (conf_folder() / "policy").glob("*.yaml"))


def read_policy(name_or_path: str | Path) -> Policy:
    """Reads and checks a policy.

    Args:
        name_or_path: a shipped policy, such as "default", or a file that ends in .yaml.

    Raises:
        InputError: there is no such policy, or the file has a fault; one line names its key.
    """
    path = _path(name_or_path)
    keys = Keys("policy", _content(path))
    policy = Policy(
        name=keys.text("name", path.stem),
        time_zone=sections.time_zone(keys),
        eligibility=keys.each("eligibility", sections.eligibility),
        leave_out=keys.each("leave_out", sections.leave_out),
        language=keys.part("language", sections.language),
        contact_limits=keys.each("contact_limits", sections.limit),
        quiet_hours=keys.each("quiet_hours", sections.quiet),
        pause_after_reject=keys.part("pause_after_reject", sections.days_rule),
        one_campaign_at_a_time=keys.part("one_campaign_at_a_time", sections.days_rule),
        capacity=sections.capacity(keys),
        budget=keys.number("budget", 0) if keys.has("budget") else None,
        arbitration=keys.part("arbitration", sections.arbitration) or Arbitration(),
        exploration=keys.part("exploration", sections.exploration),
    )
    _require_consent(keys)
    keys.close()
    refuse_contradictions(policy)
    return policy


def _require_consent(keys: Keys) -> None:
    if keys.take("consent", "required") != "required":
        raise InputError(
            "policy.consent: expected 'required', got another value; consent always holds: to "
            "open a touchpoint to a customer, write it into the customers table"
        )


def _path(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    path = Path(text)
    if path.suffix not in _SUFFIXES:
        path = conf_folder() / "policy" / f"{text}.yaml"
        names = shipped_policies()
        if text not in names:
            raise InputError(
                f"policy: expected one of {', '.join(names)}, or a file that ends in .yaml, got "
                f"{shown(text)}; {nearest(text, names, 'see docs/rules.md')}"
            )
    return path


def _content(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"policy: {path}: expected a file of at most 1 MB; is it a policy?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"policy: {path} cannot be read: {reason}") from None
    try:
        return parse_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"policy: {path}{line}: {error.problem}; fix the YAML") from None
    except yaml.YAMLError:
        raise InputError(f"policy: {path}: expected YAML text; see docs/rules.md") from None
