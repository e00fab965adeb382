"""Sessions to test with."""

from collections.abc import Sequence

import numpy as np

from recsys.ops.session_events import STEPS, SessionEvents

DAY = 86_400
START = 20_000 * DAY
GROUPS = np.array([0, 0, 1, 1, 2])
"""Groups of five products."""

Row = tuple[int, float, str, int, int]
"""Customer, days after `START`, step, product or -1, touchpoint."""


def session_events(rows: Sequence[Row]) -> SessionEvents:
    """Events of such rows, in any order."""
    customers, days, steps, products, touchpoints = zip(*rows, strict=True)
    return SessionEvents.of(
        customers=np.array(customers),
        when=START + (np.array(days) * DAY).astype(np.int64),
        steps=np.array([STEPS.index(step) for step in steps]),
        products=np.array(products),
        groups=GROUPS,
        touchpoints=np.array(touchpoints),
    )[0]


def random_rows(seed: int, count: int, customers: int) -> list[Row]:
    """Rows of which many share a session, a day or a second."""
    random = np.random.default_rng(seed)
    days = random.integers(0, 400, count) + random.integers(0, 3, count) / 96
    return [
        (int(customer), float(day), STEPS[step], int(product), int(touchpoint))
        for customer, day, step, product, touchpoint in zip(
            random.integers(0, customers, count), days, random.integers(0, 5, count),
            random.integers(-1, 5, count), random.integers(-1, 2, count), strict=True,
        )
    ]  # fmt: skip
