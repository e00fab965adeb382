"""Values of a configuration, validated by pydantic against the types that a constructor asks for.

Only here does pydantic decide what a setting may be. Its errors are never shown: each becomes one
line that names the key, what was expected and what came.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Strict,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from recsys.errors import InputError
from recsys.experiments.former_names import refuse_renamed

T = TypeVar("T")

PlainValue: TypeAlias = bool | int | float | str | None
"""What a setting can be that is no list, mapping or part."""

_CONFIG = ConfigDict(strict=True)
_WORDS = {
    bool: "true or false", int: "a whole number", float: "a number", str: "a text",
    NoneType: "null",
}  # fmt: skip
_BOUNDS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
_TOO_LARGE = "too_large"
_LONGEST = 120
"""Characters of a value in a message."""


def build_typed(kind: type[T], values: Mapping[str, Any], part: str) -> T:
    """Builds a dataclass from a part of the configuration.

    Args:
        kind: the dataclass.
        values: field -> plain value; fields that are absent take their defaults.
        part: the key above them, for messages.

    Raises:
        InputError: as `check_values`, or the dataclass itself refuses the values.
    """
    check_values(kind, values, part)
    return kind(**values)


def check_values(constructor: Callable[..., Any], values: Mapping[str, Any], part: str) -> None:
    """Refuses keys that a constructor does not take and values of another type.

    Types are strict: `1.5` is no whole number and `"1"` no number, but `1` is a number and a list
    may stand for a tuple. Bounds as in `Annotated[int, Field(ge=1)]` are checked too.

    Args:
        constructor: a class or function whose keywords are annotated. A keyword without an
            annotation takes anything, and one of a class takes anything but null.
        values: keyword -> plain value.
        part: the key above them, for messages.

    Raises:
        InputError: names the key, what was expected and what came.
    """
    known = _keywords(constructor)
    if known is None:
        return
    for key, value in values.items():
        if key not in known:
            refuse_renamed(f"{part}.{key}")
            raise InputError(f"{part}.{key} is not known; {part} has {', '.join(known)}")
        remedy = f"; set {part}.{key}=VALUE" if value is None else ""
        check_value(f"{part}.{key}", value, known[key], remedy)


def check_value(key: str, value: Any, hint: Any, remedy: str = "") -> None:
    """Refuses a value of another type, as `check_values`.

    Args:
        key: its name, for the message.
        value: plain.
        hint: the type that it must have, as in an annotation.
        remedy: the end of the message.

    Raises:
        InputError: says what was expected and what came.
    """
    try:
        TypeAdapter[Any](_strict(hint), config=_CONFIG).validate_python(value)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            if problem["type"] == _TOO_LARGE:
                raise InputError(f"{key}: {problem['msg']}") from None
        raise InputError(
            f"{key}: expected {_type_name(hint)}, got {_shown(value)}{remedy}"
        ) from None


def _keywords(constructor: Callable[..., Any]) -> dict[str, Any] | None:
    """Keyword -> its type, also those of `**settings: Unpack[...]`; None if it takes any."""
    hints = _hints(constructor)
    keywords: dict[str, Any] = {}
    for name, parameter in inspect.signature(constructor).parameters.items():
        if parameter.kind != parameter.VAR_KEYWORD:
            keywords[name] = hints.get(name, Any)
        elif get_origin(hints.get(name)) is Unpack:
            keywords |= get_type_hints(get_args(hints[name])[0], include_extras=True)
        else:
            return None
    return keywords


def _hints(constructor: Callable[..., Any]) -> dict[str, Any]:
    annotated = constructor.__init__ if isinstance(constructor, type) else constructor  # type: ignore[misc]
    try:
        return get_type_hints(annotated, include_extras=True)
    except NameError:  # a name that was imported for type checkers alone
        return {}


def _strict(hint: Any) -> Any:
    """The same type for pydantic: YAML has one kind of list, and parts are not built yet."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Annotated[_strict(inner[0]), *inner[1:]]
    if origin in (Union, UnionType):
        return Union[tuple(map(_strict, inner))]  # noqa: UP007
    if origin in (tuple, list, Sequence):
        return Annotated[list[_strict(inner[0])], Strict(False)]  # type: ignore[misc]
    if origin in (dict, Mapping):
        return dict[_strict(inner[0]), _strict(inner[1])]  # type: ignore[misc]
    if hint in (int, float):
        return Annotated[hint, BeforeValidator(_refuse_beyond_64_bits)]
    if origin is Literal or hint in (bool, str, NoneType, None, Any):
        return hint
    return Annotated[Any, AfterValidator(_refuse_null)]


def _refuse_beyond_64_bits(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > 63:
        raise PydanticCustomError(
            _TOO_LARGE,
            "expected whole numbers below 2**63, got one of {bits} bits",
            {"bits": value.bit_length()},
        )
    return value


def _refuse_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null", "expected a part")
    return value


def _type_name(hint: Any) -> str:
    """What a type is called in a message."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = " and ".join(_bounds(inner[1:]))
        return f"{_type_name(inner[0])} {bounds}".rstrip()
    if hint == PlainValue:
        return "a plain value"
    if origin is Literal or origin in (Union, UnionType):
        return _joined(_options(hint))
    if origin in (tuple, list, Sequence):
        return f"a list [...], each {_type_name(inner[0])}"
    if origin in (dict, Mapping):
        if inner[1] is Any:
            return "a mapping of settings"
        return f"a mapping {{name: ...}}, each {_type_name(inner[1])}"
    return _WORDS.get(hint, "a part with a _target_")


def _options(hint: Any) -> list[str]:
    inner = get_args(hint)
    if get_origin(hint) is Literal:
        return [str(option) for option in inner]
    if get_origin(hint) in (Union, UnionType):
        return [words for option in inner for words in _options(option)]
    return [_type_name(hint)]


def _bounds(metadata: Sequence[Any]) -> Iterator[str]:
    for field in metadata:
        for bound in getattr(field, "metadata", [field]):
            for name, words in _BOUNDS.items():
                if hasattr(bound, name):
                    yield f"{words} {getattr(bound, name)}"


def _joined(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
