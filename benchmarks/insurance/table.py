"""The readings as Markdown, and what they come to in words."""

from benchmarks.insurance.known import ARMS, arm_of
from benchmarks.insurance.reading import LOWER_IS_BETTER, WHOLE, InsuranceReading
from benchmarks.suite import cell

_ALPHA = 0.05

TITLE = "An insurer's touchpoints: what do they say about what comes next?"
NOTE = (
    "[low, high]: 95 % over customers, differences paired. Win, tie or loss: after Holm's "
    "correction over the metrics and slices of a reading."
)


def table(valid: InsuranceReading, test: InsuranceReading) -> list[str]:
    """Lines of both windows of a question; the model is chosen on valid."""
    chosen = valid.chosen
    return [*_of(valid, chosen), *_of(test, chosen), _said(test, chosen), ""]


def _of(reading: InsuranceReading, chosen: str) -> list[str]:
    """A row a model, a row a gain, then what the chosen one gains, by slice too."""
    results, sizes = reading.results[WHOLE], reading.sizes
    parts = [f"{sizes[part]:,} {part.replace('_', ' ')}" for part in reading.results]
    lines = [
        f"**{reading.name.replace('_', ' ')}**: {', '.join(parts)}; {results.customers:,} "
        f"customers; chosen on valid: {chosen}", "",
        f"| | {' | '.join(reading.metrics)} |", "|---" * (len(reading.metrics) + 1) + "|",
    ]  # fmt: skip
    for model in reading.models:
        lines.append(_row(model, [cell(results.interval(model, name)) for name in reading.metrics]))
    for model in reading.two_armed:
        gains = [cell(reading.gain(model, name), "+") for name in reading.metrics]
        lines.append(_row(f"{model}: with - without", gains))
    for model in (arm_of(chosen, arm) for arm in ARMS):
        over = [results.difference(model, reading.rival, name) for name in reading.metrics]
        lines.append(
            _row(f"{model} - {reading.rival}", [cell(difference, "+") for difference in over])
        )
    verdicts = _verdicts(reading, chosen)
    for part in reading.results:
        cells = [
            f"{cell(reading.gain(chosen, name, part), '+')} {verdicts[part, name]}"
            for name in reading.metrics
        ]
        lines.append(_row(f"**{chosen}: with - without, {part.replace('_', ' ')}**", cells))
    return [*lines, ""]


def _verdicts(reading: InsuranceReading, model: str) -> dict[tuple[str, str], str]:
    """(slice, metric) -> win, tie or loss of touchpoints."""
    words = {}
    for (part, metric), p_value in reading.adjusted(model).items():
        better = (reading.gain(model, metric, part).mean > 0) != (metric in LOWER_IS_BETTER)
        words[part, metric] = "tie" if p_value >= _ALPHA else "win" if better else "loss"
    return words


def _said(reading: InsuranceReading, model: str) -> str:
    """One sentence."""
    verdicts, parts = _verdicts(reading, model), []
    for metric in reading.metrics:
        gain = reading.gain(model, metric)
        parts.append(f"{metric} {cell(gain, '+')}, a {verdicts[WHOLE, metric]}")
    return f"What touchpoints add on {reading.name.replace('_', ' ')}: {'; '.join(parts)}."


def _row(label: str, cells: list[str]) -> str:
    return f"| {label} | {' | '.join(cells)} |"
