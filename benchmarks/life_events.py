"""How well the next life event is predicted on the market, against the truth at the same moment.

The method is chosen by average precision on valid; test is read once, with it. The oracle knows who
prepares for which event, and since when: a firm sees only what that causes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.suite import cell, ends, require_at_least, run_folder
from recsys.arrays import FloatArray, IntArray
from recsys.cli.scored_window import scored_window
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.journeys.life_events.evaluate import MODEL, LifeScores, evaluate_life_events
from recsys.journeys.life_events.hazards import METHODS, Method
from recsys.journeys.life_events.learn import learn_life_events
from recsys.ops.whole_file import write_whole
from recsys.simulation import SimulatedMarket

ORACLE = "oracle"
_PRECISION = "average_precision"


class LifeEventsSuite:
    """A market; a customer of it is one observation.

    Args:
        events: of the market.
        seed: of the market.
        days: within which an event counts.
        methods: of the hazards, see `learn_life_events`.
        resamples: of customers.
    """

    def __init__(
        self,
        *,
        events: int,
        seed: int,
        days: int,
        methods: Sequence[Method],
        resamples: int = 500,
    ) -> None:
        require_at_least(1, days=days, resamples=resamples)
        if not methods or not set(methods) <= set(METHODS):
            raise InputError(f"suite.methods: expected some of {', '.join(METHODS)}, got {methods}")
        self.market = SimulatedMarket(events=events, seed=seed, version=2)
        self.days, self.methods, self.resamples = days, methods, resamples

    def figures(self) -> Mapping[str, float]:
        """Figures of each method on valid, and of the chosen one on test; table.md."""
        data = Dataset.from_source(self.market)
        valid, test = (
            scored_window(self.market.cutoffs, data, test=is_test) for is_test in (False, True)
        )
        scored = {f"valid_{name}": self._scores(data, name, *valid) for name in self.methods}
        chosen = max(
            self.methods,
            key=lambda name: scored[f"valid_{name}"].pooled.interval(MODEL, _PRECISION).mean,
        )
        scored["test"] = self._scores(data, chosen, *test)
        write_whole(run_folder() / "table.md", "\n".join(_table(scored, chosen)) + "\n")
        figures: dict[str, float] = {"customers": len(data.customers)}
        for window, scores in scored.items():
            figures |= _figures(window, scores)
        return figures

    def _scores(self, data: Dataset, method: Method, start: int, end: int) -> LifeScores:
        model = learn_life_events(data.before(start), start, method=method)

        def truth(rows: IntArray, moment: int, names: Sequence[str]) -> FloatArray:
            ids, when = data.customers.ids[rows], timestamp(moment)
            chances = self.market.life_event_probability(ids, when, self.days)
            return np.asarray(chances[:, [self.market.life_events.index(name) for name in names]])

        return evaluate_life_events(
            data.before(end),
            model,
            start,
            end,
            days=self.days,
            others={ORACLE: truth},
            resamples=self.resamples,
        )


def _figures(window: str, scores: LifeScores) -> dict[str, float]:
    alarms = scores.detection[MODEL]
    return {
        f"{window}/events": scores.events,
        f"{window}/rate": alarms.rate,
        **ends(f"{window}/{_PRECISION}", scores.pooled.interval(MODEL, _PRECISION)),
        **ends(f"{window}/of_oracle", scores.pooled.ratio(MODEL, ORACLE, _PRECISION)),
        **ends(f"{window}/any_of_oracle", scores.some.ratio(MODEL, ORACLE, _PRECISION)),
        **ends(f"{window}/detection_lift", alarms.lift),
        **ends(f"{window}/time_covered", scores.time),
        f"{window}/timed": scores.timed,
        f"{window}/interval_days": scores.width,
        **ends(f"{window}/log_loss", scores.pooled.interval(MODEL, "log_loss")),
        **ends(f"{window}/slope", scores.pooled.interval(MODEL, "slope")),
    }


def _table(scored: Mapping[str, LifeScores], chosen: str) -> list[str]:
    lines = [
        f"Chosen on valid: {chosen}.", "",
        "| window | AP | of the oracle's | any kind, of the oracle's | lift of alarms | "
        "time in 80 % interval | slope |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for window, scores in scored.items():
        cells = [
            scores.pooled.interval(MODEL, _PRECISION),
            scores.pooled.ratio(MODEL, ORACLE, _PRECISION),
            scores.some.ratio(MODEL, ORACLE, _PRECISION),
            scores.detection[MODEL].lift,
            scores.time,
            scores.pooled.interval(MODEL, "slope"),
        ]
        lines.append(f"| {window} | {' | '.join(map(cell, cells))} |")
    lines += ["", "| test, kind | events | AP | of the oracle's |", "|---|---|---|---|"]
    for name, (events, each) in scored["test"].kinds.items():
        own, ratio = each.interval(MODEL, _PRECISION), each.ratio(MODEL, ORACLE, _PRECISION)
        lines.append(f"| {name} | {events} | {cell(own)} | {cell(ratio)} |")
    return lines
