"""A policy in an artifact: its rules compiled, its values computed, acceptance odds fitted."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.queries import Split
from recsys.errors import InputError
from recsys.exporting.acceptance_odds import FEWEST, fit_acceptance_odds, odds_of_lists
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.logged_answers import LoggedAnswers, logged_answers
from recsys.exporting.ranked_outcomes import ranked_outcomes
from recsys.models.base import KnowsDayparts, Recommender
from recsys.policy.compiled import CompiledRules
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy
from recsys.policy.rules.values import customer_factors, offer_levers, offer_values
from recsys.policy.touchpoints import touchpoint_numbers
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.decide.logits import dayparts

_LISTS = 10
"""Length of the lists that odds are fitted on where no decisions were logged."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledPolicy:
    """A policy compiled for a data set, before anything is fitted.

    Attributes:
        policy: as its file states it.
        rules: compiled.
        values: [O] float32, see `DecisionPart`.
        levers: [O] float32.
        customer_values: [C + 1] float32; None where all are 1.
        costs: [T] float32.
    """

    policy: Policy
    rules: CompiledRules
    values: FloatArray
    levers: FloatArray
    customer_values: FloatArray | None
    costs: FloatArray

    @classmethod
    def of(cls, policy: Policy | str | Path, data: Dataset) -> "CompiledPolicy":
        """Compiles a policy, its name or its file, for the data that are to be exported.

        Raises:
            InputError: the policy has a fault, or the data lack what it needs.
        """
        stated = policy if isinstance(policy, Policy) else read_policy(policy)
        if not len(data.touchpoints):
            raise InputError(
                f"policy: data={data.name} has no touchpoints to decide about; add a column "
                "'touchpoint' to interactions, or a table of touchpoints"
            )
        factors = customer_factors(stated, data)
        return cls(
            policy=stated,
            rules=compile_rules(stated, data),
            values=offer_values(stated, data).astype(np.float32),
            levers=offer_levers(stated, data).astype(np.float32),
            customer_values=None if (factors == 1).all() else factors.astype(np.float32),
            costs=touchpoint_numbers(data, columns.COST, 0.0).astype(np.float32),
        )

    def part(self, odds: AcceptanceOdds) -> DecisionPart:
        """What the artifact holds of it, with these odds."""
        exploration = self.policy.exploration
        return DecisionPart(
            rules=self.rules,
            odds=odds,
            values=self.values,
            levers=self.levers,
            costs=self.costs,
            customer_values=self.customer_values,
            customer_weight=self.policy.arbitration.customer_weight,
            exploration=None if exploration is None else asdict(exploration),
            eligibility_version=self.policy.eligibility_version,
        )


def with_policy(
    contents: Contents,
    compiled: CompiledPolicy,
    model: Recommender,
    data: Dataset,
    past_model: Recommender,
    split: Split,
    dim: int,
) -> Contents:
    """The contents with a policy, and with acceptance odds as known from the valid window.

    Odds are fitted on decisions that were logged in the window, with a model that has seen nothing
    of it. The exported model is fitted on more events; its scores are assumed to have the same
    scale. Where too few decisions were logged, the odds are those of listed products to be taken in
    the window.

    Args:
        contents: of `model`, fitted on `data`.
        compiled: for `data`.
        model: as exported.
        data: all events.
        past_model: of the same settings, fitted on `split.valid.past`.
        split: whose valid window has the decisions.
        dim: as for `vectors_of`.
    """
    contents = _with_dayparts(contents, model)
    past = split.valid.past
    vectors, fold_in = vectors_of(past_model, dim)
    seen = _with_dayparts(contents_of(past_model, vectors, fold_in, past, {}), past_model)
    answers = _answers(seen, split)
    if answers is None or not _enough(answers):
        listed = ranked_outcomes(past_model.score, split.valid, _LISTS)
        odds, facts = odds_of_lists(seen, listed)
        facts["logged"] = 0 if answers is None else len(answers)
    else:
        odds, facts = fit_acceptance_odds(seen, answers, _dayparts(compiled, data, past, answers))
    facts = {"policy": compiled.policy.name, **facts}
    return replace(
        contents,
        decisions=compiled.part(odds),
        facts={**contents.facts, "acceptance": facts},
    )


def _answers(contents: Contents, split: Split) -> LoggedAnswers | None:
    """Decisions of the valid window; None without a window of time or a log."""
    window, until_test = split.valid, split.test.past
    if until_test.clock != "timestamp" or window.start is None or window.end is None:
        return None
    start, end = window.start // SECOND, window.end // SECOND
    return logged_answers(until_test, contents.offers, start, end)


def _enough(answers: LoggedAnswers) -> bool:
    accepted = int(answers.accepted.sum())
    return min(accepted, len(answers) - accepted) >= FEWEST


def _dayparts(
    compiled: CompiledPolicy, data: Dataset, past: Dataset, answers: LoggedAnswers
) -> IntArray:
    """[N] part of the customer's own day of each decision.

    The rules have the zones of the customers of `data`, who may be merged by more links than those
    of `past`.
    """
    rows = data.customers.rows(past.customers.ids[answers.customers]).astype(np.int64)
    return dayparts(compiled.rules.zones, rows, answers.when)


def _with_dayparts(contents: Contents, model: Any) -> Contents:
    vectors = model.daypart_vectors if isinstance(model, KnowsDayparts) else None
    if vectors is None:
        return contents
    return replace(contents, touchpoints=replace(contents.touchpoints, daypart_vectors=vectors))
