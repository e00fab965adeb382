"""Everything that a watch over a log says: monitors, drift, and tables beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.reports.monitor.alarms import Watch, watches
from recsys.reports.monitor.inputs import Drift, drifts
from recsys.reports.monitor.promoted_signals import MONITOR as LIFT
from recsys.reports.monitor.promoted_signals import PromotedSignals, lift_watches
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.watched import Watched, is_enough, watched


@dataclass(frozen=True, kw_only=True, eq=False)
class MonitorReport:
    """A watch over a log.

    Attributes:
        name: what the log is called.
        settings: of the watch.
        seen: the decisions by period.
        watches: every monitor but those of inputs.
        drifts: every input.
        catalogue: number of products that could be offered; None where it is not known.
    """

    name: str
    settings: MonitorSettings
    seen: Watched
    watches: Sequence[Watch]
    drifts: Sequence[Drift]
    catalogue: int | None

    @cached_property
    def alarms(self) -> list[str]:
        """What alarms, in words such as "acceptance" or "drift of inputs: touchpoint"."""
        found = [
            f"{watch.monitor}{f': {watch.what}' if watch.what else ''}"
            for watch in self.watches
            if watch.is_alarm
        ]
        drifted = [f"drift of inputs: {drift.name}" for drift in self.drifts if drift.is_alarm]
        return [*found, *drifted]

    @property
    def retired(self) -> list[str]:
        """Signals with a rule whose lift is gone."""
        return [watch.what for watch in self.watches if watch.monitor == LIFT and watch.is_alarm]

    @property
    def is_tested(self) -> bool:
        """Whether there were former periods enough to test anything against."""
        return is_enough(self.seen.count)


def monitor_report(
    name: str,
    decisions: pd.DataFrame,
    settings: MonitorSettings,
    *,
    tables: Tables | None = None,
    at: pd.Timestamp | None = None,
    catalogue: int | None = None,
    promoted: PromotedSignals | None = None,
) -> MonitorReport:
    """Watches a log.

    Args:
        name: what the log is called.
        decisions: checked, with outcomes.
        settings: of the watch.
        tables: checked; give segments and the features whose drift is watched; None for none.
        at: UTC, where the newest period ends; None for the end of the last decision's day.
        catalogue: number of products that could be offered; None for those of the log.
        promoted: signals with a rule, whose lift is watched; None for none.

    Raises:
        InputError: the log has no decision in the newest period, or lacks a control group or
            segment that was asked for.
    """
    segmented = _with_segment(decisions, tables, settings.segment)
    seen = watched(segmented, settings, at)
    return MonitorReport(
        name=name,
        settings=settings,
        seen=seen,
        watches=[
            *watches(seen, settings),
            *([] if promoted is None else lift_watches(seen, promoted, settings)),
        ],
        drifts=drifts(seen, tables, settings),
        catalogue=catalogue,
    )


def _with_segment(
    decisions: pd.DataFrame, tables: Tables | None, segment: str | None
) -> pd.DataFrame:
    if segment is None:
        return decisions
    if tables is None or tables.customers is None or segment not in tables.customers:
        there = [] if tables is None or tables.customers is None else list(tables.customers)
        raise InputError(
            f"segment={segment}: expected a column of the table customers, got "
            f"{', '.join(map(str, there)) or 'no such table'}; set data= to tables that have it"
        )
    latest = tables.customers.drop_duplicates(columns.CUSTOMER, keep="last")
    of_customer = pd.Series(
        latest[segment].astype("str").to_numpy(object), index=latest[columns.CUSTOMER].astype("str")
    )
    values = decisions[columns.CUSTOMER].astype("str").map(of_customer)
    return decisions.assign(**{segment: values.where(values.notna(), np.nan)})
