"""A person leaves the tables of a database, and nobody else does."""

import sys
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.stores import PgvectorStore

sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from artifact_contents import contents


def test_rows_of_the_person_are_deleted(postgresql_uri: str, tmp_path: Path) -> None:
    write(tmp_path / "artifact", contents())
    artifact = load(tmp_path / "artifact")
    gone, other = (str(each) for each in artifact.contents.customers.ids[:2])
    store = PgvectorStore(postgresql_uri)
    store.put(artifact)
    before = store.recommend(other, at="as_of")

    assert store.forget([gone, "nobody"], write_it=False) == 1
    assert store.recommend(gone, at="as_of") is not None
    assert store.forget([gone, "nobody"]) == 1
    with pytest.raises(InputError, match="is not among those of the store"):
        store.recommend(gone)
    assert store.recommend(other, at="as_of") == before
    assert store.forget([gone]) == 0
    store.close()
