"""What a source, a split and a model must have; refused by name before anything is loaded."""

import inspect
from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError

MEMBERS: Mapping[str, Mapping[str, tuple[str, ...] | None]] = {
    "data": {
        "load": (), "name": None, "version": None, "cutoffs": None, "filter_seen": None,
        "targets": None,
    },
    "split": {"first_cutoff": ("source",), "split": ("data", "source")},
    "model": {"fit": ("data", "validate"), "score": ("customers", "touchpoints")},
}  # fmt: skip
"""Part -> member -> arguments of a method; None for an attribute."""

_ABSENT = object()
_PROTOCOLS = {
    "data": "recsys.data.source.Source",
    "split": "recsys.data.splitter.Splitter",
    "model": "recsys.models.base.Recommender",
}


def refuse_incomplete(part: str, value: Any) -> None:
    """Refuses a part of a run that lacks a member, or whose method takes other arguments.

    Args:
        part: "data", "split" or "model".
        value: the object that was built for it.

    Raises:
        InputError: names the member and the protocol that describes it.
    """
    shown = f"{type(value).__module__}.{type(value).__qualname__}"
    for name, arguments in MEMBERS[part].items():
        member: Any = getattr(value, name, _ABSENT)
        if member is _ABSENT or (arguments is not None and not callable(member)):
            kind = "attribute" if arguments is None else "method"
            raise InputError(
                f"{part}: {shown} has no {kind} '{name}'; add it, see {_PROTOCOLS[part]}"
            )
        if arguments is not None and not _takes(member, len(arguments)):
            raise InputError(
                f"{part}: expected {shown}.{name} to take ({', '.join(arguments)}), got "
                f"({', '.join(inspect.signature(member).parameters)}); see {_PROTOCOLS[part]}"
            )


def _takes(method: Any, count: int) -> bool:
    try:
        inspect.signature(method).bind(*range(count))
    except TypeError:
        return False
    return True
