"""What became of the columns of customers, products and contexts, for people."""

from collections.abc import Mapping

_LEFT_OUT = "left out: "


def feature_lines(model: str, features: Mapping[str, Mapping[str, str]]) -> list[str]:
    """One line a table: which of its columns are features, how, and which are not and why.

    >>> feature_lines("als", {})
    ['features: none, als learns from events alone']
    >>> feature_lines("gnn", {"products": {"price": "number", "name": "left out: 9,000 values"}})
    ['features of products: price (number); left out: name (9,000 values)']

    Args:
        model: its name.
        features: table -> column -> what became of it.
    """
    lines = [feature_line(table, said) for table, said in features.items() if said]
    return lines or [f"features: none, {model} learns from events alone"]


def feature_line(table: str, said: Mapping[str, str]) -> str:
    """The line of one table."""
    used = {name: how for name, how in said.items() if not how.startswith(_LEFT_OUT)}
    unused = {name: how.removeprefix(_LEFT_OUT) for name, how in said.items() if name not in used}
    parts = [_listed(used) if used else "none"]
    if unused:
        parts.append(f"left out: {_listed(unused)}")
    return f"features of {table}: {'; '.join(parts)}"


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({how})" for name, how in columns.items())
