"""Bad logs, bad targets, and policies that a log does not carry: one clear line each."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.evaluation.off_policy.bernstein import bernstein_interval
from recsys.evaluation.off_policy.compare import compare_policies
from recsys.evaluation.off_policy.estimators import clipped_ips, dr_shrinkage
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.log import LoggedDecisions, check_target
from recsys.evaluation.off_policy.named import Thresholds
from recsys.evaluation.off_policy.slates import independent_ips, slate_ips

N = 400
EVEN = np.full((N, 2), 0.5)


def _log(**changes: Any) -> LoggedDecisions:
    columns: dict[str, Any] = {
        "actions": np.arange(N) % 2,
        "rewards": (np.arange(N) % 3 == 0).astype(float),
        "propensities": np.full(N, 0.5),
    }
    return LoggedDecisions(**(columns | changes))


def _with(value: float, row: int = 7) -> np.ndarray:
    values = np.full(N, 0.5)
    values[row] = value
    return values


def _slates(positions: list[int], **more: Any) -> LoggedDecisions:
    size = len(positions)
    return LoggedDecisions(
        actions=np.zeros(size, int), rewards=np.zeros(size), propensities=np.ones(size),
        slate_ids=np.array([4, 4, 4, 5, 5])[:size], positions=np.array(positions), **more,
    )  # fmt: skip


LOGS: dict[str, tuple[Callable[[], object], str, str]] = {
    "propensity 0": (lambda: _log(propensities=_with(0.0)), "log.propensities", "0.0 in row 7"),
    "propensity above 1": (lambda: _log(propensities=_with(1.5)), "log.propensities", "1.5 in"),
    "propensity nan": (lambda: _log(propensities=_with(np.nan)), "log.propensities", "nan in"),
    "reward nan": (lambda: _log(rewards=_with(np.nan)), "log.rewards", "nan in row 7"),
    "action below 0": (lambda: _log(actions=np.full(N, -1)), "log.actions", "-1 in row 0"),
    "action by name": (lambda: _log(actions=np.array(["a"] * N)), "log.actions", "row numbers"),
    "action flat": (lambda: _log(actions=np.zeros((N, 2), int)), "log.actions", "flat"),
    "no decisions": (lambda: _log(actions=np.zeros(0, int)), "log.actions", "none"),
    "short rewards": (lambda: _log(rewards=np.zeros(3)), "log.rewards", "[3]"),
    "rewards by name": (lambda: _log(rewards=np.array(["a"] * N)), "log.rewards", "numbers"),
    "half a slate": (lambda: _log(slate_ids=np.arange(N)), "log.positions", "needs"),
    "a gap": (lambda: _slates([1, 2, 4, 1, 2]), "log.positions", "got 4 in row 2"),
    "twice": (lambda: _slates([0, 1, 1, 0, 1]), "log.positions", "got 1 in row 2"),
    "two origins": (lambda: _slates([0, 1, 2, 1, 2]), "log.positions", "got 1 in row 3"),
    "below 0": (lambda: _slates([-1, 0, 1, 0, 1]), "log.positions", "got -1 in row 0"),
    "two customers": (
        lambda: _slates([0, 1, 2, 0, 1], customers=np.array([1, 1, 2, 3, 3])),
        "log.customers", "row 2",
    ),
    "target shape": (lambda: check_target(_log(), np.ones((3, 2))), "target", "[3, 2]"),
    "target sum": (lambda: check_target(_log(), 0.9 * EVEN), "target", "sum to 1"),
    "target below 0": (
        lambda: check_target(_log(), EVEN + np.array([-1, 1])), "target", "row 0, action 0",
    ),
    "target narrow": (lambda: check_target(_log(), np.ones((N, 1))), "target", "action 1 in row 1"),
    "half the marginals": (
        lambda: independent_ips(_slates([0, 1, 2]), np.ones(3), marginal_target=np.ones(3)),
        "marginal_propensities", "both",
    ),
    "marginal propensity 0": (
        lambda: independent_ips(
            _slates([0, 1, 2]), np.ones(3),
            marginal_target=np.ones(3), marginal_propensities=np.array([1.0, 0.0, 1.0]),
        ),
        "marginal_propensities", "row 1",
    ),
    "no slates": (lambda: slate_ips(_log(), EVEN), "log.slate_ids", "need"),
    "cap": (lambda: clipped_ips(_log(), EVEN, cap=0), "cap", "got 0"),
    "shrinkage": (lambda: dr_shrinkage(_log(), EVEN, EVEN, shrinkage=-1), "shrinkage", "-1"),
}  # fmt: skip


def _bernstein(estimators: list[str]) -> object:
    return evaluate_policy(
        _log(), EVEN, estimators=estimators, interval="bernstein", reward_range=(0, 1)
    )


FAR = np.tile([1.0, 0.0], (N, 1))
POLICIES: dict[str, tuple[Callable[[], object], str, str]] = {
    "beyond support": (
        lambda: evaluate_policy(_log(), np.tile([0.3, 0.3, 0.4], (N, 1))), "target", "40 %",
    ),
    "few effective": (
        lambda: evaluate_policy(_log(), FAR, minimum_effective=300), "target", "200.0",
    ),
    "support by row": (
        lambda: evaluate_policy(_log(), EVEN, support=np.arange(2 * N).reshape(N, 2) > 0),
        "target", "0.125 %",
    ),
    "wrong propensities": (
        lambda: evaluate_policy(_log(propensities=np.full(N, 0.25)), EVEN), "propensities", "2.000",
    ),
    "unknown estimator": (
        lambda: evaluate_policy(_log(), EVEN, estimators=["magic"]), "estimators", "magic",
    ),
    "model without table": (
        lambda: evaluate_policy(_log(), np.full(N, 0.5), estimators=["dr"]), "target", "dr needs",
    ),
    "folds": (lambda: evaluate_policy(_log(), EVEN, folds=1), "folds", "got 1"),
    "context shape": (
        lambda: evaluate_policy(_log(), EVEN, context=np.zeros(N)), "context", f"[{N}]",
    ),
    "context gap": (
        lambda: evaluate_policy(_log(), EVEN, context=_with(np.nan)[:, None]), "context", "row 7",
    ),
    "model shape": (
        lambda: evaluate_policy(_log(), EVEN, reward_model=np.zeros((N, 3))), "predictions", "3]",
    ),
    "interval": (
        lambda: evaluate_policy(_log(), EVEN, interval="magic"), "interval", "magic",  # type: ignore[arg-type]
    ),
    "level": (lambda: evaluate_policy(_log(), EVEN, level=95), "level", "95"),
    "bernstein ratio": (
        lambda: _bernstein(["snips"]),
        "interval", "snips",
    ),
    "bernstein model": (lambda: _bernstein(["dm"]), "interval", "reward model"),
    "bernstein unbounded": (
        lambda: _bernstein(["ips"]),
        "term_range", "weight_bound",
    ),
    "bernstein chosen cap": (
        lambda: _bernstein(["clipped_ips"]),
        "thresholds.weight_cap", "set it",
    ),
    "bernstein without range": (
        lambda: evaluate_policy(_log(), EVEN, interval="bernstein"), "reward_range", "set it",
    ),
    "narrow range": (
        lambda: evaluate_policy(_log(), EVEN, reward_range=(0, 0.5)), "reward_range", "0 to 1",
    ),
    "positions that depend": (
        lambda: evaluate_policy(
            _log(slate_ids=np.arange(N) // 2, positions=np.arange(N) % 2),
            np.tile([[0.5, 0.5], [0.0, 1.0]], (N // 2, 1)), estimators=["independent_ips"],
        ),
        "marginals", "never repeats",
    ),
    "compared level": (lambda: compare_policies(_log(), EVEN, EVEN, level=95), "level", "95"),
    "compared resamples": (
        lambda: compare_policies(_log(), EVEN, EVEN, resamples=0), "resamples", "got 0",
    ),
    "compared without marginals": (
        lambda: compare_policies(
            _log(slate_ids=np.arange(N) // 2, positions=np.arange(N) % 2),
            *[np.tile([[0.5, 0.5], [0.0, 1.0]], (N // 2, 1))] * 2, estimator="independent_ips",
        ),
        "marginals", "never repeats",
    ),
    "compared beyond support": (
        lambda: compare_policies(_log(), EVEN, EVEN @ [[1, 0, 0], [0, 0, 1]]), "target", "50 %",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS | POLICIES)
def test_is_refused_in_one_line(name: str) -> None:
    act, key, word = (LOGS | POLICIES)[name]
    with pytest.raises(InputError) as error:
        act()
    assert error.value.key == key
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_a_term_outside_its_range_is_refused() -> None:
    terms = clipped_ips(_log(), EVEN, cap=1)
    with pytest.raises(InputError, match="widen reward_range"):
        bernstein_interval(terms, (0.0, 0.5))


def test_a_share_beyond_support_that_is_allowed_widens_the_interval() -> None:
    target = np.tile([0.5, 0.48, 0.02], (N, 1))
    wide = evaluate_policy(_log(), target, estimators=["snips"], max_unsupported=0.05)
    plain = evaluate_policy(_log(), target[:, [0, 1]] / 0.98, estimators=["snips"])
    wider, narrower = (value.estimates["snips"].interval for value in (wide, plain))
    assert wider.low == pytest.approx(narrower.low - 0.02)
    assert wider.high == pytest.approx(narrower.high + 0.02)


def test_thresholds_that_are_set_are_used() -> None:
    value = evaluate_policy(
        _log(), FAR, thresholds=Thresholds(weight_cap=1.5, switch_threshold=3, shrinkage=4)
    )
    used = {name: estimate.threshold for name, estimate in value.estimates.items()}
    assert (used["clipped_ips"], used["switch_dr"], used["dr_shrinkage"]) == (1.5, 3, 4)
