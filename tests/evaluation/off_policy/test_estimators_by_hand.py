"""Every estimator against a case worked by hand in fractions, and against plain loops."""

from collections.abc import Callable
from fractions import Fraction as F
from inspect import signature
from typing import Any

import numpy as np
import pytest

from recsys.evaluation.off_policy import estimators, slates
from recsys.evaluation.off_policy.log import LoggedDecisions

# Three decisions of two actions; weights are 3/2, 1/2 and 2.
ACTIONS = [0, 1, 0]
REWARDS = [F(1), F(2), F(3)]
PROPENSITIES = [F(1, 2), F(1, 2), F(1, 4)]
TARGET = [[F(3, 4), F(1, 4)], [F(3, 4), F(1, 4)], [F(1, 2), F(1, 2)]]
Q = [[F(1, 2), F(1)], [F(1), F(3)], [F(2), F(4)]]
# v is 5/8, 3/2, 3; residuals are 1/2, -1, 1.
BY_HAND: dict[str, tuple[Callable[..., Any], dict[str, float], F]] = {
    "ips": (estimators.ips, {}, F(17, 6)),  # (3/2 + 1 + 6) / 3
    "clipped": (estimators.clipped_ips, {"cap": 1.5}, F(7, 3)),  # (3/2 + 1 + 9/2) / 3
    "snips": (estimators.snips, {}, F(17, 8)),  # (17/2) / 4
    "direct": (estimators.direct_method, {}, F(41, 24)),  # (5/8 + 3/2 + 3) / 3
    "dr": (estimators.doubly_robust, {}, F(59, 24)),  # (41/8 + 3/4 - 1/2 + 2) / 3
    "switch": (estimators.switch_dr, {"threshold": 1.5}, F(43, 24)),  # without the + 2
    # s = 2 w / (w^2 + 2): 12/17, 4/9, 2/3; 41/8 + 6/17 - 4/9 + 2/3
    "shrinkage": (
        estimators.dr_shrinkage, {"shrinkage": 2.0},
        (F(41, 8) + F(6, 17) - F(4, 9) + F(2, 3)) / 3,
    ),
}  # fmt: skip
# Slate 7 has rewards 1, 2 and weights 3/2, 1/2; slate 9 has reward 3 and weight 2.
SLATES_BY_HAND = {
    "standard": (slates.slate_ips, F(33, 8)),  # (3/4 3 + 2 3) / 2
    "independent": (slates.independent_ips, F(17, 4)),  # (3/2 + 1 + 6) / 2
    "cascade": (slates.cascade_ips, F(9, 2)),  # (3/2 + 3/4 2 + 6) / 2
    # (5/8 + 3/2 1/2 + 3/2 3/2 + 3/4 (-1) + 3 + 2 1) / 2
    "cascade_dr": (slates.cascade_dr, F(63, 16)),
}


def _array(values: Any) -> np.ndarray:
    return np.array(values, dtype=object).astype(np.float64)


def _log(**more: Any) -> LoggedDecisions:
    return LoggedDecisions(
        actions=np.array(ACTIONS),
        rewards=_array(REWARDS),
        propensities=_array(PROPENSITIES),
        **more,
    )


@pytest.mark.parametrize("name", BY_HAND)
def test_a_case_worked_by_hand(name: str) -> None:
    function, settings, expected = BY_HAND[name]
    needs_model = "predictions" in signature(function).parameters
    arguments = [_array(Q)] if needs_model else []
    terms = function(_log(), _array(TARGET), *arguments, **settings)
    assert terms.estimate == pytest.approx(float(expected), abs=1e-14)


@pytest.mark.parametrize("name", SLATES_BY_HAND)
def test_a_case_of_slates_worked_by_hand(name: str) -> None:
    function, expected = SLATES_BY_HAND[name]
    log = _log(slate_ids=np.array([7, 7, 9]), positions=np.array([1, 2, 1]))
    arguments = [_array(Q)] if name == "cascade_dr" else []
    terms = function(log, _array(TARGET), *arguments)  # type: ignore[operator]
    assert terms.estimate == pytest.approx(float(expected), abs=1e-14)


def test_the_bias_bound_by_hand() -> None:
    # min(w, 1/2) is 1/2 throughout; 3 (1 - 1/2).
    assert estimators.clipping_bias_bound(_log(), _array(TARGET), cap=0.5) == pytest.approx(1.5)


