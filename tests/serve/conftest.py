from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from artifact_contents import AS_OF, contents

from recsys.serve import Artifact, load, times, write


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests it is the cut-off of the made-up artifacts: what they call valid is valid now.

    Other processes have another present, and are asked with `at`.
    """
    monkeypatch.setattr(times, "now", lambda: AS_OF)


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Artifact]:
    """Writes contents with these changes, and loads them again."""

    def through_disk(**changes: Any) -> Artifact:
        write(tmp_path / "artifact", contents(**changes), overwrite=True)
        return load(tmp_path / "artifact")

    return through_disk
