"""Maps as tables: stages and links between them, moves between touchpoints, purposes."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.journeys.journey_map.links import links_of
from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES, Paths
from recsys.journeys.purposes.tables import PURPOSE

STEP = ["from_stage", "from_touchpoint", "to_stage", "to_touchpoint"]
ALL = "all"


def flow_table(paths: Paths, *, by_purpose: bool = False) -> pd.DataFrame:
    """One row for each link: from a stage at a touchpoint to the next one, or to an end.

    Args:
        paths: of strands.
        by_purpose: whether each purpose has rows of its own, the most frequent first.

    Returns:
        purpose, from_stage, from_touchpoint, to_stage, to_touchpoint, strands, customers, share (of
        the strands at the source; of all strands of the purpose at the start), median_days
        (positions; NaN from the start and to an end). Ends, `silence` and `open`, and the start
        have no touchpoint ("").
    """
    links = links_of(paths)
    purpose = paths.purpose[links.strand] if by_purpose else np.zeros_like(links.strand)
    frame = pd.DataFrame(
        {PURPOSE: purpose, "code": links.code, "days": links.days,
         columns.CUSTOMER: paths.customer[links.strand]}
    )  # fmt: skip
    grouped = frame.groupby([PURPOSE, "code"])
    counted = pd.DataFrame(
        {
            "strands": grouped.size(),
            "customers": grouped[columns.CUSTOMER].nunique(),
            "median_days": grouped["days"].median(),
        }
    ).reset_index()
    source = counted["code"] // links.nodes
    leaving = counted.groupby([counted[PURPOSE], source])["strands"].transform("sum")
    labels = [links.labels(code) for code in counted["code"].tolist()]
    names = np.array(paths.purposes if by_purpose else (ALL,), dtype=object)
    often = np.bincount(paths.purpose, minlength=len(names))[counted[PURPOSE]]
    table = pd.concat([pd.DataFrame(labels, columns=STEP, dtype=object), counted], axis=1)
    # What comes from the start comes first.
    table = table.assign(
        share=table["strands"] / leaving, rank=np.where(source == links.start, -1, source)
    )
    table.insert(0, "name", names[counted[PURPOSE]])
    table = table.iloc[np.lexsort((table["code"], table["rank"], table[PURPOSE], -often))]
    kept = ["name", *STEP, "strands", "customers", "share", "median_days"]
    return table[kept].rename(columns={"name": PURPOSE}).reset_index(drop=True)


def stage_table(paths: Paths) -> pd.DataFrame:
    """One row for each stage at each touchpoint where strands come to it.

    Returns:
        stage, touchpoint, strands, customers, share (of all strands), and of those at the stage:
        goes_on (to a deeper stage), open, drop_off (silence); NaN after a purchase; and
        median_days (positions) to the next stage, NaN where none follows.
    """
    links = links_of(paths)
    width, count = len(paths.touchpoints), links.start
    into = links.target < count
    people = pd.Series(paths.customer[links.strand[into]]).groupby(links.target[into]).nunique()
    node = people.index.to_numpy()
    strands = np.bincount(links.target[into], minlength=count)[node]
    leaving = {
        "goes_on": into,
        OPEN: links.target == count + 2,
        "drop_off": links.target == count + 1,
    }
    is_last = node >= count - width
    shares = {
        name: np.where(
            is_last, np.nan, np.bincount(links.source[mask], minlength=count)[node] / strands
        )
        for name, mask in leaving.items()
    }
    days = pd.Series(links.days).groupby(links.source).median().reindex(node)
    return pd.DataFrame(
        {
            "stage": np.array(STAGES, dtype=object)[node // width],
            "touchpoint": np.array(paths.touchpoints, dtype=object)[node % width],
            "strands": strands,
            "customers": people.to_numpy(),
            "share": strands / max(len(paths), 1),
            **shares,
            "median_days": days.to_numpy(),
        }
    )


def move_table(paths: Paths) -> pd.DataFrame:
    """One row for each pair of touchpoints that visits of a strand stand at one after the other.

    Returns:
        from_touchpoint, to_touchpoint, moves, share (of the moves from there), median_days
        (positions).
    """
    follows = np.flatnonzero(np.diff(paths.visit_strand, prepend=-1) == 0)
    frame = pd.DataFrame(
        {
            "from": paths.visit_touchpoint[follows - 1],
            "to": paths.visit_touchpoint[follows],
            "days": paths.visit_day[follows] - paths.visit_day[follows - 1],
        }
    )
    counted = frame.groupby(["from", "to"])["days"].agg(["size", "median"]).reset_index()
    names = np.array(paths.touchpoints, dtype=object)
    size = counted["size"]
    return pd.DataFrame(
        {
            "from_touchpoint": names[counted["from"].to_numpy(np.int64)],
            "to_touchpoint": names[counted["to"].to_numpy(np.int64)],
            "moves": size,
            "share": size / counted.groupby("from")["size"].transform("sum"),
            "median_days": counted["median"],
        }
    )


def purpose_table(paths: Paths) -> pd.DataFrame:
    """One row a purpose that has strands, the most frequent first.

    Returns:
        purpose, strands, customers, visits (a strand), bought, open, silence (shares of strands),
        median_days (positions from the beginning to a purchase, NaN without any).
    """
    frame = pd.DataFrame(
        {
            PURPOSE: paths.purpose, columns.CUSTOMER: paths.customer, "bought": paths.is_bought,
            "visits": np.bincount(paths.visit_strand, minlength=len(paths)),
            OPEN: paths.is_open, SILENCE: paths.is_silent,
            "days": paths.days_to_purchase,
        }
    )  # fmt: skip
    grouped = frame.groupby(PURPOSE).agg(
        strands=("visits", "size"), customers=(columns.CUSTOMER, "nunique"),
        visits=("visits", "mean"), bought=("bought", "mean"), open=(OPEN, "mean"),
        silence=(SILENCE, "mean"), median_days=("days", "median"),
    )  # fmt: skip
    grouped = grouped.sort_values("strands", ascending=False, kind="stable").reset_index()
    names = np.array(paths.purposes, dtype=object)
    return grouped.assign(**{PURPOSE: names[grouped[PURPOSE].to_numpy(np.int64)]})


def totals(paths: Paths) -> dict[str, float]:
    """Strands, customers, shares of all strands that come to each stage and end, and median days.

    Days are from the entry of a stage to that of the next, `know_consider_days` and so on, NaN
    where no strand goes there.
    """
    links, size = links_of(paths), max(len(paths), 1)
    numbers = {
        "strands": float(len(paths)),
        "customers": float(len(np.unique(paths.customer))),
    }
    for row, stage in enumerate(STAGES):
        numbers[stage] = float((paths.stage == row).sum()) / size
    numbers[OPEN] = float(paths.is_open.sum()) / size
    numbers[SILENCE] = 1 - numbers[OPEN] - numbers[STAGES[-1]]
    for source, target, chosen in stage_moves(links.source, links.target, len(paths.touchpoints)):
        some = links.days[chosen]
        numbers[f"{STAGES[source]}_{STAGES[target]}_days"] = (
            float(np.median(some)) if len(some) else float("nan")
        )
    return numbers


def stage_pairs() -> list[tuple[int, int]]:
    """Pairs of an earlier and a later stage."""
    return [(row, after) for row in range(len(STAGES)) for after in range(row + 1, len(STAGES))]


def stage_moves(source: IntArray, target: IntArray, width: int) -> list[tuple[int, int, BoolArray]]:
    """Pairs of stages and the mask [X] of links between them.

    Args:
        source: [X] nodes.
        target: [X] nodes.
        width: number of touchpoints.
    """
    return [
        (row, after, (source // width == row) & (target // width == after))
        for row, after in stage_pairs()
    ]
