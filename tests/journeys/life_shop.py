"""A shop whose customers look at boxes in the weeks before they move, at toys before a child."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.data.frames import Frames
from recsys.data.source import Cutoffs
from recsys.data.tables import Tables

START = pd.Timestamp("2025-01-01", tz="UTC")
CUTOFFS = Cutoffs(
    valid_from=pd.Timestamp("2025-07-01", tz="UTC"), test_from=pd.Timestamp("2025-09-01", tz="UTC")
)
END = pd.Timestamp("2025-11-01", tz="UTC")
DAYS = (END - START).days
KINDS = {"move": "boxes", "child": "toys"}
PEOPLE = 600


def tables(kinds: tuple[str, ...] = tuple(KINDS)) -> Tables:
    """Half of the people have an event; four looks in the 30 days before it give it away."""
    random = np.random.default_rng(0)
    ids = np.array([f"c{number:04}" for number in range(PEOPLE)], dtype=object)
    happens = random.uniform(20, DAYS - 1, PEOPLE)
    kind = np.array(kinds, dtype=object)[random.integers(0, len(kinds), PEOPLE)]
    with_event = random.random(PEOPLE) < 0.5
    usual = random.poisson(6, PEOPLE)
    rows = [(ids.repeat(usual), np.full(usual.sum(), "bread", object),
             random.uniform(0, DAYS, usual.sum()))]  # fmt: skip
    for name, product in KINDS.items():
        chosen = np.flatnonzero(with_event & (kind == name)).repeat(4)
        before = happens[chosen] - random.uniform(0, 30, len(chosen))
        rows.append((ids[chosen], np.full(len(chosen), product, object), before))
    who, what, day = (np.concatenate(part) for part in zip(*rows, strict=True))
    inside = day >= 0
    customers = pd.DataFrame({"customer_id": ids, "age": random.integers(18, 80, PEOPLE)})
    told = pd.DataFrame(
        {"customer_id": ids[with_event], "age": customers["age"][with_event],
         "life_event": kind[with_event], "valid_from": _when(happens[with_event])}
    )  # fmt: skip
    return Tables(
        interactions=pd.DataFrame(
            {"customer_id": who[inside], "product_id": what[inside], "action": "view",
             "touchpoint": "web", "timestamp": _when(day[inside])}
        ),
        customers=pd.concat([customers, told], ignore_index=True),
        products=pd.DataFrame(
            {"product_id": ["bread", "boxes", "toys"], "category": ["food", "home", "play"]}
        ),
    )  # fmt: skip


def source(kinds: tuple[str, ...] = tuple(KINDS)) -> Frames:
    """The shop as a source."""
    return Frames(
        tables=tables(kinds), targets=("view",), filter_seen=False, name="life_shop",
        cutoffs=CUTOFFS,
    )  # fmt: skip


def _when(days: Any) -> Any:
    return (START + pd.to_timedelta(days, unit="D")).floor("s")
