"""Moments and intent to leave: log loss, calibration and speed on the market and on real sets."""

from collections.abc import Mapping
from time import perf_counter, process_time

import numpy as np

from benchmarks.cdnow import cdnow
from benchmarks.suite import ends, require_at_least, root_of_suite
from recsys.cli.scored_window import scored_window
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, SECOND
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.experiments.cost import peak_memory_mb
from recsys.exporting.moments import moment_part
from recsys.journeys.leaving.holdout import MODEL, SILENCE, hold_out_leaving
from recsys.journeys.micro_moments.evaluate import evaluate_moments
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import OUTCOME, observe
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_events import CLICK, CONTACT, VIEW
from recsys.simulation.source import SimulatedMarket

_ASKED = 500
_STATISTICS = ("auc", "average_precision", "log_loss", "ece")


class MomentsSuite:
    """Fits before a window of the market and scores it; then who leaves, also of real customers.

    Args:
        events: of the market.
        test: whether test is read instead of valid.
        root: folder with `complete_journey` and `cdnow`; null for the market alone.
    """

    def __init__(self, *, events: int, test: bool = False, root: str | None = None) -> None:
        require_at_least(1_000, events=events)
        self.events, self.test, self.root = events, test, root

    def figures(self) -> Mapping[str, float]:
        """Keys LABEL_STAGE_log_loss, _right, _ece; leaving_DATA_auc and so on; milliseconds."""
        data = Dataset.from_source(SimulatedMarket(events=self.events))
        start, end = scored_window(SimulatedMarket.cutoffs, data, self.test)
        made: dict[str, float] = {}
        for label in ("intent", OUTCOME):
            began = perf_counter()
            model = learn(observe(data.before(start), label))
            made[f"{label}_fit_seconds"] = perf_counter() - began
            made |= _told(data, model, label, label, start, end)
        # A firm without labels, scored on the truth that it does not know.
        made |= _told(data, model, "intent", "outcome_on_truth", start, end)
        made |= _speed(model, data.before(start))
        made |= _left("market", data.before(end), start, 60)
        if self.root is not None:
            made |= self._of_real_customers(self.root)
        return made | {"peak_mb": peak_memory_mb()}

    def _of_real_customers(self, root: str) -> dict[str, float]:
        """The first of the last two windows of the data is valid, the second is test."""
        back = 1 if self.test else 2
        with root_of_suite():
            households = Dataset.from_source(CompleteJourney(root=f"{root}/complete_journey"))
        discs = Dataset.from_frames(cdnow(root), name="cdnow")
        parts = {"complete_journey": (households, 14), "cdnow": (discs, 90)}
        made: dict[str, float] = {}
        for name, (data, days) in parts.items():
            assert data.as_of is not None
            start = data.as_of - back * days * DAY
            made |= _left(name, data.before(start + days * DAY), start, days)
        return made


def _told(
    data: Dataset, model: MomentModel, label: str, key: str, start: int, end: int
) -> dict[str, float]:
    seen = observe(data.before(end), label)
    scores = evaluate_moments(seen, model, start // SECOND, end // SECOND)
    made: dict[str, float] = {}
    for stage, each in scores.items():
        name = f"{key}_{stage.replace(' ', '_')}"
        made |= {**ends(f"{name}_log_loss", each.log_loss), **ends(f"{name}_right", each.right),
                 f"{name}_shares_log_loss": each.shares_log_loss,
                 f"{name}_ece": each.pooled.ece}  # fmt: skip
        if each.rule_right is not None:
            made[f"{name}_rule_right"] = each.rule_right
    return made


def _speed(model: MomentModel, past: Dataset) -> dict[str, float]:
    """Milliseconds of CPU until the moment of a session of three events is told, by customer."""
    part = moment_part(model, past)
    assert past.as_of_seconds is not None
    customers = np.random.default_rng(0).integers(0, len(past.customers), _ASKED)
    customers[0] = int(np.diff(part.starts).argmax())
    taken = []
    for row in customers:
        began = process_time()
        events = part.with_events(
            int(row), [past.as_of_seconds] * 3, [VIEW, CLICK, CONTACT], [0, 0, -1], 0
        )
        model.after_events(events, slice(-1, None))
        taken.append(1_000 * (process_time() - began))
    return {"milliseconds_median": float(np.median(taken)),
            "milliseconds_99": float(np.quantile(taken, 0.99)),
            "milliseconds_busiest": taken[0]}  # fmt: skip


def _left(name: str, data: Dataset, start: int, days: int) -> dict[str, float]:
    scores = hold_out_leaving(data, start, days)
    made = {f"leaving_{name}_rate": float(scores.left.mean())}
    for statistic in _STATISTICS:
        made |= ends(
            f"leaving_{name}_{statistic}", scores.scores.interval(MODEL, statistic)
        ) | ends(
            f"leaving_{name}_{statistic}_over_silence",
            scores.scores.difference(MODEL, SILENCE, statistic),
        )
    return made
