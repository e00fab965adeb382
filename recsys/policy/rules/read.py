"""`read_policy`: from a name or a YAML file to a checked `Policy`."""

from pathlib import Path

from recsys.data.yaml_file import read_yaml, shipped_names, yaml_path
from recsys.data.yaml_keys import Keys
from recsys.errors import InputError
from recsys.policy.rules import sections
from recsys.policy.rules.contradictions import refuse_contradictions
from recsys.policy.rules.policy import Arbitration, Policy

GUIDE = "docs/rules.md"


def shipped_policies() -> list[str]:
    """Names of the policies that come with the package."""
    return shipped_names("policy")


def read_policy(name_or_path: str | Path) -> Policy:
    """Reads and checks a policy.

    Args:
        name_or_path: a shipped policy, such as "default", or a file that ends in .yaml.

    Raises:
        InputError: there is no such policy, or the file has a fault; one line names its key.
    """
    path = yaml_path("policy", name_or_path, GUIDE)
    return policy_of(read_yaml("policy", path, GUIDE), path.stem)


def policy_of(content: object, name: str) -> Policy:
    """Checks the plain content of a policy file.

    Args:
        content: of the file.
        name: of the policy where it does not say.

    Raises:
        InputError: it has a fault; one line names its key.
    """
    keys = Keys("policy", content, GUIDE)
    policy = Policy(
        name=keys.text("name", name),
        time_zone=sections.time_zone(keys),
        eligibility=keys.each("eligibility", sections.eligibility),
        leave_out=keys.each("leave_out", sections.leave_out),
        language=keys.part("language", sections.language),
        contact_limits=keys.each("contact_limits", sections.limit),
        quiet_hours=keys.each("quiet_hours", sections.quiet),
        pause_after_reject=keys.part("pause_after_reject", sections.days_rule),
        one_campaign_at_a_time=keys.part("one_campaign_at_a_time", sections.days_rule),
        moments=keys.each("moments", sections.moment),
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
