"""`PartStore`: a folder that keeps the parts of a table, and reads those that are new or changed.

The manifest names the files of the store. They are written first and the manifest last, so that a
process that is killed at any moment leaves a store that the next one goes on with; what no manifest
names is removed. Processes take turns by a lock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from logging import getLogger
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.categories import code_type, gathered
from recsys.data.part_store.arrow_files import (
    read_columns,
    read_values,
    write_columns,
    write_values,
)
from recsys.data.part_store.changes import Changes, PartFile, compared, digest, settled
from recsys.data.part_store.coded_part import CodedPart, coded_part
from recsys.data.part_store.growing_values import GrowingValues
from recsys.data.part_store.manifest import (
    KeptPart,
    Manifest,
    is_of_events,
    read_manifest,
    write_manifest,
)
from recsys.data.part_store.stored_events import StoredEvents, StoredPart
from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.whole_file import reason

_ROWS = 4_000_000
"""Parts of so many rows are added at a time; what a kill may lose."""

_LOCK = ".lock"

_Batch = Sequence[tuple[KeptPart, CodedPart]]


class BadPart(InputError):
    """A part cannot be read, or does not pass the checks."""


class PartStore:
    """Keeps the parts of a table as they were checked.

    Args:
        folder: of the store; created if it is missing.
        settings: what parts are read with, as JSON has it; a store of others is built again.
        read: gives the checked rows of a file. Raises `InputError` where it cannot be used.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], read: Callable[[Path], pd.DataFrame]
    ) -> None:
        self.folder, self.settings, self.read = folder, dict(settings), read

    def update(self, files: Sequence[PartFile]) -> StoredEvents:
        """Reads the parts that are new or changed, and gives all events.

        Args:
            files: of the table, in its order.

        Raises:
            BadPart: a part cannot be used; those before it are kept.
            InputError: the store cannot be read or written, or is one of other tables.
        """
        try:
            with self._locked():
                return self._updated(files)
        except OSError as error:
            raise InputError(f"data.store={self.folder} cannot be used: {reason(error)}") from None

    def _updated(self, files: Sequence[PartFile]) -> StoredEvents:
        manifest, is_anew = self._manifest(files)
        kept, changed = compared(manifest, files)
        names = {file.name for file in files}
        changes = Changes(
            added=tuple(file.name for file in files if file.name not in {*kept, *changed}),
            changed=changed,
            gone=tuple(part.name for part in manifest.parts if part.name not in names),
            is_anew=is_anew,
        )
        if changes.line is not None:
            getLogger(__name__).warning("data.store=%s: %s", self.folder, changes.line)
        values = self._values(manifest)
        known = {name: len(growing) for name, growing in values.items()}
        manifest = manifest.model_copy(
            update={
                "parts": tuple(kept.values()),
                "has_unused": manifest.has_unused or bool(changes.changed or changes.gone),
            }
        )
        for batch in self._batches([file for file in files if file.name not in kept]):
            manifest = self._add(manifest, values, batch)
        write_manifest(self.folder, manifest)
        self._clean_up(manifest)
        return self._opened(manifest, values, known, files, changes)

    def _manifest(self, files: Sequence[PartFile]) -> tuple[Manifest, bool]:
        """The manifest to go on with, and whether that of other settings is left."""
        manifest = read_manifest(self.folder)
        if manifest is None:
            return Manifest(settings=self.settings), False
        if manifest.parts and not {part.name for part in manifest.parts} & {
            file.name for file in files
        }:
            raise InputError(
                f"data.store={self.folder}: it keeps other parts, as {manifest.parts[0].name}, and "
                f"none of these, as {files[0].name}; name another folder, or remove it"
            )
        if manifest.settings == self.settings:
            return manifest, False
        return Manifest(settings=self.settings, written=manifest.written), True

    def _values(self, manifest: Manifest) -> dict[str, GrowingValues]:
        pieces: dict[str, list[Any]] = {}
        for file in manifest.values:
            for name, piece in read_values(self.folder / file).items():
                pieces.setdefault(name, []).append(piece)
        return {name: GrowingValues(of_column) for name, of_column in pieces.items()}

    def _batches(self, files: Sequence[PartFile]) -> Iterator[_Batch]:
        batch: list[tuple[KeptPart, CodedPart]] = []
        for file in files:
            try:
                batch.append(self._read(file))
            except BadPart:
                # What was read before is good, and need not be read again.
                if batch:
                    yield batch
                raise
            if sum(part.rows for _, part in batch) >= _ROWS:
                yield batch
                batch = []
        if batch:
            yield batch

    def _read(self, file: PartFile) -> tuple[KeptPart, CodedPart]:
        try:
            about, sha256 = file.path.stat(), digest(file.path)
            part = coded_part(self.read(file.path))
        except InputError as error:
            raise BadPart(str(error)) from None
        except OSError as error:
            raise BadPart(f"{file.name} cannot be read: {reason(error)}") from None
        kept = KeptPart(
            name=file.name, size=about.st_size, changed_ns=settled(about.st_mtime_ns),
            sha256=sha256, kept="events-0.arrow", rows=part.rows, first=part.first, last=part.last,
            sums=part.sums, counts=part.counts,
        )  # fmt: skip
        return kept, part

    def _add(self, manifest: Manifest, values: dict[str, GrowingValues], batch: _Batch) -> Manifest:
        """Writes parts with codes of the store's values, then the manifest that has them."""
        written, new = manifest.written, {}
        arrays = [part.arrays for _, part in batch]
        for name in batch[0][1].values:
            growing = values.setdefault(name, GrowingValues())
            codes, new[name] = growing.add([part.values[name] for _, part in batch])
            kind = code_type(len(growing))
            for of_part, of_values in zip(arrays, codes, strict=True):
                of_part[name] = gathered(np.append(of_values, -1).astype(kind), of_part[name])
        pieces = list(manifest.values)
        if any(len(piece) for piece in new.values()):
            written += 1
            pieces.append(f"values-{written}.arrow")
            write_values(self.folder / pieces[-1], new)
        parts = list(manifest.parts)
        for (kept, _), of_part in zip(batch, arrays, strict=True):
            written += 1
            parts.append(kept.model_copy(update={"kept": f"events-{written}.arrow"}))
            write_columns(self.folder / parts[-1].kept, of_part)
        manifest = manifest.model_copy(
            update={"parts": tuple(parts), "values": tuple(pieces), "written": written}
        )
        write_manifest(self.folder, manifest)
        return manifest

    def _opened(
        self,
        manifest: Manifest,
        values: Mapping[str, GrowingValues],
        known: Mapping[str, int],
        files: Sequence[PartFile],
        changes: Changes,
    ) -> StoredEvents:
        kept = {part.name: part for part in manifest.parts}
        # Mapped while the lock is held: another process may remove a file later.
        parts = tuple(
            StoredPart(
                about=kept[file.name], arrays=read_columns(self.folder / kept[file.name].kept)
            )
            for file in files
        )
        return StoredEvents(
            folder=self.folder, parts=parts, has_unused=manifest.has_unused, changes=changes,
            values={name: growing.values for name, growing in values.items()},
            new_values={name: len(of) - known.get(name, 0) for name, of in values.items()},
        )  # fmt: skip

    def _clean_up(self, manifest: Manifest) -> None:
        """Removes the files of parts that have gone, and what killed processes have left."""
        for path in self.folder.iterdir():
            if is_of_events(path.name) and path.name not in manifest.files:
                # Windows removes no file that another process has mapped; the next update will.
                with suppress(OSError):
                    path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with lock(self.folder / _LOCK, wait=False, make=True):
                yield
                return
        except BlockingIOError:
            pass
        getLogger(__name__).warning(
            "data.store=%s: another process updates it; waiting for its end", self.folder
        )
        with lock(self.folder / _LOCK):
            yield
