"""`JourneyMap`: what is shown of one group of strands, or of the difference of two."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.journey_map.differences import LESS, MORE, TOO_FEW, difference_table
from recsys.journeys.journey_map.flows import totals
from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES, Paths

MOST_TOUCHPOINTS = 6


@dataclass(frozen=True, eq=False)
class Group:
    """Strands under a name.

    Attributes:
        name: as a heading.
        paths: of the strands.
        shown: the same with the touchpoints that pictures and differences have; others are joined.
    """

    name: str
    paths: Paths
    shown: Paths


@dataclass(frozen=True, kw_only=True, eq=False)
class JourneyMap:
    """A map.

    Attributes:
        data: the data set.
        first: whose map it is.
        second: with which it is compared; None for a map alone.
        differences: as `difference_table`; None for a map alone.
        notes: what readers have to know of the groups.
    """

    data: Dataset
    first: Group
    second: Group | None
    differences: pd.DataFrame | None
    notes: tuple[str, ...]

    @property
    def unit(self) -> str:
        """Of times: "days" or "positions"."""
        return "days" if self.data.clock == "timestamp" else "positions"

    @classmethod
    def of(
        cls,
        data: Dataset,
        groups: Mapping[str, Paths],
        *,
        notes: tuple[str, ...] = (),
        resamples: int = 1000,
        seed: int = 0,
    ) -> "JourneyMap":
        """The map of one group, or of two and their difference.

        Args:
            data: the data set.
            groups: name -> strands; one group or two, of the same data.
            notes: what readers have to know of the groups.
            resamples: of customers.
            seed: of the resamples.

        Raises:
            InputError: a group has no strand.
        """
        for name, paths in groups.items():
            if not len(paths):
                raise InputError(
                    f"{name}: expected customers with events that have a product and an "
                    "action of their own, got none; choose a wider segment or period"
                )
        shown = _shown(list(groups.values()))
        made = [
            Group(name, paths, few)
            for (name, paths), few in zip(groups.items(), shown, strict=True)
        ]
        first, second = made[0], made[1] if len(made) > 1 else None
        return cls(
            data=data,
            first=first,
            second=second,
            differences=None if second is None else difference_table(
                first.shown, second.shown, resamples=resamples, seed=seed
            ),
            notes=notes,
        )  # fmt: skip


def _shown(parts: list[Paths]) -> list[Paths]:
    """Paths at the touchpoints with the most visits of all parts; the others are joined."""
    names = parts[0].touchpoints
    often = sum(
        (np.bincount(part.visit_touchpoint, minlength=len(names)) for part in parts),
        np.zeros(len(names), np.int64),
    )
    order = np.argsort(-often, kind="stable")
    kept = tuple(names[row] for row in order[:MOST_TOUCHPOINTS] if often[row] > 0)
    return [part.at_touchpoints(kept, others=bool(often[order[MOST_TOUCHPOINTS:]].any()))
            for part in parts]  # fmt: skip


def title(report: JourneyMap) -> str:
    """A line that says what the map is about."""
    against = "" if report.second is None else f" against {report.second.name}"
    return f"Journey map of {report.data.name}: {report.first.name}{against}"


def summary(report: JourneyMap) -> list[str]:
    """The result in a few sentences."""
    said = [_sentence(report.first, report.unit)]
    if report.second is not None and report.differences is not None:
        said.append(_sentence(report.second, report.unit))
        said.append(_differing(report.differences))
    return [*said, *report.notes]


def _sentence(group: Group, unit: str) -> str:
    numbers = totals(group.paths)
    days = group.paths.days_to_purchase
    has = not np.isnan(days).all()
    when = f", in the median {np.nanmedian(days):,.1f} {unit} after they began" if has else ""
    return (
        f"{group.name}: {numbers['strands']:,.0f} strands of {numbers['customers']:,.0f} "
        f"customers; {numbers[STAGES[-1]]:.0%} came to a purchase{when}, "
        f"{numbers[SILENCE]:.0%} ended in silence, {numbers[OPEN]:.0%} are open."
    )


def _differing(table: pd.DataFrame) -> str:
    looked = int((table["verdict"] != TOO_FEW).sum())
    sure = int(table["verdict"].isin([MORE, LESS]).sum())
    said = f"{sure:,} of them {'differs' if sure == 1 else 'differ'}" if sure else "none differs"
    return (
        f"{looked:,} shares and times are compared; {said} surely, with intervals that hold all "
        "together with 95% certainty."
    )


def figures(report: JourneyMap) -> dict[str, float]:
    """Name -> number, for MLflow."""
    numbers = totals(report.first.paths)
    if report.second is not None and report.differences is not None:
        others = totals(report.second.paths)
        numbers = {f"first/{name}": value for name, value in numbers.items()} | {
            f"second/{name}": value for name, value in others.items()
        }
        numbers["differ"] = float(report.differences["verdict"].isin([MORE, LESS]).sum())
    return {name: value for name, value in numbers.items() if np.isfinite(value)}
