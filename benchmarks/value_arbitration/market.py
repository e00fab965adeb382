"""A day's plan of the simulated market with levers of value and without, by the true answers."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.true_answers import true_answers
from recsys.arrays import FloatArray, IntArray
from recsys.cli.customer_files import table_content
from recsys.customers.levers import lever_table, worth_factors
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import observe
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.exporting.library import export
from recsys.models.als import ALS
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy
from recsys.serving import Artifact, load
from recsys.serving.decide.levers import with_levers
from recsys.serving.decide.plan import decide_everyone
from recsys.simulation import SimulatedMarket

_VALID, _LAST, _TEST = "2025-08-01", "2025-09-30", "2025-10-01"
"""Acceptance odds are learned from the first to the second; plans begin with the third."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """What came of a plan, by customer of the market [C].

    Attributes:
        net: euros, probability of acceptance in truth x reward, less the cost of the contact.
        accepts: expected acceptances.
        worth: expected acceptances x what the customer really spent in the time to come.
    """

    net: FloatArray
    accepts: FloatArray
    worth: FloatArray


class MarketPlans:
    """The market at the end of its valid window, with an artifact that decides for it.

    Args:
        market: the source.
        folder: for files.
        share: of the customers, the places at each touchpoint where the firm makes contact.
    """

    def __init__(self, market: SimulatedMarket, folder: Path, share: float) -> None:
        self.market, self.folder = market, folder
        self.data = Dataset.from_source(market)
        self.split = TimeSplit(valid_from=_VALID, test_from=_TEST).split(self.data)
        self.past = self.split.test.past
        self.artifact = self._artifact(share)
        seen = observe(self.past, ("purchase",))
        made = forecast(seen, 91.0)
        assert made.value is not None
        self.seen, self.worth = seen, made.value.mean

    @property
    def customers(self) -> int:
        """C."""
        return len(self.data.customers)

    def plan(self, strength: float, days: int) -> Planned:
        """The plans of as many days from the cut-off on, each a week after the one before.

        Args:
            strength: of the levers; 0 for none.
            days: number of plans.
        """
        artifact = self.artifact
        if strength:
            assert self.past.as_of_seconds is not None
            table = lever_table(
                self.past.customers.ids[self.seen.customers],
                worth_factors(self.worth, strength),
                self.past.as_of_seconds,
            )
            path = self.folder / "levers.parquet"
            path.write_bytes(table_content(table, path.suffix))
            artifact = with_levers(artifact, path, _TEST)
        parts = [self._day(artifact, week) for week in range(days)]
        return Planned(
            net=sum((part.net for part in parts), np.zeros(self.customers)),
            accepts=sum((part.accepts for part in parts), np.zeros(self.customers)),
            worth=sum((part.worth for part in parts), np.zeros(self.customers)),
        )

    def _day(self, artifact: Artifact, week: int) -> Planned:
        at = pd.Timestamp(_TEST, tz="UTC") + pd.Timedelta(days=7 * week)
        path = self.folder / "plan.parquet"
        decide_everyone(artifact, path, at=at.to_pydatetime(), explore=False)
        made = pd.read_parquet(path)
        chance, net = true_answers(made, self.market, self.data)
        rows = self.data.customers.rows(made[columns.CUSTOMER]).astype(np.int64)
        return Planned(
            net=self._summed(rows, net),
            accepts=self._summed(rows, chance),
            worth=self._summed(rows, chance * self.spent[rows]),
        )

    def _summed(self, rows: IntArray, values: FloatArray) -> FloatArray:
        sums: FloatArray = np.bincount(rows, values, self.customers).astype(np.float64)
        return sums

    @cached_property
    def spent(self) -> FloatArray:
        """[C] what each customer spent from the cut-off on."""
        events = self.data.interactions
        assert events.when is not None
        assert events.values is not None
        assert self.past.as_of is not None
        later = events.has_action(("purchase",)) & (events.when >= self.past.as_of)
        values = np.nan_to_num(events.values[later].astype(np.float64))
        return self._summed(events.customers[later].astype(np.int64), values)

    def _artifact(self, share: float) -> Artifact:
        shipped, past = read_policy("market"), self.past
        places = past.side_tables["touchpoints"]
        outbound = places[places[columns.OUTBOUND].astype(bool)][columns.TOUCHPOINT]
        room = float(round(share * len(past.customers)))
        policy = Policy(**{**vars(shipped), "capacity": dict.fromkeys(map(str, outbound), room)})
        before = TimeSplit(valid_from=_VALID, test_from=_LAST).split(past)
        model = ALS(dim=32).fit(past)
        folder = export(
            model, past, self.folder / "artifact", overwrite=True, policy=policy, split=before
        )
        return load(folder)
