"""Fewer coupons to the right households: replay on the mailings of the Complete Journey.

The firm chose 27 campaigns and whom to send them; of households that it left out nothing is known.
So policies are replayed on the mailings that were sent: each keeps a share of them, in the numbers
that were really sent, and what the kept ones redeemed is counted. Campaigns are read forward in
time, each with a model fitted on what had been resolved before it began.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.acceptance.coupon_tasks import CouponTasks
from benchmarks.acceptance.reading import OURS, Task, read
from benchmarks.coupon_orders import (
    PRIOR,
    campaigns_won,
    coupons_of_an_acceptance,
    keep,
    months_of,
    redeemed_coupons,
    within,
)
from benchmarks.coupon_replay_plot import replay_plot
from benchmarks.suite import ends, require_at_least, root_of_suite, run_folder
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.interactions import SECOND
from recsys.data.moments import parse_moment
from recsys.data.sources.complete_journey_coupons import FILES, read_coupons
from recsys.data.sources.folder import data_folder
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, by_customer, percentiles, resampled_sums
from recsys.models.acceptance import Acceptance, Pairwise, Rates, overall_rate
from recsys.ops.whole_file import whole_file, write_whole

MODEL, RULE, FIRM, RANDOM = "model", "rule", "firm", "random"
POLICIES = (MODEL, RULE, FIRM, RANDOM)
"""How likely anything is redeemed. `rule`: the household's rate times that of the campaign's type.
`firm`: the type alone, by its rate so far; the firm's choice of type A, B or C. `random`: any. All
are multiplied by the coupons that an acceptance of the type has meant so far."""
_GRID = np.linspace(0.05, 1, 20)


class CouponReplaySuite:
    """Ranks mailings, within each campaign and over all, and one campaign a household and month.

    Args:
        root: folder of the data set.
        starts: campaigns that begin from here on are read; earlier ones are learned from.
        shares: of the mailings that are kept, above 0 and below 1.
        pairwise: arguments of `Pairwise`.
        resamples: of households.
        seed: of the resampling.
    """

    def __init__(
        self,
        *,
        root: str,
        starts: str = "2017-05-01",
        shares: Sequence[float] = (0.2, 0.5),
        pairwise: Mapping[str, Any],
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        require_at_least(1, resamples=resamples)
        if not shares or not all(0 < share < 1 for share in shares):
            raise InputError(f"suite.shares: expected numbers between 0 and 1, got {shares}")
        self.starts = int(parse_moment(starts, "suite.starts").timestamp()) * SECOND
        self.shares, self.resamples, self.seed = tuple(shares), resamples, seed
        self.model = Acceptance(Pairwise(**pairwise))
        with root_of_suite():
            self.root = str(data_folder(root, [f"{name}.parquet" for name in FILES]))

    def figures(self) -> Mapping[str, float]:
        """Shares of the redeemed coupons that are kept; also table.md and replay.png."""
        tasks = CouponTasks(read_coupons(self.root), frozen=self.starts)
        task, redeemed = tasks.campaigns(), redeemed_coupons(tasks)
        chosen = task.sends.when >= self.starts
        worth = coupons_of_an_acceptance(task.sends, redeemed)[chosen]
        scores = {
            name: score * worth for name, score in self._probabilities(tasks, task, chosen).items()
        }
        sends, redeemed = task.sends.select(chosen), redeemed[chosen]
        kept: dict[str, FloatArray] = {}
        for share in self.shares:
            for name, score in scores.items():
                cut = f"{share:.0%}".removesuffix("%")
                if name != FIRM:  # which ranks no households within a campaign
                    kept[f"within_{name}_kept_{cut}"] = within(score, sends.offers, share)
                kept[f"over_all_{name}_kept_{cut}"] = keep(score, share * len(score))
        months = sends.customers.astype(np.int64) * 10_000 + months_of(sends.when)
        choice, sizes = np.unique(months, return_inverse=True, return_counts=True)[1:]
        is_choice = sizes[choice] > 1
        for name, score in scores.items():
            best = np.zeros(len(score))
            best[is_choice] = within(score[is_choice], choice[is_choice], 0.0)
            kept[f"one_a_month_{name}_kept"] = best
        figures = self._measured(kept, redeemed, sends.customers, is_choice)
        figures |= {
            "campaigns": len(np.unique(sends.offers)),
            "sends": len(redeemed),
            "households": len(np.unique(sends.customers)),
            "redeemed_coupons": float(redeemed.sum()),
            "choices": float(is_choice.sum()),
            "campaigns_won": campaigns_won(scores[MODEL], sends.offers, redeemed),
        }
        self._write(figures, scores, sends.offers, redeemed)
        return figures

    def _probabilities(
        self, tasks: CouponTasks, task: Task, chosen: BoolArray
    ) -> dict[str, FloatArray]:
        """That a household redeems anything, of the mailings that are read."""
        sends = task.sends.select(chosen)
        history = tasks.mailings
        level = overall_rate(history, sends.when)
        of_type = Rates(history, history.touchpoints).before(
            sends.when, sends.touchpoints, PRIOR, level
        )
        fitted = read(task, "replay", chosen, {OURS: self.model})
        return {
            MODEL: fitted.probabilities[OURS],
            RULE: task.rates["rule"][chosen],
            FIRM: of_type,
            RANDOM: np.zeros(len(sends)),
        }

    def _measured(
        self,
        kept: Mapping[str, FloatArray],
        redeemed: FloatArray,
        households: IntArray,
        is_choice: BoolArray,
    ) -> dict[str, float]:
        """Shares kept, and the model's lead over the others; households are resampled."""
        names = list(kept)
        table = np.column_stack([*kept.values(), np.ones(len(redeemed)), is_choice])
        sums = by_customer(table * redeemed[:, None], households)
        drawn = resampled_sums(sums, self.resamples, self.seed)
        figures: dict[str, float] = {}

        def share(name: str, amounts: FloatArray) -> FloatArray:
            whole = -1 if name.startswith("one_a_month") else -2
            return np.asarray(amounts[..., names.index(name)] / amounts[..., whole])

        for name in names:
            values = share(name, drawn), share(name, sums.sum(axis=0))
            figures |= ends(name, _interval(*values, len(sums)))
            if f"_{MODEL}_" in name:
                for other in POLICIES[1:]:
                    rival = name.replace(f"_{MODEL}_", f"_{other}_")
                    if rival not in names:
                        continue
                    lead = [share(name, part) - share(rival, part)
                            for part in (drawn, sums.sum(axis=0))]  # fmt: skip
                    key = name.replace(f"_{MODEL}_", f"_{MODEL}_minus_{other}_")
                    figures |= ends(key, _interval(lead[0], lead[1], len(sums)))
        return figures

    def _write(
        self,
        figures: Mapping[str, float],
        scores: Mapping[str, FloatArray],
        offers: IntArray,
        redeemed: FloatArray,
    ) -> None:
        keys = [key for key in figures if f"{key}_low" in figures]
        lines = [
            "| mailings that are kept | share of the redeemed coupons |", "|---|---|",
            *(f"| {key.replace('_', ' ')} | {figures[key]:.1%} [{figures[f'{key}_low']:.1%}, "
              f"{figures[f'{key}_high']:.1%}] |" for key in keys),
        ]  # fmt: skip
        write_whole(run_folder() / "table.md", "\n".join(lines) + "\n")
        curves = {
            name: [
                float((within(score, offers, share) * redeemed).sum() / redeemed.sum())
                for share in _GRID
            ]
            for name, score in scores.items() if name != FIRM
        }  # fmt: skip
        with whole_file(run_folder() / "replay.png") as file:
            replay_plot(_GRID, curves).savefig(file, dpi=120, facecolor="white")


def _interval(draws: FloatArray, value: FloatArray, households: int) -> Interval:
    low, high = percentiles(draws[:, None], 0.95, households)
    return Interval(float(value), float(low[0]), float(high[0]), households)
