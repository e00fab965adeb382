"""Whether signals that became rules of a policy still have the lift that the rules count on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import SignalLibrary
from recsys.customers.signals.lift import Lift, lifts
from recsys.customers.signals.observe import observed
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.reports.monitor.alarms import Watch
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.watched import Watched

MONITOR = "lift of signals"
PERIODS = 4
"""The newest periods from whose decisions a lift is counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PromotedSignals:
    """Signals that a policy has rules about.

    Attributes:
        factors: name -> by which its rule multiplies the value of an acceptance.
        library: with these signals.
        data: the events that they are found in.
    """

    factors: Mapping[str, float]
    library: SignalLibrary
    data: Dataset


def lift_watches(
    seen: Watched, promoted: PromotedSignals, settings: MonitorSettings
) -> list[Watch]:
    """A watch of each signal: is its lift still at least the factor of its rule?

    Signals are found as of the start of each of the newest `PERIODS` periods, and the decisions of
    the period compared with and without them, as `recsys signals` does when it promotes one. The
    p-value is that of the lift if it were the factor or more in truth. Signals share their part of
    alpha.
    """
    counted = _lifts(seen, promoted, settings)
    alpha = settings.share(MONITOR) / len(promoted.factors)
    return [
        _watch(name, factor, counted.get(name), alpha) for name, factor in promoted.factors.items()
    ]


def _lifts(seen: Watched, promoted: PromotedSignals, settings: MonitorSettings) -> dict[str, Lift]:
    data, every = promoted.data, int(settings.days * DAY)
    assert data.interactions.when is not None
    first = int(data.interactions.when.min())
    starts = [int(start.value // 1_000) for start in seen.starts[-PERIODS:]]
    wanted = [signal for signal in promoted.library.signals if signal.name in promoted.factors]
    library = replace(promoted.library, signals=tuple(wanted))
    found = [signals_at(library, data, start) for start in starts if start > first]
    inside = seen.served & (seen.periods >= seen.count - PERIODS)
    if not found or not inside.any():
        return {}
    log = {**data.side_tables, "decisions": seen.frame[inside]}
    counted = lifts(observed(found, replace(data, side_tables=log), every))
    return {lift.name: lift for lift in counted}


def _watch(name: str, factor: float, lift: Lift | None, alpha: float) -> Watch:
    ratio, p, width = np.nan, np.nan, np.nan
    if lift is not None and not np.isnan(lift.error):
        ratio, p = lift.ratio, lift.p_at_least(factor)
        width = float(-ndtri(alpha)) * lift.error
    return Watch(
        monitor=MONITOR,
        what=name,
        value=ratio,
        former=factor,
        low=ratio * np.exp(-width) - factor,
        high=ratio * np.exp(width) - factor,
        p_value=p,
        alpha=alpha,
        side="falls",
        is_alarm=bool(p < alpha),
    )
