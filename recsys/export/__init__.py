"""A fitted model becomes an artifact: `export(model, data, folder)`, see `library.export`.

The package can be called, because `recsys.export` names both it and the function.
"""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recsys.data.dataset import Dataset
    from recsys.models.base import Recommender


class _Export(ModuleType):
    """The package, which Python binds to the same name as the function."""

    def __call__(
        self,
        model: "Recommender",
        data: "Dataset",
        folder: str | os.PathLike[str],
        overwrite: bool = False,
    ) -> Path:
        """Writes a fitted model and its data as an artifact; see `recsys.export.library.export`."""
        from recsys.export.library import export

        return export(model, data, folder, overwrite)


sys.modules[__name__].__class__ = _Export
