"""Along which dimensions a window's results are sliced, as far as the data know them."""

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.evaluation import slices
from recsys.evaluation.catalogue_statistics import CatalogueStatistics, has_categories
from recsys.evaluation.config import MeasureConfig
from recsys.graph.features import as_of


def cuts(window: Window, past: CatalogueStatistics, config: MeasureConfig) -> dict[str, slices.Cut]:
    """Dimension -> its slices; a dimension that the data do not know is left out.

    history: events of the customer before the window. popularity: target events of the relevant
    product before it. segment: the most frequent values of a column of the customers table, or
    thirds of what customers with a target event spent, or of how recent their last event is.
    touchpoint: where the relevant product was first taken in the window. new_or_repeat (where
    repeats are kept) and category: what the customer had before.

    Raises:
        InputError: as `segment_labels`.
    """
    queries = window.queries
    relevant, history = queries.relevant, past.history
    dimensions = {
        "history": slices.by_history(queries.history, config.warm_from, config.hot_from),
        "popularity": slices.by_popularity(past.events, relevant),
    }
    segment = _segment(window, config.segment)
    if segment is not None:
        dimensions["segment"] = segment
    if queries.touchpoints is not None:
        names = [str(name) for name in window.past.touchpoints.ids]
        dimensions["touchpoint"] = slices.by_label(queries.touchpoints, names, of_relevant=True)
    if window.past.ranks_repeats:
        dimensions["new_or_repeat"] = slices.by_novelty(history, relevant)
    if has_categories(past.data):
        dimensions["category"] = slices.by_category(history, relevant, past.categories)
    return dimensions


def segment_labels(data: Dataset, column: str) -> pd.Series:
    """[C] object, a column of the customers table as of the cut-off; null where unknown.

    Raises:
        InputError: there is no such column; names those there are.
    """
    table = data.side_tables.get("customers")
    if table is None or column not in table or column == columns.CUSTOMER:
        known = [] if table is None else [str(name) for name in table if name != columns.CUSTOMER]
        raise InputError(
            f"evaluate.segment: no column '{column}' in customers of data={data.name}; "
            f"there is {', '.join(known) or 'none'}; set evaluate.segment=null for thirds"
        )
    current = as_of(table, columns.CUSTOMER, data.as_of_seconds)
    labels = pd.Series(None, index=range(len(data.customers)), dtype=object)
    labels.iloc[data.customers.rows(current[columns.CUSTOMER])] = current[column].to_numpy(object)
    return labels


def _segment(window: Window, column: str | None) -> slices.Cut | None:
    past, customers = window.past, window.queries.customers
    if column is not None:
        codes, names = pd.factorize(segment_labels(past, column))
        return slices.by_label(codes[customers], [str(name) for name in names])
    for prefix, measure_of in (("value", _spent), ("recency", _last)):
        measure = measure_of(past)
        if measure is not None:
            base = measure[~np.isnan(measure)]
            return slices.by_thirds(measure[customers], base, prefix)
    return None


def _spent(past: Dataset) -> FloatArray | None:
    """[C] value of all target events; nan for a customer without one, None without values."""
    events = past.interactions.select(past.is_target)
    if events.values is None or not np.nansum(np.abs(events.values)):
        return None
    spent = np.bincount(events.customers, np.nan_to_num(events.values), len(past.customers))
    has_event = np.bincount(events.customers, minlength=len(past.customers)) > 0
    return np.where(has_event, spent, np.nan)


def _last(past: Dataset) -> FloatArray | None:
    """[C] moment of the last event; nan for a customer without one, None without a clock."""
    events = past.interactions
    if events.when is None or not len(events):
        return None
    last = np.full(len(past.customers), np.nan)
    np.fmax.at(last, events.customers, events.when.astype(np.float64))
    return last
