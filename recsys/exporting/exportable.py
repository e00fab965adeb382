"""Which models can be exported, and what the others lack; known before the fit."""

import inspect
from typing import Any

from recsys.errors import InputError

EVERY_MODEL = ("fit", "score")
"""Methods of every model."""

VECTORS = ("embeddings", "fold_in")
"""Methods of a model whose scores are inner products."""

FILTER = ("apply_filter", "apply_transposed_filter")
"""Methods of a model that applies a filter to the customers' history; it is factorised."""

COMPOSED = ("approximate_embeddings",)
"""Method of a model made of others, its `parts`."""

FILTER_ATTRIBUTES = ("history", "bias")
"""What the fit of such a model sets; its class declares them."""

_ABSENT = object()


def is_exportable(model: Any) -> bool:
    """Whether a model, fitted or not, has all that one of the three kinds needs."""
    if _missing_methods(model, EVERY_MODEL):
        return False
    if not _missing_methods(model, COMPOSED):
        return all(map(is_exportable, model.parts.values()))
    return not _missing_methods(model, VECTORS) or not (
        _missing_methods(model, FILTER) or _undeclared(model)
    )


def refuse_unexportable(model: Any) -> None:
    """Raises `InputError` unless a model can be exported; may be called before its fit.

    The message names what is missing. Attributes that only the fit sets count as there if the
    class declares them: as a property, or as an annotation in its body (`history: csr_array`).
    """
    if is_exportable(model):
        return
    if not _missing_methods(model, COMPOSED):
        for part in model.parts.values():
            refuse_unexportable(part)
    name = type(model).__name__
    missing = _missing_methods(model, EVERY_MODEL)
    if missing:
        raise InputError(f"{name} cannot be exported: it has no method {_listed(missing)}")
    missing = _missing_methods(model, VECTORS)
    if len(missing) < len(VECTORS):
        raise InputError(
            f"{name} cannot be exported: a model with vectors also needs the method "
            f"{_listed(missing)}"
        )
    missing, undeclared = _missing_methods(model, FILTER), _undeclared(model)
    if len(missing) == len(FILTER):
        raise InputError(
            f"{name} cannot be exported: it has only scores; give it the methods "
            f"{_listed(VECTORS)} (inner products) or {_listed(FILTER)} (a filter of the history)"
        )
    if missing:
        raise InputError(
            f"{name} cannot be exported: a model with a filter also needs the method "
            f"{_listed(missing)}"
        )
    raise InputError(
        f"{name} cannot be exported: a model with a filter also needs {_listed(undeclared)}; "
        f"declare {'them' if len(undeclared) > 1 else 'it'} in the class, as in `history: "
        "csr_array` and `bias: FloatArray`, and set both in `fit`"
    )


def _missing_methods(model: Any, methods: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in methods if not callable(getattr(model, name, None)))


def _undeclared(model: Any) -> tuple[str, ...]:
    # A property is not read: before the fit it may raise.
    return tuple(
        name
        for name in FILTER_ATTRIBUTES
        if inspect.getattr_static(model, name, _ABSENT) is _ABSENT
        and not any(name in inspect.get_annotations(kind) for kind in type(model).__mro__)
    )


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"'{name}'" for name in names)
