"""All kinds of places, and where they lie below some folders.

To add a kind: a `Place` in a module of its own, and a line in `PLACES`, before any other that would
take it for its own. The scan (`recsys.privacy.scan`) knows nothing of this list.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from recsys.privacy.person import Person
from recsys.privacy.places import leftovers
from recsys.privacy.places.artifacts import ARTIFACTS
from recsys.privacy.places.csv_rows import CSV
from recsys.privacy.places.databases import DATABASES
from recsys.privacy.places.documents import DOCUMENTS, LINES, PAGES, TEXTS
from recsys.privacy.places.event_stores import EVENT_STORES
from recsys.privacy.places.parquet_rows import PARQUET, QUERIES
from recsys.privacy.places.place import Place

PLACES: Sequence[Place] = (
    leftovers.DRAFTS, ARTIFACTS, EVENT_STORES, QUERIES, PARQUET, CSV, DOCUMENTS, LINES, TEXTS,
    PAGES, leftovers.CHECKPOINTS, DATABASES,
)  # fmt: skip
"""In the order in which they are asked whether a path is theirs."""

NAMED = Place(
    name="files of their name",
    holds="a file or folder named after the person; it goes as a whole",
    is_one=lambda _: False,
    forget=leftovers.remove_whole,
)
"""Asked first, because only it needs to know the person."""


def places_below(folders: Sequence[Path], person: Person) -> Iterator[tuple[Place, Path]]:
    """Each place below the folders, with its kind; links are not followed.

    Args:
        folders: folders or files.
        person: whose name a file may have.
    """
    for folder in folders:
        itself = list(_of(folder, person))
        yield from itself
        if itself or not folder.is_dir():
            continue
        for root, names, files in os.walk(folder):
            here, inside = Path(root), []
            for name in sorted(names):
                # A table of Delta is changed by Delta, or its log would name files that are gone.
                if (here / name).is_symlink() or is_delta(here / name):
                    continue
                found = list(_of(here / name, person))
                yield from found
                inside += [] if found else [name]
            names[:] = inside
            for name in sorted(files):
                if not (here / name).is_symlink():
                    yield from _of(here / name, person)


def is_delta(path: Path) -> bool:
    """Whether a folder is a table of Delta Lake."""
    return (path / "_delta_log").is_dir()


def _of(path: Path, person: Person) -> Iterator[tuple[Place, Path]]:
    if leftovers.is_named(path, person):
        yield NAMED, path
        return
    place = next((place for place in PLACES if place.is_one(path)), None)
    if place is not None:
        yield place, path
