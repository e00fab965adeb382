"""Which model one would choose for a set without looking at it, and what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from statistics import fmean

from benchmarks.records.runs import Run
from recsys.errors import InputError

AUTO = "auto"
"""Chooses by rules that do not see the set, and searches within its fit."""

Means = Mapping[str, Mapping[str, float]]
"""Set -> model -> a metric."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One set that was left out.

    A ratio is a model's metric divided by that of the best model of the set.

    Attributes:
        chosen: the model with the best mean ratio on valid over the other sets, `auto` aside.
        others: that mean.
        chosen_valid, chosen_test: its ratios on the set that was left out.
        auto_valid, auto_test: those of `auto`; NaN where it is not among the models.
        best: the best model of the set on valid.
    """

    chosen: str
    others: float
    chosen_valid: float
    chosen_test: float
    auto_valid: float
    auto_test: float
    best: str


def judged(rows: Mapping[str, Mapping[str, Run]], metrics: Mapping[str, str]) -> dict[str, Verdict]:
    """Set -> its verdict.

    Args:
        rows: set -> model -> what is chosen on valid.
        metrics: set -> the metric it is judged by.
    """
    valid, test = (
        {
            name: {model: run.mean(window, metrics[name]) for model, run in of_set.items()}
            for name, of_set in rows.items()
        }
        for window in ("valid", "test")
    )
    return verdicts(valid, test)


def verdicts(valid: Means, test: Means) -> dict[str, Verdict]:
    """As `judged`, of means.

    Args:
        valid: of the same models on at least two sets; of equal models the first is chosen.
        test: of the same models and sets.

    Raises:
        InputError: on some set no model is above 0, so that there is no ratio.
    """
    on_valid, on_test = _ratios(valid, "valid"), _ratios(test, "test")
    found = {}
    for left_out, ratios in on_valid.items():
        means = {
            model: fmean(of[model] for name, of in on_valid.items() if name != left_out)
            for model in ratios
            if model != AUTO
        }
        chosen = max(means, key=lambda model: means[model])
        found[left_out] = Verdict(
            chosen=chosen,
            others=means[chosen],
            chosen_valid=ratios[chosen],
            chosen_test=on_test[left_out][chosen],
            auto_valid=ratios.get(AUTO, nan),
            auto_test=on_test[left_out].get(AUTO, nan),
            best=max(ratios, key=lambda model: ratios[model]),
        )
    return found


def judge_table(found: Mapping[str, Verdict]) -> str:
    """Markdown, a row a set, then the mean and the lowest ratio."""
    lines = [
        "**Which model would one choose without looking at the set?**", "",
        "| left out | chosen on the other sets | mean ratio there | valid | test | auto: valid "
        "| auto: test | best on valid |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, verdict in found.items():
        cells = [verdict.chosen, f"{verdict.others:.3f}", *map(_cell, _ends(verdict)), verdict.best]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    columns = list(zip(*map(_ends, found.values()), strict=True))
    for label, reduce in (("mean", fmean), ("lowest", min)):
        reduced = [_cell(reduce(column)) for column in columns]
        lines.append(f"| {label} | | | {' | '.join(reduced)} | |")
    lines += [
        "",
        "Ratios to the best model of the set, 1 for that one: of valid to the best on valid, of "
        "test to the best on test. auto is no candidate of the choice, but may be the best.",
    ]
    return "\n".join([*lines, ""])


def judge_figures(found: Mapping[str, Verdict]) -> dict[str, float]:
    """judge_SET_(chosen|auto)_(valid|test); those of auto only where it is among the models."""
    named = {
        f"judge_{name}_{key}": value
        for name, verdict in found.items()
        for key, value in zip(_KEYS, _ends(verdict), strict=True)
    }
    return {key: value for key, value in named.items() if value == value}


_KEYS = ("chosen_valid", "chosen_test", "auto_valid", "auto_test")


def _ends(verdict: Verdict) -> list[float]:
    return [getattr(verdict, key) for key in _KEYS]


def _ratios(means: Means, window: str) -> dict[str, dict[str, float]]:
    ratios = {}
    for name, of_set in means.items():
        highest = max(of_set.values())
        if not highest > 0:
            raise InputError(f"suite.sets.{name}: expected a model above 0 on {window}, got none")
        ratios[name] = {model: value / highest for model, value in of_set.items()}
    return ratios


def _cell(ratio: float) -> str:
    return f"{ratio:.3f}" if ratio == ratio else "-"
