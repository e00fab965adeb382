"""The file of a plan: rows of the table `decisions`, written piece by piece.

Columns: decision_id, customer_id, offer_id, touchpoint, timestamp (when to send, UTC), policy,
propensity, position (0), variant and campaign (null where there is none), policy_version (of the
artifact), rules_version (of the policy), probability, expected_value (euros). Outcomes are joined
back by decision_id. Metadata: the prices under `prices.METADATA`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.allocate import Plan
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits
from recsys.policy.compiled import CompiledRules
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import plain_column
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.plan_exploration import explored
from recsys.serving.decide.prices import METADATA, Prices

_AT_ONCE = 65_536


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """A plan and what it was made of.

    Attributes:
        contents: of the artifact.
        rules: of the policy, with all contacts that are known.
        logits: of the contents.
        candidates: of all customers.
        plan: that chose among them.
        limits: of the plan.
        prices: of the plan.
        start: UTC seconds.
        exploration: of the policy; None for none.
    """

    contents: Contents
    rules: CompiledRules
    logits: Logits
    candidates: Candidates
    plan: Plan
    limits: Limits
    prices: Prices
    start: int
    exploration: Mapping[str, Any] | None


def require_parquet(path: Path) -> None:
    """Raises `InputError` unless the path ends in .parquet."""
    if path.suffix != ".parquet":
        raise InputError(f"out={path}: expected a name that ends in .parquet")


def write_decisions(file: BinaryIO, planned: Planned) -> tuple[IntArray, int]:
    """Writes the decisions of a plan, customers by row; explores on the way.

    Returns:
        [T] decisions at each touchpoint, and how many exploration changed.
    """
    contents = planned.contents
    schema = _schema(contents).with_metadata({METADATA: planned.prices.text()})
    counts, changed = np.zeros(len(contents.touchpoints), np.int64), 0
    rows = np.flatnonzero(planned.plan.chosen >= 0)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for first in range(0, len(rows), _AT_ONCE):
            piece = rows[first : first + _AT_ONCE]
            table, columns, touchpoints = _table(planned, piece)
            writer.write_table(table.cast(schema))
            counts += np.bincount(touchpoints, minlength=len(counts))
            changed += int((columns != planned.plan.chosen[piece]).sum())
    return counts, changed


def _table(planned: Planned, rows: IntArray) -> tuple[pa.Table, IntArray, IntArray]:
    """The decisions of customers in rows [B], their columns among the candidates, touchpoints."""
    contents, rules = planned.contents, planned.rules
    part = contents.decisions
    assert part is not None
    of_rows = _of_rows(planned.candidates, rows)
    columns: IntArray = planned.plan.chosen[rows]
    propensities: FloatArray = np.ones(len(rows))
    if planned.exploration is not None:
        columns, propensities = explored(
            contents,
            rows,
            of_rows,
            columns,
            planned.limits,
            planned.plan.charges,
            planned.exploration,
            planned.start,
        )
    here = np.arange(len(rows))
    offers = of_rows.offers[here, columns]
    touchpoints = of_rows.touchpoints[here, columns].astype(np.int64)
    times = planned.logits.by_daypart(rules.send_times(rows, planned.start))
    when = times[here, touchpoints, of_rows.dayparts[here, columns]]
    customer_ids = plain_column(contents.customers.ids[rows])
    text = pc.cast(customer_ids, pa.string())
    made = pc.binary_join_element_wise(rules.name, str(planned.start), text, "-")
    variants = None if contents.offers is None else contents.offers.variants
    return (
        pa.table(
            {
                "decision_id": made,
                "customer_id": customer_ids,
                "offer_id": plain_column(contents.offer_ids[offers]),
                "touchpoint": _taken(contents.touchpoints.names, touchpoints),
                "timestamp": pa.array(when * 1_000_000, pa.timestamp("us", "UTC")),
                "policy": pa.repeat(rules.name, len(rows)),
                "propensity": pa.array(propensities),
                "position": pa.array(np.zeros(len(rows))),
                "variant": _taken(variants or [None], offers if variants else 0 * offers),
                "campaign": _taken([*rules.campaign_names, None], rules.campaigns[offers]),
                "policy_version": pa.repeat(contents.version, len(rows)),
                "rules_version": pa.repeat(rules.version, len(rows)),
                "probability": pa.array(of_rows.probabilities[here, columns]),
                "expected_value": pa.array(of_rows.values[here, columns]),
            }
        ),
        columns,
        touchpoints,
    )


def _of_rows(candidates: Candidates, rows: IntArray) -> Candidates:
    return Candidates(
        **{field.name: getattr(candidates, field.name)[rows] for field in fields(candidates)}
    )


def _schema(contents: Contents) -> pa.Schema:
    return pa.schema(
        {
            "decision_id": pa.string(),
            "customer_id": plain_column(contents.customers.ids[:1]).type,
            "offer_id": plain_column(contents.offer_ids[:1]).type,
            "touchpoint": pa.string(),
            "timestamp": pa.timestamp("us", "UTC"),
            "policy": pa.string(),
            "propensity": pa.float64(),
            "position": pa.float64(),
            "variant": pa.string(),
            "campaign": pa.string(),
            "policy_version": pa.string(),
            "rules_version": pa.string(),
            "probability": pa.float32(),
            "expected_value": pa.float32(),
        }
    )


def _taken(names: Sequence[str | None], rows: IntArray) -> pa.Array:
    """[B] names of rows; -1 for the last."""
    return pa.array(names, pa.string()).take(pa.array(np.asarray(rows) % len(names)))
