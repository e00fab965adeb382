"""Artifacts: folders with a manifest of recsys, wherever they lie (also below MLflow's models)."""

from pathlib import Path

import numpy as np

from recsys.errors import InputError
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place
from recsys.serving.artifact import manifest
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.only_customers import only_customers
from recsys.serving.artifact.precision import precision_of
from recsys.serving.storage import ReplacedError, load, write


def is_artifact(path: Path) -> bool:
    """Whether a folder has a manifest that this version reads."""
    if not (path / manifest.NAME).is_file():
        return False
    try:
        manifest.parse(path, manifest.read(path))
    except InputError:
        return False
    return True


def forget(path: Path, person: Person, write_it: bool) -> int:
    """Removes the rows of a person from every part; see `Place.forget`.

    Raises:
        InputError: the artifact is damaged, or holds nobody else.
    """
    while True:
        artifact = load(path)
        starts, ends = artifact.customers.find(sorted(person.spellings))
        ranges = [np.arange(a, b) for a, b in zip(starts, ends, strict=True)]
        gone = artifact.customers.rows[np.concatenate(ranges)]
        if not len(gone) or not write_it:
            return len(gone)
        contents = artifact.contents
        kept = np.setdiff1d(np.arange(len(contents.customers)), gone)
        index = "exact" if artifact.index is None else artifact.index.kind
        fidelity = contents.facts.get("fidelity")
        kept_as = fidelity.get("precision", "float32") if isinstance(fidelity, dict) else "float32"
        try:
            write(
                path,
                only_customers(contents, kept),
                overwrite=True,
                index_kind=index_kind(index),
                kept_as=precision_of(kept_as),
                replaces=artifact.digest,
            )
        except ReplacedError:
            continue
        return len(gone)


ARTIFACTS = Place(
    name="artifacts",
    holds="ids, vectors, events, consents, contacts, counters of rules and factors; the rows go, "
    "counts and hashes are made anew, answers for all others stay as they were",
    is_one=is_artifact,
    forget=forget,
)
