from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from artifact_contents import AS_OF, contents

from recsys.serving import Artifact, load, write
from recsys.serving.artifact import times
from recsys.serving.stores import ParquetStore, PgvectorStore, Store


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests it is the cut-off of the made-up artifacts: what they call valid is valid now.

    Other processes have another present, so that their queries set `at`.
    """
    monkeypatch.setattr(times, "now", lambda: AS_OF)


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Artifact]:
    """Writes contents with these changes, and loads them again."""

    def through_disk(**changes: Any) -> Artifact:
        write(tmp_path / "artifact", contents(**changes), overwrite=True)
        return load(tmp_path / "artifact")

    return through_disk


@pytest.fixture(scope="session")
def uri(postgresql_uri: str) -> str:
    """A real PostgreSQL with pgvector."""
    return postgresql_uri


@pytest.fixture(params=["parquet", "pgvector"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "parquet":
        yield ParquetStore(tmp_path / "tables")
    else:
        kept = PgvectorStore(request.getfixturevalue("uri"))
        yield kept
        kept.close()
