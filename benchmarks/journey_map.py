"""Journey maps: how often chance is called a difference, and how long a map takes."""

from collections.abc import Mapping
from time import perf_counter

import numpy as np

from benchmarks.suite import require_at_least
from recsys.arrays import BoolArray
from recsys.data.dataset import Dataset
from recsys.experiments.cost import peak_memory_mb
from recsys.journeys.journey_map.differences import LESS, MORE, TOO_FEW, difference_table
from recsys.journeys.journey_map.flows import flow_table, move_table, purpose_table, stage_table
from recsys.journeys.journey_map.paths import Paths, paths_of
from recsys.journeys.purposes.model import PurposeModel
from recsys.simulation.source import SimulatedMarket

_OPEN = 0.1


class JourneyMapSuite:
    """Compares random parts of the customers of a market, and times the map of a large one.

    Args:
        events: of the market whose customers are parted at random.
        parts: how often; the share of the first part is drawn from .2 to .8.
        large: events of the market that is timed; 0 for none.
        seed: of the parts.
    """

    def __init__(self, *, events: int, parts: int, large: int, seed: int = 0) -> None:
        require_at_least(1_000, events=events)
        require_at_least(1, parts=parts)
        require_at_least(0, large=large)
        self.events, self.parts, self.large, self.seed = events, parts, large, seed

    def figures(self) -> Mapping[str, float]:
        """Keys false_alarms (share of parts), comparisons; seconds of the map and a difference."""
        made = self._chance()
        if self.large:
            made |= self._speed()
        return made | {"peak_mb": peak_memory_mb()}

    def _chance(self) -> dict[str, float]:
        paths, _ = _of_market(self.events)
        rng = np.random.default_rng(self.seed)
        alarms, compared = 0, 0
        for part in range(self.parts):
            first = _random_part(paths, rng, rng.uniform(0.2, 0.8))
            table = difference_table(paths.select(first), paths.select(~first), seed=part)
            alarms += bool(table["verdict"].isin([MORE, LESS]).any())
            compared += int((table["verdict"] != TOO_FEW).sum())
        return {"false_alarms": alarms / self.parts, "comparisons": compared / self.parts}

    def _speed(self) -> dict[str, float]:
        paths, seconds = _of_market(self.large)
        began = perf_counter()
        for by_purpose in (False, True):
            flow_table(paths, by_purpose=by_purpose)
        for table in (stage_table, move_table, purpose_table):
            table(paths)
        tables = perf_counter() - began
        first = _random_part(paths, np.random.default_rng(self.seed), 0.5)
        began = perf_counter()
        difference_table(paths.select(first), paths.select(~first))
        return {
            "strands": float(len(paths)),
            "paths_seconds": seconds,
            "tables_seconds": tables,
            "difference_seconds": perf_counter() - began,
        }


def _of_market(events: int) -> tuple[Paths, float]:
    """The paths of a market, and the seconds from its strands to them."""
    data = Dataset.from_source(SimulatedMarket(events=events))
    model = PurposeModel().fit(data)
    strands = model.assign(data)
    began = perf_counter()
    paths = paths_of(model, strands, data, _OPEN)
    return paths, perf_counter() - began


def _random_part(paths: Paths, rng: np.random.Generator, share: float) -> BoolArray:
    """[S] bool, the strands of customers drawn at random."""
    chosen = rng.random(int(paths.customer.max()) + 1) < share
    return np.asarray(chosen[paths.customer])
