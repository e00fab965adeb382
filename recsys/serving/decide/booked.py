"""Decisions made since the export: contacts that rules count, and places already taken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.limits import Limits
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.times import DAY
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.decide import log_columns
from recsys.serving.decide.table_file import (
    customer_rows,
    read_table,
    require_columns,
    require_values,
)

_NEEDED = ("customer_id", "offer_id", "touchpoint", "timestamp")
_OUTCOME, _CAMPAIGN = "outcome", "campaign"
_TEXTS = (*_NEEDED, _CAMPAIGN)
_OTHER_CAMPAIGN = "campaign that the artifact does not know"


@dataclass(frozen=True, kw_only=True, eq=False)
class Booked:
    """n decisions of a log, as rows of an artifact, -1 where it does not know them.

    Attributes:
        customers: [n].
        offers: [n] of the first row of the offer's id.
        touchpoints: [n].
        when: [n] UTC seconds.
        rejected: [n] bool.
        campaigns: [n] that the log states, -1 where it states none and M, the number of campaigns
            of the artifact, for every one that it does not know.
    """

    customers: IntArray
    offers: IntArray
    touchpoints: IntArray
    when: IntArray
    rejected: BoolArray
    campaigns: IntArray

    def added_to(self, rules: CompiledRules) -> CompiledRules:
        """The rules after these contacts, each once: those of the export may be in the log too.

        Unknown campaigns count as one more, which no offer is of.
        """
        if (self.campaigns >= len(rules.campaign_names)).any():
            rules = replace(rules, campaign_names=[*rules.campaign_names, _OTHER_CAMPAIGN])
        new = rules.contacts_of(
            self.customers, self.when, self.touchpoints, self.offers, self.rejected, self.campaigns
        )
        old = rules.contacts
        keys = [
            np.stack([contacts.customers, contacts.when, contacts.touchpoints], axis=1)
            for contacts in (new, old)
        ]
        _, first = np.unique(np.concatenate(keys), axis=0, return_index=True)
        is_first = np.zeros(len(new) + len(old), dtype=bool)
        is_first[first] = True
        # A contact of both is the log's, which says what the customer answered.
        return rules.with_contacts(
            new.only(is_first[: len(new)]).merged(old.only(is_first[len(new) :]))
        )

    def of_day(self, start: int, touchpoints: int) -> IntArray:
        """[T] decisions at each touchpoint in the day from `start` on."""
        today = (self.when >= start) & (self.when < start + DAY) & (self.touchpoints >= 0)
        return np.bincount(self.touchpoints[today], minlength=touchpoints)


def remaining_limits(
    rules: CompiledRules, costs: FloatArray, booked: IntArray, names: Sequence[str]
) -> Limits:
    """What capacities and budget leave after booked decisions [T] of the day.

    Raises:
        InputError: more is booked than there is room for; names the touchpoint.
    """
    free: FloatArray = np.floor(rules.capacity) - booked
    over = np.flatnonzero(free < 0)
    if len(over):
        row = int(over[0])
        raise InputError(
            f"policy.capacity.{names[row]}: expected at least the {booked[row]:,} decisions that "
            f"are booked for the day already, got {rules.capacity[row]:,.0f}; raise it, or take "
            "decisions out of the log"
        )
    spent = float(booked @ costs.astype(np.float64))
    if spent > rules.budget:
        raise InputError(
            f"policy.budget: expected at least the {spent:,.2f} that booked decisions of the day "
            f"cost already, got {rules.budget:,.2f}; raise it, or take decisions out of the log"
        )
    return Limits(capacity=free, costs=costs, budget=rules.budget - spent)


def read_booked(path: Path, contents: Contents, customers: SortedIds) -> Booked:
    """The decisions of a log: a Parquet or CSV file, or a folder of Parquet files.

    Args:
        path: of the log, with the columns of the table `decisions`; only `outcome` and
            `campaign` may be absent. Texts of times are in UTC unless they have an offset.
        contents: of the artifact.
        customers: its ids.

    Raises:
        InputError: it cannot be read, lacks a column, a moment or touchpoint is missing, the
            artifact does not have a touchpoint, or none of the customers.
    """
    table = read_table("decisions", path, _TEXTS)
    require_columns("decisions", path, table, _NEEDED)
    require_values("decisions", path, table, [name for name in _NEEDED if name != "offer_id"])
    like = contents.customers.ids[0]
    rows = customer_rows("decisions", path, table, customers, like, "a log")
    rejected = np.zeros(len(table), dtype=bool)
    if _OUTCOME in table.column_names:
        rejected = np.array([answer == "reject" for answer in table[_OUTCOME].to_pylist()], bool)
    campaigns: IntArray = np.full(len(table), -1, np.int64)
    if _CAMPAIGN in table.column_names and contents.decisions is not None:
        names = contents.decisions.rules.campaign_names
        campaigns = log_columns.campaign_rows(table[_CAMPAIGN], names)
    first: dict[str | None, int] = {}
    for row, offer in enumerate(contents.offer_ids):
        first.setdefault(str(offer), row)
    return Booked(
        customers=rows,
        offers=np.array(
            [first.get(log_columns.text_of(o), -1) for o in table["offer_id"].to_pylist()], np.int64
        ),
        touchpoints=log_columns.touchpoint_rows(
            path, table["touchpoint"], contents.touchpoints.names
        ),
        when=log_columns.seconds(path, table["timestamp"]),
        rejected=rejected,
        campaigns=campaigns,
    )
