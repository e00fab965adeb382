"""A simulated market: the default data set, whose true probabilities are known.

From 2025-01-01 to 2025-12-31 (UTC). Cut-offs: valid from 2025-08-01, test from 2025-10-01.
Seen products are kept in the ranking: some purchases are renewals, and customers buy again.
Targets: `accept` (of a logged offer) and `purchase` (at the end of a journey).

Odd about the data:
- In version 2 (`version=2`) life events can be predicted: see `recsys.simulation.life`.
- Every customer starts the year without a purpose, so January has fewer events than other months.
- Most events of a session have the time of the event before, because pages report in bursts.
- About one session in five of a customer with aliases is seen under an alias; one link in ten is
  learned only after July, and until then the alias looks like another customer.
- Offers change with the calendar month, one product per category, and acceptances follow them.
- An accepted offer does not end the journey towards a purchase in its category.
- A smaller market consists of the first customers of a larger one with the same seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import index
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.tables import EndingTables, Tables
from recsys.errors import InputError
from recsys.simulation import calendar, frames
from recsys.simulation.chunk import CUSTOMERS, Latent, Stage, generator, latent, record
from recsys.simulation.decisions import REFUSAL
from recsys.simulation.keys import customer_ids, customer_rows, record_rows, rows_in_list
from recsys.simulation.names import LIFE_EVENTS, PREDICTABLE_LIFE_EVENTS, TOUCHPOINT_NAMES
from recsys.simulation.offers import in_window, offers, offers_table
from recsys.simulation.opportunities import opportunities
from recsys.simulation.partitions import write_partitions
from recsys.simulation.truth import acceptance
from recsys.simulation.world import products_table, touchpoints_table, world

EVENTS_A_CUSTOMER = {1: 20, 2: 26}
"""By version."""
FEWEST, MOST = 1_000, 100_000_000


class SimulatedMarket:
    """A source of simulated customers, products, offers and decisions with known propensities.

    Args:
        events: approximate number of interactions, 1,000 to 100 million; 20 per customer,
            26 in version 2.
        seed: not negative; equal seeds give equal tables.
        version: 1, whose life events nothing predicts; 2, where they depend on age, life stage and
            season and are preceded by signs, and customers have a column `life_event`, dated by
            when the firm records one. See `recsys.simulation.life`.
        records: with a table `records`, see `recsys.simulation.records`. It changes no other table,
            and no model reads it, so it is left out unless asked for.

    Raises:
        InputError: an argument is out of its range or not a whole number.
    """

    name: str = "simulated"
    # Two months of validation, three of test.
    cutoffs: Cutoffs = Cutoffs(
        valid_from=pd.Timestamp("2025-08-01", tz="UTC"),
        test_from=pd.Timestamp("2025-10-01", tz="UTC"),
    )
    filter_seen: bool = False
    targets: tuple[str, ...] = ("accept", "purchase")

    def __init__(
        self, *, events: int = 100_000, seed: int = 0, version: int = 1, records: bool = False
    ) -> None:
        self.events = _whole_number("events", events)
        self.seed = _whole_number("seed", seed)
        if not FEWEST <= self.events <= MOST:
            raise InputError(f"events must lie between {FEWEST:,} and {MOST:,}, got {events:,}")
        if self.seed < 0:
            raise InputError(f"seed must be a whole number of 0 or more, got {seed}")
        if _whole_number("version", version) not in EVENTS_A_CUSTOMER:
            raise InputError(f"version must be 1 or 2, got {version}")
        self.version = str(version)
        if not isinstance(records, bool):
            raise InputError(f"records must be true or false, got {records!r}")
        self.records = records
        self.customers = self.events // EVENTS_A_CUSTOMER[version]

    def load(self) -> Tables:
        """All tables in memory; about 0.15 kB per event."""
        parts = [dict(part.items()) for part in self.partitions()]
        joined = {
            name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]
        }
        tables = replace(Tables(interactions=joined.pop("interactions")), **joined, **self.shared())
        return EndingTables.of(tables, calendar.LAST)

    def partitions(self) -> Iterator[Tables]:
        """The tables that grow with the market, for 5,000 customers at a time."""
        for number in range(self.parts):
            yield self.partition(number)

    def partition(self, number: int) -> Tables:
        """Interactions, customers, identities, decisions and records of part `number`."""
        rng = generator(self.seed, number, Stage.RECORDS) if self.records else None
        drawn = record(self.seed, number, int(self.version))
        return frames.tables(drawn, number, self._size(number), rng)

    @property
    def parts(self) -> int:
        """Number of partitions."""
        return -(-self.customers // CUSTOMERS)

    def shared(self) -> dict[str, pd.DataFrame]:
        """The tables that all partitions share: products, offers and touchpoints."""
        return {
            "products": products_table(world(self.seed)),
            "offers": offers_table(offers(self.seed)),
            "touchpoints": touchpoints_table(self.customers),
        }

    def write(self, folder: Path | str) -> dict[str, int]:
        """Writes all tables as Parquet, with a single partition in memory at a time.

        Killed, the same call goes on after the last partition that was written.

        Args:
            folder: does not exist, is empty, or holds this market; gets
                `interactions/part-00000.parquet` and so on, the same for customers, identities,
                decisions and records, and `products.parquet`, `offers.parquet` and
                `touchpoints.parquet`.

        Returns:
            Rows of each table.

        Raises:
            InputError: the folder holds something else, is a file, or cannot be made.
        """
        about = {
            "events": self.events,
            "seed": self.seed,
            "version": self.version,
            "records": self.records,
        }
        return write_partitions(Path(folder), about, self.partition, self.parts, self.shared())

    def opportunities(self) -> pd.DataFrame:
        """Chances to make an offer, which no policy changes; see `recsys.simulation.opportunities`.

        Returns:
            customer_id, touchpoint, timestamp and outbound, in order of time.
        """
        parts = [
            opportunities(self.seed, number, self._size(number), int(self.version))
            for number in range(self.parts)
        ]
        joined = pd.concat(parts, ignore_index=True)
        return joined.sort_values(columns.TIMESTAMP, kind="stable", ignore_index=True)

    def latent(self, number: int) -> Latent:
        """The truth of part `number`, cached."""
        return latent(self.seed, number, int(self.version))

    def persons_of(self, records: IdArray) -> pd.Series:
        """The true customer_id [n] of the persons of records [n]; aliases are not named.

        Raises:
            InputError: a record is not of this market.
        """
        return customer_ids(record_rows(records, self.customers))

    def refusal_probability(self, touchpoints: IdArray) -> FloatArray:
        """[n] float64 true probability that an offer that is not accepted is rejected.

        Otherwise it is ignored.

        Raises:
            InputError: a touchpoint is not of this market.
        """
        return REFUSAL[rows_in_list("touchpoint", touchpoints, list(TOUCHPOINT_NAMES))]

    def acceptance_probability(
        self, customers: IdArray, offers: IdArray, touchpoints: IdArray, when: object
    ) -> FloatArray:
        """The true probability that an offer is accepted if it is made.

        Consent is ignored: it limits what may be offered, not what is accepted. The arguments
        broadcast against each other; a scalar counts as an array of length 1.

        Args:
            customers: customer ids or aliases.
            offers: offer ids. Outside its window an offer is accepted with probability 0.
            touchpoints: names of touchpoints.
            when: UTC timestamps.

        Returns:
            float64 of the common shape.

        Raises:
            InputError: an id is not of this market.
        """
        names = list(TOUCHPOINT_NAMES)
        coded = np.broadcast_arrays(
            _coded(customers, lambda ids: customer_rows(ids, self.customers)),
            _coded(offers, lambda ids: rows_in_list("offer", ids, frames.offer_ids())),
            _coded(touchpoints, lambda ids: rows_in_list("touchpoint", ids, names)),
            _coded(when, calendar.market_seconds),
        )
        persons, offer, touchpoint, second = (part.ravel() for part in coded)
        chances = np.zeros(len(persons))
        for number in np.unique(persons // CUSTOMERS):
            rows = np.flatnonzero((persons // CUSTOMERS == number) & in_window(offer, second))
            true = self.latent(int(number))
            chances[rows] = acceptance(
                true.world,
                true.people,
                true.purposes,
                true.offers,
                rows=persons[rows] % CUSTOMERS,
                offer=offer[rows],
                touchpoint=touchpoint[rows],
                second=second[rows],
            )
        return chances.reshape(coded[0].shape)

    def life_event_probability(self, customers: IdArray, when: object, days: float) -> FloatArray:
        """The true probability that a life event happens to customers within some days.

        From what is true at the moment: age, life stage, season, and whether the customer prepares
        for one and since when. The firm sees only what this causes, so it is an upper bound.

        Args:
            customers: [n] customer ids or aliases.
            when: a UTC timestamp.
            days: after it, more than 0.

        Returns:
            [n, K] float64 for the kinds of `life_events`.

        Raises:
            InputError: an id is not of this market, or its version has no such probability.
        """
        if self.version == "1":
            raise InputError("version: expected 2, whose life events can be predicted, got 1")
        persons = customer_rows(customers, self.customers)
        start = float(calendar.to_days(calendar.market_seconds(when))[0])
        chances = np.zeros((len(persons), len(self.life_events)))
        for number in np.unique(persons // CUSTOMERS):
            rows = np.flatnonzero(persons // CUSTOMERS == number)
            life = self.latent(int(number)).life
            assert life is not None
            chances[rows] = life.chances(persons[rows] % CUSTOMERS, start, start + days)
        return chances

    @property
    def life_events(self) -> tuple[str, ...]:
        """The kinds of life events."""
        return tuple(LIFE_EVENTS if self.version == "1" else PREDICTABLE_LIFE_EVENTS)

    def _size(self, number: int) -> int:
        """Number of the customers of part `number`."""
        return min(self.customers - number * CUSTOMERS, CUSTOMERS)


def _whole_number(name: str, value: object) -> int:
    try:
        # A bool is an int in Python, and never meant as a number.
        if isinstance(value, bool):
            raise TypeError
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{name} must be a whole number, got {value!r}") from None


def _coded(values: object, code: Callable[[IdArray], IntArray]) -> IntArray:
    """Codes [n] of values, before they are broadcast, so that each is coded only once."""
    array = np.atleast_1d(np.asarray(values))
    return code(array.ravel()).reshape(array.shape)
