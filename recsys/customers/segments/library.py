"""`read_segments`: from a YAML file to a checked `SegmentLibrary`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recsys.customers.expressions.library_file import expressions, named, opened
from recsys.data.yaml_keys import Keys
from recsys.errors import InputError

GUIDE = "docs/segments.md"
_THIRDS = ("high", "medium", "low")


@dataclass(frozen=True)
class Bands:
    """Customers in order of a number, cut at shares.

    Attributes:
        number: SQL; the greatest come first, and who has none is in no band.
        shares: of all bands but the last.
        names: of the bands, one more than shares.
    """

    number: str
    shares: tuple[float, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SegmentLibrary:
    """What a file of segments says.

    Attributes:
        name: of the file.
        version: 12 digits of a SHA-256 over its content.
        segments: name -> condition; a customer may be in several.
        bands: name -> how customers are cut into bands.
        cells: name -> the bands whose names it joins.
        stages: name -> condition of a stage of the journey; the first that holds counts.
        value: SQL of what a customer is worth; None for the value of what was taken, or for the
            number where events have no value.
        skips: whether expressions whose columns the data lack are left out.
    """

    name: str
    version: str
    segments: Mapping[str, str]
    bands: Mapping[str, Bands]
    cells: Mapping[str, tuple[str, ...]]
    stages: Mapping[str, str]
    value: str | None
    skips: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it gives customers."""
        stage = ("journey_stage",) if self.stages else ()
        return (*self.segments, *self.bands, *self.cells, *stage)


def read_segments(name_or_path: str | Path) -> SegmentLibrary:
    """Reads a file of segments; expressions are checked where they meet the data.

    Args:
        name_or_path: a shipped file, such as "default", or a path that ends in .yaml.

    Raises:
        InputError: there is no such file, or it has a fault; one line names its key.
    """
    keys, name, version = opened("segments", name_or_path, GUIDE)
    bands, band_names = named(keys, "bands")
    read = {each: bands.part(each, _bands) for each in band_names}
    cells, cell_names = named(keys, "cells")
    library = SegmentLibrary(
        name=name,
        version=version,
        segments=expressions(keys, "segments"),
        bands={each: band for each, band in read.items() if band is not None},
        cells={each: _cells(cells, each, band_names) for each in cell_names},
        stages=expressions(keys, "stages"),
        value=keys.expression("value"),
        skips=keys.choice("unknown_columns", ("refuse", "skip"), "refuse") == "skip",
    )
    keys.close()
    if not library.names:
        raise keys.fault("segments", 'a name and a condition such as active: "bought(0, 30) > 0"',
                         None)  # fmt: skip
    twice = [each for each in library.names if library.names.count(each) > 1]
    if twice:
        raise InputError(
            f"segments: expected names that differ, got '{twice[0]}' twice; they become columns of "
            "customers: rename one"
        )
    return library


def _bands(keys: Keys) -> Bands:
    number = keys.expression("number")
    if number is None:
        raise keys.fault("number", 'a number such as "spent(0, 365)"', None)
    names = keys.texts("names") or _THIRDS
    shares = keys.take("shares", [1 / len(names)] * (len(names) - 1))
    is_list = isinstance(shares, list) and all(
        isinstance(share, int | float) and not isinstance(share, bool) and 0 < share < 1
        for share in shares
    )
    if not is_list or len(shares) + 1 != len(names) or sum(shares) >= 1:
        raise keys.fault(
            "shares", f"{len(names) - 1} shares above 0 that sum to less than 1", shares,
            "the last band has the rest",
        )  # fmt: skip
    return Bands(number, tuple(float(share) for share in shares), names)


def _cells(keys: Keys, name: str, bands: tuple[str, ...]) -> tuple[str, ...]:
    parts = keys.texts(name)
    if parts is None or not set(parts) <= set(bands):
        raise keys.fault(name, f"a list of bands among {', '.join(bands) or 'none'}", parts)
    return parts
