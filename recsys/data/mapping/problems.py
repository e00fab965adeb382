"""One line for what pydantic finds wrong in a mapping."""

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from recsys.ops.shown_text import shown

_TYPES = {
    "string_type": "a text; put it in quotes", "bool_type": "true or false",
    "dict_type": "a mapping", "list_type": "a list", "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}  # fmt: skip


def problem_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem as `key: expected ..., got ...`.

    Args:
        error: of the validation.
        model: what was validated, for the names of its keys.
    """
    problem: Any = error.errors(include_url=False)[0]
    parts = [str(part) for part in problem["loc"] if part != "[key]"]
    key, kind = ".".join(parts), problem["type"]
    if kind == "extra_forbidden":
        fields = _fields(model, parts[:-1])
        near = get_close_matches(parts[-1], fields, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(fields)}"
        return f"{key}: no such key; {hint}"
    if kind == "value_error":
        return f"{key}: expected {problem['ctx']['error']}"
    if kind == "literal_error":
        return f"{key}: expected {problem['ctx']['expected']}, got {shown(problem['input'])}"
    expected = _TYPES.get(kind, problem["msg"])
    if "[key]" in problem["loc"]:
        expected = "a text as key; put it in quotes"
    return f"{key}: expected {expected}, got {shown(problem['input'])}"


def _fields(model: type[BaseModel], path: list[str]) -> list[str]:
    # The only models within models are the tables.
    if path[:1] == ["tables"] and len(path) == 2:
        annotation: Any = model.model_fields["tables"].annotation
        return list(annotation.__args__[1].model_fields)
    return list(model.model_fields)
