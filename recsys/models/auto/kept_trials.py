"""Trials of `Auto` on disk, so that a fit that was killed does not repeat them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recsys.errors import InputError
from recsys.ops.whole_file import write_whole


class KeptTrial(NamedTuple):
    """One of them.

    Attributes:
        quality: on valid; None where the budget ended the fit.
        chosen: settings that the model chose in its fit.
        seconds: that the trial took.
    """

    quality: float | None
    chosen: Mapping[str, Any]
    seconds: float


class KeptTrials:
    """What was tried with which result; one file, complete or absent.

    Args:
        path: of the file; None keeps nothing.
        identity: of the fit, plain values. A file of another fit is refused.

    Raises:
        InputError: the file is of another fit, or cannot be read.
    """

    def __init__(self, path: Path | None, identity: Mapping[str, Any]) -> None:
        self._path, self._identity = path, dict(identity)
        self._trials: dict[str, KeptTrial] = {}
        if path is not None and path.exists():
            self._trials = _read(path, self._identity)

    def find(self, told: str) -> KeptTrial | None:
        """A trial by its model and settings; None if it was not made."""
        return self._trials.get(told)

    def add(self, told: str, trial: KeptTrial) -> None:
        """Keeps a trial under its model and settings, as `find` is asked for them."""
        self._trials[told] = trial
        if self._path is not None:
            trials = {name: each._asdict() for name, each in self._trials.items()}
            kept = {"identity": self._identity, "trials": trials}
            write_whole(self._path, json.dumps(kept, indent=1))


def _read(path: Path, identity: Mapping[str, Any]) -> dict[str, KeptTrial]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        found = kept["identity"]
        trials = {told: KeptTrial(**trial) for told, trial in kept["trials"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise InputError(f"{path}: expected the trials of an auto fit; delete it") from None
    for name, value in identity.items():
        if found.get(name) != value:
            raise InputError(
                f"{path} is of another fit: {name} changed from {found.get(name)!r} to {value!r}; "
                "delete it or set another folder (hydra.run.dir)"
            )
    return trials
