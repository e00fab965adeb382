"""An answer for everybody that is killed goes on where it was, and ends the same."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from recsys.policy.compiled import CompiledRules
from recsys.serving import Artifact, load
from recsys.serving.decide import plan, tiles
from recsys.serving.kept_parts import content_digest
from recsys.serving.query import everyone


class Killed(BaseException):
    """Ends a call as a kill would: what is kept stays."""


class Dying:
    """A function that notes its calls, and ends the process at one of them."""

    def __init__(self, function: Callable[..., Any], at: int) -> None:
        self.function, self.at, self.calls = function, at, 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise Killed
        return self.function(*arguments, **options)


@pytest.fixture
def artifact(decided_artifact: Path, tmp_path: Path) -> Iterator[Artifact]:
    yield load(decided_artifact)
