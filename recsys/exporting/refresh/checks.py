"""What cannot be refreshed: each refusal in one line, before anything is computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen
from recsys.policy.consent import consent_of_unknown
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.artifact import Artifact

AGAIN = "train and export again"


def require_refreshable(artifact: Artifact, data: Dataset) -> None:
    """Raises `InputError` unless the tables are newer tables of the artifact's own data set.

    Args:
        artifact: to refresh.
        data: the new data set.
    """
    if artifact.contents.customers.strands is not None:
        raise InputError(
            "artifact: expected one row for each customer, got strands of intent; their vectors "
            f"are learned: {AGAIN}"
        )
    if list(artifact.contents.action_names) != list(columns.ACTIONS):
        raise InputError(
            f"artifact: expected the actions {', '.join(columns.ACTIONS)}, got "
            f"{', '.join(artifact.contents.action_names) or 'none'}; export it again"
        )
    _require_same_source(artifact, data)
    filter_seen = FilterSeen.of(artifact.contents.filter_seen)
    if filter_seen != data.filter_seen:
        raise InputError(
            f"data.filter_seen: expected '{filter_seen}' as in the artifact, got "
            f"'{data.filter_seen}'; set it as at the training, or {AGAIN}"
        )
    _require_ids("customer", artifact.customers, data.customers.ids.dtype)
    _require_ids("product", artifact.products, data.products.ids.dtype)
    _require_touchpoints(artifact, data)
    _require_tables(artifact, data)
    _require_consents(artifact, data)
    if artifact.contents.features is not None:
        _require_features(artifact.contents.features.terms, data)


def _require_same_source(artifact: Artifact, data: Dataset) -> None:
    contents = artifact.contents
    stated = contents.facts.get("data")
    name = stated.get("name") if isinstance(stated, Mapping) else stated
    if data.name != name:
        raise InputError(
            f"data: expected the data set of the artifact, '{name}', got '{data.name}'; if it is "
            f"the same one under another name, set data.name={name}"
        )
    if data.clock != contents.clock:
        raise InputError(
            f"data={data.name}: expected events with a {contents.clock or 'table order'} as in the "
            f"artifact, got {data.clock or 'table order'}; {AGAIN}"
        )
    moment = data.as_of_seconds if data.clock == "timestamp" else data.as_of
    if contents.as_of is not None and (moment is None or moment < contents.as_of):
        raise InputError(
            f"data={data.name}: expected events up to {_written(contents.as_of, data)} or later, "
            f"as the artifact has, got events up to {_written(moment, data)}; give newer tables"
        )


def _written(moment: int | None, data: Dataset) -> str:
    if moment is None:
        return "no moment"
    if data.clock != "timestamp":
        return f"position {moment:,}"
    return f"{pd.Timestamp(moment, unit='s', tz='UTC'):%Y-%m-%d %H:%M:%S} UTC"


def _require_ids(kind: str, known: SortedIds, given: Any) -> None:
    expected = "whole numbers" if isinstance(known.ids, np.ndarray) else "texts"
    got = "whole numbers" if np.issubdtype(given, np.integer) else "texts"
    if expected != got or known.is_uuid:
        raise InputError(
            f"{kind}_id: expected {'UUIDs' if known.is_uuid else expected} as in the artifact, got "
            f"{got}; write the ids as they were at the training, or {AGAIN}"
        )


def _require_touchpoints(artifact: Artifact, data: Dataset) -> None:
    known = list(artifact.contents.touchpoints.names)
    given = [str(name) for name in data.touchpoints.ids]
    new, gone = sorted(set(given) - set(known)), sorted(set(known) - set(given))
    if new:
        raise InputError(
            f"touchpoint: expected those of the artifact ({', '.join(known)}), got also "
            f"{', '.join(new)}; a touchpoint is learned: {AGAIN}"
        )
    if gone:
        raise InputError(
            f"touchpoint: expected those of the artifact ({', '.join(known)}), got no "
            f"{', '.join(gone)}; give complete tables, or {AGAIN}"
        )


def _require_tables(artifact: Artifact, data: Dataset) -> None:
    contents, side = artifact.contents, data.side_tables
    offers = side.get("offers")
    has_offers = offers is not None and not offers.empty
    if (contents.offers is not None) != has_offers:
        expected, got = ("no offers", "a table of them") if has_offers else ("offers", "none")
        raise InputError(f"offers: expected {expected} as in the artifact, got {got}; {AGAIN}")
    table = contents.products
    described = table.has_dates or table.names is not None or table.categories is not None
    if "products" not in side and (described or contents.features is not None):
        raise InputError(
            "products: expected a table of products as at the training, got none; without it all "
            "products would be taken for withdrawn: give the table"
        )


def _require_consents(artifact: Artifact, data: Dataset) -> None:
    """A column of consent that disappears must not open its touchpoint to everybody."""
    closed = artifact.contents.customers.default_consent
    if closed is None:
        return
    by_name = dict(zip(map(str, data.touchpoints.ids), consent_of_unknown(data), strict=True))
    names = artifact.contents.touchpoints.names
    opened = [
        name for name, is_open in zip(names, closed, strict=True) if by_name[name] and not is_open
    ]
    if opened:
        raise InputError(
            f"customers: expected a column {columns.CONSENT_PREFIX}{opened[0]} as at the training, "
            f"got none; without it everybody could be contacted there: add it, or {AGAIN}"
        )


def _require_features(terms: Mapping[str, Mapping[str | None, int]], data: Dataset) -> None:
    table = data.side_tables["products"]
    for column, values in terms.items():
        if column not in table:
            raise InputError(
                f"products: expected the column '{column}', from which vectors of new products "
                f"are made, got none; add it, or {AGAIN}"
            )
        given = table[column]
        is_number = pd.api.types.is_numeric_dtype(given) or pd.api.types.is_bool_dtype(given)
        if given.notna().any() and is_number != (None in values):
            kinds = ("numbers", "texts") if None in values else ("texts", "numbers")
            raise InputError(
                f"products, column {column}: expected {kinds[0]} as at the training, got "
                f"{kinds[1]}; write it as before, or {AGAIN}"
            )
