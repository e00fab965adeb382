"""How long all off-policy estimators take on a large log, and how much memory."""

import time
from collections.abc import Mapping

import numpy as np

from benchmarks.suite import require_at_least
from recsys.arrays import FloatArray
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.reward_models import ActionRidge
from recsys.experiments.cost import peak_memory_mb


class OffPolicySpeedSuite:
    """Evaluates one policy on a log by every estimator, linear reward models fitted in folds.

    Args:
        decisions: of the log.
        actions: of the log.
        features: of each decision.
        decisions_a_customer: the bootstrap resamples customers.
        resamples: of the bootstrap.
        seed: of the log.
    """

    def __init__(
        self,
        *,
        decisions: int = 1_000_000,
        actions: int = 40,
        features: int = 10,
        decisions_a_customer: int = 4,
        resamples: int = 1_000,
        seed: int = 0,
    ) -> None:
        require_at_least(
            1, decisions=decisions, features=features, resamples=resamples,
            decisions_a_customer=decisions_a_customer,
        )  # fmt: skip
        require_at_least(2, actions=actions)
        self.shape = decisions, features, actions
        self.decisions_a_customer, self.resamples, self.seed = decisions_a_customer, resamples, seed

    def figures(self) -> Mapping[str, float]:
        """Keys decisions, actions, estimators, effective_sample, seconds, peak_memory_mb."""
        log, context, target = self._log()
        start = time.perf_counter()
        value = evaluate_policy(
            log,
            target,
            reward_model=ActionRidge(),
            context=context,
            resamples=self.resamples,
            seed=self.seed,
        )
        seconds = time.perf_counter() - start
        return {
            "decisions": len(log),
            "actions": target.shape[1],
            "estimators": len(value.estimates),
            "effective_sample": value.estimates["dr"].diagnostics.effective_sample,
            "seconds": seconds,
            "peak_memory_mb": peak_memory_mb(),
        }

    def _log(self) -> tuple[LoggedDecisions, FloatArray, FloatArray]:
        """Softmax policies of linear tastes, and outcomes of a rate that is linear too."""
        generator = np.random.default_rng(self.seed)
        decisions, features, actions = self.shape
        context = generator.normal(size=(decisions, features))
        taste = generator.normal(size=(features, actions)) / np.sqrt(features)
        logging, target = _softmax(0.5 * context @ taste), _softmax(2 * context @ taste)
        drawn = generator.random(decisions)[:, None]
        chosen = np.minimum((logging.cumsum(axis=1) <= drawn).sum(axis=1), actions - 1)
        rows = np.arange(decisions)
        rate = np.clip(0.1 + 0.05 * (context * taste.T[chosen]).sum(axis=1), 0, 1)
        log = LoggedDecisions(
            actions=chosen,
            rewards=(generator.random(decisions) < rate).astype(np.float64),
            propensities=logging[rows, chosen],
            customers=rows // self.decisions_a_customer,
        )
        return log, context, target


def _softmax(scores: FloatArray) -> FloatArray:
    np.exp(scores, out=scores)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))
