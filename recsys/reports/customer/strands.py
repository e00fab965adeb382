"""What a customer is after: the strands of his events, and the events on a time line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.tables import OPEN, PURPOSE, SILENCE, STAGE, STRAND, strand_table
from recsys.journeys.purposes.tree import product_names
from recsys.reports.customer.person import NothingKnownError, Person

AUTO_COLUMN = "auto"
"""The category of products, or the graph where they have none."""
OPEN_FROM = 0.1
"""As in `recsys purposes`."""


@dataclass(frozen=True, kw_only=True)
class Strand:
    """What a customer did for one purpose.

    Attributes:
        number: 1, 2, ... in order of time.
        purpose: what it is for.
        stage: know, consider or bought.
        visits: how many.
        last: moment of the last event, UTC; or its position.
        last_product: name of its product.
        silence: days (positions) from then to the cut-off.
        goes_on: probability that the customer comes back for this purpose.
        next_milestone: the action that begins the next stage.
        reaches: probability that the strand comes to it.
        products: ids of the products that serve the purpose.
    """

    number: int
    purpose: str
    stage: str
    visits: int
    last: pd.Timestamp | int
    last_product: str
    silence: float
    goes_on: float
    next_milestone: str
    reaches: float
    products: Sequence[str | int]

    @property
    def is_open(self) -> bool:
        """Whether it goes on with a probability of at least `OPEN_FROM`."""
        return self.goes_on >= OPEN_FROM


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """The events of a customer, with their strands.

    Attributes:
        strands: those most likely to go on first.
        events: a row an event: strand (0 for none), when (UTC, or position), action, touchpoint and
            product (names, "" for none).
    """

    strands: Sequence[Strand]
    events: pd.DataFrame


def events_of(person: Person) -> pd.DataFrame:
    """The events of a customer as `Timeline.events` has them, all without a strand."""
    own = person.own
    events = own.interactions
    touchpoints = np.append(own.touchpoints.ids.astype(object), "")
    products = np.append(product_names(own), "")
    return pd.DataFrame(
        {
            "strand": np.zeros(len(events), np.int64),
            "when": _moments(person),
            "action": np.array(columns.ACTIONS, dtype=object)[events.actions],
            "touchpoint": touchpoints[events.touchpoints],
            "product": products[events.products],
        }
    )


def timeline_of(person: Person, column: str | None) -> Timeline:
    """The strands of a customer, by a model that is fitted on the events before the cut-off.

    Args:
        person: whose.
        column: of products that has the purposes; None finds them in the graph, see also
            `AUTO_COLUMN`.

    Raises:
        InputError: the data have no order, no event with a product that counts, or no such column.
        NothingKnownError: no such event is the customer's.
    """
    own = person.own
    if own.as_of is None:
        raise InputError("interactions: strands need a column timestamp or order, got neither")
    model = PurposeModel(column=_column(person, column)).fit(person.data)
    strands = model.assign_events(own.interactions, own.as_of)
    if not len(strands):
        raise NothingKnownError(
            f"interactions: customer '{person.id}' has no event with a product and one of the "
            f"actions {', '.join(model.actions)}"
        )
    table = strand_table(model, strands, own)
    listed = [
        Strand(
            number=int(row[STRAND]),
            purpose=str(row[PURPOSE]),
            stage=str(row[STAGE]),
            visits=int(row["visits"]),
            last=row["last_event"],
            last_product=str(row["last_product"]),
            silence=float(row[SILENCE]),
            goes_on=float(row[OPEN]),
            next_milestone=str(row["next_milestone"]),
            reaches=float(row["reaches_milestone"]),
            products=own.products.ids[model.tree.purpose == purpose].tolist(),
        )
        for row, purpose in zip(table.to_dict("records"), strands.purpose, strict=True)
    ]
    number = np.append(table[STRAND].to_numpy(), 0)
    return Timeline(
        strands=sorted(listed, key=lambda strand: (-strand.goes_on, -strand.number)),
        events=events_of(person).assign(strand=number[strands.of_event]),
    )


def _column(person: Person, column: str | None) -> str | None:
    if column != AUTO_COLUMN:
        return column
    products = person.data.side_tables.get("products")
    has_category = products is not None and columns.CATEGORY in products
    return columns.CATEGORY if has_category else None


def _moments(person: Person) -> Sequence[pd.Timestamp | int]:
    when = person.own.interactions.when
    if when is None:
        return range(len(person.own.interactions))
    if person.moment is None:
        return [int(each) for each in when]
    return [timestamp(int(each)) for each in when]
