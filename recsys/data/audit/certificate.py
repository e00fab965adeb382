"""What an audit says: which rows were examined, how, and up to which moment."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from recsys.errors import InputError

Kind = Literal[
    "edges", "features", "popularity", "segments", "identities", "negatives", "calibrators",
    "answers",
]  # fmt: skip
PASSED = "passed"
UNORDERED = "not certifiable: no order"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was examined and found clean.

    Attributes:
        kind: of leak that was looked for.
        window: "valid" or "test", whose past was examined.
        table: where its rows stand.
        column: that dates them; None where nothing does.
        rows: how many were examined.
        latest: the latest moment used, ISO 8601 or a position; None where none is known.
        cutoff: the moment that everything has to precede; None where there is no cut-off.
        how: it was checked, in words.
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
        reason: why it cannot be certified; None where it passed.
        checks: what was examined all the same.
    """

    status: str
    reason: str | None
    checks: tuple[Check, ...]

    def document(self) -> dict[str, Any]:
        """The content of `audit.json`."""
        return asdict(self)

    def line(self) -> str:
        """Status and reason, for people."""
        return f"audit {self.status}" + (f" ({self.reason})" if self.reason else "")


def leak(
    kind: Kind, window: str, place: str, expected: str, got: object, remedy: str
) -> InputError:
    """The one line that a run ends with.

    Args:
        kind: of leak.
        window: whose past it lies in.
        place: table, row (from 0, as checked) and column.
        expected: what should have stood there.
        got: what did.
        remedy: what to do.
    """
    return InputError(
        f"leakage audit, {kind} of {window}: {place}: expected {expected}, got {got}; {remedy}"
    )
