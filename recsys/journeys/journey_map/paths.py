"""`Paths`: where strands come to each stage, how they end, and their visits in between."""

from dataclasses import dataclass, replace

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.journeys.purposes.milestones import BOUGHT, CONSIDER, KNOW, stage_of
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.strands import Strands
from recsys.journeys.purposes.tree import distinct

STAGES = (KNOW, CONSIDER, BOUGHT)
SILENCE, OPEN = "silence", "open"
START = "start"
UNKNOWN = "unknown touchpoint"
OTHERS = "other touchpoints"


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """Strands S, their visits V and the stages that they come to E.

    A visit stands at the touchpoint of its deepest action, the earliest of these. A strand comes
    to a stage with its first visit that deep; a stage that is skipped has no entry.

    Attributes:
        customer, purpose: [S] row numbers.
        begin: [S] days (positions) since the start of the span.
        is_open: [S] bool, not bought, and probable enough to go on.
        strand, stage, touchpoint: [E] entries, in order of strand and time; a stage is a position
            in `STAGES`, a touchpoint one in `touchpoints`.
        day: [E] days (positions).
        visit_strand, visit_touchpoint: [V] in order of strand and time.
        visit_day: [V].
        touchpoints: names.
        purposes: names.
    """

    customer: IntArray
    purpose: IntArray
    begin: FloatArray
    is_open: BoolArray
    strand: IntArray
    stage: IntArray
    touchpoint: IntArray
    day: FloatArray
    visit_strand: IntArray
    visit_touchpoint: IntArray
    visit_day: FloatArray
    touchpoints: tuple[str, ...]
    purposes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def reached(self) -> IntArray:
        """[S] the last stage that each strand came to."""
        last = np.append(self.strand[1:] != self.strand[:-1], True)[: len(self.strand)]
        reached: IntArray = self.stage[last]
        return reached

    @property
    def is_bought(self) -> BoolArray:
        """[S] bool, whether strands came to a purchase."""
        return np.asarray(self.reached == STAGES.index(BOUGHT))

    @property
    def days_to_purchase(self) -> FloatArray:
        """[S] days (positions) from the beginning to the first purchase, NaN without one."""
        days = np.full(len(self), np.nan)
        bought = self.stage == STAGES.index(BOUGHT)
        days[self.strand[bought]] = self.day[bought]
        return days - self.begin

    @property
    def is_silent(self) -> BoolArray:
        """[S] bool, whether strands ended in silence."""
        return ~self.is_bought & ~self.is_open

    def select(self, keep: BoolArray) -> "Paths":
        """The strands that a mask [S] keeps, numbered anew."""
        number = np.cumsum(keep) - 1
        entries, visits = keep[self.strand], keep[self.visit_strand]
        return replace(
            self,
            customer=self.customer[keep],
            purpose=self.purpose[keep],
            begin=self.begin[keep],
            is_open=self.is_open[keep],
            strand=number[self.strand[entries]],
            stage=self.stage[entries],
            touchpoint=self.touchpoint[entries],
            day=self.day[entries],
            visit_strand=number[self.visit_strand[visits]],
            visit_touchpoint=self.visit_touchpoint[visits],
            visit_day=self.visit_day[visits],
        )

    def at_touchpoints(self, names: tuple[str, ...], *, others: bool) -> "Paths":
        """The same with some touchpoints alone.

        Args:
            names: of touchpoints.
            others: whether all others follow as `OTHERS`; False where there are none.
        """
        place = {name: row for row, name in enumerate(names)}
        codes = np.array([place.get(name, len(names)) for name in self.touchpoints], np.int64)
        return replace(
            self,
            touchpoint=codes[self.touchpoint],
            visit_touchpoint=codes[self.visit_touchpoint],
            touchpoints=distinct([*names, OTHERS]) if others else names,
        )


def paths_of(model: PurposeModel, strands: Strands, data: Dataset, open_from: float) -> Paths:
    """The paths of strands.

    Args:
        model: that was fitted.
        strands: of the data, as `PurposeModel.assign` gives them.
        data: to which the strands belong.
        open_from: least probability of going on for a strand to be open; others that were not
            bought end in silence.
    """
    events = data.interactions
    assert events.when is not None
    rows = np.flatnonzero(strands.of_event >= 0)
    rows = rows[np.lexsort((events.when[rows], strands.of_event[rows]))]
    of_event, day = strands.of_event[rows], model.span.days(events.when[rows])
    depth = events.positions_in(strands.actions)[rows]
    opens = (np.diff(of_event, prepend=-1) != 0) | (
        np.diff(day, prepend=-np.inf) > model.span.pause
    )
    starts = np.flatnonzero(opens)
    deepest = np.maximum.reduceat(depth, starts)
    visit = np.cumsum(opens) - 1
    is_deepest = np.flatnonzero(depth == deepest[visit])
    shown = is_deepest[np.unique(visit[is_deepest], return_index=True)[1]]
    touchpoint = events.touchpoints[rows[shown]].astype(np.int64)
    touchpoint[touchpoint < 0] = len(data.touchpoints)
    stage = np.array([STAGES.index(stage_of(action)) for action in strands.actions])[deepest]
    entries = _entries(of_event[starts], stage)
    goes_on = model.renewal.comes_back(strands.last_depth, strands.silence) >= open_from
    was_bought = np.zeros(len(strands), bool)
    was_bought[of_event[starts][stage == STAGES.index(BOUGHT)]] = True
    return Paths(
        customer=strands.customer,
        purpose=strands.purpose,
        begin=strands.begin,
        is_open=goes_on & ~was_bought,
        strand=of_event[starts][entries],
        stage=stage[entries],
        touchpoint=touchpoint[entries],
        day=day[starts][entries],
        visit_strand=of_event[starts],
        visit_touchpoint=touchpoint,
        visit_day=day[starts],
        touchpoints=distinct([*map(str, data.touchpoints.ids), UNKNOWN]),
        purposes=model.tree.names,
    )


def _entries(strand: IntArray, stage: IntArray) -> IntArray:
    """Positions of visits [V] that come to a stage first and deeper than all before."""
    width = len(STAGES)
    # Stages of a later strand are greater than all before it, so that one running maximum does.
    level = strand * width + stage
    before = np.append(-1, np.maximum.accumulate(level)[:-1])[: len(level)]
    return np.flatnonzero(level > before)
