"""Which models can be exported, and what the others lack."""

from typing import Any

from recsys.errors import InputError

VECTORS = ("embeddings", "fold_in")
"""Methods of a model whose scores are inner products."""

FILTER = ("apply_filter", "apply_transposed_filter")
"""Methods of a model that applies a filter to the customers' history; it is factorised."""


def is_exportable(model: Any) -> bool:
    """Whether the model has all methods of one of the two kinds."""
    return not _missing(model, VECTORS) or not _missing(model, FILTER)


def refuse_unexportable(model: Any) -> None:
    """Raises `InputError` unless a model can be exported; may be called before its fit.

    The message names the methods that are missing.
    """
    if is_exportable(model):
        return
    name = type(model).__name__
    for kind, methods in (("vectors", VECTORS), ("a filter", FILTER)):
        missing = _missing(model, methods)
        if len(missing) < len(methods):
            raise InputError(
                f"{name} cannot be exported: a model with {kind} also needs the method "
                f"{_listed(missing)}"
            )
    raise InputError(
        f"{name} cannot be exported: it has only scores; give it the methods {_listed(VECTORS)} "
        f"(inner products) or {_listed(FILTER)} (a filter of the history)"
    )


def _missing(model: Any, methods: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in methods if not callable(getattr(model, name, None)))


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(f"'{name}'" for name in names)
