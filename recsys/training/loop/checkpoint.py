"""A fit on disk: whole or not there, and only for the fit that it was written by."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from recsys.errors import InputError
from recsys.ops.whole_file import whole_file

Identity = Mapping[str, Mapping[str, Any]]
"""What is fitted on what: {"model": {setting: value}, "data": {fact: value}}, all plain."""


class Checkpoint:
    """One file; a torch archive of tensors and plain values, read without running code from it.

    Args:
        path: of the file.
        identity: of the fit.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path, self._identity = path, identity

    def write(self, contents: Mapping[str, Any]) -> None:
        """Writes in one step, so that a kill or a full disk leaves the old file whole.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            with whole_file(self.path) as file:
                self._save(contents, file)
        except InputError as error:
            raise InputError(
                f"checkpoint {error}; make room, or name another folder (hydra.run.dir)"
            ) from None

    def _save(self, contents: Mapping[str, Any], file: BinaryIO) -> None:
        try:
            torch.save({"identity": _plain(self._identity), **contents}, file)
        except RuntimeError as error:
            # What PyTorch makes of a file that takes no more.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise

    def read(self) -> dict[str, Any] | None:
        """What was written last; None where nothing was.

        Raises:
            InputError: the file is cut short or damaged, or of another model or other data.
        """
        if not self.path.exists():
            return None
        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            kept = found["identity"]
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
            raise InputError(
                f"checkpoint {self.path} cannot be read: it was cut short or is no checkpoint; "
                "delete it to start anew, or name another folder (hydra.run.dir)"
            ) from None
        self._refuse_other(kept)
        return dict(found)

    def _refuse_other(self, kept: Identity) -> None:
        for part, wanted in _plain(self._identity).items():
            there = kept.get(part, {})
            for name in dict.fromkeys([*wanted, *there]):
                if wanted.get(name) != there.get(name):
                    raise InputError(
                        f"checkpoint {self.path} is of another {part}: {name} is "
                        f"{there.get(name)} there and {wanted.get(name)} here; name another "
                        "folder (hydra.run.dir), or delete it to start anew"
                    )


def _plain(identity: Identity) -> dict[str, dict[str, Any]]:
    return {part: dict(facts) for part, facts in identity.items()}
