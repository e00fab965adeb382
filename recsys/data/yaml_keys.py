"""Reads the mappings of a YAML file; a fault is one line that names the key."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

T = TypeVar("T")

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")


class Keys:
    """One mapping of the file. A reader takes its key away; `close` refuses what is left.

    Args:
        path: what names the mapping in messages, such as `policy.contact_limits[0]`.
        given: what the file has there.
        guide: the page about such files.

    Raises:
        InputError: it is no mapping from names to values.
    """

    def __init__(self, path: str, given: object, guide: str) -> None:
        if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
            raise InputError(
                f"{path}: expected keys with values such as 'name: cards', got {shown(given)}; "
                f"see {guide}"
            )
        self.path, self.guide = path, guide
        self._left = dict(given)
        self._known: list[str] = []

    def has(self, key: str) -> bool:
        """Whether the file gives a value (an empty one counts as none)."""
        self._know(key)
        if self._left.get(key) is None:
            self._left.pop(key, None)
        return key in self._left

    def take(self, key: str, default: Any = None) -> Any:
        """The value as it is written; `default` where there is none."""
        self._know(key)
        value = self._left.pop(key, None)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; without a default the key is required."""
        value = self.take(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, "a text", value, "write one, in quotes where YAML needs it")
        return value.strip()

    def expression(self, key: str) -> str | None:
        """A condition or number in SQL, checked later; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool | int | float):
            return str(value).lower()
        if not isinstance(value, str) or not value.strip():
            raise self.fault(key, 'an expression such as "customer.age >= 18"', value)
        return value.strip()

    def whole(self, key: str, low: int, default: int | None = None, remedy: str = "") -> int:
        """A whole number of at least `low`."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**31:
            raise self.fault(key, f"a whole number of at least {low}", value, remedy)
        return value

    def days(self, key: str) -> int:
        """Days, 1 to 36,500."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 36_500:
            raise self.fault(key, "a whole number of days from 1 to 36500", value)
        return value

    def number(
        self, key: str, low: float, high: float = math.inf, default: float | None = None
    ) -> float:
        """A finite number from `low` to `high`."""
        return as_number(f"{self.path}.{key}", self.take(key, default), low, high)

    def choice(self, key: str, values: Sequence[str], default: str | None = None) -> str:
        """One of the values of a closed list."""
        value = self.take(key, default)
        if value not in values:
            raise self.fault(
                key, f"one of {', '.join(values)}", value, nearest(value, values, "use one of them")
            )
        return str(value)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of different texts; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        is_list = isinstance(value, list) and value
        if not is_list or not all(isinstance(each, str) and each for each in value):
            raise self.fault(key, "a list of names such as [email, push]", value)
        if len(set(value)) < len(value):
            raise self.fault(key, "each name once", value, "drop the repeated one")
        return tuple(value)

    def time_of_day(self, key: str) -> int | None:
        """Seconds after midnight of a time such as "20:00"; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.fault(
                key, 'a time such as "20:00"', value,
                "write hours and minutes in quotes: without them YAML reads 20:00 as a number",
            )  # fmt: skip
        hours, minutes = value.split(":")
        return int(hours) * 3_600 + int(minutes) * 60

    def each(self, key: str, read: Callable[["Keys"], T]) -> tuple[T, ...]:
        """A list of mappings, each read by `read`; () where there is none."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.fault(key, "a list, each item begun by a dash", value)
        return tuple(
            self._closed(Keys(f"{self.path}.{key}[{position}]", item, self.guide), read)
            for position, item in enumerate(value)
        )

    def part(self, key: str, read: Callable[["Keys"], T]) -> T | None:
        """A mapping read by `read`; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        return self._closed(Keys(f"{self.path}.{key}", value, self.guide), read)

    def close(self) -> None:
        """Raises `InputError` for the first key that no reader asked for."""
        for key in self._left:
            raise InputError(
                f"{self.path}.{key}: expected one of {', '.join(self._known)}, got an unknown key; "
                + nearest(key, self._known, "drop it")
            )

    def fault(self, key: str, expected: str, got: object, remedy: str = "") -> InputError:
        """The error of a value: `path.key: expected ..., got ...; remedy`."""
        return _fault(f"{self.path}.{key}", expected, got, remedy)

    def _know(self, key: str) -> None:
        if key not in self._known:
            self._known.append(key)

    @staticmethod
    def _closed(keys: "Keys", read: Callable[["Keys"], T]) -> T:
        value = read(keys)
        keys.close()
        return value


def as_number(path: str, value: object, low: float, high: float = math.inf) -> float:
    """A finite number from `low` to `high`, or an `InputError` that names the path."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        expected = (
            f"a number of at least {low:g}"
            if math.isinf(high)
            else (f"a number from {low:g} to {high:g}")
        )
        raise _fault(path, expected, value, "")
    return float(value)  # type: ignore[arg-type]


def _fault(path: str, expected: str, got: object, remedy: str) -> InputError:
    came = "nothing" if got is None else shown(got)
    return InputError(
        f"{path}: expected {expected}, got {came}" + (f"; {remedy}" if remedy else "")
    )
