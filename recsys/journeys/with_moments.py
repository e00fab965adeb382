"""`WithMoments`: a source whose customers have columns of moments and of intent to leave."""

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
from recsys.data.snapshots import Snapshot
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.journeys.leaving.learn import LeavingModel, learn_leaving
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import OUTCOME, Observed, observe
from recsys.journeys.moment_columns import LEAVING, NEXT, moment_columns
from recsys.ops.micro_moments import MomentModel


class WithMoments(SnapshotSource):
    """Another source, with columns of customers: what the next session is for, and who will leave.

    Both are fitted anew at each moment, on what was before it; the columns are empty as long as
    that is too little. A model, a slice, a rule (`customer.leaving > 0.5`) or a segment then takes
    the latest row before its cut-off, like any dated row of customers; the leakage audit fits and
    counts them again from the events before each moment alone.

    Args:
        source: of the tables.
        label: as for `recsys.journeys.micro_moments.observe`.
        days: within which somebody who leaves does nothing; None for no column `leaving`.
        every: days between the moments at which they are counted.

    Raises:
        InputError: a number is below 1.
    """

    def __init__(
        self, *, source: Source, label: str = OUTCOME, days: int | None = 60, every: int = 90
    ) -> None:
        super().__init__(source, every)
        if days is not None and days < 1:
            raise InputError(f"data.days: expected a number of days >= 1, got {days}")
        self._label, self._days = label, days

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        return f"moments {self._label} leaving {self._days}"

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`."""
        before = data.before(moment)
        seen = observe(before, self._label)
        names = [f"{NEXT}{name}" for name in seen.names]
        model = _fitted(seen)
        leaving = None if self._days is None else _leaving(before, moment, self._days)
        if self._days is not None:
            names.append(LEAVING)
        table = moment_columns(before, moment, model, leaving)
        return Snapshot(table.reindex(columns=[columns.CUSTOMER, *names]))


def _fitted(seen: Observed) -> MomentModel | None:
    try:
        return learn(seen)
    except InputError:
        return None  # too few labelled sessions so far


def _leaving(before: Dataset, moment: int, days: int) -> LeavingModel | None:
    try:
        return learn_leaving(before, moment, days)
    except InputError:
        return None  # too few days so far
