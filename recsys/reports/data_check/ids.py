"""Ids that meet or do not, linked ids and consents."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.categories import distinct
from recsys.data.faults.collect import CollectedTable
from recsys.data.faults.inspected import Inspected
from recsys.data.identity import IdentityRules, linked_groups
from recsys.data.known_ids import KnownIds
from recsys.reports.data_check.section import Section, share
from recsys.reports.rendering import PageTable


def id_section(inspected: Inspected) -> Section:
    """How many ids of each side table the others know."""
    rows = [_row(counts) for counts in inspected.collected.known]
    lines = [line for counts in inspected.collected.known if (line := counts.line())]
    if rows and not lines:
        lines = ["All ids of all tables meet."]
    head = ["table", "column", "known to", "ids", "known", "only there"]
    tables = [PageTable("Ids of a table that the others know", head, rows)] if rows else []
    return Section(title="Ids", lines=lines, tables=tables)


def _row(counts: KnownIds) -> list[str]:
    return [
        counts.table, counts.column, counts.by, f"{counts.ids:,}", share(counts.known, counts.ids),
        f"{counts.others:,}",
    ]  # fmt: skip


def identity_section(links: pd.DataFrame, rules: IdentityRules) -> Section:
    """How many ids become one customer, and the groups that are too large to be a person.

    Args:
        links: [n] the identities as read.
        rules: which links are used.
    """
    weak = np.zeros(len(links), dtype=bool)
    if columns.CONFIDENCE in links:
        weak = (links[columns.CONFIDENCE].fillna(1.0) < rules.min_confidence).to_numpy(dtype=bool)
    used = links[~weak].dropna(subset=[columns.ID_A, columns.ID_B])
    _, group = linked_groups(used)
    sizes = np.bincount(group) if len(used) else np.zeros(0, np.int64)
    merged = sizes[sizes <= rules.largest]
    refused = sizes[sizes > rules.largest]
    lines = [f"{int(merged.sum()):,} linked ids become {len(merged):,} customers."]
    if len(refused):
        lines.append(
            f"{len(refused):,} {'group' if len(refused) == 1 else 'groups'} of more than "
            f"{rules.largest} ids are not merged, the largest "
            f"of {int(refused.max()):,}: a shared device is no person (identity.largest)."
        )
    if weak.any():
        lines.append(
            f"{int(weak.sum()):,} links are below identity.min_confidence={rules.min_confidence} "
            "and are not used."
        )
    return Section(title="Identities", lines=lines)


def consent_section(tables: dict[str, CollectedTable]) -> Section:
    """Which touchpoints a column of consent covers, and how many agree.

    Args:
        tables: table -> what was read of it; with interactions and customers.
    """
    customers = tables["customers"].frame
    names = sorted(_touchpoints(tables))
    consents = [name for name in names if f"{columns.CONSENT_PREFIX}{name}" in customers]
    rows = [[name, *_agreed(customers, name)] for name in consents]
    lines = list(_consent_lines(names, consents))
    head = ["touchpoint", "agree", "rows"]
    caption = "Customers who agree to be contacted, by touchpoint"
    return Section(
        title="Consents", lines=lines, tables=[PageTable(caption, head, rows)] if rows else []
    )


def _touchpoints(tables: dict[str, CollectedTable]) -> set[str]:
    return {
        str(name)
        for table in tables.values()
        if columns.TOUCHPOINT in table.frame
        for name in distinct(table.frame[columns.TOUCHPOINT])
    }


def _agreed(customers: pd.DataFrame, touchpoint: str) -> tuple[str, str]:
    flags = customers[f"{columns.CONSENT_PREFIX}{touchpoint}"]
    return share(int(flags.sum()), len(flags)), f"{len(flags):,}"


def _consent_lines(names: list[str], consents: list[str]) -> Iterator[str]:
    if not consents:
        yield "No column of consent: every touchpoint is allowed to everybody."
        return
    without = [name for name in names if name not in consents]
    if without:
        yield (
            f"Without a column of consent: {', '.join(without)}. Outbound ones among them "
            "(touchpoints.outbound) are closed to everybody; the others are allowed."
        )