def _random(seed: int) -> tuple[LoggedDecisions, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    count, actions = int(rng.integers(1, 12)), int(rng.integers(1, 5))
    lengths = rng.integers(1, 4, count)
    slate_ids = np.repeat(rng.permutation(count), lengths)
    positions = np.concatenate([np.arange(length) for length in lengths])
    order = rng.permutation(len(positions))
    logging, target = rng.dirichlet(np.ones(actions), (2, len(positions)))
    logging = 0.1 / actions + 0.9 * logging
    chosen = rng.integers(0, actions, len(positions))
    log = LoggedDecisions(
        actions=chosen,
        rewards=rng.normal(size=len(positions)),
        propensities=logging[np.arange(len(positions)), chosen],
        slate_ids=slate_ids[order],
        positions=positions[order],
    )
    return log, target, rng.normal(size=target.shape)


def _rows(log: LoggedDecisions, target: np.ndarray, q: np.ndarray) -> list[tuple[float, ...]]:
    """Weight, reward, q and v of each row, one number at a time."""
    rows = []
    for i in range(len(log)):
        weight = target[i][log.actions[i]] / log.propensities[i]
        value = sum(target[i][a] * q[i][a] for a in range(target.shape[1]))
        rows.append((weight, log.rewards[i], q[i][log.actions[i]], value))
    return rows


@pytest.mark.parametrize("seed", range(200))
def test_estimators_equal_the_published_formulas_in_plain_loops(seed: int) -> None:
    log, target, q = _random(seed)
    rows = _rows(log, target, q)
    n, cap, by = len(rows), 1.3, 0.7
    expected = {
        "ips": sum(w * r for w, r, _, _ in rows) / n,
        "clipped": sum(min(w, cap) * r for w, r, _, _ in rows) / n,
        "snips": sum(w * r for w, r, _, _ in rows) / sum(w for w, _, _, _ in rows),
        "direct": sum(v for *_, v in rows) / n,
        "dr": sum(v + w * (r - p) for w, r, p, v in rows) / n,
        "switch": sum(v + (w * (r - p) if w <= cap else 0) for w, r, p, v in rows) / n,
        "shrinkage": sum(v + by * w / (w * w + by) * (r - p) for w, r, p, v in rows) / n,
    }
    actual = {
        "ips": estimators.ips(log, target),
        "clipped": estimators.clipped_ips(log, target, cap=cap),
        "snips": estimators.snips(log, target),
        "direct": estimators.direct_method(log, target, q),
        "dr": estimators.doubly_robust(log, target, q),
        "switch": estimators.switch_dr(log, target, q, threshold=cap),
        "shrinkage": estimators.dr_shrinkage(log, target, q, shrinkage=by),
    }
    for name, value in expected.items():
        assert actual[name].estimate == pytest.approx(value, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("seed", range(200))
def test_estimators_of_slates_equal_the_published_formulas_in_plain_loops(seed: int) -> None:
    log, target, q = _random(seed)
    assert log.slate_ids is not None
    assert log.positions is not None
    rows = _rows(log, target, q)
    totals = dict.fromkeys(("standard", "independent", "cascade", "cascade_dr"), 0.0)
    for slate in set(log.slate_ids.tolist()):
        members = [i for i in range(len(rows)) if log.slate_ids[i] == slate]
        members.sort(key=lambda i: int(log.positions[i]))  # type: ignore[index]
        cumulative, rewards = 1.0, 0.0
        for i in members:
            weight, reward, predicted, value = rows[i]
            above, cumulative = cumulative, cumulative * weight
            rewards += reward
            totals["independent"] += weight * reward
            totals["cascade"] += cumulative * reward
            totals["cascade_dr"] += cumulative * (reward - predicted) + above * value
        totals["standard"] += cumulative * rewards
    count = len(set(log.slate_ids.tolist()))
    actual = {
        "standard": slates.slate_ips(log, target),
        "independent": slates.independent_ips(log, target),
        "cascade": slates.cascade_ips(log, target),
        "cascade_dr": slates.cascade_dr(log, target, q),
    }
    for name, total in totals.items():
        assert actual[name].estimate == pytest.approx(total / count, rel=1e-12, abs=1e-12), name


def test_the_logged_action_alone_gives_what_the_table_of_all_actions_gives() -> None:
    log, target, _ = _random(5)
    logged = target[np.arange(len(log)), log.actions]
    assert estimators.snips(log, logged).estimate == estimators.snips(log, target).estimate
