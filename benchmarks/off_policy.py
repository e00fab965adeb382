"""Off-policy estimators on a market whose truth is known: coverage and error over redrawn logs.

The decisions of the market (who, where, when) are kept. Actions are redrawn from the logging
policy and outcomes from the true probabilities of acceptance, so that each policy's value on these
decisions is exact. As nothing else is redrawn, decisions are the independent units here, not
customers: intervals over customers would count differences between them, which all logs share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from benchmarks.suite import require_at_least, run_folder
from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.grouped_rewards import ByGroup
from recsys.evaluation.off_policy.intervals import Method
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.named import OF_DECISIONS
from recsys.evaluation.off_policy.reward_models import ActionRidge
from recsys.ops.whole_file import write_whole
from recsys.simulation.chunk import latent, record
from recsys.simulation.decisions import EXPLORES, propensities
from recsys.simulation.names import TOUCHPOINTS
from recsys.simulation.offers import A_MONTH, running
from recsys.simulation.truth import acceptance

COVERED = ("snips", "dr", "recommended")
_ROWS = (*OF_DECISIONS, "recommended")
REWARDS = ByGroup(ActionRidge())
"""A model of each offer: the forty actions of a month are offers that other months do not have."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """Decisions of a market: context [N, D], logging [N, 40], true acceptance [N, 40].

    The first column of the context is the month, the others are flags of the customer's stage and
    of the touchpoint.
    """

    context: FloatArray
    logging: FloatArray
    accepts: FloatArray


class OffPolicySuite:
    """Redraws a log many times and evaluates three policies on each.

    Args:
        decisions: of the log.
        replications: how many logs are drawn.
        folds: parts of the log for the reward model.
        interval: "normal" or "bootstrap".
        resamples: of the bootstrap.
        seed: of the market and the draws.
    """

    def __init__(
        self,
        *,
        decisions: int = 150_000,
        replications: int = 1_000,
        folds: int = 5,
        interval: str = "normal",
        resamples: int = 1_000,
        seed: int = 0,
    ) -> None:
        require_at_least(1, decisions=decisions, replications=replications, resamples=resamples)
        require_at_least(2, folds=folds)
        if interval not in ("normal", "bootstrap"):
            raise InputError(f"suite.interval: expected normal or bootstrap, got {interval!r}")
        self.decisions, self.replications, self.folds = decisions, replications, folds
        self.interval, self.resamples, self.seed = cast(Method, interval), resamples, seed

    def figures(self) -> Mapping[str, float]:
        """Coverage of SNIPS, DR and the recommended one, and errors; also writes table.md."""
        market = _market(self.seed, self.decisions)
        policies = _policies(market.logging)
        truth = {name: _value(target, market) for name, target in policies.items()}
        # [R, estimators, (value, low, high)] of each policy; last the recommended one.
        results = {name: np.empty((self.replications, len(_ROWS), 3)) for name in policies}
        for number, log in enumerate(self._logs(market)):
            fitted = None
            for name, target in policies.items():
                value = evaluate_policy(
                    log,
                    target,
                    reward_model=fitted or REWARDS,
                    context=market.context,
                    folds=self.folds,
                    interval=self.interval,
                    resamples=self.resamples,
                    seed=self.seed + number,
                )
                fitted = value.fitted
                names = [*OF_DECISIONS, value.recommended]
                results[name][number] = value.frame().loc[names, ["value", "low", "high"]]
        return self._summary(results, truth, market, policies)

    def _logs(self, market: Market) -> Iterator[LoggedDecisions]:
        generator = np.random.default_rng(self.seed)
        ends, rows = market.logging.cumsum(axis=1), np.arange(self.decisions)
        for _ in range(self.replications):
            drawn = generator.random((self.decisions, 1)) * ends[:, -1:]
            actions = (ends <= drawn).sum(axis=1)
            accepted = generator.random(self.decisions) < market.accepts[rows, actions]
            yield LoggedDecisions(
                actions=actions,
                rewards=accepted.astype(np.float64),
                propensities=market.logging[rows, actions],
            )

    def _summary(
        self,
        results: Mapping[str, FloatArray],
        truth: Mapping[str, float],
        market: Market,
        policies: Mapping[str, FloatArray],
    ) -> dict[str, float]:
        figures: dict[str, float] = {"decisions": self.decisions, "replications": self.replications}
        coverage: dict[str, list[float]] = {name: [] for name in _ROWS}
        over_best: list[float] = []
        lines = ["| policy | estimator | bias | RMSE | coverage |", "|---|---|---|---|---|"]
        for policy, drawn in results.items():
            errors = drawn[:, :, 0] - truth[policy]
            squared = (errors**2).mean(axis=0)
            inside = (drawn[:, :, 1] <= truth[policy]) & (truth[policy] <= drawn[:, :, 2])
            figures[f"{policy}_truth"] = truth[policy]
            figures[f"{policy}_effective_sample"] = _expected_sample(policies[policy], market)
            for i, name in enumerate(_ROWS):
                covers, bias = float(inside[:, i].mean()), float(errors[:, i].mean())
                coverage[name].append(covers)
                figures[f"{policy}_{name}_rmse"] = rmse = float(np.sqrt(squared[i]))
                figures[f"{policy}_{name}_bias"] = bias
                lines.append(f"| {policy} | {name} | {bias:+.5f} | {rmse:.5f} | {covers:.1%} |")
            over_best.append(float(squared[-1] / squared.min()))
            figures[f"{policy}_recommended_mse_over_best"] = over_best[-1]
        for name in COVERED:
            figures[f"{name}_coverage_min"] = min(coverage[name])
            figures[f"{name}_coverage_max"] = max(coverage[name])
        figures["recommended_mse_over_best"] = max(over_best)
        write_whole(run_folder() / "table.md", "\n".join(lines) + "\n")
        return figures


def _market(seed: int, count: int) -> Market:
    """The first decisions of a market, chunk by chunk of 5,000 customers."""
    parts: list[tuple[FloatArray, ...]] = []
    number = 0
    while sum(len(part[0]) for part in parts) < count:
        parts.append(_chunk(seed, number))
        number += 1
    context, logging, accepts = (
        np.concatenate(columns)[:count] for columns in zip(*parts, strict=True)
    )
    return Market(context=context, logging=logging, accepts=accepts)


def _chunk(seed: int, number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Context, logging probabilities and true acceptance of the decisions of a chunk."""
    true, made = latent(seed, number), record(seed, number).decisions
    stage = true.people.stage[made.customer]
    mixed = sum(
        share
        * propensities(
            true.world, true.offers, stage=stage, touchpoint=made.touchpoint, second=made.second,
            explore=np.full(len(stage), explores),
        )
        for explores, share in ((True, EXPLORES), (False, 1 - EXPLORES))
    )  # fmt: skip
    offers = running(made.second)  # [n, 40]
    accepts = acceptance(
        true.world, true.people, true.purposes, true.offers,
        rows=np.repeat(made.customer, A_MONTH), offer=offers.ravel(),
        touchpoint=np.repeat(made.touchpoint, A_MONTH), second=np.repeat(made.second, A_MONTH),
    )  # fmt: skip
    labels = (stage, len(true.world.stage_lift)), (made.touchpoint, len(TOUCHPOINTS))
    flags = [_one_hot(codes, count) for codes, count in labels]
    context = np.column_stack([offers[:, 0] // A_MONTH, *flags])
    return context, np.asarray(mixed), accepts.reshape(-1, A_MONTH)


def _policies(logging: FloatArray) -> dict[str, FloatArray]:
    """Three target policies [N, 40] among the offers that the touchpoint allows.

    `near` mixes the logging policy with a uniform one, `far` prefers what is logged least (its odds
    are inverted), and `deterministic` always makes the offer that is logged most.
    """
    allowed = logging > 0
    uniform = allowed / allowed.sum(axis=1, keepdims=True)
    inverted = np.divide(1.0, logging, out=np.zeros_like(logging), where=allowed)
    most = np.zeros_like(logging)
    most[np.arange(len(logging)), logging.argmax(axis=1)] = 1.0
    return {
        "near": 0.5 * logging + 0.5 * uniform,
        "far": inverted / inverted.sum(axis=1, keepdims=True),
        "deterministic": most,
    }


def _value(target: FloatArray, market: Market) -> float:
    return float((target * market.accepts).sum(axis=1).mean())


def _expected_sample(target: FloatArray, market: Market) -> float:
    """N over the expected squared weight, which the effective sample of a log comes close to."""
    logging = market.logging
    squares = np.divide(target**2, logging, out=np.zeros_like(logging), where=logging > 0)
    return float(len(target) / squares.sum(axis=1).mean())


def _one_hot(codes: IntArray, count: int) -> FloatArray:
    return np.asarray(codes[:, None] == np.arange(count), np.float64)
