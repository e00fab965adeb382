"""`Derived`: numbers that a fitted model took from the events, so that they can be recounted."""

from dataclasses import dataclass

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductCounts:
    """Numbers of events by product, from which a model took popularity.

    Attributes:
        counts: [P] number of events of each product.
        actions: which actions were counted.
        since: the first moment counted, in units of the clock; None if all were counted.
    """

    counts: IntArray | FloatArray
    actions: tuple[str, ...]
    since: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerMeasures:
    """Measures of customers, from which a model made segments.

    Attributes:
        events: [C] number of events.
        last: [C] int64 moment of the last event, any value where there is none; None without a
            clock.
        value: [C] sum of the column `value`; None without it.
        left_out: [A, T + 1] bool, combinations of action and touchpoint (the last column: unknown)
            whose events were not counted; None if all events were.
    """

    events: IntArray
    last: IntArray | None = None
    value: FloatArray | None = None
    left_out: BoolArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Derived:
    """What a fitted model states that it derived from the events; None for what it did not derive.

    Attributes:
        popularity: counts by product.
        segments: measures by customer.
        negatives: [n] int64 moments of the events that negatives were drawn from.
        calibrators: [n] int64 moments of the events that scores were calibrated on.
    """

    popularity: ProductCounts | None = None
    segments: CustomerMeasures | None = None
    negatives: IntArray | None = None
    calibrators: IntArray | None = None
