"""A resolution of identities as tables for the terminal, a page and MLflow."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from recsys.customers.identity.evaluation import IdentityErrors
from recsys.customers.identity.keys import KIND, REASON, WEIGHT
from recsys.customers.identity.resolve import Resolution
from recsys.evaluation.intervals import Interval
from recsys.reports.rendering import Cells, PageTable

_MOST = 20
"""Rows of a table that lists cases."""


@dataclass(frozen=True, kw_only=True, eq=False)
class IdentityReport:
    """What is shown of a resolution.

    Attributes:
        data: name of the records.
        resolution: of them.
        errors: against the truth; None where it is not known.
    """

    data: str
    resolution: Resolution
    errors: IdentityErrors | None

    @property
    def persons(self) -> int:
        """How many there are."""
        return int(self.resolution.cluster.max(initial=-1)) + 1


def title(report: IdentityReport) -> str:
    """A line that says what the report is about."""
    return f"Identities of {report.data}"


def summary(report: IdentityReport) -> str:
    """The result in a few words."""
    made = report.resolution
    text = f"{len(made.records):,} records are {report.persons:,} persons"
    if made.compared is not None:
        text += f"; {made.compared.compared:,} pairs of records were alike enough to be weighed"
    unused = len(made.unused) + len(made.shared)
    return f"{text}; {unused:,} links and keys were not used, each with its reason."


def tables(report: IdentityReport) -> list[PageTable]:
    """All tables of the report, the errors first."""
    made = [_sizes(report), _links(report), _unused(report)]
    made += [] if report.resolution.changes.empty else [_changes(report)]
    made += [] if report.resolution.compared is None else [_blocking(report)]
    return ([] if report.errors is None else [error_table(report.errors)]) + made


def error_table(errors: IdentityErrors) -> PageTable:
    """Precision, recall and F1 with intervals."""
    rows: list[Cells] = [
        [name.replace("_", " "), f"{value.mean:.5f} [{value.low:.5f}, {value.high:.5f}]"]
        for name, value in errors.metrics.items()
    ]
    rows.append(["persons that mix several true ones", f"{errors.mixed:,}"])
    rows.append(["true persons in several parts", f"{errors.torn:,}"])
    if errors.unprotected is not None:
        rows.append(["records that lost a refusal of their person", f"{errors.unprotected:,}"])
    return PageTable("Against the truth, with 95 % intervals", ["figure", "value"], rows)


def figures(report: IdentityReport) -> Mapping[str, float | Interval]:
    """MLflow name -> number or estimate."""
    made = report.resolution
    counts: dict[str, float | Interval] = {
        "records": len(made.records), "persons": report.persons, "links": len(made.links),
        "unused": len(made.unused), "shared_keys": len(made.shared), "changes": len(made.changes),
    }  # fmt: skip
    if report.errors is None:
        return counts
    return counts | {**report.errors.metrics, "mixed": report.errors.mixed,
                     "torn": report.errors.torn}  # fmt: skip


def _sizes(report: IdentityReport) -> PageTable:
    sizes = np.bincount(report.resolution.cluster)
    values, counts = np.unique(sizes, return_counts=True)
    rows: list[Cells] = [
        [f"{value:,}", f"{count:,}"]
        for value, count in islice(zip(values, counts, strict=True), _MOST)
    ]
    if len(values) > _MOST:
        rows.append([f"more, up to {values[-1]:,}", f"{counts[_MOST:].sum():,}"])
    return PageTable("Persons by their number of records", ["records", "persons"], rows)


def _links(report: IdentityReport) -> PageTable:
    by_kind = report.resolution.links.groupby(KIND)[WEIGHT]
    rows: list[Cells] = [
        [str(kind), f"{len(of_kind):,}", f"{of_kind.min():.1f} to {of_kind.max():.1f}"]
        for kind, of_kind in by_kind
    ]
    return PageTable("Links within persons", ["kind", "links", "weight in bits"], rows)


def _unused(report: IdentityReport) -> PageTable:
    made = report.resolution
    reasons = Counter(zip(made.unused[KIND].tolist(), made.unused[REASON].tolist(), strict=True))
    reasons += Counter(zip(made.shared[KIND].tolist(), made.shared[REASON].tolist(), strict=True))
    rows: list[Cells] = [
        [str(kind), str(reason), f"{count:,}"]
        for (kind, reason), count in reasons.most_common(_MOST)
    ]
    if len(reasons) > _MOST:
        rest = sum(count for _, count in reasons.most_common()[_MOST:])
        rows.append(["others", "", f"{rest:,}"])
    return PageTable("Links and keys that were not used", ["kind", "why", "number"], rows)


def _changes(report: IdentityReport) -> PageTable:
    changes = report.resolution.changes
    rows: list[Cells] = [
        [str(former), str(now), str(what), f"{records:,}"]
        for former, now, what, records in changes.head(_MOST).itertuples(index=False)
    ]
    if len(changes) > _MOST:
        rows.append([f"{len(changes) - _MOST:,} more", "", "", ""])
    return PageTable("Ids that changed", ["former id", "id", "what happened", "records"], rows)


def _blocking(report: IdentityReport) -> PageTable:
    assert report.resolution.compared is not None
    rows: list[Cells] = [
        [" and ".join(rule.columns), f"{rule.pairs:,}"] for rule in report.resolution.compared.rules
    ]
    return PageTable("Pairs that were compared: equal in", ["columns", "pairs"], rows)
