"""Which classes a `_target_` may name: those of recsys, and of packages that the user allows.

A configuration is read from files and from runs of a shared store. Importing a module runs its
code, and so does building a class. The package is therefore checked before anything is imported.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pydoc import ErrorDuringImport, locate
from types import FunctionType
from typing import Any, Literal, TypeAlias

from recsys.errors import InputError

_RECSYS = "recsys"
TARGET = "_target_"

Kind: TypeAlias = Literal["class", "function"]
_PLURAL = {"class": "classes", "function": "functions"}

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def allowed_packages(allow: object) -> tuple[str, ...]:
    """The names of packages in a setting `allow`, in their order.

    Args:
        allow: a name as `mybank` or `mybank.models`, several as `mybank,other`, or a list.

    Raises:
        InputError: it is neither, or a name in it cannot be a package.
    """
    names = (
        [word for word in allow.strip("[]").split(",") if word] if isinstance(allow, str) else allow
    )
    if not isinstance(names, Sequence):
        raise InputError(f"allow: expected a list of packages as [mybank], got {allow!r}")
    for name in names:
        if not isinstance(name, str) or not _DOTTED.fullmatch(name):
            raise InputError(f"allow: expected names of packages as [mybank], got {name!r}")
    return tuple(names)


def refuse_foreign_targets(values: object, name: str, allow: Iterable[str]) -> None:
    """Refuses every `_target_` of another package, at any depth; imports nothing.

    Args:
        values: plain mappings, lists and values.
        name: the key above them, for the message.
        allow: packages beside recsys.

    Raises:
        InputError: names the first `_target_` that is not allowed.
    """
    if isinstance(values, Mapping):
        for key, value in values.items():
            if key == TARGET:
                _require_allowed(value, f"{name}.{TARGET}={value}", allow)
            refuse_foreign_targets(value, f"{name}.{key}", allow)
    elif isinstance(values, list | tuple):
        for row, value in enumerate(values):
            refuse_foreign_targets(value, f"{name}[{row}]", allow)


def class_of_target(
    target: object, shown: str, allow: Iterable[str] = (), method: str | None = None
) -> type[Any]:
    """The class that a `_target_` names.

    Args:
        target: `MODULE.CLASS`.
        shown: the setting as the user wrote it, for messages: "model._target_=a.B".
        allow: packages beside recsys that it may come from.
        method: one that the class must have.

    Raises:
        InputError: its package is not allowed, there is no such class, or it lacks the method.
    """
    allow = tuple(allow)
    located = _located(target, shown, allow)
    if not isinstance(located, type):
        reason = "there is no such class" if located is None else "it is no class"
        raise InputError(f"{shown}: {reason}; expected MODULE.CLASS")
    # A module also holds what it imports: recsys.a.subprocess.Popen is not of recsys.
    _require_allowed(located.__module__, f"{shown} is a class of {located.__module__}", allow)
    if method is not None and not callable(getattr(located, method, None)):
        raise InputError(f"{shown}: expected a class with a method '{method}', got one without")
    return located


def function_of_target(target: str, shown: str, allow: Iterable[str] = ()) -> Callable[..., Any]:
    """The function that a setting names.

    Args:
        target: `MODULE.FUNCTION`.
        shown: the setting as the user wrote it, for messages: "evaluate.metrics=a.f".
        allow: packages beside recsys that it may come from.

    Raises:
        InputError: its package is not allowed, or there is no such function.
    """
    allow = tuple(allow)
    located = _located(target, shown, allow, "function")
    if not isinstance(located, FunctionType):
        reason = "there is no such function" if located is None else "it is no function"
        raise InputError(f"{shown}: {reason}; expected MODULE.FUNCTION")
    module = located.__module__
    _require_allowed(module, f"{shown} is a function of {module}", allow, "function")
    return located


def _located(target: object, shown: str, allow: Iterable[str], kind: Kind = "class") -> object:
    """What a dotted name stands for; None if nothing."""
    _require_allowed(target, shown, allow, kind)
    try:
        # Hydra's own lookup would write to stderr what it does not find.
        return locate(str(target))
    except ErrorDuringImport as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{shown} cannot be built: {reason}") from error


def _require_allowed(
    target: object, shown: str, allow: Iterable[str], kind: Kind = "class"
) -> None:
    if not isinstance(target, str) or not _DOTTED.fullmatch(target):
        raise InputError(f"{shown}: there is no such {kind}; expected MODULE.{kind.upper()}")
    if not any(f"{target}.".startswith(f"{package}.") for package in (_RECSYS, *allow)):
        package = target.partition(".")[0]
        raise InputError(
            f"{shown}: only {_PLURAL[kind]} of recsys are used unless you trust another package; "
            f"if you do, set allow=[{package}]"
        )
