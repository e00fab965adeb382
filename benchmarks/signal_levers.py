"""What levers of signals earn: plans of a day with against without them, by the market's truth.

Everything is as of the market's last cut-off: the network, its odds of acceptance, the lifts (from
decisions logged before) and the signals. Both plans obey the market's rules. What a plan is worth:
the true probability of acceptance of each decision times its reward, less its cost.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.customer_parts.ranking import library
from benchmarks.suite import cell, ends, require_at_least, run_folder
from recsys.arrays import FloatArray
from recsys.cli.customer_files import table_content
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.levers import Lever, lever_rows, levers
from recsys.customers.signals.library import read_signals
from recsys.customers.signals.observe import look_moments
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, timestamp
from recsys.data.split import TimeSplit
from recsys.evaluation.intervals import bootstrap
from recsys.exporting.library import export
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.ops.whole_file import write_whole
from recsys.policy.arbitration.exact import best_plan
from recsys.serving import Artifact, load
from recsys.serving.decide.levers import with_levers
from recsys.serving.decide.plan import decide_everyone
from recsys.simulation import SimulatedMarket


class SignalLeversSuite:
    """Markets of several seeds; a customer of each is one observation.

    Args:
        events: of each market.
        seeds: of the markets.
        every: days between the moments at which signals are looked for.
        looks: how many such moments.
        model: settings of `TouchpointGNN`.
        signals: file with levers.
        resamples: of customers.
    """

    def __init__(
        self,
        *,
        events: int,
        seeds: Sequence[int],
        every: int,
        looks: int,
        model: Mapping[str, Any],
        signals: str,
        resamples: int = 1000,
    ) -> None:
        require_at_least(1, every=every, looks=looks, resamples=resamples)
        self.events, self.seeds, self.every, self.looks = events, seeds, every, looks
        self.model, self.resamples = model, resamples
        self.library = read_signals(library(signals))

    def figures(self) -> Mapping[str, float]:
        """Keys of cents and acceptances a customer, without levers and the difference; table.md."""
        parts, lines = [], []
        for seed in self.seeds:
            worth, made = self._market(SimulatedMarket(events=self.events, seed=seed))
            parts.append(worth)
            factors = ", ".join(f"{each.signal.name} {each.factor:.2f}" for each in made)
            lines.append(f"- seed {seed}: {factors}")
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        people = np.arange(len(joined["cents"]))
        intervals = bootstrap(joined, people, resamples=self.resamples)
        figures: dict[str, float] = {"customers": len(people)}
        table = ["| a customer | without | with minus without |", "|---|---|---|"]
        for name in ("cents", "acceptances"):
            figures |= ends(name, intervals[name])
            figures |= ends(f"{name}_difference", intervals[f"{name}_difference"])
            difference = cell(intervals[f"{name}_difference"], "+")
            table.append(f"| {name} | {cell(intervals[name])} | {difference} |")
        write_whole(run_folder() / "table.md", "\n".join([*table, "", *lines]) + "\n")
        return figures

    def _market(self, market: SimulatedMarket) -> tuple[dict[str, FloatArray], list[Lever]]:
        past = TimeSplit(**_cutoffs(market)).split(Dataset.from_source(market)).test.past
        assert past.as_of is not None
        end = timestamp(past.as_of)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            model = TouchpointGNN(**self.model, patience=None).fit(past)
            split = TimeSplit(
                valid_from=str(end - pd.Timedelta(90, "D")),
                test_from=str(end - pd.Timedelta(1, "D")),
            ).split(past)
            export(model, past, root / "artifact", policy="market", split=split)
            artifact = load(root / "artifact")
            step = self.every * DAY
            moments = look_moments(past, past.as_of, step, self.looks)
            found = [signals_at(self.library, past, moment) for moment in moments]
            made = levers(self.library, found, past, step)
            table = lever_rows(made, signals_at(self.library, past, past.as_of), past)
            (root / "levers.parquet").write_bytes(table_content(table, ".parquet"))
            raised = with_levers(artifact, root / "levers.parquet", str(end))
            without, with_levers_ = (
                _worth(each, root / f"{name}.parquet", end, market, past)
                for name, each in (("without", artifact), ("with", raised))
            )
        worth = without | {f"{name}_difference": with_levers_[name] - values
                           for name, values in without.items()}  # fmt: skip
        return worth, made


def _cutoffs(market: SimulatedMarket) -> dict[str, str]:
    assert market.cutoffs is not None
    return {name: str(getattr(market.cutoffs, name)) for name in ("valid_from", "test_from")}


def _worth(
    artifact: Artifact, out: Path, at: pd.Timestamp, market: SimulatedMarket, data: Dataset
) -> dict[str, FloatArray]:
    """[C] true cents and acceptances that a plan of a day brings of each customer."""
    decide_everyone(artifact, out, at=str(at), allocate=best_plan)
    plan = pd.read_parquet(out)
    chance = market.acceptance_probability(
        plan[columns.CUSTOMER].to_numpy(object), plan[columns.OFFER].to_numpy(object),
        plan[columns.TOUCHPOINT].to_numpy(object), plan[columns.TIMESTAMP],
    )  # fmt: skip
    tables = data.side_tables
    reward = tables["offers"].drop_duplicates(columns.OFFER).set_index(columns.OFFER)
    cost = tables["touchpoints"].set_index(columns.TOUCHPOINT)[columns.COST].fillna(0)
    euros = chance * plan[columns.OFFER].map(reward[columns.REWARD]).to_numpy(float)
    euros = euros - plan[columns.TOUCHPOINT].map(cost).to_numpy(float)
    rows, size = data.customers.rows(plan[columns.CUSTOMER]), len(data.customers)
    return {
        "cents": np.bincount(rows, weights=100 * euros, minlength=size),
        "acceptances": np.bincount(rows, weights=chance, minlength=size),
    }
