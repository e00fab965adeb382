"""Which touchpoints earned the conversions, in the events before the cut-off."""

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
    """Journeys of the customers over the touchpoints; None without order, contacts or conversions.

    An accepted offer is a contact and a conversion. Any other target event, such as a purchase, is
    a conversion only; the contacts before it led to it. The look-back and the pause between visits
    apply to timestamps only, not to events that have an order without time.

    Args:
        past: the data before the cut-off.
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


def credit_table(past: Dataset, visits: Journeys) -> pd.DataFrame:
    """Shares of the touchpoints that had a contact, by each method; time decay needs timestamps.

    Args:
        past: the data before the cut-off.
        visits: of `contacts`.

    Returns:
        One row a method and touchpoint, ordered by the share of the last method: method,
        touchpoint, share, low, high, contacts (number of visits).
    """
    methods: dict[str, Attribution] = {LAST: last_touch(visits)}
    if past.clock == "timestamp":
        methods[DECAY] = time_decay(visits, HALF_LIFE_DAYS * DAY)
    methods[REMOVAL] = removal_effect(visits)
    counts = np.bincount(visits.channels, minlength=visits.width)
    order = np.argsort(-methods[REMOVAL].shares, kind="stable")
    rows = []
    for method, attribution in methods.items():
        shares = attribution.intervals(level=LEVEL)
        for row in order[counts[order] > 0]:
            share, name = shares[row], str(past.touchpoints.ids[row])
            rows.append((method, name, share.mean, share.low, share.high, int(counts[row])))
    return pd.DataFrame(rows, columns=["method", "touchpoint", "share", "low", "high", "contacts"])


def unattributed(visits: Journeys) -> Interval:
    """Share of the conversions without a contact before them, within the look-back."""
    alone = {"alone": visits.unattributed}
    return bootstrap(alone, visits.customers[visits.converted], level=LEVEL)["alone"]
