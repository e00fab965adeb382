"""The result of an audit: which rows were examined, how, and up to which moment; or a leak."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from recsys.errors import InputError

Kind = Literal[
    "edges", "features", "popularity", "segments", "identities", "negatives", "calibrators",
    "answers", "snapshots",
]  # fmt: skip
PASSED = "passed"
UNORDERED = "not certifiable: no order"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check that found no leak.

    Attributes:
        kind: of leak that was looked for.
        window: "valid" or "test", whose past was examined.
        table: that was examined.
        column: that dates its rows; None if there is none.
        rows: how many were examined.
        latest: the latest moment used, ISO 8601 or a position; None if none is known.
        cutoff: the moment that all rows have to precede; None if there is no cut-off.
        how: what was compared.
    """

    kind: Kind
    window: str
    table: str
    column: str | None
    rows: int
    latest: str | int | None
    cutoff: str | int | None
    how: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The result of an audit that found no leak.

    Attributes:
        status: `PASSED` or `UNORDERED`.
        reason: why it cannot be certified; None if it passed.
        checks: all checks that were made, in either case.
    """

    status: str
    reason: str | None
    checks: tuple[Check, ...]

    def document(self) -> dict[str, Any]:
        """The content of `audit.json`."""
        return asdict(self)

    def line(self) -> str:
        """Status and reason in a line."""
        return f"audit {self.status}" + (f" ({self.reason})" if self.reason else "")


def leak(
    kind: Kind, window: str, where: str, expected: str, got: object, remedy: str
) -> InputError:
    """The error of a leak, with which a run ends.

    Args:
        kind: of leak.
        window: "valid" or "test", in whose past it is.
        where: table, row (from 0, as checked) and column.
        expected: what should be there.
        got: what is there.
        remedy: what to do.
    """
    return InputError(
        f"leakage audit, {kind} of {window}: {where}: expected {expected}, got {got}; {remedy}"
    )
