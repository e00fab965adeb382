"""Models whose fit is kept in a folder while it runs, so that a kill loses little of it."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from recsys.models.base import Recommender


@runtime_checkable
class Resumable(Protocol):
    """A model whose fits are kept and resumed; see also `Checkpointable`.

    Attributes:
        checkpoint: folder that fits are kept in; None keeps nothing.
    """

    checkpoint: str | None


def resuming(model: Recommender, folder: Path | None) -> Recommender:
    """The model, whose fits are kept in the folder and resumed, if it can and has no other."""
    if isinstance(model, Resumable) and folder is not None and model.checkpoint is None:
        model.checkpoint = str(folder)
    return model
