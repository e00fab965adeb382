"""What customers are expected to be worth, as columns of customers at a cut-off."""

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.bands import BAND_SHARES, band_of
from recsys.customers.lifetime_value.forecast import Forecast, forecast
from recsys.customers.lifetime_value.observe import Observed, observe
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError

NAMES = ("probability_active", "expected_purchases", "expected_value", "expected_value_band")
"""Of the columns; without values of events there is no `expected_value`."""


def value_columns(
    data: Dataset, moment: int, days: float, actions: tuple[str, ...]
) -> pd.DataFrame:
    """[n] rows of customer_id and `NAMES`, of those who bought before a moment.

    Where too little was bought for a forecast, nobody has one.

    Args:
        data: all events, or only those before the moment.
        moment: UTC microseconds.
        days: how far ahead.
        actions: that are purchases.

    Raises:
        InputError: the data have no timestamps.
    """
    before = data.before(moment)
    made = _forecast(before, days, actions)
    if made is None:
        table = pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0], **_columns(None)})
    else:
        seen, expected = made
        table = pd.DataFrame(
            {columns.CUSTOMER: data.customers.ids[seen.customers], **_columns(expected)}
        )
    return table if data.interactions.values is not None else table.drop(columns=NAMES[2])


def _forecast(
    data: Dataset, days: float, actions: tuple[str, ...]
) -> tuple[Observed, Forecast] | None:
    if not data.interactions.has_action(actions).any():
        return None
    seen = observe(data, actions)
    try:
        return seen, forecast(seen, days)
    except InputError:  # so early that hardly anybody has bought twice
        return None


def _columns(made: Forecast | None) -> dict[str, object]:
    if made is None:
        nothing: FloatArray = np.zeros(0)
        return dict(zip(NAMES, [nothing, nothing, nothing, pd.array([], "string")], strict=True))
    value = np.full(len(made.active), np.nan) if made.value is None else made.value.mean
    bands = band_of((made.value or made.purchases).mean, BAND_SHARES)
    return dict(
        zip(NAMES, [made.active, made.purchases.mean, value, pd.array(bands, "string")],
            strict=True)
    )  # fmt: skip
