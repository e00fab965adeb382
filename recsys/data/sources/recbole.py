"""RecBole's atomic files: `NAME.inter`, `NAME.user` and `NAME.item`, separated by tabs.

Cut-offs: those you set; without, where 80 % and 90 % of the interactions have passed. Where the
split is published in files (`NAME.train.inter`, `NAME.valid.inter`, `NAME.test.inter`),
`split=given` uses it: valid counts as train, from which it holds out its own. Seen products leave
the list, as in RecBole.
The header gives each field a type: token, token_seq, float, float_seq. A `timestamp:float` counts
seconds since 1970, UTC. Of `.inter` the fields user_id, item_id, timestamp and rating are read, as
`value`, and those of `data.rename`. Of `.user` and `.item` all fields are features: a token is a
text, also where all are digits; a token_seq of at most 64 distinct tokens is a flag for each, any
other stays a text; a float_seq is a number for each position. Double quotes are read as RecBole
reads them.
Odd: RecBole takes ids such as NA, null or None for empty cells and drops their rows; here they are
ids. It drops rows without user or item; here they are refused. `.kg`, `.link` and other files are
not read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Unpack

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data import columns
from recsys.data.categories import plain
from recsys.data.cells import FIX, first_true
from recsys.data.kinds import Kind, kind_of
from recsys.data.sources.epochs import TimeUnit
from recsys.data.sources.folder import data_folder
from recsys.data.sources.library_tables import REQUIRED, LibraryTables
from recsys.data.sources.own_tables import Meaning, ReadTable, Renames
from recsys.data.sources.recbole_files import (
    AtomicFile,
    only_data_set,
    parts_of_split,
    read_header,
    require_type,
)
from recsys.data.sources.separated import stream_text
from recsys.data.sources.several_values import split_texts, spread, with_columns
from recsys.data.sources.text_file import bad_cell_of
from recsys.data.stream.repeated import repeated
from recsys.errors import InputError

_SUFFIXES = {"interactions": "inter", "customers": "user", "products": "item"}


class RecBole(LibraryTables):
    """Interactions, users and items of a folder.

    Args:
        root: the folder.
        dataset: NAME of the files; by default the name of the folder, or the only one in it.
        benchmark_filename: the parts of a published split, of train, valid and test, as
            `[train, valid, test]` or `[part1, part2, part3]`; null for `NAME.inter` or, where there
            is none, `NAME.train.inter` with the others.
        time_unit: in which times count since 1970: "s" or "ms".
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument is wrong, or there are no such files.
    """

    usual: ClassVar[Renames] = {
        "interactions": {
            "user_id": columns.CUSTOMER, "item_id": columns.PRODUCT,
            "timestamp": columns.TIMESTAMP, "rating": columns.VALUE,
        },
        "customers": {"user_id": columns.CUSTOMER},
        "products": {"item_id": columns.PRODUCT},
    }  # fmt: skip

    def __init__(
        self,
        *,
        root: str,
        dataset: str | None = None,
        benchmark_filename: Sequence[str] | None = None,
        time_unit: TimeUnit = "s",
        **meaning: Unpack[Meaning],
    ) -> None:
        self.folder = data_folder(root, ())
        self._dataset = dataset or only_data_set(self.folder)
        self._parts = parts_of_split(self.folder, self._dataset, benchmark_filename)
        super().__init__(self._dataset, time_unit, meaning)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads each table from its files."""
        yield self._read

    def origin_of(self, table: str) -> str:
        """The name of the table's file."""
        return self._paths(table)[0].name

    def _paths(self, table: str) -> list[Path]:
        suffix = _SUFFIXES.get(table, table)
        middles = [f".{part}" for part in self._parts] if table == "interactions" else []
        names = [f"{self._dataset}{middle}.{suffix}" for middle in middles or [""]]
        return [self.folder / name for name in names]

    def _read(self, table: str) -> pd.DataFrame | None:
        paths = self._paths(table)
        if table not in _SUFFIXES or not paths[0].exists():
            return None
        if table == "interactions":
            return self._interactions([read_header(path) for path in paths])
        return self._features(table, read_header(paths[0]))

    def _interactions(self, files: Sequence[AtomicFile]) -> pd.DataFrame:
        readings = [
            self.names("interactions", found.types, found.file.path.name) for found in files
        ]
        for found, names in zip(files, readings, strict=True):
            for theirs, ours in names.items():
                require_type(found, theirs, kind_of("interactions", ours))
            if names.keys() != readings[0].keys():
                raise InputError(
                    f"{found.file.path.name}: expected the fields {', '.join(readings[0])}, as in "
                    f"{files[0].file.path.name}, got {', '.join(names)}"
                )
        names = readings[0]
        frame, sizes = stream_text(
            [found.file for found in files],
            {theirs: kind_of("interactions", ours) for theirs, ours in names.items()},
            self.memory,
            required=[theirs for theirs, ours in names.items() if ours in REQUIRED],
            unit=self.time_unit,
        )
        frame = frame.rename(columns=names)
        if self._parts:
            parts = [columns.TRAIN_PART] * (len(sizes) - 1) + [columns.TEST_PART]
            frame[columns.PART] = repeated(pd.Series(pd.Categorical(parts)), sizes, self.memory)
        return frame

    def _features(self, table: str, found: AtomicFile) -> pd.DataFrame:
        file, types = found
        names = self.names(table, types, file.path.name)
        key = next(theirs for theirs, ours in names.items() if ours in REQUIRED)
        require_type(found, key, "id")
        kinds: dict[str, Kind] = {
            theirs: "number" if types[theirs] == "float" else "text" for theirs in names
        } | {key: "id"}
        # Texts stay categories, so that tokens such as 7 are not taken for numbers.
        frame = stream_text([file], kinds, self.memory, required=[key]).frame.rename(columns=names)
        frame[names[key]] = plain(frame[names[key]])
        made = [
            (ours, spread(ours, _lists(found, theirs, frame[ours]), file.path.name))
            for theirs, ours in names.items()
            if types[theirs].endswith("_seq")
        ]
        return with_columns(frame, made)


def _lists(found: AtomicFile, name: str, column: pd.Series) -> pa.ListArray:
    lists = split_texts(plain(column), " ")
    if found.types[name] == "token_seq":
        return lists
    values = pd.to_numeric(lists.flatten().to_pandas().astype("str"), errors="coerce")
    if values.isna().any():
        row = int(pc.list_parent_indices(lists)[first_true(values.isna())].as_py())
        expected = "numbers with blanks between them"
        raise bad_cell_of(found.file, row, name, expected, column.iloc[row], FIX)
    return pa.ListArray.from_arrays(lists.offsets, pa.array(values))
