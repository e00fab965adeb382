"""`CustomerPartsSuite`: each part with against without it, chosen on valid, read once on test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.acceptance.starbucks import OUTCOMES
from benchmarks.customer_parts.acceptance import SIGNALS, StarbucksAcceptance
from benchmarks.customer_parts.ranking import SEGMENTS, WITHOUT, Ranking
from benchmarks.suite import cell, ends, require_at_least, run_folder
from recsys.evaluation.forecasts import forecasts
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.paired import Difference, paired_difference
from recsys.ops.whole_file import write_whole

AUC = "auc"
SAID = {"win": "earns", "loss": "costs", "tie": "tie"}
WINDOWS = ("valid", "test")


@dataclass(frozen=True, kw_only=True)
class PartResult:
    """A part on a data set.

    Attributes:
        data, part: names; choice: settings that were chosen on valid.
        metric: as "ndcg@10".
        without: the metric without the part, on test.
        differences: window -> with - without.
        verdict: of test, at the level that all comparisons together share (Bonferroni).
    """

    data: str
    part: str
    choice: str
    metric: str
    without: Interval
    differences: Mapping[str, Difference]
    verdict: str


class CustomerPartsSuite:
    """Segments as features and signals as edges of `TouchpointGNN`, and both of acceptance.

    A difference is the model with the part minus the one without, paired over customers.

    Args:
        root: folder of the public data sets; null leaves out what has a root.
        data: data set -> {source, settings, every, segments, signals}.
        choices: part -> settings of the network, among which the best on valid is read on test.
        acceptance: {root, boosting, segments, signals} of Starbucks offers.
        metric: of the rankings.
        resamples: of customers.
        allow: packages besides recsys that sources may come from.
    """

    def __init__(
        self,
        *,
        root: str | None,
        data: Mapping[str, Mapping[str, Any]],
        choices: Mapping[str, Sequence[Mapping[str, Any]]],
        acceptance: Mapping[str, Any],
        metric: str = "ndcg@10",
        resamples: int = 1000,
        allow: Sequence[str] = (),
    ) -> None:
        require_at_least(1, resamples=resamples)
        self.metric, self.choices, self.resamples = metric, choices, resamples
        folder = run_folder() / "rows"
        self.rankings = [
            Ranking(name, about, metric, folder, allow)
            for name, about in data.items()
            if root or "root" not in about["source"]
        ]
        self.acceptance = StarbucksAcceptance(acceptance, folder) if root else None
        comparisons = len(self.rankings) * len(choices) + (2 * len(OUTCOMES) if root else 0)
        self.sure = 1 - 0.05 / comparisons

    def figures(self) -> Mapping[str, float]:
        """Keys DATA_PART_WINDOW of differences with their ends; writes table.md."""
        results = [
            *(self._ranked(ranking, part) for ranking in self.rankings for part in self.choices),
            *(self._accepted(outcome, part) for part in (SEGMENTS, SIGNALS) for outcome in OUTCOMES
              if self.acceptance is not None),
        ]  # fmt: skip
        write_whole(run_folder() / "table.md", _table(results))
        figures: dict[str, float] = {}
        for result in results:
            for window, difference in result.differences.items():
                figures |= ends(f"{result.data}_{result.part}_{window}", difference)
        return figures

    def _ranked(self, ranking: Ranking, part: str) -> PartResult:
        def difference(choice: Mapping[str, Any], window: str, level: float = 0.95) -> Difference:
            without, with_part = (
                ranking.row(WITHOUT, {}, window), ranking.row(part, choice, window)
            )  # fmt: skip
            return paired_difference(
                with_part["values"], without["values"], without["customers"],
                resamples=self.resamples, level=level,
            )  # fmt: skip

        on_valid = [difference(choice, "valid") for choice in self.choices[part]]
        best = max(range(len(on_valid)), key=lambda at: on_valid[at].mean)
        choice = self.choices[part][best]
        without = ranking.row(WITHOUT, {}, "test")
        return PartResult(
            data=ranking.name,
            part=part,
            choice=", ".join(f"{key} {value}" for key, value in choice.items()),
            metric=self.metric,
            without=bootstrap({"mean": without["values"]}, without["customers"],
                              resamples=self.resamples)["mean"],
            differences={"valid": on_valid[best], "test": difference(choice, "test")},
            verdict=SAID[difference(choice, "test", self.sure).verdict],
        )  # fmt: skip

    def _accepted(self, outcome: str, part: str) -> PartResult:
        assert self.acceptance is not None
        seen = {}
        for window in WINDOWS:
            plain, with_part = (
                self.acceptance.row(outcome, each, window) for each in (WITHOUT, part)
            )
            seen[window] = forecasts(
                {WITHOUT: plain["probability"], part: with_part["probability"]},
                plain["outcome"], plain["customers"], resamples=self.resamples,
            )  # fmt: skip
        surely = replace(seen["test"], level=self.sure).difference(part, WITHOUT, AUC)
        return PartResult(
            data=f"starbucks_{outcome}", part=part, choice="", metric=AUC,
            without=seen["test"].interval(WITHOUT, AUC),
            differences={name: each.difference(part, WITHOUT, AUC) for name, each in seen.items()},
            verdict=SAID[surely.verdict],
        )  # fmt: skip


def _table(results: Sequence[PartResult]) -> str:
    lines = [
        "| data | part | chosen | metric | without, test | valid | test | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        cells = [
            result.data, result.part.replace("_", " "), result.choice, result.metric,
            cell(result.without), *(cell(result.differences[window], "+") for window in WINDOWS),
            result.verdict,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "With minus without, paired over customers, 95 %. Verdicts of test hold for all together.",
    ]
    return "\n".join(lines) + "\n"
