"""What levers of signals earn: plans of a day with against without them, by the market's truth.

All is as of the last cut-off of a market: network, odds of acceptance, lifts and signals. Lifts
are counted from the decisions of the months before, with the probability that a network of an
earlier cut-off gave them, as a log of answers has it; and once more without. All plans obey the
market's rules. A plan is worth the true probability of acceptance of each decision times its
reward, less its cost.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.customer_parts.ranking import library
from benchmarks.suite import cell, ends, require_at_least, run_folder
from benchmarks.true_answers import true_answers
from recsys.arrays import FloatArray
from recsys.cli.customer_files import table_content
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.levers import Lever, lever_rows, levers
from recsys.customers.signals.library import read_signals
from recsys.customers.signals.observe import look_moments
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, microseconds, seconds, timestamp
from recsys.data.split import TimeSplit
from recsys.evaluation.intervals import bootstrap
from recsys.exporting.library import export
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.ops.whole_file import write_whole
from recsys.policy.arbitration.exact import best_plan
from recsys.serving import Artifact, load
from recsys.serving.artifact.acceptance_odds import probability
from recsys.serving.decide.levers import with_levers
from recsys.serving.decide.logits import customer_vectors, dayparts
from recsys.serving.decide.plan import decide_everyone
from recsys.simulation import SimulatedMarket

KINDS = ("logged", "unlogged")
"""Lifts within groups of the logged probability, and lifts without one."""

Worth = dict[str, FloatArray]


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
        """Keys of cents and acceptances a customer, and of the differences; writes table.md."""
        parts, lines = [], []
        for seed in self.seeds:
            worth, made = self._market(SimulatedMarket(events=self.events, seed=seed))
            parts.append(worth)
            for kind, factors in made.items():
                said = ", ".join(f"{each.signal.name} {each.factor:.2f}" for each in factors)
                lines.append(f"- seed {seed}, {kind}: {said}")
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        people = np.arange(len(joined["cents"]))
        intervals = bootstrap(joined, people, resamples=self.resamples)
        figures: dict[str, float] = {"customers": len(people)}
        table = ["| a customer | without | logged - without | unlogged - without |",
                 "|---|---|---|---|"]  # fmt: skip
        for name in ("cents", "acceptances"):
            cells = [cell(intervals[name])]
            figures |= ends(name, intervals[name])
            for kind in KINDS:
                figures |= ends(f"{name}_{kind}", intervals[f"{name}_{kind}"])
                cells.append(cell(intervals[f"{name}_{kind}"], "+"))
            table.append(f"| {name} | {' | '.join(cells)} |")
        write_whole(run_folder() / "table.md", "\n".join([*table, "", *lines]) + "\n")
        return figures

    def _market(self, market: SimulatedMarket) -> tuple[Worth, dict[str, list[Lever]]]:
        past = TimeSplit().split(Dataset.from_source(market)).test.past
        assert past.as_of is not None
        moments = look_moments(past, past.as_of, self.every * DAY, self.looks)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            earlier, artifact = (
                deciding_artifact(known, folder / part, self.model, "market")
                for part, known in (("earlier", past.before(moments[0])), ("artifact", past))
            )
            worth = plan_worth(artifact, folder / "plan.parquet", market, past)
            made = {}
            for kind in KINDS:
                data = with_log(past, earlier, moments[0], logged=kind == "logged")
                made[kind] = self._levers(data, moments)
                table = lever_rows(made[kind], signals_at(self.library, data, past.as_of), data)
                path = folder / f"{kind}.parquet"
                path.write_bytes(table_content(table, path.suffix))
                raised = with_levers(artifact, path, str(timestamp(past.as_of)))
                other = plan_worth(raised, folder / f"plan_{kind}.parquet", market, past)
                worth |= {f"{name}_{kind}": other[name] - worth[name] for name in other}
        return worth, made

    def _levers(self, data: Dataset, moments: list[int]) -> list[Lever]:
        found = [signals_at(self.library, data, moment) for moment in moments]
        return levers(self.library, found, data, self.every * DAY)


def deciding_artifact(
    data: Dataset, folder: Path, settings: Mapping[str, Any], policy: str
) -> Artifact:
    """Fitted on all events; its odds on three months of decisions, but for the last week.

    Args:
        data: up to a cut-off.
        folder: of the artifact.
        settings: of `TouchpointGNN`.
        policy: whose rules hold.
    """
    assert data.as_of is not None
    end = timestamp(data.as_of)
    model = TouchpointGNN(**settings, patience=None).fit(data)
    split = TimeSplit(
        valid_from=str(end - pd.Timedelta(90, "D")), test_from=str(end - pd.Timedelta(7, "D"))
    ).split(data)
    return load(export(model, data, folder, policy=policy, split=split))


def with_log(data: Dataset, artifact: Artifact, start: int, *, logged: bool) -> Dataset:
    """The data with decisions from a moment on; `logged` with the artifact's probabilities."""
    table = data.side_tables["decisions"]
    table = table[microseconds(table[columns.TIMESTAMP]) >= start]
    if logged:
        table = table.assign(**{columns.PROBABILITY: logged_probability(artifact, table)})
    return replace(data, side_tables={**data.side_tables, "decisions": table})


def logged_probability(artifact: Artifact, table: pd.DataFrame) -> FloatArray:
    """[n] of acceptance by an artifact; nan where it does not know the customer or the offer."""
    contents, logits = artifact.contents, artifact.decision_logits
    assert contents.decisions is not None
    customers = artifact.customers.first_rows(table[columns.CUSTOMER].tolist())
    offers = pd.Index(np.asarray(contents.offer_ids).astype(str)).get_indexer(
        pd.Index(table[columns.OFFER])
    )
    touchpoints = pd.Index(contents.touchpoints.names).get_indexer(
        pd.Index(table[columns.TOUCHPOINT])
    )
    when = seconds(table[columns.TIMESTAMP])
    parts = dayparts(contents.decisions.rules.zones, customers, when) % logits.dayparts
    vectors = customer_vectors(contents, np.maximum(customers, 0))
    odds = (
        (vectors * logits.offers[offers]).sum(axis=1)
        + logits.of_offers[offers]
        + (vectors * logits.touchpoints[touchpoints, parts]).sum(axis=1)
        + logits.of_touchpoints[touchpoints]
        + logits.pairs[offers, touchpoints, parts]
    )
    known = (customers >= 0) & (offers >= 0) & (touchpoints >= 0) & np.isfinite(odds)
    return np.where(known, probability(odds.astype(np.float64)), np.nan)


def plan_worth(artifact: Artifact, out: Path, market: SimulatedMarket, data: Dataset) -> Worth:
    """[C] true cents and acceptances that a plan of a day brings of each customer."""
    assert data.as_of is not None
    decide_everyone(artifact, out, at=str(timestamp(data.as_of)), allocate=best_plan)
    plan = pd.read_parquet(out)
    chance, euros = true_answers(plan, market, data)
    rows, size = data.customers.rows(plan[columns.CUSTOMER]), len(data.customers)
    return {
        "cents": np.bincount(rows, weights=100 * euros, minlength=size).astype(np.float64),
        "acceptances": np.bincount(rows, weights=chance, minlength=size).astype(np.float64),
    }
