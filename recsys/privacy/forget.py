"""Forgets a person wherever recsys keeps something of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from recsys.data.identity import IdentityRules
from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.whole_file import reason
from recsys.privacy.links import linked_ids
from recsys.privacy.person import Person
from recsys.privacy.places.all_places import NAMED, places_below
from recsys.privacy.places.place import Place
from recsys.privacy.receipt import finish, opened_journal, remove_drafts

DATABASE = "rows of PostgreSQL"
"""The place that is no file."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Whom to forget, and where.

    Attributes:
        person: with the ids that were asked for.
        folders: folders and files that recsys wrote or reads; all below is searched.
        receipts: a folder for the receipt, which holds no id.
        rules: of the links between ids; None to forget only the ids that were asked for.
        others: name of a place that is no file -> forgets a person there, as `Place.forget`.
    """

    person: Person
    folders: Sequence[Path]
    receipts: Path
    rules: IdentityRules | None = field(default_factory=IdentityRules)
    others: Mapping[str, Callable[[Person, bool], int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What was removed from a place, or would be.

    Attributes:
        place: kind of the place.
        path: where; None for one that is no file.
        count: rows, lines, values or files.
    """

    place: str
    path: Path | None
    count: int


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """The outcome.

    Attributes:
        person: with all ids that were forgotten.
        changes: what was changed now, or would be.
        receipt: the file; None where nothing was to be done, or only asked.
    """

    person: Person
    changes: Sequence[Change]
    receipt: Path | None


def forget(request: Request, dry_run: bool = False) -> Forgotten:
    """Removes a person from all places below the folders of a request.

    It may be killed at any moment: asked for again, it goes on with all ids that it knew, because a
    journal keeps them until the receipt is written. Asked for once more after that, it changes
    nothing.

    Args:
        request: whom, and where.
        dry_run: whether to change nothing, and only say what would be.

    Raises:
        InputError: a folder does not exist, or a file cannot be read or written; what was forgotten
            until then stays forgotten.
    """
    for folder in request.folders:
        if not folder.exists():
            raise InputError(f"in={folder}: expected a folder or a file, and there is none")
    with ExitStack() as held:
        if not dry_run:
            _hold(request.receipts, held)
        journal = opened_journal(request.receipts, request.person.ids)
        ids = set(journal.ids)
        if request.rules is not None:
            ids = linked_ids(request.folders, ids, request.rules)
        person = replace(request.person, ids=frozenset(ids), salt=journal.salt)
        journal = replace(journal, ids=person.ids)
        counts = Counter(journal.counts)
        changes: list[Change] = []

        def change(place: str, path: Path | None, apply: Callable[[bool], int]) -> None:
            count = apply(False)
            if not count:
                return
            changes.append(Change(place=place, path=path, count=count))
            if not dry_run:
                # Counted before it goes: a kill between the two counts twice, and loses nothing.
                counts[place] += count
                journal.write(counts)
                apply(True)

        found = list(_own(request, person))
        for place, path in found:
            if not place.names_nobody:
                change(place.name, path, _at(place, path, person))
        for name, apply in request.others.items():
            change(name, None, partial(apply, person))
        if counts or changes:
            for place, path in found:
                if place.names_nobody and path.exists():
                    change(place.name, path, _at(place, path, person))
        receipt = None
        if not dry_run and counts:
            receipt = finish(journal, person.keys, counts)
    return Forgotten(person=person, changes=changes, receipt=receipt)


def _own(request: Request, person: Person) -> Sequence[tuple[Place, Path]]:
    """All places but the receipts, each once."""
    receipts = request.receipts.resolve()
    seen: dict[Path, Place] = {}
    for place, path in places_below(request.folders, person):
        resolved = path.resolve()
        if not resolved.is_relative_to(receipts) or place is NAMED:
            seen.setdefault(resolved, place)
    return [(place, path) for path, place in seen.items()]


def _at(place: Place, path: Path, person: Person) -> Callable[[bool], int]:
    # Another place, such as a page with its picture, may have taken it along.
    return lambda write: place.forget(path, person, write) if path.exists() else 0


def _hold(receipts: Path, held: ExitStack) -> None:
    """One request at a time: two would write over each other's files."""
    try:
        receipts.mkdir(parents=True, exist_ok=True)
        held.enter_context(lock(receipts, wait=False))
        remove_drafts(receipts)
    except BlockingIOError:
        raise InputError(f"receipts={receipts}: another request is at work there") from None
    except OSError as error:
        raise InputError(f"receipts={receipts} cannot be written: {reason(error)}") from None
