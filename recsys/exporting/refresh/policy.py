"""The policy of an artifact, compiled again for new tables; its acceptance odds stay."""

from pathlib import Path

import numpy as np

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.policy import CompiledPolicy
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy, shipped_policies
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.artifact.offer_table import OfferTable


def policy_of(contents: Contents, given: Policy | str | Path | None) -> Policy | None:
    """The policy that an artifact decides by after a refresh; None where it has none.

    An artifact keeps the rules as compiled, with name and version, and not the text. A shipped
    policy that has not changed since need not be named.

    Args:
        contents: of the artifact.
        given: `policy=`; None where it was not given.

    Raises:
        InputError: a policy is given and the artifact has none, it has one and none is given, or
            the policy has a fault.
    """
    part = contents.decisions
    if part is None:
        if given is not None:
            raise InputError(
                "policy: expected an artifact that was exported with a policy, got one without; "
                "its acceptance odds are fitted by recsys export policy="
            )
        return None
    if given is not None:
        return given if isinstance(given, Policy) else read_policy(given)
    name, version = part.rules.name, part.rules.version
    if name in shipped_policies():
        policy = read_policy(name)
        if policy.version == version:
            return policy
    raise InputError(
        f"policy: expected policy=FILE.yaml with the policy '{name}' (version {version}), got "
        "nothing; its rules are compiled from the tables, and the artifact does not keep its text"
    )


def decisions_of(policy: Policy, data: Dataset, old: Contents, new: Contents) -> DecisionPart:
    """The policy compiled for the new tables, with the acceptance odds of the artifact.

    A message variant that the odds were not fitted on adds nothing to the log-odds.

    Args:
        policy: see `policy_of`.
        data: the new tables, by the rows of `new`.
        old: contents before.
        new: contents with the new tables, without decisions.

    Raises:
        InputError: the tables lack what the policy needs.
    """
    assert old.decisions is not None
    odds = old.decisions.odds
    effects = dict(zip(_variants(old.offers), odds.offers.tolist(), strict=False))
    offers = np.zeros(len(new.offer_ids), np.float32)
    if new.offers is not None:
        offers = np.array([effects.get(name, 0.0) for name in _variants(new.offers)], np.float32)
    kept = AcceptanceOdds(line=odds.line, touchpoints=odds.touchpoints, offers=offers)
    return CompiledPolicy.of(policy, data).part(kept)


def _variants(table: OfferTable | None) -> list[str | None]:
    if table is None:
        return []
    return [None] * len(table) if table.variants is None else list(table.variants)
