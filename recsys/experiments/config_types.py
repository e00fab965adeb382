"""Values of a configuration, held against the types that a constructor asks for."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from recsys.errors import InputError
from recsys.experiments.renamed import refuse_renamed

_WORDS = {
    bool: "true or false", int: "a whole number", float: "a number", str: "a text",
    NoneType: "null",
}  # fmt: skip


def check_values(made: Callable[..., Any], values: Mapping[str, Any], part: str) -> None:
    """Refuses keys that a constructor does not take and values of another type.

    Args:
        made: a class or function whose keywords are annotated; what is not annotated, or with a
            type of its own, is passed over.
        values: keyword -> plain value.
        part: the key above them, for the message.

    Raises:
        InputError: names the key, what was expected and what came.
    """
    known = inspect.signature(made).parameters
    if any(one.kind == one.VAR_KEYWORD for one in known.values()):
        return
    hints = _hints(made)
    for key, value in values.items():
        if key not in known:
            refuse_renamed(f"{part}.{key}")
            raise InputError(f"{part}.{key} is not known; {part} has {', '.join(known)}")
        check_value(f"{part}.{key}", value, hints.get(key, Any))


def check_value(key: str, value: Any, hint: Any) -> None:
    """As `check_values`, for one value."""
    _refuse_beyond_64_bits(key, value)
    if _fits(value, hint):
        return
    remedy = f"; say {key}=VALUE" if value is None else ""
    raise InputError(f"{key}: expected {_spoken(hint)}, got {_shown(value)}{remedy}")


def _refuse_beyond_64_bits(key: str, value: Any) -> None:
    parts = value.values() if isinstance(value, Mapping) else value
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        parts = [value]
    for part in parts:
        if isinstance(part, int) and part.bit_length() > 63:
            raise InputError(
                f"{key}: expected whole numbers below 2**63, got one of {part.bit_length()} bits"
            )


def _hints(made: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(made.__init__ if isinstance(made, type) else made)  # type: ignore[misc]
    except NameError:  # a name that was imported for type checkers alone
        return {}


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin in (tuple, list, Sequence):
        return isinstance(value, list | tuple) and all(_fits(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if value is None:
        return hint in (NoneType, Any)
    if hint not in _WORDS:
        return True
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def _spoken(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _listed([_spoken(one) for one in inner])
    if origin is Literal:
        return _listed([str(one) for one in inner])
    if origin in (tuple, list, Sequence):
        return f"a list [...], each {_spoken(inner[0])}"
    if origin in (dict, Mapping):
        return f"a mapping {{name: ...}}, each {_spoken(inner[1])}"
    return _WORDS.get(hint, "a part with a _target_")


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)
