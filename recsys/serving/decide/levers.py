"""Levers of customers: a table of factors on the value of offers, for an artifact's decisions.

What is known of a customer changes from day to day, and the artifact does not: what he is expected
to be worth, a signal. A table of levers brings it into arbitration:

    customer_id: of the artifact; others are left out.
    offer_id: of the artifact; empty, or without the column, for every offer.
    factor: on the value of an acceptance, 0 or more. Rows that meet in a pair are multiplied, also
        with the policy's levers.
    as_of: optional; the moment before which everything was known that a factor was made of. A
        decision of an earlier moment refuses it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.arbitration.customer_levers import ALL_OFFERS, CustomerLevers
from recsys.serving.artifact import times
from recsys.serving.artifact.times import Moment
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.log_columns import seconds, text_of
from recsys.serving.decide.table_file import (
    customer_rows,
    read_table,
    require_columns,
    require_values,
)
from recsys.serving.query.artifact import Artifact

_CUSTOMER, _OFFER, _FACTOR, _AS_OF = "customer_id", "offer_id", "factor", "as_of"


def with_levers(artifact: Artifact, path: Path, at: Moment | None = None) -> Artifact:
    """The artifact, whose decisions multiply values by the factors of a table.

    Args:
        artifact: with a policy.
        path: of a Parquet or CSV file with the columns that the module states.
        at: when the decisions are made, as for `Artifact.recommend`.

    Raises:
        InputError: the artifact has no policy; the file cannot be read or lacks a column; a factor
            is missing, negative or not finite, or knows more than the moment; or an offer, or every
            customer, is unknown.
    """
    contents = artifact.contents
    part = require_policy(contents)
    moment = contents.moment(at)
    table = read_table("levers", path, (_CUSTOMER, _OFFER, _AS_OF))
    require_columns("levers", path, table, (_CUSTOMER, _FACTOR))
    require_values("levers", path, table, (_CUSTOMER,))
    _require_known_before(path, table, times.now() if moment is None else moment)
    factors = _factors(path, table)
    like = contents.customers.ids[0]
    customers = customer_rows("levers", path, table, artifact.customers, like, "levers")
    lines, offers = _offer_rows(path, table, [str(offer) for offer in contents.offer_ids])
    known = customers[lines] >= 0
    lines, offers = lines[known], offers[known]
    levers = CustomerLevers.of(customers[lines], offers, factors[lines], part.rules.shape[0])
    changed = replace(part, customer_levers=levers)
    return replace(artifact, contents=replace(contents, decisions=changed))


def _require_known_before(path: Path, table: pa.Table, moment: int) -> None:
    if _AS_OF not in table.column_names:
        return
    known = seconds(path, table[_AS_OF].drop_null(), "levers", _AS_OF)
    if len(known) and known.max() > moment:
        row = int(np.flatnonzero(table[_AS_OF].is_valid())[known.argmax()])
        raise InputError(
            f"levers={path}: row {row}, column 'as_of': expected no moment after the decisions, "
            f"got {shown(str(table[_AS_OF][row].as_py()))}; make the levers of what was known then"
        )


def _factors(path: Path, table: pa.Table) -> FloatArray:
    """[n] float64."""
    try:
        column = pc.cast(table[_FACTOR], pa.float64())
    except pa.ArrowException:
        raise InputError(
            f"levers={path}: column 'factor': expected numbers, got {table[_FACTOR].type}"
        ) from None
    factors = np.asarray(pc.fill_null(column, float("nan")).to_numpy(), np.float64)
    bad = np.flatnonzero(~(np.isfinite(factors) & (factors >= 0)))
    if len(bad):
        row = int(bad[0])
        raise InputError(
            f"levers={path}: row {row}, column 'factor': expected a number of 0 or more, got "
            f"{shown(table[_FACTOR][row].as_py())}; 1 changes nothing, 0 holds the offer back"
        )
    return factors


def _offer_rows(path: Path, table: pa.Table, ids: list[str]) -> tuple[IntArray, IntArray]:
    """Line of the table and row of the offer, for each; an id may have several rows."""
    lines = np.arange(len(table))
    # A column of nothing but empty cells has no type of its own.
    if _OFFER not in table.column_names or table[_OFFER].null_count == len(table):
        return lines, np.full(len(table), ALL_OFFERS)
    rows: dict[str, list[int]] = {}
    for row, offer in enumerate(ids):
        rows.setdefault(offer, []).append(row)
    coded = pc.dictionary_encode(table[_OFFER]).combine_chunks()
    codes = np.asarray(pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False), np.int64)
    names = [text_of(name) for name in coded.dictionary.to_pylist()]
    for code, name in enumerate(names):
        if name is not None and name not in rows:
            line = int(np.flatnonzero(codes == code)[0])
            raise InputError(
                f"levers={path}: row {line}, column 'offer_id': the artifact has no offer "
                f"{shown(name)}; it has such as {shown(ids[0])}; correct it or drop the row"
            )
    of_code = [[ALL_OFFERS] if name is None else rows[name] for name in names] + [[ALL_OFFERS]]
    lengths = np.array([len(found) for found in of_code])[codes]
    offers = [offer for code in codes.tolist() for offer in of_code[code]]
    return np.repeat(lines, lengths), np.array(offers, np.int64)
