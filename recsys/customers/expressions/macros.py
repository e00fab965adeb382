"""Short forms that an expression may use, written out before it is checked."""

from functools import cache
from typing import Any

from recsys.data.sql_expressions.tree import parsed
from recsys.errors import InputError

_WINDOW = "days_ago BETWEEN {0} AND {1}"
_FORMS = {
    "did": (3, "count(*) FILTER (action = {0} AND days_ago BETWEEN {1} AND {2})"),
    "bought": (2, f"count(*) FILTER (action = 'purchase' AND {_WINDOW})"),
    "spent": (2, f"coalesce(sum(value) FILTER (action = 'purchase' AND {_WINDOW}), 0)"),
    "silent": (1, "count(*) FILTER (days_ago < {0}) = 0"),
    "days_since": (1, "min(days_ago) FILTER (action = {0})"),
    "days_until": (1, "date_diff('day', CAST(as_of AS DATE), CAST({0} AS DATE))"),
    "days_until_age": (
        2, "date_diff('day', CAST(as_of AS DATE), CAST(CAST({0} AS DATE) + to_years({1}) AS DATE))"
    ),
}  # fmt: skip
MACROS = {name: form for name, (_, form) in _FORMS.items()}
"""Name -> what it is written out as; {0} is its first argument."""


def written_out(path: str, node: Any) -> Any:
    """A syntax tree with its short forms written out.

    Args:
        path: where the expression stands, for messages.
        node: of the tree.

    Raises:
        InputError: a short form has another number of arguments.
    """
    if isinstance(node, list):
        return [written_out(path, part) for part in node]
    if not isinstance(node, dict):
        return node
    whole = {key: written_out(path, part) for key, part in node.items()}
    name = str(node.get("function_name", "")).lower()
    if node.get("class") != "FUNCTION" or name not in _FORMS:
        return whole
    count, form = _FORMS[name]
    arguments = [argument["expression"] for argument in whole["arguments"]]
    if len(arguments) != count:
        raise InputError(
            f"{path}: expected {count} arguments of {name}(), got {len(arguments)}; it is {form}"
        )
    return _filled(_template(name), arguments)


@cache
def _template(name: str) -> Any:
    count, form = _FORMS[name]
    return parsed(name, form.format(*(f"_{position}" for position in range(count))))


def _filled(node: Any, arguments: list[Any]) -> Any:
    if isinstance(node, list):
        return [_filled(part, arguments) for part in node]
    if not isinstance(node, dict):
        return node
    names = node.get("column_names")
    if names and names[0].startswith("_"):
        return arguments[int(names[0][1:])]
    return {key: _filled(part, arguments) for key, part in node.items()}
