"""Which touchpoints earned what was taken, in the training past."""

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, DAY, SECOND
from recsys.evaluation.attribution.attribution import Attribution
from recsys.evaluation.attribution.credit import last_touch, time_decay
from recsys.evaluation.attribution.journeys import Journeys, journeys
from recsys.evaluation.attribution.removal_effect import removal_effect
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.experiments.pairs import LEVEL

LOOK_BACK_DAYS, HALF_LIFE_DAYS, PAUSE_MINUTES = 30, 7, 30
LAST, DECAY, REMOVAL = "last contact", "time decay", "what would be missing"


def contacts(past: Dataset) -> Journeys | None:
    """Journeys over the touchpoints of the past; None without order, contacts or conversions.

    An offer that was accepted is a contact and a conversion; any other target event, as a purchase,
    is the conversion alone, and what led to it are the contacts before. The look-back and the pause
    between visits need a clock of time: on an order there is neither.
    """
    events = past.interactions
    accepted = events.actions == ACTION_CODES["accept"]
    channels = np.where(past.is_target & ~accepted, -1, events.touchpoints)
    if events.when is None or not (channels >= 0).any() or not past.is_target.any():
        return None
    timed = past.clock == "timestamp"
    return journeys(
        events.customers,
        channels,
        events.when,
        past.is_target,
        width=len(past.touchpoints),
        look_back=LOOK_BACK_DAYS * DAY if timed else None,
        pause=PAUSE_MINUTES * 60 * SECOND if timed else 0,
    )


def credit_table(past: Dataset, found: Journeys) -> pd.DataFrame:
    """Shares of the touchpoints that had a contact, by every method that the clock allows.

    Returns:
        One row a method and touchpoint, those first that earned most by the last method: method,
        touchpoint, share, low, high, contacts (visits).
    """
    methods: dict[str, Attribution] = {LAST: last_touch(found)}
    if past.clock == "timestamp":
        methods[DECAY] = time_decay(found, HALF_LIFE_DAYS * DAY)
    methods[REMOVAL] = removal_effect(found)
    visits = np.bincount(found.channels, minlength=found.width)
    order = np.argsort(-methods[REMOVAL].shares, kind="stable")
    rows = []
    for method, attribution in methods.items():
        shares = attribution.intervals(level=LEVEL)
        for row in order[visits[order] > 0]:
            one, name = shares[row], str(past.touchpoints.ids[row])
            rows.append((method, name, one.mean, one.low, one.high, int(visits[row])))
    return pd.DataFrame(rows, columns=["method", "touchpoint", "share", "low", "high", "contacts"])


def unattributed(found: Journeys) -> Interval:
    """Share of the conversions that no contact came before, within the look-back."""
    alone = {"alone": found.unattributed}
    return bootstrap(alone, found.customers[found.converted], level=LEVEL)["alone"]
