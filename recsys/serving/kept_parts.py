"""Parts of an answer for everybody that a killed start has finished."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.arrays import AnyArray
from recsys.ops.work_folder import part_file, work_folder


class KeptParts:
    """Finished parts in a folder, each in one file that is complete or absent.

    Args:
        folder: of the parts; None keeps nothing.
        target: file that they are parts of.
    """

    def __init__(self, folder: Path | None, target: Path = Path()) -> None:
        self._folder, self._target = folder, target

    def table(self, number: int, make: Callable[[], pa.Table]) -> pa.Table:
        """The table of a part, made unless it is there.

        Raises:
            InputError: the file cannot be written.
        """
        if self._folder is None:
            return make()
        path = self._folder / f"{number}.arrow"
        if path.exists():
            with pa.OSFile(str(path)) as file:
                return pa.ipc.open_stream(file).read_all()
        table = make()
        with (
            part_file(path, self._target, "out") as file,
            pa.ipc.new_stream(file, table.schema) as stream,
        ):
            stream.write_table(table)
        return table

    def arrays(
        self, number: int, make: Callable[[], Mapping[str, AnyArray]]
    ) -> Mapping[str, AnyArray]:
        """The arrays of a part, made unless they are there.

        Raises:
            InputError: the file cannot be written.
        """
        if self._folder is None:
            return make()
        path = self._folder / f"{number}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                return dict(kept)
        arrays = make()
        with part_file(path, self._target, "out") as file:
            np.savez(file, allow_pickle=False, **arrays)
        return arrays


@contextmanager
def kept_parts(target: Path, digest: str, asked: Sequence[Any]) -> Iterator[KeptParts]:
    """Parts beside a file, for as long as it is not complete.

    Args:
        target: the file.
        digest: of the artifact; "" for one in memory, of which nothing is kept.
        asked: all else that the parts depend on, plain.

    Raises:
        InputError: the folder of the file cannot be written.
    """
    if not digest:
        yield KeptParts(None)
        return
    about = json.dumps([digest, *asked], default=str)
    with work_folder(target, about, "out") as folder:
        yield KeptParts(folder, target)


def content_digest(*values: Any) -> str:
    """SHA-256 over values of plain types, arrays, and dataclasses, mappings and lists of them.

    What is none of these has a digest of its own in each process, so that nothing is taken for it.
    """
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, np.ndarray):
            what = value.tolist() if value.dtype.hasobject else value.tobytes()
            parts = [repr((value.dtype.str, value.shape)), what]
        elif is_dataclass(value):
            named = [(field.name, getattr(value, field.name)) for field in fields(value)]
            parts = [type(value).__name__, *[content_digest(*pair) for pair in named]]
        elif isinstance(value, Mapping):
            parts = [content_digest(*pair) for pair in value.items()]
        elif isinstance(value, list | tuple):
            parts = [str(len(value)), *[content_digest(entry) for entry in value]]
        else:
            parts = [repr(value)]
        for part in parts:
            digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return digest.hexdigest()
