"""Purchases of a last period, forecast from what came before: models, rivals and the graph."""

from collections.abc import Iterator, Mapping

from benchmarks.cdnow import cdnow
from benchmarks.suite import cell, ends, require_at_least, root_of_suite, run_folder
from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.holdout import Holdout, hold_out
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.models.als import ALS
from recsys.models.lightgcn import LightGCN
from recsys.ops.whole_file import write_whole
from recsys.simulation import SimulatedMarket


class ValueHoldoutSuite:
    """Holds out CDNOW's last 39 weeks, 13 weeks of the Complete Journey and of the market.

    The graph forecasts exist where there is more than one product, which CDNOW does not tell apart.

    Args:
        root: folder that has `cdnow` and `complete_journey`.
        events: of the simulated market.
        dim: of the vectors of the graph models.
    """

    def __init__(self, *, root: str, events: int = 200_000, dim: int = 16) -> None:
        require_at_least(1, events=events, dim=dim)
        self.root, self.events, self.dim = root, events, dim

    def figures(self) -> Mapping[str, float]:
        """Keys DATA_FORECAST_rmse, and DATA_FORECAST_lost with its ends: see `Holdout.gain`."""
        made: dict[str, float] = {}
        lines = [
            "| data | forecast | root mean square error | expected / actual | squared error above "
            "the chosen model's |", "|---|---|---|---|---|",
        ]  # fmt: skip
        for name, held in self._held():
            made[f"{name}_customers"] = len(held.actual)
            for each in held.forecasts:
                key = f"{name}_{each.replace(' ', '_')}"
                made[f"{key}_rmse"] = held.root_mean_square(each)
                gain = held.gain(each)
                if each != held.chosen:
                    made |= ends(f"{key}_lost", gain)
                lost = "chosen before" if each == held.chosen else cell(gain, "+")
                lines.append(
                    f"| {name} | {each} | {held.root_mean_square(each):.4f} | "
                    f"{held.total_ratio(each):.3f} | {lost} |"
                )
            made |= _against_boosting(name, held)
        write_whole(run_folder() / "table.md", "\n".join(lines) + "\n")
        return made

    def _held(self) -> Iterator[tuple[str, Holdout]]:
        with root_of_suite():
            journey = CompleteJourney(root=f"{self.root}/complete_journey")
        discs = Dataset.from_frames(cdnow(self.root).assign(**{columns.PRODUCT: "cd"}))
        yield "cdnow", hold_out(discs, 273.0, ("purchase",), vectors=self._als)
        for name, data in (
            ("complete_journey", Dataset.from_source(journey)),
            ("market", Dataset.from_source(SimulatedMarket(events=self.events))),
        ):
            for model, vectors in (("als", self._als), ("lightgcn", self._lightgcn)):
                yield f"{name}_{model}", hold_out(data, 91.0, ("purchase",), vectors=vectors)

    def _als(self, data: Dataset) -> FloatArray:
        return ALS(dim=self.dim).fit(data).embeddings().products

    def _lightgcn(self, data: Dataset) -> FloatArray:
        return LightGCN(dim=self.dim, epochs=10).fit(data).embeddings().products


def _against_boosting(name: str, held: Holdout) -> dict[str, float]:
    """What the graph adds to the same trees."""
    if "graph boosting" not in held.forecasts:
        return {}
    return ends(f"{name}_graph_gain", held.between("boosting", "graph boosting"))
