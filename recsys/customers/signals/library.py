"""`read_signals`: from a YAML file to a checked `SignalLibrary`."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recsys.customers.expressions.library_file import named, opened
from recsys.data.yaml_keys import Keys

GUIDE = "docs/signals.md"
PROVEN = "proven"
PRODUCT, CATEGORY = "product", "category"
Per = Literal["customer", "product"]


@dataclass(frozen=True)
class Signal:
    """A signal, as its file states it.

    Attributes:
        name: of the signal.
        when: condition as of a cut-off.
        since: SQL of the moment from which it counts, before the cut-off; None for none.
        per: "customer", or "product" for one of a customer and a product with an event.
        about: what it is, in words; may be empty.
        lever: factor on the value of the offers that it raises, or `PROVEN` for what its lift
            surely is; None for none.
        raises: categories of products whose offers it raises, () for all; of a signal of a product
            the offers of the same `PRODUCT` or the same `CATEGORY`.
    """

    name: str
    when: str
    since: str | None = None
    per: Per = "customer"
    about: str = ""
    lever: float | Literal["proven"] | None = None
    raises: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SignalLibrary:
    """What a file of signals says.

    Attributes:
        name: of the file.
        version: 12 digits of a SHA-256 over its content.
        signals: in the order of the file.
        skips: whether signals whose columns the data lack are left out.
    """

    name: str
    version: str
    signals: tuple[Signal, ...]
    skips: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Of the signals."""
        return tuple(signal.name for signal in self.signals)


def read_signals(name_or_path: str | Path) -> SignalLibrary:
    """Reads a file of signals; expressions are checked where they meet the data.

    Args:
        name_or_path: a shipped file, such as "default", or a path that ends in .yaml.

    Raises:
        InputError: there is no such file, or it has a fault; one line names its key.
    """
    keys, name, version = opened("signals", name_or_path, GUIDE)
    each, names = named(keys, "signals")
    library = SignalLibrary(
        name=name,
        version=version,
        signals=tuple(_signal(each, signal) for signal in names),
        skips=keys.choice("unknown_columns", ("refuse", "skip"), "refuse") == "skip",
    )
    keys.close()
    if not library.signals:
        raise keys.fault(
            "signals", "a name and a condition such as helped: \"did('contact', 0, 7) > 0\"", None
        )
    return library


def _signal(keys: Keys, name: str) -> Signal:
    given = keys.take(name)
    if isinstance(given, str):
        given = {"when": given}
    own = Keys(f"{keys.path}.{name}", given, keys.guide)
    when = own.expression("when")
    if when is None:
        raise own.fault("when", "a condition such as \"did('contact', 0, 7) > 0\"", None)
    about = own.take("about", "")
    per = own.choice("per", ("customer", "product"), "customer")
    lever = _lever(own)
    signal = Signal(
        name=name,
        when=when,
        since=own.expression("since"),
        per=per,  # type: ignore[arg-type]
        about=str(about),
        lever=lever,
        raises=_raises(own, per, lever),
    )
    own.close()
    return signal


def _lever(own: Keys) -> float | Literal["proven"] | None:
    value = own.take("lever")
    if value is None:
        return None
    if value == PROVEN:
        return "proven"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < math.inf:
        raise own.fault("lever", f"a factor such as 1.2, or {PROVEN}", value)
    return float(value)


def _raises(own: Keys, per: str, lever: float | str | None) -> tuple[str, ...]:
    value = own.take("raises")
    if value is None:
        return (PRODUCT,) if per == "product" else ()
    if lever is None:
        raise own.fault("raises", "a signal with a lever", value, "add lever, or drop it")
    if per == "product":
        if value not in (PRODUCT, CATEGORY):
            raise own.fault("raises", f"{PRODUCT} or {CATEGORY}, of a signal of a product", value)
        return (str(value),)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
        raise own.fault("raises", "a category of products, or a list of them", value)
    return tuple(names)
