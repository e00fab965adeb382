"""`read_signals`: from a YAML file to a checked `SignalLibrary`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recsys.customers.expressions.library_file import named, opened
from recsys.data.yaml_keys import Keys

GUIDE = "docs/signals.md"
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
    """

    name: str
    when: str
    since: str | None = None
    per: Per = "customer"
    about: str = ""


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
    signal = Signal(
        name=name,
        when=when,
        since=own.expression("since"),
        per=own.choice("per", ("customer", "product"), "customer"),  # type: ignore[arg-type]
        about=str(about),
    )
    own.close()
    return signal
