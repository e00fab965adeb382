"""The policy that an artifact would follow on a log: greedy, epsilon-greedy or softmax."""

from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.policy.exploration.epsilon import Epsilon
from recsys.policy.exploration.slots import SlotPolicy
from recsys.policy.exploration.softmax import Softmax
from recsys.reports.off_policy.decision_log import EvaluatedLog
from recsys.serving.query.artifact import Artifact
from recsys.serving.storage import load

GREEDY = "greedy"
REFUSE, DROP = "refuse", "drop"
_ALL = 1_000_000
"""More offers than any artifact has."""


def slot_policy(choose: str) -> SlotPolicy:
    """How an offer is chosen by scores: `greedy`, `epsilon:0.1` or `softmax:0.5`.

    Raises:
        InputError: it is something else, or its number cannot be used.
    """
    kind, _, number = choose.partition(":")
    try:
        if choose == GREEDY:
            return Epsilon(0.0)
        if kind == "epsilon":
            return Epsilon(float(number))
        if kind == "softmax":
            return Softmax(float(number))
    except ValueError as error:
        if isinstance(error, InputError):
            raise InputError(f"choose={choose}: {str(error).partition(': ')[2]}") from None
    raise InputError(
        f"choose: expected greedy, epsilon:NUMBER or softmax:NUMBER, got '{choose}'; the number of "
        "softmax is its temperature in units of scores"
    )


def artifact_probabilities(
    key: str, folder: str, choose: str, decisions: EvaluatedLog, unoffered: str = REFUSE
) -> tuple[FloatArray, str]:
    """[N, A] probability of each offer, among those of the log's cell, and what the policy is.

    Scores are those of `recommend_offers` at the touchpoint of the decision, under all rules
    of the artifact at that moment. One offer a decision.

    Args:
        key: of the command line, for messages.
        folder: of the artifact.
        choose: as for `slot_policy`.
        decisions: the log.
        unoffered: what becomes of decisions in which it would make none of these offers: `refuse`,
            or `drop`, whose rows of probabilities are zeros, for `without_unoffered`.

    Raises:
        InputError: it is no artifact, or it would make none of the offers of a decision, or of
            all decisions.
    """
    policy = slot_policy(choose)
    artifact = load(folder)
    support = decisions.support
    values = _scores(artifact, decisions)
    offered = np.asarray((support & (values > -np.inf)).any(axis=1))
    nothing = np.flatnonzero(~offered)
    if len(nothing) and (unoffered == REFUSE or not offered.any()):
        row = decisions.frame.iloc[nothing[0]]
        drop = "set unoffered=drop to leave such decisions out, " if offered.any() else ""
        raise InputError(
            f"{key}=artifact:{folder}: it would make none of the offers of decision "
            f"{row[columns.DECISION]} to customer {row[columns.CUSTOMER]} at "
            f"{row[columns.TOUCHPOINT]} ({len(nothing):,} such decisions of {len(offered):,}): it "
            f"does not have them, or consent and dates forbid them; {drop}{'or ' if drop else ''}"
            "export it with the log's offers"
        )
    probabilities = np.zeros(support.shape)
    probabilities[offered] = policy.probabilities(values[offered], support[offered])
    return probabilities, _about(artifact, folder, choose, decisions)


def _scores(artifact: Artifact, decisions: EvaluatedLog) -> FloatArray:
    """[N, A] scores; -inf for offers that the artifact would not make."""
    frame = decisions.frame
    positions = {offer: position for position, offer in enumerate(decisions.offers.tolist())}
    known = set(artifact.contents.touchpoints.names)
    is_dated = artifact.contents.clock == "timestamp"
    scores = np.full((len(frame), len(positions)), -np.inf)
    asked = frame[[columns.CUSTOMER, columns.TOUCHPOINT, columns.TIMESTAMP]]
    for row, (customer, touchpoint, moment) in enumerate(asked.itertuples(index=False)):
        answer = artifact.recommend_offers(
            customer,
            k=_ALL,
            touchpoint=touchpoint if touchpoint in known else None,
            at=moment.to_pydatetime() if is_dated else None,
        )
        for offer in answer.offers:
            position = positions.get(offer.offer_id)
            if position is not None:
                scores[row, position] = offer.score
    return scores


def _about(artifact: Artifact, folder: str, choose: str, decisions: EvaluatedLog) -> str:
    text = f"{choose} by the scores of the artifact {Path(folder).name}"
    contents, first = artifact.contents, decisions.frame[columns.TIMESTAMP].min()
    if contents.as_of is None or contents.clock != "timestamp":
        return text
    ends = pd.Timestamp(contents.as_of, unit="s", tz="UTC")
    if ends <= first:
        return text
    return (
        f"{text}; it has learnt from events until {ends:%Y-%m-%d}, after the first decision "
        f"({first:%Y-%m-%d}), so that its value is too favourable"
    )
