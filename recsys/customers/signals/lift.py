"""What each signal does to acceptance: ratio of rates within strata, with interval and Holm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.intervals import by_customer
from recsys.evaluation.paired import Verdict
from recsys.evaluation.pairwise import holm_adjusted

FEWEST = 5
"""Acceptances that both sides need at least."""
_ALPHA = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Observations:
    """Decisions, or customers over a period, with what they showed before and what came of them.

    Attributes:
        names: [K] of the signals.
        shown: [N, K] bool, known before the outcome.
        accepted: [N] bool.
        customers: [N] row numbers.
        strata: [N] int, within which rates are compared.
        unit: what a row is, for readers.
    """

    names: tuple[str, ...]
    shown: BoolArray
    accepted: BoolArray
    customers: IntArray
    strata: IntArray
    unit: str


@dataclass(frozen=True, kw_only=True)
class Lift:
    """What a signal does to acceptance.

    Attributes:
        name: of the signal.
        shown: rows with the signal.
        rate: share of them that were accepted.
        ratio: of the rates with and without it, within strata; nan where too few were accepted.
        low: lower end of its 95 % interval, before Holm's correction.
        high: upper end.
        error: standard error of the logarithm of the ratio.
        p_value: two-sided, of a ratio of 1.
        p_holm: corrected for the number of signals.
    """

    name: str
    shown: int
    rate: float
    ratio: float
    low: float
    high: float
    error: float
    p_value: float
    p_holm: float

    def p_at_least(self, ratio: float) -> float:
        """Probability of such a low lift where it is `ratio` in truth, or more; nan without one."""
        return float(ndtr((np.log(self.ratio) - np.log(ratio)) / self.error))

    @property
    def verdict(self) -> Verdict:
        """Whether acceptance is surely higher with the signal, or lower, after the correction."""
        if not self.p_holm < _ALPHA:
            return "tie"
        return "win" if self.ratio > 1 else "loss"


class _Ratio(NamedTuple):
    """What of a lift is of the ratio; that of too few accepted unless stated otherwise."""

    ratio: float = np.nan
    low: float = np.nan
    high: float = np.nan
    error: float = np.nan
    p_value: float = 1.0


def lifts(seen: Observations) -> list[Lift]:
    """The lift of each signal, in their order.

    Within strata (as touchpoints) rates with and without the signal are compared, by the ratio of
    Mantel and Haenszel (Greenland and Robins, 1985, for cohorts), with N = n1 + n0 of a stratum:

        ratio = sum(a n0 / N) / sum(b n1 / N)

    of a accepted among n1 rows with the signal and b among n0 without. Its interval is by
    linearisation on the log scale, with customers as clusters. A signal is not drawn by chance: the
    ratio says who accepts more, not that the signal makes them.
    """
    ratios = [_ratio(seen, seen.shown[:, at]) for at in range(len(seen.names))]
    corrected = holm_adjusted(np.array([ratio.p_value for ratio in ratios]))
    return [
        Lift(
            name=name,
            shown=int(seen.shown[:, at].sum()),
            rate=_share(seen.accepted[seen.shown[:, at]]),
            **ratio._asdict(),
            p_holm=float(corrected[at]),
        )
        for at, (name, ratio) in enumerate(zip(seen.names, ratios, strict=True))
    ]


def _ratio(seen: Observations, shown: BoolArray) -> _Ratio:
    accepted = seen.accepted
    if min((accepted & shown).sum(), (accepted & ~shown).sum()) < FEWEST:
        return _Ratio()
    kinds = [accepted & shown, shown, accepted & ~shown, ~shown]
    a, n1, b, n0 = (np.bincount(seen.strata, kind) for kind in kinds)
    whole = np.maximum(n1 + n0, 1)
    above, below = (a * n0 / whole).sum(), (b * n1 / whole).sum()
    if not (above > 0 and below > 0):
        return _Ratio()
    # Derivatives of log(above) - log(below) by the four counts of each stratum.
    by_kind = [
        n0 / whole / above,
        -a * n0 / whole**2 / above - b * n0 / whole**2 / below,
        -n1 / whole / below,
        a * n1 / whole**2 / above + b * n1 / whole**2 / below,
    ]
    influence = sum(kind * slope[seen.strata] for kind, slope in zip(kinds, by_kind, strict=True))
    by_person = by_customer(np.asarray(influence)[:, None], seen.customers)[:, 0]
    people = len(by_person)
    error = float(np.sqrt((by_person**2).sum() * people / max(people - 1, 1)))
    log_ratio = float(np.log(above / below))
    if not error > 0:
        return _Ratio(ratio=float(np.exp(log_ratio)))
    half = float(stdtrit(max(people - 1, 1), 0.975)) * error
    low, high = np.exp(log_ratio - half), np.exp(log_ratio + half)
    return _Ratio(
        ratio=float(np.exp(log_ratio)),
        low=float(low),
        high=float(high),
        error=error,
        p_value=float(2 * ndtr(-abs(log_ratio) / error)),
    )


def _share(accepted: BoolArray) -> float:
    return float(accepted.mean()) if len(accepted) else np.nan


def joined(parts: Sequence[Observations]) -> Observations:
    """Observations of several periods together; a signal that one of them lacks was not shown."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    shown = [
        np.column_stack([
            part.shown[:, part.names.index(name)] if name in part.names
            else np.zeros(len(part.shown), dtype=bool)
            for name in names
        ])
        for part in parts
    ]  # fmt: skip
    arrays: list[FloatArray | IntArray | BoolArray] = [
        np.concatenate([getattr(part, key) for part in parts])
        for key in ("accepted", "customers", "strata")
    ]
    return Observations(
        names=names,
        shown=np.concatenate(shown),
        accepted=arrays[0].astype(bool),
        customers=arrays[1].astype(np.int64),
        strata=arrays[2].astype(np.int64),
        unit=parts[0].unit,
    )
