"""Giving a model the folder that its fit is kept in while it runs."""

from pathlib import Path

from recsys.models.base import Recommender, Resumable


def resuming(model: Recommender, folder: Path | None) -> Recommender:
    """The model, whose fits are kept in the folder and resumed, if it can and has no other."""
    if isinstance(model, Resumable) and folder is not None and model.checkpoint is None:
        model.checkpoint = str(folder)
    return model
