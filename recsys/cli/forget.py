"""Forgets a person: removes them from tables, artifacts, stores, MLflow, logs and checkpoints.

recsys forget customer=ID in=FOLDER,FOLDER dry_run=true
recsys forget customer=ID in=FOLDER data=files data.root=FOLDER track.uri=sqlite:///mlflow.db
recsys forget customer=ID,ID in=FOLDER to=postgresql://USER@HOST/DATABASE verify=true

Everything below the folders of in= is searched. Ids that tables of identities and records link to
the person are named and forgotten too (linked=false: only those of customer=). Killed halfway, the
same command goes on. A receipt without ids is left in receipts=.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from recsys.cli.composed_source import composed_source
from recsys.cli.not_ours import foreign_below, words_about
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, new_folder, truth, whole_number
from recsys.data.identity import IdentityRules
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.terminal import say
from recsys.privacy.forget import DATABASE, Change, Forgotten, Request, forget
from recsys.privacy.person import Person, checked_ids, keys_of_environment
from recsys.privacy.renamed import id_columns
from recsys.privacy.scan.scan import scan
from recsys.serving.stores import PgvectorStore, open_store
from recsys.tracking.sqlite_file import sqlite_path
from recsys.tracking.store import ARTIFACTS

KEYS = {
    "customer": Key("whom to forget", "ID,..."),
    "in": Key("folders and files that recsys wrote or reads", "FOLDER,..."),
    **{name: Key(key.about, key.value or "NAME") for name, key in DATA_KEYS.items()},
    "track.uri": Key("MLflow store in an SQLite file", "sqlite:///FILE"),
    "to": Key("database of recsys store", "postgresql://..."),
    "linked": Key("false forgets only the ids of customer=", default="true"),
    "largest": Key("linked ids that a person may have", default=str(IdentityRules().largest)),
    "columns": Key("further columns with ids of customers", "NAME,..."),
    "hash_ids": Key("variables with keys that ids were hashed with", "VARIABLE,..."),
    "receipts": Key("folder for the receipt", "FOLDER", "forgotten"),
    "dry_run": Key("true lists what would change, and changes nothing", default="false"),
    "verify": Key("true reads every file afterwards, for what is left", default="false"),
}
_LISTED = 40


def main(words: Sequence[str]) -> None:
    """Forgets, and prints what was removed from where.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, a file cannot be changed, or something is left.
    """
    given, of_data = key_values(own_words(words), KEYS, __doc__ or ""), data_words(words)
    if "customer" not in given or not ({"in", "track.uri", "to"} & set(given) or of_data):
        raise InputError("say customer=ID, and in=FOLDER, data=NAME, track.uri=URI or to=DATABASE")
    dry_run, verify, linked = (truth(key, given[key]) for key in ("dry_run", "verify", "linked"))
    largest = whole_number("largest", given["largest"])
    person = Person(
        checked_ids(given["customer"]),
        keys_of_environment(_list(given, "hash_ids")),
        frozenset(name.lower() for name in _list(given, "columns")),
    )
    folders = [_folder(name) for name in _list(given, "in")] + _of_store(given)
    source = composed_source(of_data) if any(w.startswith("data=") for w in of_data) else None
    if isinstance(source, Files):
        folders.append(source.folder)
        person = replace(person, columns=person.columns | id_columns(source))
    elif source is not None:
        say(*words_about(source, person))
    request = Request(
        person=person,
        folders=folders,
        receipts=new_folder("receipts", given["receipts"]),
        rules=IdentityRules(largest=largest) if linked else None,
        others=_databases(given),
    )
    done = forget(request, dry_run)
    say(*_lines(done, dry_run), *foreign_below(folders, done.person))
    if verify:
        _verify(request, done)


def _list(given: Mapping[str, str], key: str) -> list[str]:
    return [word for word in given.get(key, "").split(",") if word]


def _folder(text: str) -> Path:
    # A path would lose a slash of an address, and with it the mask of its password.
    if "://" in text:
        raise InputError(f"in={masked(text)}: expected a folder or a file of this machine")
    return Path(text)


def _of_store(given: Mapping[str, str]) -> list[Path]:
    """The database of MLflow, and the folder of artifacts that it keeps beside it."""
    if "track.uri" not in given:
        return []
    path = sqlite_path(given["track.uri"])
    if path is None:
        raise InputError(
            f"track.uri={masked(given['track.uri'])}: expected sqlite:///FILE; on a server delete "
            "the runs of the person (tag kind=customer) and mlflow gc, and give the folder of its "
            "artifacts as in="
        )
    if not path.is_file():
        raise InputError(f"track.uri={given['track.uri']}: there is no {path}")
    artifacts = path.parent / ARTIFACTS
    return [path, artifacts] if artifacts.is_dir() else [path]


def _databases(given: Mapping[str, str]) -> dict[str, Callable[[Person, bool], int]]:
    if "to" not in given:
        return {}
    store = open_store(given["to"])
    if not isinstance(store, PgvectorStore):
        raise InputError(f"to={given['to']}: expected a database; give a folder as in=")
    return {DATABASE: partial(_forget_rows, store)}


def _forget_rows(store: PgvectorStore, person: Person, write_it: bool) -> int:
    return store.forget(sorted(person.spellings), write_it)


def _lines(done: Forgotten, dry_run: bool) -> list[str]:
    ids = ", ".join(sorted(done.person.ids))
    if not done.changes:
        return [f"nothing is kept of {ids}", *_receipt(done)]
    lines = [f"{'would forget' if dry_run else 'forgotten'}: {ids}"]
    shown: Sequence[Change] = done.changes[:_LISTED]
    lines += [
        f"  {change.count:,} in {change.place}{f': {change.path}' if change.path else ''}"
        for change in shown
    ]
    if len(done.changes) > _LISTED:
        lines.append(f"  and {len(done.changes) - _LISTED:,} more")
    return [*lines, *_receipt(done)]


def _receipt(done: Forgotten) -> list[str]:
    return [] if done.receipt is None else [f"receipt: {done.receipt}"]


def _verify(request: Request, done: Forgotten) -> None:
    person = done.person
    findings = scan(request.folders, person.spellings, columns=person.columns)
    receipts = request.receipts.resolve()
    # By a hash the owner of the key finds a receipt; an id must not be there either.
    findings = [f for f in findings if not f.path.resolve().is_relative_to(receipts)]
    if receipts.is_dir():
        findings += scan([receipts], person.ids)
    for finding in findings[:_LISTED]:
        say(f"  left: {finding.path}: {finding.where}")
    if findings:
        raise InputError(
            f"verify: {len(findings):,} places still hold the person; remove them by hand"
        )
    say("verify: no file holds the person")
