"""One version of an artifact in a server: everything that a request needs, under one reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.serving.answer_log import AnswerLog
from recsys.serving.mlflow_model.over_http import Endpoint, Turns
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.storage import load

_TOLD = ("model", "as_of", "created", "mlflow_run_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """What a request takes one reference to at its start, so that no answer mixes two versions.

    Attributes:
        digest: SHA-256 of the artifact's manifest.
        endpoint: answers requests.
        about: what `/version` tells.
    """

    digest: str
    endpoint: Endpoint
    about: Mapping[str, Any]


def version_of(folder: Path, turns: Turns, log: AnswerLog | None) -> Version:
    """Loads an artifact, and answers once, so that the first request does not wait for tables.

    Args:
        folder: of the artifact.
        turns: that all versions of a server share.
        log: of the answers; None for none.

    Raises:
        InputError: there is no artifact, or it is damaged.
    """
    artifact = load(folder)
    artifact.recommend(artifact.contents.customers.ids[:1].tolist()[0])
    facts = artifact.facts
    about = {
        "artifact": artifact.digest,
        "version": artifact.contents.version,
        **{name: facts.get(name) for name in _TOLD},
        "refreshed": (facts.get("refreshed") or {}).get("at"),
    }
    endpoint = Endpoint(OfferModel(artifact, log), turns)
    return Version(digest=artifact.digest, endpoint=endpoint, about=about)
