"""Puts an artifact where other programs serve it from: Parquet files, or PostgreSQL.

recsys store artifact=FOLDER to=FOLDER
recsys store artifact=FOLDER to=postgresql://USER@HOST/DATABASE

An earlier artifact there is replaced in one step. PostgreSQL needs pgvector and
pip install 'recsys[pgvector]'. The password is read from PGPASSWORD, PGPASSFILE or ~/.pgpass.
"""

from collections.abc import Sequence

from recsys.cli.words import Key, key_values, new_folder
from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.terminal import say
from recsys.serving import load
from recsys.serving.stores import open_store

KEYS = {
    "artifact": Key("artifact to read", "FOLDER"),
    "to": Key("folder for Parquet files, or the address of a database", "FOLDER|postgresql://..."),
}


def main(words: Sequence[str]) -> None:
    """Copies an artifact into a store.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the artifact is wrong, or the store cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if set(given) != set(KEYS):
        raise InputError("say artifact=FOLDER and to=FOLDER or to=postgresql://USER@HOST/DATABASE")
    if "://" not in given["to"]:
        new_folder("to", given["to"])
    artifact = load(given["artifact"])
    open_store(given["to"]).put(artifact)
    counts = artifact.contents.counts
    say(
        f"{counts['customer_rows']:,} customers, {counts['products']:,} products and "
        f"{counts['touchpoints']} touchpoints in {masked(given['to'])}"
    )
