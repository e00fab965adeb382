"""The value of policies in sentences, and its numbers as text."""

from collections.abc import Iterator

from recsys.evaluation.intervals import Interval
from recsys.evaluation.off_policy.policy_value import PolicyValue
from recsys.evaluation.paired import Difference
from recsys.reports.off_policy.report import PolicyReport

_SMALL = 0.1
"""A bias below this part of an interval's half width is not worth a sentence."""

_ENOUGH = {"win": "more than", "loss": "less than", "tie": "no certain difference to"}


def number(value: float, sign: str = "") -> str:
    """Four significant digits."""
    return f"{value:{sign}.4g}"


def ends(value: Interval | Difference, sign: str = "") -> str:
    """A mean with its interval: 0.1165 [0.115, 0.118]."""
    return f"{number(value.mean, sign)} [{number(value.low, sign)}, {number(value.high, sign)}]"


def earned(report: PolicyReport) -> str:
    """What a value is: an acceptance rate or a reward, of a decision or a slate."""
    of = "slate" if report.decisions.log.has_slates else "decision"
    is_rate = set(report.decisions.log.rewards.tolist()) <= {0.0, 1.0}
    return f"acceptances a {of}" if is_rate else f"reward a {of}"


def summary(report: PolicyReport) -> list[str]:
    """What the log earned, what each policy is worth against it, and how surely."""
    unit, level = earned(report), f"{report.settings.level:.0%}"
    sentences = [f"The log earned {ends(report.values[0].logged)} {unit}."]
    for target, value, gain in zip(report.targets, report.values, report.gains, strict=True):
        read = value.estimates[value.recommended]
        sentences.append(
            f"The policy {target.name} would have earned {ends(read.interval)} {unit} by "
            f"{value.recommended}, {_against(gain)} the log ({ends(gain, '+')}, {level} interval). "
            f"{_carried(value)}"
        )
    if report.difference is not None:
        first, second = report.targets
        sentences.append(
            f"{first.name} would have earned {_against(report.difference)} {second.name}, paired "
            f"on the same decisions by {report.compared_by}: {ends(report.difference, '+')}."
        )
    return [*sentences, *notes(report)]


def notes(report: PolicyReport) -> list[str]:
    """What a reader must know before relying on the figures."""
    approximate = [target for target in report.targets if target.is_approximate]
    return [
        *_left_out(report),
        *(f"{target.name} is {target.about}." for target in approximate),
        *_bias_notes(report),
        *(
            f"{target.name}: {name} is refused: {why}."
            for target, value in zip(report.targets, report.values, strict=True)
            for name, why in value.refused.items()
        ),
    ]


def _left_out(report: PolicyReport) -> Iterator[str]:
    """Decisions that are in no figure, as an artifact would make no offer there."""
    dropped, kept = report.decisions.left_out, len(report.decisions.log)
    if dropped:
        each = ", ".join(
            f"{target.name} in {target.unoffered:,}"
            for target in report.targets
            if target.unoffered
        )
        yield (
            f"{dropped:,} of {dropped + kept:,} decisions are left out (unoffered=drop), as an "
            f"artifact would make none of the offers of their cells: {each}. All figures, those of "
            f"the log too, are of the other {kept:,}; what the policy loses by offering nothing "
            "there is not counted."
        )


def _bias_notes(report: PolicyReport) -> Iterator[str]:
    """For policies whose recommended estimate is shrunk: how large its bias may be."""
    for target, value in zip(report.targets, report.values, strict=True):
        read = value.estimates[value.recommended]
        reach = (read.interval.high - read.interval.low) / 2
        if value.recommended != "dr_shrinkage" or read.bias_bound < _SMALL * reach:
            continue
        text = (
            f"The interval of {value.recommended} for {target.name} leaves out a bias that the log "
            f"does not show, of up to {number(read.bias_bound)}"
        )
        if "dr" in value.estimates:
            text += f"; dr has none: {ends(value.estimates['dr'].interval)}"
        yield f"{text}."


def _against(difference: Difference) -> str:
    return _ENOUGH[difference.verdict]


def _carried(value: PolicyValue) -> str:
    diagnostics = value.estimates[value.recommended].diagnostics
    text = (
        f"The log carries it with {diagnostics.effective_sample:,.0f} effective decisions of "
        f"{diagnostics.decisions:,}; the largest weight is {diagnostics.quantiles[1.0]:.3g}"
    )
    if diagnostics.unsupported > 0:
        text += f"; {diagnostics.unsupported:.2%} of its probability is on offers never logged"
    return f"{text}."
