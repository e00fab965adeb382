"""A fit on disk: complete or absent, and only readable by the same fit.

Where the vectors lie in several processes, each writes its part beside the file, FILE.N.RANK. The
file itself names N, the last write that all had finished, so that parts of two writes never mix.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

from recsys.errors import CheckpointError, InputError
from recsys.ops.whole_file import whole_file
from recsys.training.processes import ALONE, Processes

Identity = Mapping[str, Mapping[str, Any]]
"""What is fitted on what: {"model": {setting: value}, "data": {fact: value}}, all plain."""


_PARTS, _WRITES = "parts", "writes"


class Checkpoint:
    """One file; a torch archive of tensors and plain values, read without running code from it.

    Args:
        path: of the file, in a folder that all processes see.
        identity: of the fit.
        holders: processes that hold a part each; alone, one writes everything.
    """

    def __init__(self, path: Path, identity: Identity, holders: Processes = ALONE) -> None:
        self.path, self._identity, self._holders = path, identity, holders
        self._writes = 0

    def write(self, contents: Mapping[str, Any]) -> None:
        """Replaces the file in one step, so that a kill or a full disk leaves the old one intact.

        Raises:
            CheckpointError: the folder cannot be written.
        """
        if self._holders.count == 1:
            self._write(self.path, contents)
            return
        self._writes += 1
        part = self._part(self._writes)
        self._write(part, contents)
        self._holders.wait()
        if self._holders.first:
            self._write(self.path, {_PARTS: self._holders.count, _WRITES: self._writes})
        self._holders.wait()
        for old in self.path.parent.glob(f"{self.path.name}.*.{self._holders.rank}"):
            if old != part:
                old.unlink()

    def _part(self, write: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{write}.{self._holders.rank}")

    def _write(self, path: Path, contents: Mapping[str, Any]) -> None:
        try:
            with whole_file(path) as file:
                self._save(contents, file)
        except InputError as error:
            raise CheckpointError(
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
            CheckpointError: the file is cut short or damaged, or belongs to another model or other
                data, or to another number of processes with parts.
        """
        if not self.path.exists():
            return None
        contents = self._read(self.path)
        parts, here = contents.get(_PARTS, 1), self._holders.count
        if parts != here:
            raise CheckpointError(
                f"checkpoint {self.path} is of {_holding(parts)} and here are {_holding(here)}; "
                "start as many (torchrun --nproc-per-node, model.shard), or set another folder "
                "(hydra.run.dir)"
            )
        if here > 1:
            self._writes = contents[_WRITES]
            contents = self._read(self._part(self._writes))
        return contents

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            contents = torch.load(path, map_location="cpu", weights_only=True)
            identity = contents["identity"]
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
            raise CheckpointError(
                f"checkpoint {path} cannot be read: it was cut short or is no checkpoint; "
                "delete it to start again, or set another folder (hydra.run.dir)"
            ) from None
        self._refuse_other(identity)
        return dict(contents)

    def _refuse_other(self, identity: Identity) -> None:
        for part, wanted in _plain(self._identity).items():
            stored = identity.get(part, {})
            for name in dict.fromkeys([*wanted, *stored]):
                if wanted.get(name) != stored.get(name):
                    raise CheckpointError(
                        f"checkpoint {self.path} is of another {part}: {name} is "
                        f"{stored.get(name)} there and {wanted.get(name)} here; set another "
                        "folder (hydra.run.dir), or delete it to start again"
                    )


def _holding(parts: int) -> str:
    return "1 process with all vectors" if parts == 1 else f"{parts} processes with a part each"


def _plain(identity: Identity) -> dict[str, dict[str, Any]]:
    return {part: dict(facts) for part, facts in identity.items()}
