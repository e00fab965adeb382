"""A fit on disk: complete or absent, and only readable by the same fit."""

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
        """Replaces the file in one step, so that a kill or a full disk leaves the old one intact.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            with whole_file(self.path) as file:
                self._save(contents, file)
        except InputError as error:
            raise InputError(
                f"checkpoint {error}; make room, or set another folder (hydra.run.dir)"
            ) from None

    def _save(self, contents: Mapping[str, Any], file: BinaryIO) -> None:
        try:
            torch.save({"identity": _plain(self._identity), **contents}, file)
        except RuntimeError as error:
            # PyTorch wraps the error of a full disk.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise

    def read(self) -> dict[str, Any] | None:
        """The contents that were written last; None where there is no file.

        Raises:
            InputError: the file is cut short or damaged, or belongs to another model or other data.
        """
        if not self.path.exists():
            return None
        try:
            contents = torch.load(self.path, map_location="cpu", weights_only=True)
            identity = contents["identity"]
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
            raise InputError(
                f"checkpoint {self.path} cannot be read: it was cut short or is no checkpoint; "
                "delete it to start again, or set another folder (hydra.run.dir)"
            ) from None
        self._refuse_other(identity)
        return dict(contents)

    def _refuse_other(self, identity: Identity) -> None:
        for part, wanted in _plain(self._identity).items():
            stored = identity.get(part, {})
            for name in dict.fromkeys([*wanted, *stored]):
                if wanted.get(name) != stored.get(name):
                    raise InputError(
                        f"checkpoint {self.path} is of another {part}: {name} is "
                        f"{stored.get(name)} there and {wanted.get(name)} here; set another "
                        "folder (hydra.run.dir), or delete it to start again"
                    )


def _plain(identity: Identity) -> dict[str, dict[str, Any]]:
    return {part: dict(facts) for part, facts in identity.items()}
