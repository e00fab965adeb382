from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from artifact_contents import contents

from recsys.serve import Artifact, load, write


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Artifact]:
    """Writes contents with these changes, and loads them again."""

    def through_disk(**changes: Any) -> Artifact:
        write(tmp_path / "artifact", contents(**changes), overwrite=True)
        return load(tmp_path / "artifact")

    return through_disk
