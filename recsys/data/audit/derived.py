"""What a fitted model states that it took from the events, in a form that can be counted again."""

from dataclasses import dataclass

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductCounts:
    """How popular the products were.

    Attributes:
        counts: [P] events by product.
        actions: which actions were counted.
        since: the first moment counted, in units of the clock; None counts from the beginning.
    """

    counts: IntArray | FloatArray
    actions: tuple[str, ...]
    since: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerMeasures:
    """What customers were cut into segments by.

    Attributes:
        events: [C] number of events.
        last: [C] int64 moment of the last event, of any value where there is none; None without
            a clock.
        value: [C] sum of the column `value`; None without it.
        left_out: [A, T + 1] bool, events of an action at a touchpoint (the last: unknown) that were
            not counted; None where all were.
    """

    events: IntArray
    last: IntArray | None = None
    value: FloatArray | None = None
    left_out: BoolArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Derived:
    """The statement of a fitted model; None for what it did not make.

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
