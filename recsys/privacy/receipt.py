"""What is left of a request to forget: a receipt without ids, and, until it is done, a journal."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.keyed_hash import pseudonym
from recsys.ops.whole_file import write_whole

_JOURNAL, _RECEIPT = "unfinished-{}.json", "receipt-{}.json"
_READ_BY_OWNER = 0o600


@dataclass(frozen=True)
class Journal:
    """A request under way: its ids, which the tables may no longer tell after a kill.

    Attributes:
        path: of the file, which goes when the request is done.
        number: of the request; random.
        ids: all ids of the person.
        counts: place -> what was removed before.
        salt: random; makes what stands in for an id where a row has to stay, see `Person.stand_in`.
    """

    path: Path
    number: str
    ids: frozenset[str]
    counts: Mapping[str, int]
    salt: str

    def write(self, counts: Mapping[str, int]) -> None:
        """Keeps what was removed so far.

        Raises:
            InputError: the folder cannot be written.
        """
        body = {
            "receipt": self.number,
            "ids": sorted(self.ids),
            "removed": dict(counts),
            "salt": self.salt,
        }
        write_whole(self.path, json.dumps(body, indent=2) + "\n", "receipts")
        self.path.chmod(_READ_BY_OWNER)


def opened_journal(folder: Path, requested: Iterable[str]) -> Journal:
    """The journal of a request for one of these ids that was cut short, or a new one.

    Args:
        folder: of receipts.
        requested: ids.

    Raises:
        InputError: a journal cannot be read.
    """
    wanted = frozenset(requested)
    for path in sorted(folder.glob(_JOURNAL.format("*"))):
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            found = Journal(
                path, body["receipt"], frozenset(body["ids"]), body["removed"], body["salt"]
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{path} cannot be read ({error}): a request to forget was cut short there; ask "
                "for it again, and remove the file"
            ) from None
        if found.ids & wanted:
            return replace(found, ids=found.ids | wanted)
    number = secrets.token_hex(8)
    path = folder / _JOURNAL.format(number)
    return Journal(path, number, wanted, {}, secrets.token_hex(16))


def remove_drafts(folder: Path) -> None:
    """Removes drafts of journals that killed requests left, with ids in them.

    Args:
        folder: of receipts, which the caller has locked.
    """
    for draft in folder.glob(f".{_JOURNAL.format('*')}.*.partial"):
        draft.unlink(missing_ok=True)


def finish(journal: Journal, keys: Iterable[bytes], counts: Mapping[str, int]) -> Path:
    """Writes the receipt, then removes the journal.

    Args:
        journal: of the request.
        keys: of keyed hashes; by the hashes under one of them its owner finds a person's receipt.
        counts: place -> what was removed.

    Returns:
        The receipt.

    Raises:
        InputError: the folder cannot be written.
    """
    path = journal.path.with_name(_RECEIPT.format(journal.number))
    body: dict[str, Any] = {
        "receipt": journal.number,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "ids": len(journal.ids),
        "hashes": sorted(pseudonym(key, each) for key in keys for each in journal.ids),
        "removed": dict(counts),
    }
    write_whole(path, json.dumps(body, indent=2) + "\n", "receipts")
    journal.path.unlink(missing_ok=True)
    return path
