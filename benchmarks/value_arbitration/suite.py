"""`ValueArbitrationSuite`: value in arbitration against none, on a simulated and two real sets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.suite import cell, ends, require_at_least, root_of_suite, run_folder
from benchmarks.value_arbitration.market import MarketPlans
from benchmarks.value_arbitration.sends import Replay, coupons, starbucks
from recsys.arrays import BoolArray
from recsys.data.interactions import SECOND
from recsys.data.moments import parse_moment
from recsys.evaluation.paired import Difference, paired_difference
from recsys.models.acceptance import Acceptance, Pairwise
from recsys.ops.whole_file import write_whole
from recsys.simulation import SimulatedMarket


class ValueArbitrationSuite:
    """Gives few places by expected value, with levers of what customers may be worth and without.

    The strength of the levers is chosen on valid, by the money that came, for the first share; test
    is read with it and with every other.

    Args:
        root: folder that has `complete_journey` and `starbucks_offers`.
        pairwise: set -> arguments of `Pairwise`.
        strengths: that are compared with 0.
        shares: of the sends that are kept.
        events: of the simulated market.
        days: plans of the market, a week apart.
    """

    def __init__(
        self,
        *,
        root: str,
        pairwise: Mapping[str, Mapping[str, Any]],
        strengths: Sequence[float] = (0.25, 0.5, 1.0),
        shares: Sequence[float] = (0.1, 0.2),
        events: int = 200_000,
        days: int = 4,
    ) -> None:
        require_at_least(1, events=events, days=days)
        self.strengths, self.shares = tuple(strengths), tuple(shares)
        self.root, self.events, self.days, self.pairwise = root, events, days, pairwise

    def figures(self) -> Mapping[str, float]:
        """Keys DATA_STRENGTH_SHARE_MEASURE: the difference of what was earned, as a share of it."""
        made: dict[str, float] = {}
        lines = ["| data | strength | places | measure | with value, against without |",
                 "|---|---|---|---|---|"]  # fmt: skip
        for name, strength, share, measure, difference, whole in self._read():
            key = f"{name}_{strength:g}_{share:g}_{measure}"
            relative = _over(difference, whole)
            made |= ends(key, relative)
            lines.append(
                f"| {name} | {strength:g} | {share:.0%} | {measure} | {cell(relative, '+')} "
                f"{difference.verdict} |"
            )
        for name, strength in self.chosen.items():
            made[f"{name}_chosen"] = strength
            lines.append(f"| {name} | {strength:g} | | chosen on valid | |")
        write_whole(run_folder() / "table.md", "\n".join(lines) + "\n")
        return made

    def _read(self) -> Iterator[tuple[str, float, float, str, Difference, float]]:
        self.chosen: dict[str, float] = {}
        split = int(parse_moment("2017-08-01", "suite").timestamp()) * SECOND
        start = int(parse_moment("2017-05-01", "suite").timestamp()) * SECOND
        with root_of_suite():
            replay, when = coupons(
                f"{self.root}/complete_journey",
                start,
                Acceptance(Pairwise(**self.pairwise["complete_journey"])),
            )
        yield from self._replayed("complete_journey", replay, when < split)
        with root_of_suite():
            replay = starbucks(
                f"{self.root}/starbucks_offers",
                Acceptance(Pairwise(**self.pairwise["starbucks_offers"])),
            )
        yield from self._replayed("starbucks_offers", replay, replay.groups == 0)
        yield from self._planned()

    def _replayed(
        self, name: str, replay: Replay, is_valid: BoolArray
    ) -> Iterator[tuple[str, float, float, str, Difference, float]]:
        valid, test = replay.select(is_valid), replay.select(~is_valid)
        first = next(iter(replay.earned))
        gains = {
            strength: float(valid.kept(self.shares[0], strength) @ valid.earned[first])
            for strength in (0.0, *self.strengths)
        }
        self.chosen[name] = max(gains, key=lambda strength: gains[strength])
        for strength in self.strengths:
            for share in self.shares:
                without, kept = test.kept(share, 0.0), test.kept(share, strength)
                for measure, earned in test.earned.items():
                    yield (
                        name, strength, share, measure,
                        paired_difference(kept * earned, without * earned, test.customers),
                        float((without * earned).mean()),
                    )  # fmt: skip

    def _planned(self) -> Iterator[tuple[str, float, float, str, Difference, float]]:
        for share in (share / 2 for share in self.shares):
            plans = MarketPlans(SimulatedMarket(events=self.events), run_folder(), share)
            without, everyone = plans.plan(0.0, self.days), np.arange(plans.customers)
            for strength in self.strengths:
                made = plans.plan(strength, self.days)
                for measure in ("net", "accepts", "worth"):
                    first, second = getattr(made, measure), getattr(without, measure)
                    yield (
                        "market", strength, share, measure,
                        paired_difference(first, second, everyone), float(second.mean()),
                    )  # fmt: skip


def _over(difference: Difference, whole: float) -> Difference:
    return Difference(
        difference.mean / whole, difference.low / whole, difference.high / whole, difference.verdict
    )
