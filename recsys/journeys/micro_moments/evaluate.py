"""How good probabilities of moments were, in a window that no fit has seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.reliability import Reliability, reliability
from recsys.journeys.micro_moments.observe import BUY, DO, KNOW, Observed
from recsys.ops.events import inside
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_events import CART, PURCHASE

BEFORE, FIRST, EACH = "before the session", "after its first event", "after each event"
STAGES = (BEFORE, FIRST, EACH)
"""When a moment is predicted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StageScores:
    """Scores of N predictions of one stage.

    Attributes:
        predictions: N.
        log_loss: mean of -log of the probability of what it was.
        shares_log_loss: the same of the shares of the moments in the past.
        right: share of predictions whose most probable moment it was.
        rule_right: the same of a rule of thumb (a product bought or in the cart: buy; no product:
            do; else know); None before a session, and for moments of other names.
        calibration: of each moment.
        pooled: of all moments together, each against the others; its `ece` is the calibration
            error.
    """

    predictions: int
    log_loss: Interval
    shares_log_loss: float
    right: Interval
    rule_right: float | None
    calibration: Mapping[str, Reliability]
    pooled: Reliability


def evaluate_moments(
    seen: Observed, model: MomentModel, start: int, end: int, resamples: int = 200
) -> dict[str, StageScores]:
    """Scores each stage on the sessions that began in a window and have a label.

    Features of a session read what was before it, also within the window; labels are read to score
    alone.

    Args:
        seen: all events, with labels.
        model: fitted on what was before `start`.
        start: UTC seconds.
        end: UTC seconds, behind the window.
        resamples: of customers, for intervals.

    Returns:
        Stage -> scores; empty where the window has no session with a label that the model knows.
    """
    events = seen.events
    begins = events.when[events.starts]
    labels = _labels_of(seen, model)
    chosen = (begins >= start) & (begins < end) & (labels >= 0)
    sessions = np.flatnonzero(chosen)
    if not len(sessions):
        return {}
    each = np.flatnonzero(chosen[events.sessions])
    after = model.after_events(events, each)
    is_first = np.isin(each, events.starts)
    past = labels[(begins < start) & (labels >= 0)]
    shares = np.bincount(past, minlength=len(model.names)) + 1.0
    shares /= shares.sum()
    rule = _rule(seen, model, each)
    label_of, person = labels[events.sessions[each]], events.customers[each]
    parts: dict[str, tuple[FloatArray, IntArray, IntArray, IntArray | None]] = {
        BEFORE: (model.before_sessions(events, sessions), labels[sessions],
                 events.customers[events.starts[sessions]], None),
        FIRST: (after[is_first], label_of[is_first], person[is_first],
                None if rule is None else rule[is_first]),
        EACH: (after, label_of, person, rule),
    }  # fmt: skip
    return {
        stage: _scores(model, *part, shares=shares, resamples=resamples)
        for stage, part in parts.items()
    }


def _scores(
    model: MomentModel,
    probability: FloatArray,
    label: IntArray,
    customers: IntArray,
    rule: IntArray | None,
    *,
    shares: FloatArray,
    resamples: int,
) -> StageScores:
    came = probability[np.arange(len(label)), label]
    intervals = bootstrap(
        {"log_loss": -np.log(inside(came)),
         "right": (probability.argmax(axis=1) == label).astype(np.float64)},
        customers, resamples=resamples,
    )  # fmt: skip
    outcome = (label[:, None] == np.arange(len(model.names))).astype(np.float64)
    return StageScores(
        predictions=len(label),
        log_loss=intervals["log_loss"],
        shares_log_loss=float(-np.log(shares[label]).mean()),
        right=intervals["right"],
        rule_right=None if rule is None else float((rule == label).mean()),
        calibration={
            name: reliability(probability[:, k], outcome[:, k], customers, resamples=resamples)
            for k, name in enumerate(model.names)
        },
        pooled=reliability(
            probability.ravel(), outcome.ravel(), np.repeat(customers, len(model.names)),
            resamples=resamples,
        ),
    )  # fmt: skip


def _labels_of(seen: Observed, model: MomentModel) -> IntArray:
    """[S] position in the names of the model, -1 for none."""
    known = {name: row for row, name in enumerate(model.names)}
    return np.array([*(known.get(name, -1) for name in seen.names), -1])[seen.labels]


def _rule(seen: Observed, model: MomentModel, rows: IntArray) -> IntArray | None:
    """[n] what the rule of thumb says after some events."""
    if set(model.names) != {KNOW, BUY, DO}:
        return None
    place = {name: row for row, name in enumerate(model.names)}
    steps, products = seen.events.steps[rows], seen.events.products[rows]
    buys = (steps == CART) | (steps == PURCHASE)
    return np.select([products < 0, buys], [place[DO], place[BUY]], place[KNOW])
