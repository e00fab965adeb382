"""Another policy for an artifact that has one, as far as no table is needed for it."""

from dataclasses import asdict, replace
from pathlib import Path

from recsys.errors import InputError
from recsys.policy.rules.compile import with_contact_rules
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy
from recsys.serving.decide.inbound import require_policy
from recsys.serving.query.artifact import Artifact


def with_other_policy(artifact: Artifact, policy: Policy | str | Path) -> Artifact:
    """The artifact with the contact rules, capacities, budget and exploration of another policy.

    Args:
        artifact: that was exported with a policy.
        policy: a shipped policy's name, a .yaml file, or what `read_policy` returned.

    Raises:
        InputError: the artifact has no policy, the other one has a fault, or what it says of
            eligibility, language, leave-outs or values differs from what was exported.
    """
    part = require_policy(artifact.contents)
    stated = policy if isinstance(policy, Policy) else read_policy(policy)
    if stated.eligibility_version != part.eligibility_version:
        raise InputError(
            f"policy={stated.name}: its eligibility, leave-outs, language or values "
            f"({stated.eligibility_version}) are not those that the artifact was exported with "
            f"({part.eligibility_version}), and need the tables; export again with this policy"
        )
    names = artifact.contents.touchpoints.names
    changed = replace(
        part,
        rules=with_contact_rules(part.rules, stated, names),
        customer_weight=stated.arbitration.customer_weight,
        exploration=None if stated.exploration is None else asdict(stated.exploration),
    )
    return replace(artifact, contents=replace(artifact.contents, decisions=changed))
