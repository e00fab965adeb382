"""What a log of decisions holds, by the policy and the rules that decided."""

import pandas as pd

from recsys.data import columns

WHO_DECIDED = (columns.POLICY, columns.POLICY_VERSION, columns.RULES_VERSION)


def log_summary(decisions: pd.DataFrame) -> pd.DataFrame:
    """One row for each policy, version of it and version of the rules, in order of time.

    Before logs of several policies are pooled, look here whether rules changed in between, whether
    a propensity is so small that weights will be large, and whether what was predicted came true.

    Args:
        decisions: the table `decisions`, with outcomes.

    Returns:
        policy and, where the table has them, policy_version and rules_version; first, last (UTC);
        decisions, slates (decisions that share a slate_id count once), customers, accepted (share),
        and where known probability (mean of what was predicted, beside accepted), reward and
        expected_value (means) and smallest_propensity.
    """
    who = [name for name in WHO_DECIDED if name in decisions]
    slates = decisions[columns.DECISION]
    if columns.SLATE in decisions:
        slates = decisions[columns.SLATE].fillna(slates)
    table = decisions.assign(
        slates=slates, accepted=decisions[columns.OUTCOME].eq("accept").astype(float)
    )
    measures = {
        "first": (columns.TIMESTAMP, "min"),
        "last": (columns.TIMESTAMP, "max"),
        "decisions": (columns.DECISION, "size"),
        "slates": ("slates", "nunique"),
        "customers": (columns.CUSTOMER, "nunique"),
        "accepted": ("accepted", "mean"),
    }
    for name in (columns.PROBABILITY, columns.REWARD, columns.EXPECTED_VALUE):
        if name in table:
            measures[name] = (name, "mean")
    if columns.PROPENSITY in table:
        measures["smallest_propensity"] = (columns.PROPENSITY, "min")
    groups = table.groupby(who, dropna=False, sort=False)
    return (
        groups.agg(**measures).reset_index().sort_values("first", kind="stable", ignore_index=True)
    )
