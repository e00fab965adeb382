"""`Dataset`: checked tables with integer-coded events, as models and splits use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.categories import plain_table
from recsys.data.contexts import context_values
from recsys.data.encode import encode
from recsys.data.filter_seen import AUTO, FilterSeenLike, filter_of
from recsys.data.fingerprint import fingerprint
from recsys.data.frames import Frame, Frames, Origin, as_pandas
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.interactions import NEVER, SECOND, Interactions, timestamp
from recsys.data.known_before import KnownBefore
from recsys.data.known_ids import KnownIds
from recsys.data.snapshots import Snapshots, TakesSnapshots, with_snapshots
from recsys.data.source import Source, load_tables
from recsys.data.tables import Tables
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.ops.chunks import counts
from recsys.ops.filter_seen import ALL_SEEN, FilterSeen
from recsys.ops.until import OPEN_END

Clock = Literal["timestamp", "order"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Events up to a moment, and what is known of their customers, products and touchpoints.

    Made by `Dataset.from_frames` or `Dataset.from_source`. Frozen; a split makes parts of it.

    Attributes:
        name: name of the source.
        fingerprint: SHA-256 over every checked table, the source's version and settings.
        customers: ids of customers by row number; the same in every part of a split.
        products: ids of products, as for `customers`.
        touchpoints: names of touchpoints, as for `customers`.
        interactions: the coded events that a model may see, in order of time if there is one.
        side_tables: the other checked tables by name, with outside ids; and `signals`, where a
            source finds them (`recsys.data.snapshots`).
        contexts: context column -> its values, in the order of `interactions.contexts`.
        contexts_left_out: context column -> why it was left out.
        clock: what `interactions.when` counts, or None where there is no order: microseconds of
            UTC time, or positions of an order.
        as_of: no event lies at or after this moment (in units of the clock); None without one.
        targets: the actions that make a product relevant.
        filter_seen: which products that a customer already had are left out of the ranking.
        known_ids: how many ids of each side table the others know, before identities are merged.
        origin: the tables of all events, from which a split merges identities as known at its
            first cut-off; None for data prepared by a run, and for parts of a data set.
        snapshots: where columns of customers come from that were counted from events; or None.
    """

    name: str
    fingerprint: str
    customers: Vocabulary
    products: Vocabulary
    touchpoints: Vocabulary
    interactions: Interactions
    side_tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contexts_left_out: Mapping[str, str] = field(default_factory=dict)
    clock: Clock | None = None
    as_of: int | None = None
    targets: tuple[str, ...] = (columns.DEFAULT_ACTION,)
    filter_seen: FilterSeen = ALL_SEEN
    known_ids: tuple[KnownIds, ...] = ()
    origin: Origin | None = None
    snapshots: Snapshots | None = None

    def __repr__(self) -> str:
        return (
            f"Dataset {self.name}: {len(self.interactions):,} events, "
            f"{len(self.customers):,} customers x {len(self.products):,} products"
        )

    @classmethod
    def from_frames(
        cls,
        interactions: Frame,
        *,
        products: Frame | None = None,
        customers: Frame | None = None,
        offers: Frame | None = None,
        touchpoints: Frame | None = None,
        identities: Frame | None = None,
        decisions: Frame | None = None,
        targets: Sequence[str] = ("accept", "purchase"),
        filter_seen: FilterSeenLike | FilterSeen = AUTO,
        name: str = "frames",
    ) -> "Dataset":
        """Checks tables in memory as files are checked, merges identities and codes the events.

        Tables are frames of pandas or polars, or any table with Arrow's PyCapsule interface.

        The frames are not changed. Ids that `identities` link become one customer, by all links;
        `TimeSplit` merges again, by the links known before its first cut-off.

        Args:
            interactions: one row per event, with customer_id and optional further columns;
                `recsys.data.schema.SCHEMAS` lists the columns of each table.
            products: one row per product.
            customers: one row per customer, or several dated by `valid_from`.
            offers: what the firm offers; without it each product is its own offer.
            touchpoints: one row per touchpoint.
            identities: pairs of ids that belong to the same person.
            decisions: logged offers with their propensities.
            targets: the actions that make a product relevant.
            filter_seen: which products that a customer already had are left out of the ranking:
                True for all, False for none, the actions that count, or each with an age, as
                `{"purchase": "forever", "reject": "90 days"}`; "auto" as
                `recsys.data.filter_seen.default_filter`.
            name: what the data are called in comparisons.

        Raises:
            InputError: a table or a setting cannot be used; names table, row and column.
        """
        frames: dict[str, Frame | None] = {
            "interactions": interactions, "customers": customers, "products": products,
            "offers": offers, "touchpoints": touchpoints, "identities": identities,
            "decisions": decisions,
        }  # fmt: skip
        tables = {name: as_pandas(name, frame) for name, frame in frames.items()}
        return cls.from_source(
            Frames(
                tables=Tables(**tables), targets=tuple(targets), filter_seen=filter_seen, name=name
            )
        )

    @classmethod
    def from_source(cls, source: Source) -> "Dataset":
        """Loads, checks and codes the tables of a source.

        Args:
            source: for example `SimulatedMarket()`, or your own, see `recsys.data.source.Source`.

        Raises:
            InputError: a table cannot be read or used.
        """
        # Imported late: coding tables that are already checked needs no pandera.
        from recsys.data.check import check_and_count

        checked, counts = check_and_count(load_tables(source))
        return _merged(Origin(source=source, checked=checked, merged=checked), counts, None)

    def as_linked_before(self, moment: pd.Timestamp | None) -> "Dataset":
        """The same events, with identities merged only by links known before a moment.

        Args:
            moment: UTC; None for all links.

        Returns:
            The data set itself where nothing can be merged again.
        """
        if moment is None or self.origin is None or self.origin.checked.identities is None:
            return self
        return _merged(self.origin, self.known_ids, moment)

    def select(self, keep: BoolArray | slice, as_of: int | None = None) -> "Dataset":
        """A part of the data: the events that a mask keeps, with the same ids and row numbers.

        Args:
            keep: [E] bool, or a slice of the events.
            as_of: a cut-off in units of the clock. On a clock of time, rows of customers,
                identities and decisions dated at or after it are left out too; undated rows count
                as always known.
        """
        if as_of is None:
            return replace(self, interactions=self.interactions.select(keep), origin=None)
        side = self.side_tables
        if self.clock == "timestamp":
            side = KnownBefore(side, timestamp(as_of))
        return replace(
            self,
            interactions=self.interactions.select(keep),
            side_tables=side,
            as_of=as_of,
            origin=None,
        )

    def before(self, moment: int) -> "Dataset":
        """What was known before a moment, in UTC microseconds: events, and dated rows.

        Raises:
            InputError: the data have no timestamps.
        """
        when, _ = self.times("what is known of customers")
        return self.select(slice(0, int(np.searchsorted(when, moment))), as_of=moment)

    def times(self, what: str) -> tuple[IntArray, int]:
        """[E] int64 moments of the events and the end of the data, both in UTC microseconds.

        Args:
            what: is made of them, for the error.

        Raises:
            InputError: the data have no timestamps.
        """
        when = self.interactions.when
        if when is None or self.as_of is None or self.clock != "timestamp":
            raise InputError(
                f"interactions: expected a column timestamp for {what}, got "
                f"{self.clock or 'no order'}"
            )
        return when, self.as_of

    @property
    def as_of_seconds(self) -> int | None:
        """`as_of` in UTC seconds, rounded up; None on a clock of order."""
        if self.as_of is None or self.clock != "timestamp":
            return None
        return -(-self.as_of // SECOND)

    @cached_property
    def history_lengths(self) -> IntArray:
        """[C] int64 number of events of each customer."""
        return counts(self.interactions.customers, len(self.customers))

    @cached_property
    def ranks_repeats(self) -> bool:
        """Whether a product that a customer has an event with may be on the customer's list."""
        events = self.interactions
        counts = np.bincount(events.actions[events.products >= 0], minlength=len(columns.ACTIONS))
        stays = [self.filter_seen.age(action) != OPEN_END for action in columns.ACTIONS]
        return not self.filter_seen or bool(counts[stays].any())

    @cached_property
    def is_target(self) -> BoolArray:
        """[E] bool, whether an event has a product and one of the target actions."""
        events = self.interactions
        return events.has_action(self.targets) & (events.products >= 0)

    def eligible(self, start: int | None, end: int | None) -> BoolArray:
        """[P] bool, products on offer at some moment of [start, end), in units of the clock.

        All products, where no table of products or no clock of time says otherwise.
        """
        table = self.side_tables.get("products")
        on_offer = np.ones(len(self.products), dtype=bool)
        if table is None or self.clock != "timestamp":
            return on_offer
        rows = self.products.rows(table[columns.PRODUCT])
        if columns.VALID_FROM in table and end is not None:
            opens = table[columns.VALID_FROM]
            on_offer[rows[(opens >= timestamp(end)).to_numpy()]] = False
        if columns.VALID_TO in table and start is not None:
            closes = table[columns.VALID_TO]
            on_offer[rows[(closes <= timestamp(start)).to_numpy()]] = False
        return on_offer


def build(source: Source, tables: Tables, seed: int = 0) -> Dataset:
    """Codes checked tables as a `Dataset`.

    Args:
        source: gives the name, the targets and what else the tables do not say.
        tables: checked, identities merged.
        seed: shuffles customer and product ids, so that row numbers carry no information.
    """
    side = {name: plain_table(table) for name, table in tables.items() if name != "interactions"}
    events = tables.interactions
    customers, products, touchpoints = vocabularies(tables, seed)
    contexts = context_values(events)
    memory = getattr(source, "memory", None)
    coded = encode(events, customers, products, touchpoints, contexts.values, memory)
    clock = _clock(events)
    data = Dataset(
        name=source.name,
        fingerprint=fingerprint(source, tables),
        customers=customers,
        products=products,
        touchpoints=touchpoints,
        interactions=coded,
        side_tables=side,
        contexts=contexts.values,
        contexts_left_out=contexts.left_out,
        clock=clock,
        as_of=_end(coded, clock),
        targets=source.targets,
        filter_seen=filter_of(source.filter_seen, events),
    )
    if not isinstance(source, TakesSnapshots):
        return data
    counted = with_snapshots(data, source)
    if not counted:
        return data
    return replace(data, side_tables={**side, **counted}, snapshots=Snapshots(source, side))


def vocabularies(tables: Tables, seed: int = 0) -> tuple[Vocabulary, Vocabulary, Vocabulary]:
    """The ids of customers, products and touchpoints of all tables, as `build` numbers them.

    Args:
        tables: as for `build`; of interactions it is enough that each id is in some row.
        seed: as for `build`.
    """
    generator = np.random.default_rng(seed)
    customers = Vocabulary.build("customer", _columns(columns.CUSTOMER, tables), generator)
    products = Vocabulary.build("product", _columns(columns.PRODUCT, tables), generator)
    return customers, products, Vocabulary.build("touchpoint", _columns(columns.TOUCHPOINT, tables))


def _merged(
    origin: Origin, known_ids: tuple[KnownIds, ...], before: pd.Timestamp | None
) -> Dataset:
    merged = merge_identities(origin.checked, IdentityRules(), before)
    return replace(
        build(origin.source, merged), known_ids=known_ids, origin=replace(origin, merged=merged)
    )


def _columns(column: str, tables: Tables) -> list[pd.Series]:
    return [table[column] for _, table in tables.items() if column in table]


def _clock(events: pd.DataFrame) -> Clock | None:
    if columns.TIMESTAMP in events:
        return "timestamp"
    return "order" if columns.ORDER in events else None


def _end(events: Interactions, clock: Clock | None) -> int | None:
    """Just after the last event: the next position, or the next whole second as artifacts keep."""
    if events.when is None:
        return None
    # In order of time, and `NEVER` is the last.
    timed, unit = np.searchsorted(events.when, NEVER), SECOND if clock == "timestamp" else 1
    return (int(events.when[timed - 1]) // unit + 1) * unit if timed else None
