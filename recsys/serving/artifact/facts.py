"""What an exporter says of an artifact, for the manifest and the model card."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.serving.artifact import checks

RESERVED_FACTS = frozenset({"artifact", "format_version", "counts", "files", "index", "sha256"})
"""Keys of the manifest that the writer fills itself."""


def checked_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as JSON keeps them, so that what is loaded equals what was written.

    Raises:
        InputError: a key is reserved, a value is not of JSON, or clock and cut-off do not fit.
    """
    taken = sorted(RESERVED_FACTS & set(facts))
    if taken:
        raise InputError(f"contents.facts: {', '.join(taken)} are written by the artifact itself")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(facts), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InputError(f"contents.facts: expected values that JSON can hold: {error}") from None
    _require_clock(plain.get("clock"), plain.get("as_of"))
    return plain


def _require_clock(clock: Any, as_of: Any) -> None:
    if clock not in (None, "timestamp", "order"):
        raise InputError(
            f"contents.facts: expected the clock 'timestamp' or 'order', got {clock!r}"
        )
    if as_of is None:
        return
    if not isinstance(as_of, int) or clock is None:
        raise InputError(
            "contents.facts: expected as_of as an int beside its clock, got "
            f"as_of={as_of!r}, clock={clock!r}"
        )
    checks.times("as_of", np.array([as_of]), clock)
